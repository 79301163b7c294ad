#include "openquant/connectors/simulator/connection.hpp"

#include <boost/asio/post.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/rfc7230.hpp>

namespace openquant {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;

void Stage::wake() {
    if (std::exchange(awake, true)) return;
    asio::post(timer.get_executor(), [self = shared_from_this()] {
        const auto now = Clock::now();
        const auto next = self->market.advance(now);
        self->awake = false;
        if (next <= now) return self->wake();
        self->timer.expires_at(next);
        if (next == Market::never) return;
        self->timer.async_wait([self](const error_code& error) {
            if (!error) self->wake();
        });
    });
}

Connection::Connection(std::unique_ptr<Wire> wire, std::shared_ptr<Stage> stage, Host& host)
    : wire_(std::move(wire)), stage_(std::move(stage)), host_(host), timer_(host.io), drip_timer_(host.io) {
    const std::size_t most = host.venue.most_per_message;
    const std::size_t batch = host.options.batch > 0 ? std::min(host.options.batch, most) : host.options.speed == 0 ? most : 1;
    out_.lines = host.venue.lines;
    dialogue_ = host.venue.dialogue(stage_->market, out_, batch);
}

void Connection::start() {
    begun_ = progress_ = Clock::now();
    host_.book.count([](SimulatorStats& s) { ++s.connections, ++s.clients; });
    tick();
    wire_->handshake([self = shared_from_this()](const error_code& error, std::size_t) {
        if (self->dropped_) return;
        if (error) {
            self->host_.book.count([](SimulatorStats& s) { ++s.refused; });
            return self->drop();
        }
        if (self->out_.lines) self->opened("/", "");
        self->read();
    });
}

void Connection::drop() {
    if (std::exchange(dropped_, true)) return;
    retire();
    timer_.cancel();
    drip_timer_.cancel();
    wire_->drop();
    host_.book.count([](SimulatorStats& s) { --s.clients; });
    host_.connections.erase(shared_from_this());
}

/// The market goes on without this one.
void Connection::retire() {
    stage_->market.leave(*this);
    phase_ = Phase::leaving;
    stage_->wake();
}

void Connection::read() {
    if (dropped_ || std::exchange(reading_, true)) return;
    wire_->read(asio::buffer(input_), [self = shared_from_this()](const error_code& error, std::size_t n) {
        self->reading_ = false;
        if (self->dropped_) return;
        if (error) return self->drop();
        self->took(n);
    });
}

void Connection::took(std::size_t n) {
    const std::string_view bytes(input_, n);
    if (phase_ == Phase::handshake) {
        request_.append(bytes);
        if (request_.find("\r\n\r\n") != std::string::npos) upgrade();
        else if (request_.size() > 8'192) return refuse("431 Request Header Fields Too Large");
    } else if (phase_ == Phase::open && !out_.lines) {
        reader_.feed(bytes);
        hear();
    }
    send();
    if (out_.bytes.size() < too_much) read();
}

void Connection::upgrade() {
    http::request_parser<http::empty_body> parser;
    error_code error;
    const std::size_t used = parser.put(asio::buffer(request_), error);
    const auto& asked = parser.get();
    const std::string key(asked["Sec-WebSocket-Key"]);
    const bool sound = !error && parser.is_header_done() && asked.method() == http::verb::get && http::token_list(asked["Upgrade"]).exists("websocket") &&
                       http::token_list(asked["Connection"]).exists("upgrade") && asked["Sec-WebSocket-Version"] == "13" && !key.empty() && key.size() < 64;
    if (!sound) return refuse("400 Bad Request");
    const std::string rest = request_.substr(used);
    opened(std::string(asked.target()), key);
    if (phase_ != Phase::open) return;
    reader_.feed(rest);
    hear();
}

void Connection::opened(const std::string& target, const std::string& key) {
    const auto now = Clock::now();
    const std::string_view address = target;
    const std::size_t mark = address.find('?');
    if (!out_.lines)
        out_.bytes =
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " + websocket::accept_key(key) + "\r\n\r\n";
    stage_->market.catch_up(now);
    if (!dialogue_->open(address.substr(0, mark), mark == std::string_view::npos ? "" : address.substr(mark + 1))) return refuse("404 Not Found");
    phase_ = Phase::open;
    next_beat_ = now + host_.options.heartbeat_every;
    next_ping_ = now + host_.venue.ping_every;
    stage_->market.join(*this);
    hear();
}

void Connection::refuse(std::string_view status) {
    host_.book.count([](SimulatorStats& s) { ++s.refused; });
    out_.bytes = "HTTP/1.1 " + std::string(status) + "\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
    phase_ = Phase::leaving;
    send();
}

/// Heeds all whole messages, and tells the market of new subscriptions.
void Connection::hear() {
    const auto now = Clock::now();
    try {
        while (phase_ == Phase::open) {
            const auto next = reader_.next();
            if (!next) break;
            stage_->market.catch_up(now);
            message(*next);
        }
    } catch (const websocket::Reader::Refused& refused) { leave(refused.code, ""); }
    if (phase_ != Phase::open || std::exchange(changes_, dialogue_->changes()) == dialogue_->changes()) return;
    stage_->market.subscribed(*this, now);
    stage_->wake();
}

void Connection::message(const websocket::Reader::Message& message) {
    using websocket::Opcode;
    switch (message.opcode) {
        case Opcode::text: dialogue_->hear(message.payload); break;
        case Opcode::ping: websocket::append(out_.bytes, Opcode::pong, message.payload); break;
        case Opcode::pong: pinged_ = pinged_ && message.payload != "openquant"; break;
        case Opcode::close: leave(websocket::Close::normal, ""); break;
        default: leave(websocket::Close::policy, "text only");
    }
}

void Connection::finish() {
    dialogue_->finish();
    send();
}

void Connection::cut() {
    dialogue_->finish();
    retire();
    send();
}

void Connection::close() {
    dialogue_->finish();
    dialogue_->farewell();
    leave(websocket::Close::going_away, "");
    send();
}

void Connection::leave(websocket::Close code, std::string_view reason) {
    if (!out_.lines) websocket::append_close(out_.bytes, code, reason);
    retire();
}

void Connection::fall_silent(Clock::time_point until) {
    dialogue_->finish();
    send();
    silent_until_ = until;
}

void Connection::send() {
    if (dropped_ || writing_ || Clock::now() < silent_until_) return;
    if (out_.bytes.empty()) {
        if (phase_ == Phase::leaving) sent();
        return;
    }
    writing_ = true;
    sending_.swap(out_.bytes);
    out_.bytes.clear();
    written_ = 0;
    const auto slices = static_cast<std::size_t>(std::max<std::int64_t>(drip_.count(), 1));  // a byte, or what a millisecond is due
    drip_portion_ = drip_.count() > 0 ? (sending_.size() + slices - 1) / slices : 0;
    host_.book.count([&](SimulatorStats& s) {
        s.sent_messages += out_.messages - std::exchange(counted_messages_, out_.messages);
        s.sent_trades += std::exchange(trades_, 0);
    });
    wrote(0);
}

/// Goes on with what is being sent.
void Connection::wrote(std::size_t n) {
    written_ += n;
    if (n > 0) progress_ = Clock::now();
    if (written_ == sending_.size()) {
        writing_ = false, drip_ = {};
        send();
        if (!reading_ && out_.bytes.size() < too_much) read();
        return stage_->wake();
    }
    const auto go = [self = shared_from_this()] {
        const std::size_t left = self->sending_.size() - self->written_;
        const std::size_t most = self->drip_portion_ > 0 ? std::min(left, self->drip_portion_) : left;
        self->wire_->write(asio::buffer(self->sending_.data() + self->written_, most), [self](const error_code& error, std::size_t bytes) {
            if (self->dropped_) return;
            if (error) return self->drop();
            self->wrote(bytes);
        });
    };
    if (drip_portion_ == 0) return go();
    drip_timer_.expires_after(
        std::chrono::microseconds(drip_.count() * 1'000 * static_cast<std::int64_t>(drip_portion_) / static_cast<std::int64_t>(sending_.size())));
    drip_timer_.async_wait([self = shared_from_this(), go](const error_code& error) {
        if (!error && !self->dropped_) go();
    });
}

/// All is said: the line ends, and the client's end of it is awaited, for a reset could take back what it has not yet read.
void Connection::sent() {
    if (std::exchange(ended_, true)) return;
    ended_at_ = Clock::now();
    wire_->end();
    read();
}

void Connection::tick() {
    const auto now = Clock::now();
    every_tick(now);
    if (dropped_) return;
    const auto& o = host_.options;
    const Clock::duration shortest = std::min({o.heartbeat_every, o.patience, host_.venue.ping_every}) / 4;
    timer_.expires_after(std::clamp<Clock::duration>(shortest, std::chrono::milliseconds(1), std::chrono::milliseconds(250)));
    timer_.async_wait([self = shared_from_this()](const error_code& error) {
        if (!error && !self->dropped_) self->tick();
    });
}

void Connection::every_tick(Clock::time_point now) {
    const auto& options = host_.options;
    if (writing_ && drip_portion_ == 0 && now - progress_ > options.patience) {
        host_.book.count([](SimulatorStats& s) { ++s.slow; });
        return drop();
    }
    if (phase_ == Phase::handshake && now - begun_ > options.patience) return drop();
    if (ended_ && now - ended_at_ > std::chrono::seconds(1)) return drop();
    if (phase_ != Phase::open) return send();
    if (now < silent_until_) return;
    if (host_.venue.subscribe_within.count() > 0 && !dialogue_->subscribed_to_anything() && now - begun_ > host_.venue.subscribe_within)
        leave(websocket::Close::policy, "no subscription");
    else if (now >= next_beat_) {
        next_beat_ = std::max(next_beat_ + options.heartbeat_every, now);
        dialogue_->beat(out_.messages == beaten_messages_);
        beaten_messages_ = out_.messages;
    }
    if (phase_ == Phase::open && !out_.lines && now >= next_ping_) {
        next_ping_ = now + host_.venue.ping_every;
        if (std::exchange(pinged_, true)) leave(websocket::Close::policy, "no pong");
        else websocket::append(out_.bytes, websocket::Opcode::ping, "openquant");
    }
    send();
}

}  // namespace openquant
