// Trades and the plain definition of a bar, for the tests of every kind of bar.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "emitted.hpp"
#include "openquant/operators/core/events.hpp"
#include "random.hpp"

namespace openquant::testing {

inline Trade trade(std::int64_t ts, double price, double size, int side = 0, std::uint64_t id = 0) {
    Trade t;
    t.ts = ts, t.price = price, t.size = size, t.side = static_cast<std::int8_t>(side), t.id = id;
    return t;
}

/// Prices and sizes whose products and sums are exact, so that sums in another order are the same numbers.
inline std::vector<Trade> exact_trades(std::uint64_t seed, std::size_t n) {
    Random random(seed);
    std::vector<Trade> out;
    for (std::size_t i = 0; i < n; ++i) {
        const double price = std::ldexp(1.0, static_cast<int>(random.below(4)));
        const double size = static_cast<double>(1 + random.below(random.chance(0.02) ? 5'000 : 50));
        out.push_back(trade(static_cast<std::int64_t>(i / 3), price, size, static_cast<int>(random.below(3)) - 1, i + 1));
    }
    return out;
}

/// The bar of trades [first, last], by the definition of each column.
inline Bar bar_of(const std::vector<Trade>& trades, std::size_t first, std::size_t last) {
    Bar b;
    b.ts = trades[last].ts, b.start_ts = trades[first].ts;
    b.open = b.high = b.low = trades[first].price, b.close = trades[last].price;
    b.first_id = trades[first].id, b.last_id = trades[last].id;
    for (std::size_t i = first; i <= last; ++i) {
        const Trade& t = trades[i];
        b.high = std::max(b.high, t.price), b.low = std::min(b.low, t.price);
        b.volume += t.size, b.dollar_value += t.price * t.size;
        (t.side > 0 ? b.buy_volume : b.sell_volume) += t.side != 0 ? t.size : 0.0;
        ++b.n_obs;
    }
    b.vwap = b.dollar_value / b.volume;
    return b;
}

/// Every bar that trades make, the end of their stream included.
template <class Op>
std::vector<Bar> bars_of(const Op& op, const std::vector<Trade>& trades) {
    Emitted<Op> run(op);
    for (const Trade& t : trades) run(t);
    run.flush();
    return run.all;
}

}  // namespace openquant::testing
