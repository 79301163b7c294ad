// Imbalance and runs bars by their definition (AFML 2.3.2), over whole vectors of trades, for the tests of both.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "bars.hpp"
#include "openquant/operators/core/order_flow.hpp"

namespace openquant::testing {

/// b_t: the venue's side, else the sign of the price change, else b_{t-1}.
inline std::vector<double> signs_of(const std::vector<Trade>& trades) {
    std::vector<double> out(trades.size());
    for (std::size_t i = 0; i < trades.size(); ++i) {
        const double change = i > 0 ? trades[i].price - trades[i - 1].price : 0.0;
        out[i] = trades[i].side != 0 ? trades[i].side : change > 0.0 ? 1.0 : change < 0.0 ? -1.0 : i > 0 ? out[i - 1] : 0.0;
    }
    return out;
}

/// v_t
inline std::vector<double> sizes_of(FlowMeasure measure, const std::vector<Trade>& trades) {
    std::vector<double> out;
    for (const Trade& t : trades) out.push_back(measure == FlowMeasure::tick ? 1.0 : measure == FlowMeasure::volume ? t.size : t.size * t.price);
    return out;
}

/// Weighted mean of the first n values, weight 1 for the newest; summed from the first value, so that a constant's mean is exact.
inline long double weighted_mean(const std::vector<double>& x, std::size_t n, double span) {
    const long double decay = 1.0L - 2.0L / (static_cast<long double>(span) + 1.0L);
    long double weight = 1.0L, total = 0.0L, sum = 0.0L;
    for (std::size_t i = n; i-- > 0 && weight > 1e-25L; weight *= decay) total += weight, sum += weight * (static_cast<long double>(x[i]) - x[0]);
    return x[0] + sum / total;
}

/// `reached(first, last)` is the flow of trades [first, last]; `wanted(ticks, n)` the next threshold after n trades, `ticks` being expected.
template <class Op>
std::vector<Bar> plain_flow_bars(const Op& op, const std::vector<Trade>& trades, auto&& reached, auto&& wanted) {
    std::vector<Bar> out;
    std::vector<double> lengths{static_cast<double>(op.expected_ticks)};
    long double threshold = op.threshold;
    for (std::size_t first = 0, last = 0; last < trades.size(); ++last) {
        const auto n = static_cast<std::int64_t>(last - first + 1);
        const bool adaptive = op.expectation == Expectation::ewma, first_bar = adaptive && out.empty();
        const bool enough = first_bar ? n >= op.expected_ticks : reached(first, last) >= threshold;
        if (adaptive ? n < op.max_ticks && (!enough || n < op.min_ticks) : !enough) continue;
        out.push_back(bar_of(trades, first, last));
        first = last + 1;
        if (!adaptive) continue;
        lengths.push_back(static_cast<double>(n));
        const long double ticks = std::sqrt(weighted_mean(lengths, lengths.size(), op.bar_span) * static_cast<long double>(op.expected_ticks));
        threshold = wanted(std::clamp<long double>(ticks, static_cast<double>(op.min_ticks), static_cast<double>(op.max_ticks)), last + 1);
    }
    return out;
}

/// Lengths of the bars of a market.
struct Lengths {
    double mean = 0.0, later_mean = 0.0;  // of all bars, and of their second half
    std::int64_t least = 0, most = 0;
    double at_min = 0.0, at_max = 0.0;  // share of bars as short, or as long, as may be
};

/// 200,000 trades, each a buy with chance `buys(i)`.
template <class Op>
Lengths lengths_of(const Op& op, std::uint64_t seed, auto&& buys) {
    Random random(seed);
    std::vector<Trade> trades;
    for (int i = 0; i < 200'000; ++i) trades.push_back(trade(i, 100, static_cast<double>(1 + random.below(50)), random.chance(buys(i)) ? 1 : -1));
    const auto bars = bars_of(op, trades);
    Lengths out{0.0, 0.0, op.max_ticks + 1, 0, 0.0, 0.0};
    const auto all = static_cast<double>(bars.size());
    for (std::size_t i = 0; i < bars.size(); ++i) {
        const std::int64_t n = bars[i].n_obs;
        out.mean += static_cast<double>(n) / all;
        if (2 * i >= bars.size()) out.later_mean += static_cast<double>(n) / static_cast<double>((bars.size() + 1) / 2);
        out.least = std::min(out.least, n), out.most = std::max(out.most, n);
        out.at_min += (n == op.min_ticks) / all, out.at_max += (n == op.max_ticks) / all;
    }
    return out;
}

/// Bars that adapt stay within a factor of five of the length expected, whatever the market, and seldom at the limits.
template <class Op>
void check_lengths(auto&& buys) {
    for (const auto measure : {FlowMeasure::tick, FlowMeasure::volume})
        for (std::uint64_t seed = 1; seed <= 3; ++seed) {
            const Op op{.measure = measure};
            const auto [mean, later_mean, least, most, at_min, at_max] = lengths_of(op, seed, buys);
            const auto expected = static_cast<double>(op.expected_ticks);
            CAPTURE(seed, signature(op), mean, later_mean, least, most, at_min, at_max);
            CHECK((least >= op.min_ticks && most <= op.max_ticks));
            CHECK((std::min(mean, later_mean) > expected / 5 && std::max(mean, later_mean) < expected * 5));
            CHECK((at_min < 0.3 && at_max < 0.01));
        }
}

}  // namespace openquant::testing
