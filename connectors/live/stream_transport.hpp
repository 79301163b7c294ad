// What all transports share: finding the other side, a deadline, texts sent one after the other, and one farewell.
#pragma once

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/ip/basic_resolver.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <deque>
#include <functional>
#include <utility>

#include "openquant/connectors/live/transport.hpp"

namespace openquant::live {

namespace asio = boost::asio;
using boost::system::error_code;
using Executor = asio::io_context::executor_type;  // the plain one: a polymorphic one costs every operation something
using TcpSocket = asio::basic_stream_socket<asio::ip::tcp, Executor>;
using UnixSocket = asio::basic_stream_socket<asio::local::stream_protocol, Executor>;
using Timer = asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, Executor>;

std::int64_t utc_now();

/// Bytes asked of the network at once.
inline constexpr std::size_t read_size = std::size_t{128} << 10;

class StreamTransport : public Transport, public std::enable_shared_from_this<StreamTransport> {
public:
    StreamTransport(asio::io_context& io, const Endpoint& endpoint, Listener& listener, const TransportLimits& limits)
        : endpoint_(endpoint), limits_(limits), listener_(&listener), timer_(io.get_executor()), resolver_(io.get_executor()) {}

    void open() final;
    void send(std::string text) final;
    void close() final;
    void cut() final;

protected:
    using Done = std::function<void(error_code)>;

    virtual void dial() = 0;
    virtual void write(const std::string& text, Done done) = 0;
    virtual void say_goodbye(Done done) = 0;
    virtual void drop() = 0;  // the socket, at once

    void connect(TcpSocket& socket, Done done);
    void opened();
    /// `doing` was what failed.
    void failed(std::string_view doing, error_code error);
    void finish(const std::string& why, bool hopeless = false);
    /// Finishes so much later, unless the connection has opened or ended by then.
    void deadline(std::chrono::milliseconds after, std::string why);
    /// Nobody listens any more.
    bool over() const { return listener_ == nullptr; }

    const Endpoint endpoint_;
    const TransportLimits limits_;
    Listener* listener_;

private:
    void write_next();
    void shut();

    Timer timer_;
    asio::ip::basic_resolver<asio::ip::tcp, Executor> resolver_;
    bool open_ = false, closing_ = false, shut_ = false;
    std::deque<std::string> outbox_;
};

std::shared_ptr<Transport> make_websocket(asio::io_context& io, const Endpoint& endpoint, asio::ssl::context* tls, Listener& listener,
                                          const TransportLimits& limits);
std::shared_ptr<Transport> make_lines(asio::io_context& io, const Endpoint& endpoint, Listener& listener, const TransportLimits& limits);

}  // namespace openquant::live
