#include "certificates.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <stdexcept>

namespace openquant::testing {

namespace {

template <auto free>
struct Free {
    void operator()(auto* p) const { free(p); }
};
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using Cert = std::unique_ptr<X509, Free<X509_free>>;
using Bio = std::unique_ptr<BIO, Free<BIO_free_all>>;

void need(bool done, const char* what) {
    if (!done) throw std::runtime_error(std::string("making a certificate: ") + what);
}

std::string text_of(auto&& write) {
    const Bio bio(BIO_new(BIO_s_mem()));
    need(write(bio.get()) == 1, "write");
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &data);
    return {data, static_cast<std::size_t>(size)};
}
Bio bio_of(const std::string& text) { return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))); }

void extend(X509* cert, X509* issuer, int kind, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, cert, nullptr, nullptr, 0);
    const std::unique_ptr<X509_EXTENSION, Free<X509_EXTENSION_free>> extension(X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()));
    need(extension && X509_add_ext(cert, extension.get(), -1) == 1, value.c_str());
}

}  // namespace

Certificate make_certificate(const Subject& subject, const Certificate* issuer) {
    static long serial = 0;
    const Key key(EVP_EC_gen("P-256"));
    const Cert cert(X509_new());
    need(key && cert, "key");
    const bool authority = subject.names.empty();
    X509_set_version(cert.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(cert.get()), ++serial);
    X509_gmtime_adj(X509_getm_notBefore(cert.get()), subject.from_seconds);
    X509_gmtime_adj(X509_getm_notAfter(cert.get()), subject.to_seconds);
    X509_set_pubkey(cert.get(), key.get());
    const std::string name = (authority ? "openquant test authority " : "openquant test ") + std::to_string(serial);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(cert.get()), "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);

    Cert issuer_cert;
    Key issuer_key;
    if (issuer) {
        issuer_cert.reset(PEM_read_bio_X509(bio_of(issuer->pem).get(), nullptr, nullptr, nullptr));
        issuer_key.reset(PEM_read_bio_PrivateKey(bio_of(issuer->key_pem).get(), nullptr, nullptr, nullptr));
        need(issuer_cert && issuer_key, "issuer");
    }
    X509* const by = issuer ? issuer_cert.get() : cert.get();
    X509_set_issuer_name(cert.get(), X509_get_subject_name(by));
    extend(cert.get(), by, NID_basic_constraints, authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
    if (!authority) extend(cert.get(), by, NID_subject_alt_name, subject.names);
    need(X509_sign(cert.get(), issuer ? issuer_key.get() : key.get(), EVP_sha256()) > 0, "sign");

    return {text_of([&](BIO* out) { return PEM_write_bio_X509(out, cert.get()); }),
            text_of([&](BIO* out) { return PEM_write_bio_PrivateKey(out, key.get(), nullptr, nullptr, 0, nullptr, nullptr); })};
}

}  // namespace openquant::testing
