#include "openquant/operators/imbalance_bars.hpp"

#include <numeric>
#include "catch.hpp"

#include "emitted.hpp"
#include "extremes.hpp"
#include "flow_reference.hpp"
#include "refusal.hpp"

namespace openquant::testing {

namespace {

std::vector<Bar> plain_bars(const ImbalanceBars& op, const std::vector<Trade>& trades) {
    const auto signs = signs_of(trades), sizes = sizes_of(op.measure, trades);
    std::vector<double> flows, squares;
    for (std::size_t i = 0; i < trades.size(); ++i) flows.push_back(signs[i] * sizes[i]), squares.push_back(sizes[i] * sizes[i]);
    const auto at = [&](std::size_t i) { return flows.begin() + static_cast<std::ptrdiff_t>(i); };
    return plain_flow_bars(
        op, trades, [&](std::size_t first, std::size_t last) { return std::fabs(std::accumulate(at(first), at(last + 1), 0.0)); },
        [&](long double ticks, std::size_t n) {
            return std::max(ticks * std::fabs(weighted_mean(flows, n, op.tick_span)), std::sqrt(ticks * weighted_mean(squares, n, op.tick_span)));
        });
}

}  // namespace

TEST_CASE("imbalance bars: worked example, fixed") {
    const std::vector<Trade> trades{trade(1, 10, 4, +1, 7), trade(2, 12, 5, -1, 8), trade(3, 11, 1, +1, 9), trade(4, 11, 2, +1, 10), trade(5, 9, 30, -1, 11)};
    // Ticks 1, 0, 1, 2 | -1; volumes 4, -1, 0, 2, -28 |; dollars 40 | -60 | 11, 33, -237 |.
    const auto ticks = bars_of(ImbalanceBars{.expectation = Expectation::fixed, .threshold = 2}, trades);
    CHECK((ticks == std::vector{Bar{4, 1, 10, 12, 10, 11, 12, 133, 133.0 / 12, 7, 5, 4, 7, 10, false, false}}));
    const auto volumes = bars_of(ImbalanceBars{.measure = FlowMeasure::volume, .expectation = Expectation::fixed, .threshold = 28}, trades);
    CHECK((volumes.size() == 1 && volumes[0].n_obs == 5));
    const auto dollars = bars_of(ImbalanceBars{.measure = FlowMeasure::dollar, .expectation = Expectation::fixed, .threshold = 40, .partial = true}, trades);
    CHECK((dollars.size() == 3 && dollars[0].n_obs == 1 && dollars[1].n_obs == 1 && dollars[2].n_obs == 3));
}

TEST_CASE("imbalance bars: worked example, adaptive") {
    // Four buys expected: E[T] = 4, E[b] = 1, so four more. Then sells: 2 of E[T] within the first four are the least.
    Emitted<ImbalanceBars> run(ImbalanceBars{.expected_ticks = 4, .min_ticks = 2, .max_ticks = 6, .tick_span = 1});
    for (int i = 1; i <= 8; ++i) CHECK(run(trade(i, 10, 1, 1)).size() == (i % 4 == 0));
    for (int i = 9; i <= 14; ++i) CHECK(run(trade(i, 10, 1, i % 2 ? 1 : -1)).size() == (i == 14));  // no longer than 6
    CHECK(run.all[2].n_obs == 6);
}

TEST_CASE("imbalance bars: fixed and adaptive equal the definition, unknown sides by the tick rule") {
    const auto trades = exact_trades(1, 20'000);
    for (const auto measure : {FlowMeasure::tick, FlowMeasure::volume, FlowMeasure::dollar}) {
        for (const double threshold : {1.0, 7.0, 40.0}) {
            const ImbalanceBars op{.measure = measure, .expectation = Expectation::fixed, .threshold = threshold};
            const auto expected = plain_bars(op, trades);
            CHECK((bars_of(op, trades) == expected && expected.size() > 5));
        }
        for (const std::int64_t ticks : {20, 100})
            for (const double tick_span : {1.0, 50.0, 1'000.0}) {
                const ImbalanceBars op{.measure = measure, .expected_ticks = ticks, .max_ticks = 1'000, .bar_span = 7.0, .tick_span = tick_span};
                const auto expected = plain_bars(op, trades);
                INFO(signature(op));
                CHECK((bars_of(op, trades) == expected && expected.size() > 10));
            }
    }
}

TEST_CASE("imbalance bars: adaptive bars keep a sensible length among random signs") {
    check_lengths<ImbalanceBars>([](int) { return 0.5; });
}
TEST_CASE("imbalance bars: adaptive bars keep a sensible length in a trend") {
    check_lengths<ImbalanceBars>([](int) { return 0.7; });
}
TEST_CASE("imbalance bars: adaptive bars keep a sensible length in alternating regimes") {
    check_lengths<ImbalanceBars>([](int i) { return i / 1'000 % 2 ? 0.3 : 0.7; });
    check_lengths<ImbalanceBars>([](int i) { return i / 10'000 % 2 ? 0.5 : 0.8; });
}

TEST_CASE("imbalance bars: pathologies") {
    const ImbalanceBars two{.expectation = Expectation::fixed, .threshold = 2, .partial = true};
    SECTION("no event, one event") {
        CHECK((bars_of(two, {}).empty() && bars_of(two, {trade(1, 1, 1, 1)}).size() == 1 && bars_of(ImbalanceBars{}, {trade(1, 1, 1, 1)}).empty()));
    }
    SECTION("flat market of unknown sides: no sign, so fixed never closes, and adaptive closes at the limits") {
        const std::vector<Trade> flat(1'000, trade(1, 10, 2));
        CHECK(bars_of(two, flat).size() == 1);
        const auto out = bars_of(ImbalanceBars{.max_ticks = 300}, flat);
        REQUIRE(out.size() == 4);
        CHECK((out[0].n_obs == 100 && out[1].n_obs == 300 && out[1].vwap == 10 && out[1].buy_volume == 0));
    }
    SECTION("equal timestamps, late trades, and a gap") {
        Emitted<ImbalanceBars> run(two);
        run(trade(5, 1, 1, 1));
        run(Continuity{5, Break::gap, 2, 1});
        CHECK((run(trade(5, 1, 1, 1)).at(0).gap && !run.all[0].late));
        run(trade(4, 1, 1, 1));
        CHECK((run(trade(5, 1, 1, 1)).at(0).late && run.all[1].ts == 5 && run.all[1].start_ts == 5 && !run.all[1].gap));
    }
    SECTION("prices jump by 1e6: signs by the tick rule") {
        const auto out = bars_of(ImbalanceBars{.expectation = Expectation::fixed, .threshold = 2},
                                 {trade(1, 1, 1), trade(2, 1e6, 1), trade(3, 1e6, 1), trade(4, 1, 1), trade(5, 1e-6, 1)});
        CHECK((out.size() == 2 && out[0].n_obs == 3 && out[1].n_obs == 2));
    }
    SECTION("extreme values stay numbers, within the limits") {
        for (const auto measure : {FlowMeasure::tick, FlowMeasure::volume, FlowMeasure::dollar}) {
            const auto out = bars_of(ImbalanceBars{.measure = measure, .max_ticks = 500}, extreme_trades(5, 20'000));
            CHECK((all_finite(out) && out.size() >= 40));
            for (const Bar& b : out) CHECK((b.n_obs >= 10 && b.n_obs <= 500));
        }
    }
    SECTION("an expected length outside its limits is refused by name") {
        for (const std::int64_t ticks : {9, 10'001})
            CHECK(says(refusal([&] { check(ImbalanceBars{.expected_ticks = ticks}); }), {"ImbalanceBars", "expected_ticks", "min_ticks", "max_ticks"}));
        CHECK(refusal([] { check(ImbalanceBars{}); }).empty());
    }
}

}  // namespace openquant::testing
