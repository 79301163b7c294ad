#include "openquant/operators/range_bars.hpp"

#include <cmath>
#include "catch.hpp"

#include "bars.hpp"
#include "emitted.hpp"
#include "extremes.hpp"

namespace openquant::testing {

namespace {

/// A walk on a grid of quarters, whose sums are exact; now and then a jump.
std::vector<Trade> walk(std::uint64_t seed, std::size_t n) {
    Random random(seed);
    std::vector<Trade> out = exact_trades(seed, n);
    double ticks = 4'000.0;
    for (Trade& t : out) {
        ticks = std::max(100.0, ticks + std::round(random.normal() * (random.chance(0.01) ? 200.0 : 2.0)));
        t.price = 0.25 * ticks;
    }
    return out;
}

/// For each bar, the first trade whose highest less lowest price since the bar's first is the range: each span measured anew.
std::vector<Bar> plain_bars(const RangeBars& op, const std::vector<Trade>& trades) {
    std::vector<Bar> out;
    for (std::size_t first = 0, last = 0; last < trades.size(); ++last) {
        double widest = 0.0;
        for (std::size_t i = first; i < last; ++i) widest = std::max(widest, std::fabs(trades[last].price - trades[i].price));
        if (widest < (op.unit == RangeUnit::price ? op.range : op.range * trades[first].price)) continue;
        out.push_back(bar_of(trades, first, last));
        first = last + 1;
    }
    std::size_t held = 0;
    for (const Bar& b : out) held += static_cast<std::size_t>(b.n_obs);
    if (op.partial && held < trades.size()) out.push_back(bar_of(trades, held, trades.size() - 1));
    return out;
}

}  // namespace

TEST_CASE("range bars: worked example in price and as a share of the open") {
    const std::vector<Trade> trades{trade(1, 100, 4, +1, 7), trade(2, 103, 5, -1, 8), trade(3, 98, 1, +1, 9), trade(4, 98, 2, 0, 10), trade(5, 100, 3, -1, 11)};
    const auto price = bars_of(RangeBars{.range = 5, .unit = RangeUnit::price}, trades);
    CHECK((price == std::vector{Bar{3, 1, 100, 103, 98, 98, 10, 1'013, 101.3, 5, 5, 3, 7, 9, false, false}}));
    const auto fraction = bars_of(RangeBars{.range = 0.03125, .partial = true}, trades);  // 3.125 from 100
    CHECK((fraction.size() == 2 && fraction[0] == price[0]));
    CHECK((fraction[1] == Bar{5, 4, 98, 100, 98, 100, 5, 496, 99.2, 0, 3, 2, 10, 11, false, false}));
    CHECK(bars_of(RangeBars{.range = 0.03, .partial = false}, {trades[0], trades[1]}).size() == 1);  // reaching it is enough
}

TEST_CASE("range bars: equal the definition") {
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
        const auto trades = walk(seed, 5'000);
        for (const bool partial : {false, true}) {
            for (const double range : {0.25, 2.0, 5.25}) {
                const RangeBars op{range, RangeUnit::price, partial};
                const auto expected = plain_bars(op, trades);
                CHECK((bars_of(op, trades) == expected && expected.size() > 15));
            }
            for (const double range : {1e-9, 0.001, 0.005, 0.01}) {
                const RangeBars op{range, RangeUnit::fraction, partial};
                const auto expected = plain_bars(op, trades);
                CHECK((bars_of(op, trades) == expected && expected.size() > 15));
            }
        }
    }
}

TEST_CASE("range bars: no bar but a partial one falls short of the range, and none reaches it before its last trade") {
    Random random(6);
    Emitted<RangeBars> run(RangeBars{.range = 0.002});
    double high = 0.0, low = largest, price = 50.0;
    for (int i = 0; i < 50'000; ++i) {
        price *= 1.0 + 0.0003 * random.normal();
        const auto out = run(trade(i, price, random.uniform(0.1, 9.0)));
        if (!out.empty()) {
            CHECK(out[0].high - out[0].low >= 0.002 * out[0].open);
            CHECK((high == 0.0 || high - low < 0.002 * out[0].open));
            high = 0.0, low = largest;
        } else {
            high = std::max(high, price), low = std::min(low, price);
        }
    }
    CHECK(run.all.size() > 100);
}

TEST_CASE("range bars: pathologies") {
    const RangeBars one{.range = 1, .unit = RangeUnit::price, .partial = true};
    SECTION("no event, one event, flat market: never a range") {
        CHECK(bars_of(one, {}).empty());
        CHECK(bars_of(RangeBars{}, {trade(1, 10, 1)}).empty());
        const auto out = bars_of(one, std::vector<Trade>(1'000, trade(1, 10, 2, 1)));
        CHECK((out.size() == 1 && out[0].n_obs == 1'000 && out[0].vwap == 10));
    }
    SECTION("equal timestamps, late trades, and a gap") {
        Emitted<RangeBars> run(one);
        run(trade(5, 1, 1));
        run(Continuity{5, Break::overflow, 2, 1});
        CHECK((run(trade(5, 2, 1)).at(0).gap && !run.all[0].late));
        run(trade(4, 1, 1));
        CHECK((run(trade(5, 3, 1)).at(0).late && run.all[1].ts == 5 && run.all[1].start_ts == 5 && !run.all[1].gap));
    }
    SECTION("a price jump of 1e6 closes one bar, not many") {
        const auto out = bars_of(one, {trade(1, 1, 1), trade(2, 1e6, 1), trade(3, 1e6, 1), trade(4, 1, 1)});
        CHECK((out.size() == 2 && out[0].high - out[0].low == 1e6 - 1 && out[1].n_obs == 2));
    }
    SECTION("extreme values stay numbers") {
        for (const auto unit : {RangeUnit::fraction, RangeUnit::price})
            for (const double range : {smallest, 0.5, 1e99}) {
                const auto out = bars_of(RangeBars{range, unit, true}, extreme_trades(5, 2'000));
                CHECK((all_finite(out) && !out.empty()));
            }
    }
}

}  // namespace openquant::testing
