#include "openquant/connectors/simulator/certificate.hpp"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <memory>
#include <stdexcept>

namespace openquant {

namespace {

template <auto Free>
struct Freed {
    void operator()(auto* p) const { Free(p); }
};
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using Cert = std::unique_ptr<X509, Freed<X509_free>>;
using Bio = std::unique_ptr<BIO, Freed<BIO_free_all>>;
using Extension = std::unique_ptr<X509_EXTENSION, Freed<X509_EXTENSION_free>>;

void need(bool done) {
    if (done) return;
    char why[256];
    ERR_error_string_n(ERR_get_error(), why, sizeof why);
    throw std::runtime_error("a certificate for the simulator could not be made: " + std::string(why));
}

void extend(X509* certificate, int what, const char* value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
    const Extension extension(X509V3_EXT_conf_nid(nullptr, &context, what, value));
    need(extension && X509_add_ext(certificate, extension.get(), -1) == 1);
}

std::string text(const Bio& bio) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &data);
    return {data, static_cast<std::size_t>(size)};
}

}  // namespace

Certificate make_certificate() {
    const Key key(EVP_EC_gen("P-256"));
    const Cert certificate(X509_new());
    need(key && certificate);
    X509* const cert = certificate.get();
    std::uint64_t serial = 0;  // of its own, or a client that remembers an older one is confused
    need(RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial) == 1);
    need(X509_set_version(cert, X509_VERSION_3) == 1 && ASN1_INTEGER_set_uint64(X509_get_serialNumber(cert), serial >> 1 | 1) == 1);
    constexpr long day = 86'400;
    need(X509_gmtime_adj(X509_getm_notBefore(cert), -day) && X509_gmtime_adj(X509_getm_notAfter(cert), 30 * day));
    need(X509_set_pubkey(cert, key.get()) == 1);
    X509_NAME* const name = X509_get_subject_name(cert);
    const auto* const who = reinterpret_cast<const unsigned char*>("openquant simulator");
    need(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, who, -1, -1, 0) == 1 && X509_set_issuer_name(cert, name) == 1);
    extend(cert, NID_basic_constraints, "critical,CA:TRUE");
    extend(cert, NID_key_usage, "critical,digitalSignature,keyCertSign");
    extend(cert, NID_subject_key_identifier, "hash");
    extend(cert, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1");
    need(X509_sign(cert, key.get(), EVP_sha256()) > 0);
    const Bio certificate_out(BIO_new(BIO_s_mem())), key_out(BIO_new(BIO_s_mem()));
    need(certificate_out && key_out && PEM_write_bio_X509(certificate_out.get(), cert) == 1);
    need(PEM_write_bio_PrivateKey(key_out.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1);
    return {text(certificate_out), text(key_out)};
}

}  // namespace openquant
