#include "loopback.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <cstdio>
#include <mutex>
#include <vector>

namespace openquant::testing {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;
using asio::ip::tcp;
using Local = asio::local::stream_protocol;

namespace {

template <class Stream>
class WebsocketPeer final : public Peer {
public:
    WebsocketPeer(Stream stream) : stream_(std::move(stream)) {
        beast::http::request<beast::http::string_body> request;
        beast::flat_buffer buffer;
        beast::http::read(stream_.next_layer(), buffer, request);
        user_agent = std::string(request[beast::http::field::user_agent]);
        host = std::string(request[beast::http::field::host]);
        target = std::string(request.target());
        stream_.accept(request);
        stream_.control_callback([this](websocket::frame_type kind, beast::string_view payload) {
            if (kind == websocket::frame_type::pong) pong_ = std::string(payload);
        });
    }
    void send(std::string_view text) override { stream_.write(asio::buffer(text.data(), text.size())); }
    void send_in_fragments(std::string_view text, std::size_t size) override {
        for (; text.size() > size; text.remove_prefix(size)) stream_.write_some(false, asio::buffer(text.data(), size));
        stream_.write_some(true, asio::buffer(text.data(), text.size()));
    }
    std::string receive() override {
        beast::flat_buffer buffer;
        stream_.read(buffer);
        return beast::buffers_to_string(buffer.cdata());
    }
    /// The client sends a text behind the pong, which a read waits for.
    std::string ping(std::string_view payload) override {
        stream_.ping(websocket::ping_data(beast::string_view(payload.data(), payload.size())));
        while (!pong_) receive();
        return *std::exchange(pong_, std::nullopt);
    }
    void close(std::uint16_t code, std::string_view reason) override {
        stream_.close(websocket::close_reason(static_cast<websocket::close_code>(code), beast::string_view(reason.data(), reason.size())));
    }
    void raw(std::string_view bytes) override { asio::write(stream_.next_layer(), asio::buffer(bytes.data(), bytes.size())); }

private:
    websocket::stream<Stream> stream_;
    std::optional<std::string> pong_;
};

template <class Socket>
class LinesPeer final : public Peer {
public:
    explicit LinesPeer(Socket socket) : socket_(std::move(socket)) {}
    void send(std::string_view text) override { raw(std::string(text) + '\n'); }
    void send_in_fragments(std::string_view text, std::size_t size) override {
        for (std::size_t at = 0; at < text.size(); at += size) raw(text.substr(at, size));
    }
    std::string receive() override {
        asio::read_until(socket_, buffer_, '\n');
        std::string line;
        std::istream in(&buffer_);
        std::getline(in, line);
        return line;
    }
    std::string ping(std::string_view) override { throw std::logic_error("lines have no pings"); }
    void close(std::uint16_t, std::string_view) override { socket_.shutdown(Socket::shutdown_send); }
    void raw(std::string_view bytes) override { asio::write(socket_, asio::buffer(bytes.data(), bytes.size())); }

private:
    Socket socket_;
    asio::streambuf buffer_;
};

}  // namespace

std::string text_frame(std::string_view payload) {
    std::string out = "\x81";
    const std::size_t n = payload.size();
    if (n < 126) {
        out += static_cast<char>(n);
    } else {
        out += static_cast<char>(n < 65'536 ? 126 : 127);
        for (int shift = n < 65'536 ? 8 : 56; shift >= 0; shift -= 8) out += static_cast<char>(n >> shift & 0xff);
    }
    return out.append(payload);
}

struct Loopback::Body {
    Body(Speaks speaks_, Script script_, const Certificate& certificate) : speaks(speaks_), script(std::move(script_)) {
        if (speaks == Speaks::tls_websocket) {
            tls.use_certificate_chain(asio::buffer(certificate.pem));
            tls.use_private_key(asio::buffer(certificate.key_pem), asio::ssl::context::pem);
        }
        if (speaks == Speaks::unix_lines) {
            static std::atomic<int> count{0};
            path = "/tmp/openquant_test_" + std::to_string(::getpid()) + '_' + std::to_string(++count);
            local.emplace(io, Local::endpoint(path));
        } else {
            inet.emplace(io, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
            port = inet->local_endpoint().port();
        }
        thread = std::thread([this] { accept(); });
    }
    ~Body() {
        {
            const std::scoped_lock lock(mutex);
            stopping = true;
            for (const int socket : sockets) ::shutdown(socket, SHUT_RDWR);
        }
        ::shutdown(inet ? inet->native_handle() : local->native_handle(), SHUT_RDWR);  // wakes the accept
        thread.join();
        for (auto& peer : peers) peer.join();
        if (!path.empty()) std::remove(path.c_str());
    }

    void accept() {
        for (;;) {
            boost::system::error_code error;
            if (inet) {
                tcp::socket socket(io);
                inet->accept(socket, error);
                if (!error) serve(std::move(socket));
            } else {
                Local::socket socket(io);
                local->accept(socket, error);
                if (!error) serve(std::move(socket));
            }
            if (error) return;
        }
    }
    template <class Socket>
    void serve(Socket socket) {
        const int number = ++accepted, handle = socket.native_handle();
        const std::scoped_lock lock(mutex);
        if (stopping) return;
        sockets.push_back(handle);
        peers.emplace_back([this, number, handle, owned = std::move(socket)]() mutable {
            const int twin = ::dup(handle);  // the number stays ours until it is off the list
            try {
                const auto peer = greet(std::move(owned));
                peer->number = number;
                script(*peer);
            } catch (const std::exception&) {  // the client is gone
            }
            const std::scoped_lock off(mutex);
            ::shutdown(twin, SHUT_RDWR);
            ::close(twin);
            std::erase(sockets, handle);
        });
    }
    template <class Socket>
    std::unique_ptr<Peer> greet(Socket socket) {
        if constexpr (std::is_same_v<Socket, tcp::socket>) {
            socket.set_option(tcp::no_delay(true));
            if (speaks == Speaks::websocket) return std::make_unique<WebsocketPeer<tcp::socket>>(std::move(socket));
            if (speaks == Speaks::tls_websocket) {
                asio::ssl::stream<tcp::socket> stream(std::move(socket), tls);
                stream.handshake(asio::ssl::stream_base::server);
                return std::make_unique<WebsocketPeer<asio::ssl::stream<tcp::socket>>>(std::move(stream));
            }
        }
        return std::make_unique<LinesPeer<Socket>>(std::move(socket));
    }

    const Speaks speaks;
    const Script script;
    asio::io_context io;
    asio::ssl::context tls{asio::ssl::context::tls_server};
    std::optional<tcp::acceptor> inet;
    std::optional<Local::acceptor> local;
    std::string path;
    int port = 0;
    std::atomic<int> accepted{0};
    std::mutex mutex;
    bool stopping = false;
    std::vector<int> sockets;
    std::vector<std::thread> peers;
    std::thread thread;
};

Loopback::Loopback(Speaks speaks, Script script, Certificate certificate) : body_(std::make_unique<Body>(speaks, std::move(script), certificate)) {}
Loopback::~Loopback() = default;
int Loopback::port() const { return body_->port; }
int Loopback::connections() const { return body_->accepted; }

std::string Loopback::url(std::string_view scheme, std::string_view host) const {
    if (!body_->path.empty()) return "unix://" + body_->path;
    constexpr std::string_view schemes[] = {"ws", "wss", "tcp", "unix"};
    if (scheme.empty()) scheme = schemes[static_cast<int>(body_->speaks)];
    return std::string(scheme) + "://" + std::string(host) + ':' + std::to_string(body_->port);
}

}  // namespace openquant::testing
