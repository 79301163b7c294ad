// Certificates made for a test.
#pragma once

#include <memory>
#include <string>

namespace openquant::testing {

struct Certificate {
    std::string pem, key_pem;
};

struct Subject {
    std::string names = "DNS:localhost,IP:127.0.0.1";  // as OpenSSL writes a subjectAltName; empty: an authority
    long from_seconds = -3600, to_seconds = 3600;      // of validity, from now
};

/// Signed by `issuer`, or by itself without one.
Certificate make_certificate(const Subject& subject, const Certificate* issuer = nullptr);

}  // namespace openquant::testing
