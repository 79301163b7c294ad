// A certificate for this machine's loopback, made on the spot, so that TLS is tested as it is used: verified.
#pragma once

#include <string>

namespace openquant {

struct Certificate {
    std::string certificate_pem, key_pem;
};

/// Signed by itself, for `localhost` and 127.0.0.1, for a month: a client that trusts it needs nothing else. Throws std::runtime_error.
Certificate make_certificate();

}  // namespace openquant
