#include "openquant/connectors/live/connection.hpp"

#include <algorithm>

namespace openquant::live {

namespace {

using std::chrono::nanoseconds;

constexpr std::size_t push_at = 4096;  // rows
/// A refusal is final until the first connection has stood for so long, and a venue that announces one restart after the other is
/// followed at once no oftener: neither must become an endless reconnect.
constexpr std::chrono::seconds settled{10};
/// Event times further ahead of our own clock are mistakes, which the session's clock must not follow.
constexpr std::int64_t furthest_ahead = 3'600'000'000'000;

/// For counters that one thread writes: a plain addition.
void add(std::atomic<std::uint64_t>& counter, std::uint64_t n) { counter.store(counter.load(std::memory_order_relaxed) + n, std::memory_order_relaxed); }

}  // namespace

Connection::Connection(asio::io_context& io, asio::ssl::context* tls, Feeder feeder, Endpoint endpoint, Inlet<Trade>& inlet, Waits waits, std::uint64_t seed,
                       std::function<void(const std::string&)> fail)
    : io_(io),
      tls_(tls),
      feeder_(std::move(feeder)),
      endpoint_(std::move(endpoint)),
      url_(feeder_.url.empty() ? feeder_.venue->url() : feeder_.url),
      rules_(feeder_.venue->rules()),
      waits_(waits),
      fail_(std::move(fail)),
      inlet_(inlet),
      producer_(inlet),
      jitter_(seed),
      timer_(io.get_executor()) {
    learn_symbols();
}

void Connection::open() { connect(); }

void Connection::connect() {
    note(LinkState::connecting);
    transport_ = make_transport(io_, endpoint_, tls_, *this);
    transport_->open();
}

void Connection::opened() {
    note(LinkState::open);
    add(connects_, 1);
    const SteadyTime now = std::chrono::steady_clock::now();
    opened_at_ = heard_at_ = next_message_ = now;
    // Connections begun together must not all be renewed together.
    const nanoseconds lifetime = rules_.lifetime;
    ends_at_ = lifetime.count() > 0 ? now + lifetime - nanoseconds(static_cast<std::int64_t>(0.1 * jitter_.unit() * static_cast<double>(lifetime.count())))
                                    : SteadyTime::max();
    next_ping_ = rules_.ping_every.count() > 0 ? now + rules_.ping_every : SteadyTime::max();
    feeder_.venue->opened();
    subscriptions_ = feeder_.venue->subscriptions();
    subscribed_ = 0;
    send_due(now);
    arm();
}

void Connection::frame(std::string_view frame, std::int64_t received) {
    heard_ = true;
    add(frames_, 1), add(bytes_, frame.size());
    last_receive_.store(received, std::memory_order_relaxed);
    const std::uint64_t malformed = told_.malformed;
    const Frame kind = feeder_.venue->decode(frame, received, told_);
    add(malformed_, told_.malformed - malformed + (kind == Frame::malformed));
    switch (kind) {
        case Frame::trades:
        case Frame::control: sound(kind); break;
        case Frame::malformed: break;
        case Frame::refusal: return refused(feeder_.venue->said());
        case Frame::restart: return restarted();
    }
    if (told_.trades.size() >= push_at) push();
}

/// The first sound frame of a life brings the stream back; what a venue says before it has been asked for all does not.
void Connection::sound(Frame kind) {
    if (kind == Frame::control && subscribed_ < subscriptions_.size()) return;
    if (!told_.trades.empty()) told_trades_ = ever_told_trades_ = true, losses_ = 0;
    carrying_ = true;
    if (std::exchange(resuming_, false)) report(every_symbol, {latest_.ts, Break::reconnect, 0, 0});
}

void Connection::pinged() {
    heard_ = true;
    idle();
}

void Connection::idle() {
    push();
    if (!std::exchange(heard_, false)) return;
    heard_at_ = std::chrono::steady_clock::now();  // behind the push: a full inlet may have held it up
}

void Connection::closed(const std::string& why, bool hopeless) { hopeless ? fail(why) : lost(why); }

void Connection::restarted() {
    const SteadyTime now = std::chrono::steady_clock::now();
    const bool at_once = told_trades_ && now - std::exchange(restarted_at_, now) >= settled;
    lost("the venue announced a restart", at_once);
}

void Connection::refused(const std::string& why) {
    add(refusals_, 1);
    const bool young = connects_.load(std::memory_order_relaxed) == 1 && std::chrono::steady_clock::now() - opened_at_ < settled;
    const std::string text = "refused: " + why;
    young || !ever_told_trades_ ? fail(text) : lost(text);
}

void Connection::lost(const std::string& why, bool at_once) {
    {
        const std::scoped_lock lock(error_mutex_);
        last_error_ = why;
    }
    end_life();
    if (state_.load(std::memory_order_relaxed) == LinkState::closed) return;  // so was the inlet, under the last push
    note(LinkState::waiting);
    retry_at_ = std::chrono::steady_clock::now() + (at_once ? nanoseconds(0) : wait_before_next());
    arm();
}

void Connection::fail(const std::string& why) {
    const std::string text = std::string(feeder_.venue->name()) + " at " + url_ + ": " + why;
    {
        const std::scoped_lock lock(error_mutex_);
        last_error_ = why;
    }
    close();
    fail_(text);
}

void Connection::end_life() {
    if (transport_) std::exchange(transport_, nullptr)->close();
    push();
    if (state_.load(std::memory_order_relaxed) == LinkState::open) add(disconnects_, 1);
    told_trades_ = false;
    if (!std::exchange(carrying_, false)) return;
    resuming_ = true;
    report(every_symbol, {latest_.ts, Break::disconnect, 0, 0});
}

/// Doubles with each loss in a row up to the cap; half of it is left to chance, so that many clients do not return at once.
nanoseconds Connection::wait_before_next() {
    nanoseconds wait = std::min<nanoseconds>(waits_.first, waits_.cap);
    for (int i = 0; i < losses_ && wait < waits_.cap; ++i) wait = std::min<nanoseconds>(2 * wait, waits_.cap);
    ++losses_;
    return nanoseconds(static_cast<std::int64_t>(static_cast<double>(wait.count()) * (0.5 + 0.5 * jitter_.unit())));
}

/// The end of a session is no break of the stream: nothing is reported.
void Connection::close() {
    push();
    shut();
}

void Connection::shut() {
    if (transport_) std::exchange(transport_, nullptr)->close();
    timer_.cancel();
    note(LinkState::closed);
}

void Connection::push() {
    if (told_.trades.empty() && told_.breaks.empty()) return;
    learn_symbols();
    std::size_t done = 0;
    for (const Told::Noted& noted : told_.breaks) {
        push_rows(done, noted.before);
        done = noted.before;
        report(noted.symbol, noted.row);
    }
    push_rows(done, told_.trades.size());
    note_latest();
    told_.clear();
}

void Connection::push_rows(std::size_t begin, std::size_t end) {
    if (begin == end) return;
    rows_.clear();
    for (std::size_t i = begin; i < end; ++i) rows_.push_back({codes_[told_.trades[i].symbol], told_.trades[i].trade});
    const std::size_t taken = producer_.push(rows_);
    add(trades_, taken);
    if (taken < rows_.size()) shut();  // the inlet is closed: the session ends, or the engine has failed
}

void Connection::report(std::uint32_t symbol, const Continuity& row) {
    if (state_.load(std::memory_order_relaxed) == LinkState::closed) return;
    if (symbol != every_symbol) return producer_.report(codes_[symbol], row);
    for (const std::uint32_t code : codes_) producer_.report(code, row);  // of this connection, not of the whole source
}

void Connection::learn_symbols() {
    const auto& names = feeder_.venue->symbols().names();
    for (std::size_t i = codes_.size(); i < names.size(); ++i) codes_.push_back(inlet_.code(feeder_.prefix + names[i], rules_.ids));
}

void Connection::note_latest() {
    if (told_.trades.empty()) return;
    const std::int64_t received = last_receive_.load(std::memory_order_relaxed);
    std::int64_t latest = latest_.ts;
    for (const Told::Row& row : told_.trades)
        if (row.trade.ts <= received + furthest_ahead) latest = std::max(latest, row.trade.ts);
    if (latest > latest_.ts) latest_ = {latest, std::chrono::steady_clock::now()};
    last_event_.store(latest_.ts, std::memory_order_relaxed);
    if (const std::int64_t ts = told_.trades.back().trade.ts; ts > 0) lag_.store(received - ts, std::memory_order_relaxed);
}

/// One timer for all that depends on time; set again when something changes, not with every frame.
void Connection::arm() {
    due_ = SteadyTime::max();
    const LinkState state = state_.load(std::memory_order_relaxed);
    if (state == LinkState::waiting) due_ = retry_at_;
    if (state == LinkState::open) {
        due_ = std::min({heard_at_ + rules_.silence, ends_at_, next_ping_});
        if (subscribed_ < subscriptions_.size()) due_ = std::min(due_, next_message_);
    }
    timer_.expires_at(due_);
    if (due_ == SteadyTime::max()) return;
    timer_.async_wait([this](error_code error) {
        if (!error) on_time();
    });
}

void Connection::on_time() {
    const LinkState state = state_.load(std::memory_order_relaxed);
    const SteadyTime now = std::chrono::steady_clock::now();
    if (now < due_) return;  // a timer set anew while this call was under way
    if (state == LinkState::waiting) return connect();
    if (state != LinkState::open) return;
    be_patient(now);
    if (now >= heard_at_ + rules_.silence) {
        transport_->cut();  // nobody is there to say goodbye to
        return lost("nothing was heard for " + std::to_string(rules_.silence.count()) + " ms");
    }
    if (now >= ends_at_) return lost("renewed after its lifetime", true);
    send_due(now);
    arm();
}

/// A thread that was held up could not listen: silence counts only if it lasts a little longer.
void Connection::be_patient(SteadyTime now) {
    const nanoseconds grace = std::min<nanoseconds>(rules_.silence / 2, std::chrono::seconds(1));
    if (now - due_ > grace) heard_at_ = std::max(heard_at_, now - rules_.silence + grace);
}

/// Subscriptions and pings whose time has come, the least time apart that the venue allows.
void Connection::send_due(SteadyTime now) {
    const auto send = [&](std::string text) {
        transport_->send(std::move(text));
        next_message_ = now + rules_.between_messages;
    };
    while (subscribed_ < subscriptions_.size() && now >= next_message_) send(subscriptions_[subscribed_++]);
    if (now < next_ping_) return;
    next_ping_ = std::max(next_ping_, next_message_);
    if (now < next_ping_) return;
    send(feeder_.venue->ping(pings_++));
    next_ping_ = now + rules_.ping_every;
}

ConnectionStats Connection::stats() const {
    const auto get = [](const auto& value) { return value.load(std::memory_order_relaxed); };
    ConnectionStats out;
    out.venue = feeder_.venue->name(), out.url = url_, out.state = link_state_names[static_cast<std::size_t>(get(state_))];
    out.frames = get(frames_), out.trades = get(trades_), out.malformed = get(malformed_), out.bytes = get(bytes_);
    out.connects = get(connects_), out.disconnects = get(disconnects_), out.refusals = get(refusals_);
    out.last_event_ts = get(last_event_), out.last_receive_ts = get(last_receive_), out.lag_ns = get(lag_);
    const std::scoped_lock lock(error_mutex_);
    out.last_error = last_error_;
    return out;
}

}  // namespace openquant::live
