// Bytes to and from one client, plain or TLS.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <functional>
#include <memory>
#include <string>

namespace openquant {

class Wire {
public:
    using Done = std::function<void(const boost::system::error_code&, std::size_t)>;

    virtual ~Wire() = default;
    virtual void handshake(Done done) = 0;
    virtual void read(boost::asio::mutable_buffer into, Done done) = 0;
    /// Writes what fits.
    virtual void write(boost::asio::const_buffer from, Done done) = 0;
    /// Says that nothing more will come, without a word of TLS or websocket: the line is cut.
    virtual void end() = 0;
    virtual void drop() = 0;
};

std::unique_ptr<Wire> plain_wire(boost::asio::ip::tcp::socket socket);
std::unique_ptr<Wire> tls_wire(boost::asio::ip::tcp::socket socket, boost::asio::ssl::context& tls);

}  // namespace openquant
