#include "openquant/connectors/live/tls.hpp"

#include <openssl/x509_vfy.h>

#include <boost/asio/ip/address.hpp>
#include <fstream>
#include <stdexcept>

#include "openquant/connectors/live/transport.hpp"

namespace openquant {

namespace live {

namespace asio = boost::asio;

void expect_host(SSL* tls, const std::string& host) {
    boost::system::error_code no_number;
    const auto address = asio::ip::make_address(host, no_number);
    bool set = false;
    SSL_set_hostflags(tls, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    if (!no_number) {
        set = X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls), address.to_string().c_str()) == 1;
    } else {
        set = SSL_set1_host(tls, host.c_str()) == 1 && SSL_set_tlsext_host_name(tls, host.c_str()) == 1;
    }
    if (!set) throw std::runtime_error("TLS: OpenSSL does not take '" + host + "' as a host");
}

std::string why_untrusted(const SSL* tls) {
    const long result = SSL_get_verify_result(tls);
    return result == X509_V_OK ? std::string() : X509_verify_cert_error_string(result);
}

}  // namespace live

boost::asio::ssl::context tls_context(const std::string& ca_file) {
    using boost::asio::ssl::context;
    context out(context::tls_client);
    if (SSL_CTX_set_min_proto_version(out.native_handle(), TLS1_2_VERSION) != 1) throw std::runtime_error("TLS: OpenSSL knows no TLS 1.2");
    out.set_verify_mode(boost::asio::ssl::verify_peer);
    boost::system::error_code error;
    if (ca_file.empty()) {
        out.set_default_verify_paths(error);
        if (error) throw std::runtime_error("TLS: the system's certificates cannot be read: " + error.message());
    } else {
        out.load_verify_file(ca_file, error);
        if (!std::ifstream(ca_file)) throw std::invalid_argument("ca_file = '" + ca_file + "': there is no such file, or it may not be read");
        if (error) throw std::invalid_argument("ca_file = '" + ca_file + "' cannot be read as PEM certificates: " + error.message());
    }
    return out;
}

}  // namespace openquant
