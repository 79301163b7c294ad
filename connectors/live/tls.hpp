// Whom a TLS connection trusts.
#pragma once

#include <openssl/ssl.h>

#include <string>

namespace openquant::live {

/// The certificate must name `host`: as a DNS name, or as an address if it is one.
void expect_host(SSL* tls, const std::string& host);

/// OpenSSL's words for why the certificate was refused; empty if it was not.
std::string why_untrusted(const SSL* tls);

}  // namespace openquant::live
