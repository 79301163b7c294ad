#include "streams.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "openquant/engine/stream.hpp"

namespace openquant::testing {

const EventType& type_of(const Row& row) {
    return std::visit([](const auto& e) -> const EventType& { return event_type<std::decay_t<decltype(e)>>(); }, row);
}
std::int64_t time_of(const Row& row) {
    return std::visit([](const auto& e) { return e.ts; }, row);
}
Fault fault_of(const Row& row) {
    return std::visit([](const auto& e) { return fault_of(e); }, row);
}

namespace {

/// One symbol's market: a walk with jumps, and the trade ids of a venue.
struct Market {
    double price = 100.0;
    std::uint64_t id = 1'000;

    double next(Random& random) {
        const double step = random.chance(0.005) ? 0.03 : 0.0015;
        return price *= 1.0 + step * random.normal();
    }
};

/// Everything a row may draw on.
struct Moment {
    std::int64_t ts;
    Market& market;
    Random& random;
    bool dirty;
    std::size_t row;

    double side() { return random.chance(0.1) ? 0.0 : random.chance(0.3) ? random.uniform(-1.0, 1.0) : random.sign(); }
    double probability() { return random.chance(0.05) ? static_cast<double>(random.below(2)) : random.unit(); }
};

void fill(Trade& t, Moment m) {
    t.ts = m.ts;
    t.price = m.market.next(m.random);
    const bool huge = m.random.chance(0.01);  // fills several default dollar bars at once
    const double dollars = huge ? m.random.uniform(1e7, 6e7) : m.random.uniform(1e3, 4e5);
    t.size = dollars / t.price;
    t.side = static_cast<std::int8_t>(static_cast<int>(m.random.below(3)) - 1);
    if (m.dirty && m.random.chance(0.01)) m.market.id += m.random.below(5);
    const bool repeated = m.dirty && m.random.chance(0.005);
    t.id = repeated ? m.market.id : ++m.market.id;
    if (m.dirty && m.random.chance(0.01) && t.id > 1'020) t.id -= m.random.below(20);
    t.ts_publish = t.ts + 1'000;
    t.ts_recv = t.ts + 2'000;
    t.flags = m.random.chance(0.01) ? std::uint32_t{flag_block} : 0u;
}
void fill(Price& p, Moment m) { p = {m.ts, m.market.next(m.random)}; }
void fill(Continuity& c, Moment m) { c = {m.ts, static_cast<Break>(m.random.below(5)), m.random.below(1000), 1 + m.random.below(9)}; }
void fill(Bar& b, Moment m) {
    b.ts = m.ts, b.start_ts = m.ts - 1'000'000;
    b.open = m.market.price, b.close = m.market.next(m.random);
    b.high = std::max(b.open, b.close) * 1.001, b.low = std::min(b.open, b.close) * 0.999;
    b.volume = m.random.uniform(1.0, 10.0), b.dollar_value = b.volume * b.close, b.vwap = b.close;
    b.buy_volume = b.volume / 2.0, b.sell_volume = b.volume - b.buy_volume;
    b.n_obs = 5, b.first_id = m.market.id, b.last_id = m.market.id += 5;
}
void fill(Event& e, Moment m) { e = {m.ts, m.side(), m.market.next(m.random)}; }
void fill(Volatility& v, Moment m) { v = {m.ts, m.random.chance(0.05) ? 0.0 : m.random.uniform(1e-4, 2e-2)}; }
void fill(Label& l, Moment m) {
    l = {m.ts, m.ts - 5'000'000, 0.01 * m.random.normal(), 0.01, m.side(), 0, static_cast<Barrier>(m.random.below(4))};
    l.label = static_cast<std::int8_t>((l.ret > 0.0) - (l.ret < 0.0));
    l.uniqueness = m.random.unit(), l.attribution = l.uniqueness * l.ret;
}
void fill(Prediction& p, Moment m) { p = {m.ts, m.probability(), m.side()}; }
void fill(Signal& s, Moment m) { s = {m.ts, m.probability(), m.side(), m.random.uniform(-1.0, 1.0)}; }
/// Near 100, with spikes; and such as thresholds and returns are.
void fill(Value& v, Moment m) {
    v = {m.ts, m.random.chance(0.002) ? 1e12 * m.random.normal() : m.random.chance(0.3) ? m.random.uniform(-0.01, 0.02) : 100.0 + m.random.normal()};
}
void fill(Quote& q, Moment m) {
    q.ts = m.ts, q.ts_recv = m.ts + 1'000;
    const double mid = m.market.next(m.random), half = mid * m.random.uniform(-1e-5, 1e-3);  // now and then crossed
    q.bid = mid - half, q.ask = mid + half;
    q.bid_size = m.random.chance(0.05) ? 0.0 : m.random.uniform(0.1, 10.0), q.ask_size = m.random.uniform(0.1, 10.0);
}
void fill(QuotedTrade& t, Moment m) {
    Trade plain;
    fill(plain, m);
    const double half = plain.price * m.random.uniform(0.0, 1e-3), mid = m.random.chance(0.2) ? plain.price : plain.price + half * m.random.uniform(-1.5, 1.5);
    t = {plain.ts, plain.price, plain.size, plain.side, plain.id, plain.ts_publish, plain.ts_recv, plain.flags, mid - half, mid + half, 1.0, 2.0, m.ts - 1'000};
}
void fill(Spread& s, Moment m) {
    s.ts = m.ts, s.mid = m.market.next(m.random), s.spread = s.mid * m.random.uniform(-1e-4, 1e-3);
    s.relative = s.spread / s.mid;
}
void fill(Clock& c, Moment m) { c = {m.ts + static_cast<std::int64_t>(m.random.below(2'000'000'000))}; }
void fill(AlignedPrice& a, Moment m) { a = {m.ts, m.market.next(m.random), static_cast<std::int64_t>(m.row % 3), m.row % 1'000 > 990 ? 2 : 3}; }
void fill(Weight& w, Moment m) { w = {m.ts, m.random.uniform(-1.0, 1.0), 0.2, 0.1, 0.5, false}; }
void fill(Risk& r, Moment m) { r.ts = m.ts, r.value_at_risk = -0.01 * m.random.unit(), r.n_obs = 100; }
void fill(SampleWeight& w, Moment m) { w = {m.ts, m.ts - 5'000'000, m.random.unit(), m.random.unit(), 2.0 * m.random.unit()}; }
void fill(Ohlcv& o, Moment m) {
    o.ts = m.ts, o.open = m.market.price, o.close = m.market.next(m.random);
    o.high = std::max(o.open, o.close) * 1.001, o.low = std::min(o.open, o.close) * 0.999;
    o.volume = m.random.chance(0.05) ? 0.0 : m.random.uniform(1.0, 10.0) * (m.random.chance(0.02) ? 100.0 : 1.0);
    o.adj_close = m.random.chance(0.3) ? 0.0 : o.close / 2.0;
}
void fill(Forecast& f, Moment m) { f = {m.ts, m.market.next(m.random), m.probability(), m.side()}; }
/// Some before their events, most a little after.
void fill(Deadline& d, Moment m) { d = {m.ts, m.ts + static_cast<std::int64_t>(m.random.below(2'000'000'000)) - 50'000'000}; }
void fill(NetReturn& r, Moment m) { r = {m.ts, 0.01 * m.random.normal(), 1e-5, 0.1, 5.0}; }
void fill(Equity& e, Moment m) { e = {m.ts, m.random.uniform(0.5, 2.0), 0.1, 0.2, m.ts, 1'000}; }
void fill(Diagnostics& d, Moment m) { d.ts = m.ts, d.n_prices = 10, d.n_returns = 9; }
void fill(Return& r, Moment m) {
    r = {m.ts, m.random.uniform(-1.0, 1.0), 0.01 * m.random.normal(), 0.0};
    r.strategy_return = r.position * r.price_return;
}

/// Breaks one field so that the row must be refused.
template <class E>
void spoil(E& e, Random& random) {
    if constexpr (requires { e.price; }) {
        constexpr double bad[] = {0.0, -1.0, std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()};
        if (random.chance(0.7)) return void(e.price = bad[random.below(4)]);
    }
    if constexpr (requires { e.value; }) {
        if (random.chance(0.5)) return void(e.value = std::numeric_limits<double>::quiet_NaN());
    }
    if constexpr (requires { e.bid; }) {
        if (random.chance(0.5)) return void(e.bid = -e.bid);
    }
    e.ts = -1;
}

const std::string& symbol_at(std::size_t row, std::size_t rows, std::size_t symbols, Random& random) {
    static const std::string names[] = {"MID", "ZED", "KEY", "AAA"};
    const bool late_one = symbols > 1 && row > rows / 3 && random.chance(0.3);
    if (late_one) return names[3];
    return names[random.below(std::max<std::size_t>(1, symbols - 1)) % 3];
}

}  // namespace

Recording generate(const EventType& type, std::uint64_t seed, std::size_t rows, StreamOptions options) {
    Random random(seed);
    Recording out{&type, &type == &event_type<Trade>() && options.dirty ? IdKind::dense : IdKind::unknown, {}, {}};
    std::map<std::string, Market> markets;
    std::int64_t now = 1'700'000'000'000'000'000;
    out.ticks = with_type(type, [&]<class E>() {
        std::vector<Tick> ticks;
        for (std::size_t i = 0; i < rows; ++i) {
            if (!random.chance(0.4)) now += static_cast<std::int64_t>(random.below(40)) * 1'000'000;
            const std::string& symbol = symbol_at(i, rows, options.symbols, random);
            const auto [market, fresh] = markets.try_emplace(symbol);
            if (fresh) market->second.price = 50.0 + static_cast<double>(symbol[0]);
            const bool back = options.dirty && random.chance(0.01);
            E e;
            fill(e, {back ? now - static_cast<std::int64_t>(random.below(3'000'000'000)) : now, market->second, random, options.dirty, i});
            if (options.dirty && random.chance(0.005)) spoil(e, random);
            ticks.push_back({symbol, e});
        }
        return ticks;
    });
    return out;
}

namespace {

template <class E>
class RowFeed final : public Feed {
public:
    RowFeed(const Recording& recording, std::size_t begin, std::size_t end, std::size_t per_batch)
        : recording_(recording), at_(begin), end_(end), per_batch_(per_batch) {}

    const EventType& type() const override { return event_type<E>(); }
    double progress() const override { return at_ == end_ ? 1.0 : 0.0; }

    bool next(Batch& batch) override {
        if (at_ == end_) return false;
        rows_.clear();
        batch.breaks.clear();
        const std::size_t first = at_, last = std::min(end_, at_ + per_batch_);
        for (; at_ < last; ++at_) {
            const Tick& tick = recording_.ticks[at_];
            rows_.append(tick.symbol.empty() ? Batch::no_symbol : code(tick.symbol), std::get<E>(tick.row));
        }
        for (const ReportedBreak& b : recording_.breaks) {
            const bool trailing = b.before == last && last == recording_.ticks.size();
            if ((b.before < first || b.before >= last) && !trailing) continue;
            batch.breaks.push_back({b.before - first, b.symbol == every_name ? every_symbol : code(b.symbol), b.row});
        }
        batch.offer(rows_, names_, dictionary_);
        batch.ids = recording_.ids;
        return true;
    }

private:
    std::uint32_t code(const std::string& symbol) {
        const auto at = std::find(names_.begin(), names_.end(), symbol);
        if (at != names_.end()) return static_cast<std::uint32_t>(at - names_.begin());
        names_.push_back(symbol);
        return static_cast<std::uint32_t>(names_.size() - 1);
    }
    Recording recording_;
    std::size_t at_, end_, per_batch_;
    Rows<E> rows_;
    std::vector<std::string> names_;
    const std::uint64_t dictionary_ = new_dictionary();
};

}  // namespace

std::unique_ptr<Feed> feed_of(const Recording& recording, std::size_t begin, std::size_t end, std::size_t per_batch) {
    return with_type(*recording.type, [&]<class E>() -> std::unique_ptr<Feed> { return std::make_unique<RowFeed<E>>(recording, begin, end, per_batch); });
}
std::unique_ptr<Feed> feed_of(const Recording& recording, std::size_t per_batch) { return feed_of(recording, 0, recording.ticks.size(), per_batch); }

}  // namespace openquant::testing
