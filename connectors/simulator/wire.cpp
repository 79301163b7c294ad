#include "openquant/connectors/simulator/wire.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/ssl/stream.hpp>

namespace openquant {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

template <class Stream>
class StreamWire : public Wire {
public:
    explicit StreamWire(auto&&... arguments) : stream_(std::forward<decltype(arguments)>(arguments)...) {
        boost::system::error_code ignored;
        stream_.lowest_layer().set_option(tcp::no_delay(true), ignored);
    }
    void read(asio::mutable_buffer into, Done done) override { stream_.async_read_some(into, std::move(done)); }
    void write(asio::const_buffer from, Done done) override { stream_.async_write_some(from, std::move(done)); }
    void end() override {
        boost::system::error_code ignored;
        stream_.lowest_layer().shutdown(tcp::socket::shutdown_send, ignored);
    }
    void drop() override {
        boost::system::error_code ignored;
        stream_.lowest_layer().close(ignored);
    }

protected:
    Stream stream_;
};

class PlainWire final : public StreamWire<tcp::socket> {
public:
    using StreamWire::StreamWire;
    void handshake(Done done) override {
        asio::post(stream_.get_executor(), [done = std::move(done)] { done({}, 0); });
    }
};

class TlsWire final : public StreamWire<asio::ssl::stream<tcp::socket>> {
public:
    using StreamWire::StreamWire;
    void handshake(Done done) override {
        stream_.async_handshake(asio::ssl::stream_base::server, [done = std::move(done)](const boost::system::error_code& error) { done(error, 0); });
    }
};

}  // namespace

std::unique_ptr<Wire> plain_wire(tcp::socket socket) { return std::make_unique<PlainWire>(std::move(socket)); }
std::unique_ptr<Wire> tls_wire(tcp::socket socket, asio::ssl::context& tls) { return std::make_unique<TlsWire>(std::move(socket), tls); }

}  // namespace openquant
