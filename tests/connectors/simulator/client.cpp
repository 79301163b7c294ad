#include "client.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/ssl.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <chrono>
#include <functional>
#include <stdexcept>

namespace openquant::testing {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace ws = beast::websocket;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

/// Runs one operation to its end, or throws after a deadline.
error_code run(asio::io_context& io, const std::function<void(std::function<void(error_code)>)>& begin) {
    std::optional<error_code> result;
    begin([&](error_code error) { result = error; });
    io.restart();
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!result && std::chrono::steady_clock::now() < deadline) io.run_one_for(std::chrono::seconds(1)), io.restart();
    if (!result) throw std::runtime_error("nothing happened for 20 s");
    return *result;
}

tcp::endpoint endpoint(std::uint16_t port) { return {asio::ip::address_v4::loopback(), port}; }

}  // namespace

struct Client::Socket {
    using Plain = ws::stream<tcp::socket>;
    using Tls = ws::stream<beast::ssl_stream<tcp::socket>>;

    asio::io_context io;
    asio::ssl::context tls{asio::ssl::context::tls_client};
    std::unique_ptr<Plain> plain;
    std::unique_ptr<Tls> secure;
    beast::flat_buffer buffer;
    int pings = 0;
    std::string pong;

    void with(auto&& use) { secure ? use(*secure) : use(*plain); }
};

Client::Client(std::uint16_t port, const std::string& target, const std::string& ca_pem, const std::string& host) : socket_(std::make_unique<Socket>()) {
    Socket& s = *socket_;
    const auto need = [](error_code error) {
        if (error) throw std::runtime_error(error.message());
    };
    if (ca_pem.empty()) {
        s.plain = std::make_unique<Socket::Plain>(s.io);
    } else {
        s.tls.add_certificate_authority(asio::buffer(ca_pem));
        s.tls.set_verify_mode(asio::ssl::verify_peer);
        s.secure = std::make_unique<Socket::Tls>(s.io, s.tls);
        s.secure->next_layer().set_verify_callback(asio::ssl::host_name_verification(host));
    }
    s.with([&](auto& stream) { beast::get_lowest_layer(stream).connect(endpoint(port)); });
    if (s.secure) need(run(s.io, [&](auto done) { s.secure->next_layer().async_handshake(asio::ssl::stream_base::client, done); }));
    s.with([&](auto& stream) {
        stream.read_message_max(64 << 20);
        stream.control_callback([&s](ws::frame_type kind, beast::string_view payload) {
            if (kind == ws::frame_type::ping) ++s.pings;
            if (kind == ws::frame_type::pong) s.pong = std::string(payload);
        });
        need(run(s.io, [&](auto done) { stream.async_handshake(host + ":" + std::to_string(port), target, done); }));
    });
}
Client::~Client() = default;
Client::Client(Client&&) noexcept = default;

void Client::send(const std::string& text) {
    socket_->with([&](auto& stream) {
        const error_code error = run(socket_->io, [&](auto done) { stream.async_write(asio::buffer(text), [done](error_code e, std::size_t) { done(e); }); });
        if (error) throw std::runtime_error(error.message());
    });
}

void Client::ping(const std::string& payload) {
    socket_->with([&](auto& stream) { run(socket_->io, [&](auto done) { stream.async_ping(ws::ping_data(payload.c_str()), done); }); });
}

std::optional<std::string> Client::read() {
    Socket& s = *socket_;
    error_code error;
    s.buffer.clear();
    s.with([&](auto& stream) { error = run(s.io, [&](auto done) { stream.async_read(s.buffer, [done](error_code e, std::size_t) { done(e); }); }); });
    if (error) return std::nullopt;
    return beast::buffers_to_string(s.buffer.data());
}

std::string Client::read_until(const std::string& word) {
    for (;;) {
        const auto message = read();
        if (!message) throw std::runtime_error("the connection ended before '" + word + "' came");
        if (message->find(word) != std::string::npos) return *message;
    }
}

std::vector<std::string> Client::collect(const std::string& word, std::size_t most) {
    std::vector<std::string> out;
    while (out.size() < most) {
        auto message = read();
        if (!message) break;
        if (message->find(word) != std::string::npos) out.push_back(std::move(*message));
    }
    return out;
}

int Client::pings() const { return socket_->pings; }
std::string Client::pong() const { return socket_->pong; }
std::uint16_t Client::close_code() const {
    std::uint16_t code = 0;
    socket_->with([&](auto& stream) { code = stream.reason().code; });
    return code;
}

struct RawClient::Socket {
    asio::io_context io;
    tcp::socket socket{io};
};

RawClient::RawClient(std::uint16_t port) : socket_(std::make_unique<Socket>()) { socket_->socket.connect(endpoint(port)); }
RawClient::~RawClient() = default;

void RawClient::send(const std::string& bytes) {
    run(socket_->io, [&](auto done) { asio::async_write(socket_->socket, asio::buffer(bytes), [done](error_code e, std::size_t) { done(e); }); });
}

std::string RawClient::read_while(const std::function<bool(const std::string&)>& more) {
    std::string out;
    char bytes[4096];
    while (more(out)) {
        std::size_t n = 0;
        const error_code error = run(socket_->io, [&](auto done) {
            socket_->socket.async_read_some(asio::buffer(bytes), [&n, done](error_code e, std::size_t got) { n = got, done(e); });
        });
        if (error) break;
        out.append(bytes, n);
    }
    return out;
}

NextLine lines_of(std::string text) {
    return [text = std::make_shared<std::string>(std::move(text)), at = std::size_t{0}](std::string_view& line) mutable {
        if (at >= text->size()) return false;
        const std::size_t end = std::min(text->find('\n', at), text->size());
        line = std::string_view(*text).substr(at, end - at);
        at = end + 1;
        return true;
    };
}

}  // namespace openquant::testing
