#include "openquant/operators/runs_bars.hpp"

#include "catch.hpp"

#include "emitted.hpp"
#include "extremes.hpp"
#include "flow_reference.hpp"
#include "refusal.hpp"

namespace openquant::testing {

namespace {

std::vector<Bar> plain_bars(const RunsBars& op, const std::vector<Trade>& trades) {
    const auto signs = signs_of(trades), sizes = sizes_of(op.measure, trades);
    std::vector<double> buys, sells;
    for (std::size_t i = 0; i < trades.size(); ++i) buys.push_back(signs[i] > 0 ? sizes[i] : 0.0), sells.push_back(signs[i] < 0 ? sizes[i] : 0.0);
    return plain_flow_bars(
        op, trades,
        [&](std::size_t first, std::size_t last) {
            double buy = 0.0, sell = 0.0;
            for (std::size_t i = first; i <= last; ++i) buy += buys[i], sell += sells[i];
            return std::max(buy, sell);
        },
        [&](long double ticks, std::size_t n) { return ticks * std::max(weighted_mean(buys, n, op.tick_span), weighted_mean(sells, n, op.tick_span)); });
}

}  // namespace

TEST_CASE("runs bars: worked example, fixed") {
    const std::vector<Trade> trades{trade(1, 10, 4, +1, 7), trade(2, 12, 5, -1, 8), trade(3, 11, 1, +1, 9), trade(4, 11, 2, -1, 10), trade(5, 9, 30, +1, 11)};
    // Buys and sells in ticks 1 0, 1 1, 2 1 | 0 1, 1 1; in volume 4 0, 4 5, 5 5, 5 7 | 30 0; in dollars 40 0, 40 60 | 11 0, 11 22, 281 22.
    const auto ticks = bars_of(RunsBars{.expectation = Expectation::fixed, .threshold = 2}, trades);
    CHECK((ticks == std::vector{Bar{3, 1, 10, 12, 10, 11, 10, 111, 11.1, 5, 5, 3, 7, 9, false, false}}));
    const auto volumes = bars_of(RunsBars{.measure = FlowMeasure::volume, .expectation = Expectation::fixed, .threshold = 7}, trades);
    CHECK((volumes.size() == 2 && volumes[0].n_obs == 4 && volumes[1].n_obs == 1));
    const auto dollars = bars_of(RunsBars{.measure = FlowMeasure::dollar, .expectation = Expectation::fixed, .threshold = 60, .partial = true}, trades);
    CHECK((dollars.size() == 2 && dollars[0].n_obs == 2 && dollars[1].n_obs == 3));
}

TEST_CASE("runs bars: worked example, adaptive") {
    // The first bar takes the four trades expected; only the last of them counts, a buy: so four of one side close the next.
    Emitted<RunsBars> run(RunsBars{.expected_ticks = 4, .min_ticks = 2, .max_ticks = 6, .tick_span = 1});
    for (int i = 1; i <= 4; ++i) CHECK(run(trade(i, 10, 1, i == 4 ? 1 : -1)).size() == (i == 4));
    for (int i = 5; i <= 9; ++i) CHECK(run(trade(i, 10, 1, i == 6 ? 1 : -1)).size() == (i == 9));
    CHECK(run.all[1].n_obs == 5);
    for (int i = 10; i <= 15; ++i) CHECK(run(trade(i, 10, 1, i % 2 ? 1 : -1)).size() == (i == 15));  // no longer than 6
}

TEST_CASE("runs bars: fixed and adaptive equal the definition, unknown sides by the tick rule") {
    const auto trades = exact_trades(1, 20'000);
    for (const auto measure : {FlowMeasure::tick, FlowMeasure::volume, FlowMeasure::dollar}) {
        for (const double threshold : {1.0, 20.0, 1'000.0}) {
            const RunsBars op{.measure = measure, .expectation = Expectation::fixed, .threshold = threshold};
            const auto expected = plain_bars(op, trades);
            CHECK((bars_of(op, trades) == expected && expected.size() > 5));
        }
        for (const std::int64_t ticks : {20, 100})
            for (const double tick_span : {1.0, 50.0, 1'000.0}) {
                const RunsBars op{.measure = measure, .expected_ticks = ticks, .max_ticks = 1'000, .bar_span = 7.0, .tick_span = tick_span};
                const auto expected = plain_bars(op, trades);
                INFO(signature(op));
                CHECK((bars_of(op, trades) == expected && expected.size() > 10));
            }
    }
}

TEST_CASE("runs bars: adaptive bars keep a sensible length among random signs") {
    check_lengths<RunsBars>([](int) { return 0.5; });
}
TEST_CASE("runs bars: adaptive bars keep a sensible length in a trend") {
    check_lengths<RunsBars>([](int) { return 0.7; });
}
TEST_CASE("runs bars: adaptive bars keep a sensible length in alternating regimes") {
    check_lengths<RunsBars>([](int i) { return i / 1'000 % 2 ? 0.3 : 0.7; });
    check_lengths<RunsBars>([](int i) { return i / 10'000 % 2 ? 0.5 : 0.8; });
}

TEST_CASE("runs bars: pathologies") {
    const RunsBars two{.expectation = Expectation::fixed, .threshold = 2, .partial = true};
    SECTION("no event, one event") {
        CHECK((bars_of(two, {}).empty() && bars_of(two, {trade(1, 1, 1, 1)}).size() == 1 && bars_of(RunsBars{}, {trade(1, 1, 1, 1)}).empty()));
    }
    SECTION("flat market of unknown sides: no sign, so fixed never closes, and adaptive bars stay within the limits") {
        const std::vector<Trade> flat(1'000, trade(1, 10, 2));
        CHECK(bars_of(two, flat).size() == 1);
        const auto out = bars_of(RunsBars{.max_ticks = 300}, flat);
        CHECK(out.size() >= 3);
        for (const Bar& b : out) CHECK((b.n_obs >= 10 && b.n_obs <= 300 && b.vwap == 10 && b.sell_volume == 0));
    }
    SECTION("equal timestamps, late trades, and a gap") {
        Emitted<RunsBars> run(two);
        run(trade(5, 1, 1, -1));
        run(Continuity{5, Break::gap, 2, 1});
        CHECK((run(trade(5, 1, 1, -1)).at(0).gap && !run.all[0].late));
        run(trade(4, 1, 1, 1));
        CHECK((run(trade(5, 1, 1, 1)).at(0).late && run.all[1].ts == 5 && run.all[1].start_ts == 5 && !run.all[1].gap));
    }
    SECTION("prices jump by 1e6: signs by the tick rule") {
        const auto out = bars_of(RunsBars{.expectation = Expectation::fixed, .threshold = 2},
                                 {trade(1, 1, 1), trade(2, 1e6, 1), trade(3, 1, 1), trade(4, 1, 1), trade(5, 1e6, 1)});
        CHECK((out.size() == 1 && out[0].n_obs == 4));
    }
    SECTION("extreme values stay numbers, within the limits") {
        for (const auto measure : {FlowMeasure::tick, FlowMeasure::volume, FlowMeasure::dollar}) {
            const auto out = bars_of(RunsBars{.measure = measure, .max_ticks = 500}, extreme_trades(5, 20'000));
            CHECK((all_finite(out) && out.size() >= 40));
            for (const Bar& b : out) CHECK((b.n_obs >= 10 && b.n_obs <= 500));
        }
    }
    SECTION("an expected length outside its limits is refused by name") {
        for (const std::int64_t ticks : {9, 10'001})
            CHECK(says(refusal([&] { check(RunsBars{.expected_ticks = ticks}); }), {"RunsBars", "expected_ticks", "min_ticks", "max_ticks"}));
        CHECK(refusal([] { check(RunsBars{}); }).empty());
    }
}

}  // namespace openquant::testing
