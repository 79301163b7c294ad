// Websockets, plain and over TLS. The only file here that includes Beast's websocket, which is slow to compile.
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <stdexcept>
#include <type_traits>

#include "openquant/connectors/json.hpp"
#include "openquant/connectors/live/read_ahead.hpp"
#include "openquant/connectors/live/tls.hpp"

namespace openquant::live {

namespace {

namespace beast = boost::beast;
namespace websocket = beast::websocket;
using TlsSocket = asio::ssl::stream<TcpSocket>;

template <class Next>
class Websocket final : public StreamTransport {
    static constexpr bool secure = std::is_same_v<Next, TlsSocket>;

public:
    template <class... Args>
    Websocket(asio::io_context& io, const Endpoint& endpoint, Listener& listener, const TransportLimits& limits, Args&... tls)
        : StreamTransport(io, endpoint, listener, limits), stream_(io.get_executor(), tls...) {}

private:
    struct ReadDone {
        using executor_type = AtOnce;
        std::shared_ptr<Websocket> self;
        executor_type get_executor() const noexcept { return {}; }
        void operator()(error_code error, std::size_t) const { self->came(error); }
    };

    std::shared_ptr<Websocket> self() { return std::static_pointer_cast<Websocket>(shared_from_this()); }
    TcpSocket& socket() {
        if constexpr (secure) return stream_.next_layer().next_layer().next_layer();
        else return stream_.next_layer().next_layer();
    }

    void dial() override {
        connect(socket(), [this](error_code) {
            if constexpr (secure) shake_hands_in_secret();
            else shake_hands();
        });
    }
    void shake_hands_in_secret() {
        if constexpr (secure) {
            TlsSocket& tls = stream_.next_layer().next_layer();
            expect_host(tls.native_handle(), endpoint_.host);
            tls.async_handshake(asio::ssl::stream_base::client, [held = self(), &tls](error_code error) {
                if (held->over()) return;
                if (!error) return held->shake_hands();
                const std::string untrusted = why_untrusted(tls.native_handle());
                if (untrusted.empty()) return held->failed("TLS handshake", error);
                held->finish("TLS: the certificate of " + held->endpoint_.host + " is not trusted: " + untrusted, true);
            });
        }
    }
    void shake_hands() {
        stream_.set_option(websocket::stream_base::timeout{websocket::stream_base::none(), websocket::stream_base::none(), false});
        stream_.set_option(
            websocket::stream_base::decorator([](websocket::request_type& request) { request.set(beast::http::field::user_agent, "openquant"); }));
        stream_.read_message_max(limits_.message);
        stream_.text(true);
        stream_.control_callback([this](websocket::frame_type kind, beast::string_view) {
            if (over()) return;
            if (kind == websocket::frame_type::ping) listener_->pinged();
            if (kind == websocket::frame_type::close) deadline(limits_.to_close, farewell());  // whether or not the line ends then
        });
        const bool usual = endpoint_.port == (endpoint_.tls ? 443 : 80);
        const std::string host = endpoint_.host.find(':') == std::string::npos ? endpoint_.host : '[' + endpoint_.host + ']';
        stream_.async_handshake(answer_, usual ? host : host + ':' + std::to_string(endpoint_.port), endpoint_.target, [held = self()](error_code error) {
            if (!held->over()) held->shaken(error);
        });
    }
    void shaken(error_code error) {
        if (error == websocket::error::upgrade_declined)
            return finish("websocket handshake: the server answered " + std::to_string(answer_.result_int()) + ' ' + std::string(answer_.reason()));
        if (error) return failed("websocket handshake", error);
        // Bounds the end after a frame that breaks the protocol; what is silent is for the listener to judge.
        stream_.set_option(websocket::stream_base::timeout{limits_.to_close, websocket::stream_base::none(), false});
        opened();
        if (over()) return;
        stream_.next_layer().used_up = [this] {
            if (!over()) listener_->idle();
        };
        read();
    }
    void write(const std::string& text, Done done) override {
        stream_.async_write(asio::buffer(text), [done = std::move(done)](error_code error, std::size_t) { done(error); });
    }
    void say_goodbye(Done done) override { stream_.async_close(websocket::close_code::normal, std::move(done)); }
    void drop() override {
        error_code ignored;
        socket().close(ignored);
    }

    /// One message after the other as long as they are at hand, without a turn through the io_context.
    void read() {
        do {
            starting_ = true;
            at_hand_ = false;
            stream_.async_read(message_, ReadDone{self()});
            starting_ = false;
        } while (at_hand_ && !over());
    }
    void came(error_code error) {
        if (over()) return;
        if (error) return ended(error);
        message_.prepare(json::padding);  // may move what is there
        const auto data = message_.cdata();
        listener_->frame({static_cast<const char*>(data.data()), data.size()}, stream_.next_layer().received());
        message_.clear();
        if (starting_) at_hand_ = true;
        else if (!over()) read();
    }
    void ended(error_code error) {
        if (error == websocket::error::closed) return finish(farewell());
        failed("receive", error);
    }
    std::string farewell() const {
        const auto& reason = stream_.reason();
        const std::string text(reason.reason.data(), reason.reason.size());
        return "the server closed the connection, code " + std::to_string(reason.code) + (text.empty() ? "" : ": " + text);
    }

    websocket::stream<ReadAhead<Next>, false> stream_;
    websocket::response_type answer_;
    beast::flat_buffer message_;
    bool starting_ = false, at_hand_ = false;
};

}  // namespace

std::shared_ptr<Transport> make_websocket(asio::io_context& io, const Endpoint& endpoint, asio::ssl::context* tls, Listener& listener,
                                          const TransportLimits& limits) {
    if (!endpoint.tls) return std::make_shared<Websocket<TcpSocket>>(io, endpoint, listener, limits);
    if (!tls) throw std::invalid_argument("a connection over TLS needs a TLS context");
    return std::make_shared<Websocket<TlsSocket>>(io, endpoint, listener, limits, *tls);
}

}  // namespace openquant::live
