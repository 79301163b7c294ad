#include "openquant/connectors/live/stream_transport.hpp"

#include <boost/asio/connect.hpp>

namespace openquant {

namespace live {

std::int64_t utc_now() { return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch()).count(); }

void StreamTransport::open() {
    deadline(limits_.to_open, "no answer within " + std::to_string(limits_.to_open.count()) + " ms");
    dial();
}

void StreamTransport::send(std::string text) {
    if (over()) return;
    outbox_.push_back(std::move(text));
    if (open_ && outbox_.size() == 1) write_next();
}

void StreamTransport::close() {
    if (!open_) return cut();
    if (shut_ || closing_) return;
    closing_ = true;
    listener_ = nullptr;
    deadline(limits_.to_close, {});
    say_goodbye([self = shared_from_this()](error_code) { self->shut(); });
}

void StreamTransport::cut() {
    listener_ = nullptr;
    shut();
}

/// Addresses given as numbers need no resolver, which asks the system on a thread of its own.
void StreamTransport::connect(TcpSocket& socket, Done done) {
    const auto connected = [self = shared_from_this(), &socket, done](error_code error, const auto&...) {
        if (self->over()) return;
        if (error) return self->failed("connect", error);
        socket.set_option(asio::ip::tcp::no_delay(true), error);
        done(error);
    };
    error_code no_number;
    const auto address = asio::ip::make_address(endpoint_.host, no_number);
    if (!no_number) return socket.async_connect({address, endpoint_.port}, connected);
    resolver_.async_resolve(endpoint_.host, std::to_string(endpoint_.port),
                            [self = shared_from_this(), &socket, connected](error_code error, const auto& found) {
                                if (self->over()) return;
                                if (error) return self->failed("look up '" + self->endpoint_.host + "'", error);
                                asio::async_connect(socket, found, connected);
                            });
}

void StreamTransport::opened() {
    timer_.cancel();
    open_ = true;
    if (!outbox_.empty()) write_next();
    listener_->opened();
}

void StreamTransport::failed(std::string_view doing, error_code error) { finish(std::string(doing) + ": " + error.message()); }

void StreamTransport::finish(const std::string& why, bool hopeless) {
    if (closing_) return;  // what fails during a goodbye is part of it
    shut();
    if (Listener* listener = std::exchange(listener_, nullptr)) listener->closed(why, hopeless);
}

void StreamTransport::deadline(std::chrono::milliseconds after, std::string why) {
    timer_.expires_after(after);
    timer_.async_wait([self = shared_from_this(), why = std::move(why)](error_code error) {
        if (error || self->shut_) return;
        self->closing_ ? self->shut() : self->finish(why);
    });
}

void StreamTransport::write_next() {
    write(outbox_.front(), [self = shared_from_this()](error_code error) {
        if (self->over()) return;
        if (error) return self->failed("send", error);
        self->outbox_.pop_front();
        if (!self->outbox_.empty()) self->write_next();
    });
}

void StreamTransport::shut() {
    if (std::exchange(shut_, true)) return;
    timer_.cancel();
    resolver_.cancel();
    drop();
}

}  // namespace live

std::shared_ptr<Transport> make_transport(boost::asio::io_context& io, const Endpoint& endpoint, boost::asio::ssl::context* tls, Listener& listener,
                                          const TransportLimits& limits) {
    return endpoint.kind == Endpoint::Kind::websocket ? live::make_websocket(io, endpoint, tls, listener, limits)
                                                      : live::make_lines(io, endpoint, listener, limits);
}

}  // namespace openquant
