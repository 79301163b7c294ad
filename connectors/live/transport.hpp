// One connection as its user sees it: texts go out, frames come in, and at most one farewell.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/context.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "openquant/connectors/live/url.hpp"

namespace openquant {

/// What a transport tells, on the thread that runs its io_context.
class Listener {
public:
    virtual ~Listener() = default;
    virtual void opened() = 0;
    /// A whole message or line, valid during the call; `json::padding` bytes behind it are readable. `received` is when the read
    /// returned that completed it, in ns UTC: frames of one read share it.
    virtual void frame(std::string_view frame, std::int64_t received) = 0;
    /// The other side asked for a sign of life, which it gets.
    virtual void pinged() = 0;
    /// All that came has been told; what follows waits for the network.
    virtual void idle() = 0;
    /// The connection ended, or never began. `hopeless`: the other side is not whom it claims to be.
    virtual void closed(const std::string& why, bool hopeless) = 0;
};

struct TransportLimits {
    std::chrono::milliseconds to_open{10'000};  // from the look-up of the name to the end of the last handshake
    std::chrono::milliseconds to_close{250};
    std::size_t message = std::size_t{16} << 20, line = std::size_t{1} << 20;  // bytes
};

/// Used by one thread, that of its io_context. It lives until its last operation has ended, whoever lets go of it before.
class Transport {
public:
    virtual ~Transport() = default;
    virtual void open() = 0;
    /// Texts are sent whole and in order; those given before the connection is open wait for it.
    virtual void send(std::string text) = 0;
    /// Says goodbye where the protocol has one. Nothing is told from now on, of this and of `cut`.
    virtual void close() = 0;
    virtual void cut() = 0;
};

/// The listener must outlive the transport's use or end it by `close` or `cut`. `tls` is only needed for TLS.
std::shared_ptr<Transport> make_transport(boost::asio::io_context& io, const Endpoint& endpoint, boost::asio::ssl::context* tls, Listener& listener,
                                          const TransportLimits& limits = {});

/// Trusts the authorities of `ca_file` and no other, or those of the system if it is empty. Certificates are always verified.
/// Throws std::invalid_argument if the file cannot be read.
boost::asio::ssl::context tls_context(const std::string& ca_file);

}  // namespace openquant
