#include "openquant/operators/volume_bars.hpp"

#include <cmath>
#include "catch.hpp"

#include "bars.hpp"
#include "emitted.hpp"
#include "extremes.hpp"

namespace openquant::testing {

TEST_CASE("volume bars: worked example with reset, carry and split") {
    // Volumes 4, 6, 25, 2 against 10 per bar.
    const std::vector<Trade> trades{trade(1, 10, 4, +1, 7), trade(2, 12, 6, -1, 8), trade(3, 11, 25, +1, 9), trade(4, 12, 2, 0, 10)};
    const Bar first{2, 1, 10, 12, 10, 12, 10, 112, 11.2, 4, 6, 2, 7, 8, false, false};

    const auto reset = bars_of(VolumeBars{.volume_per_bar = 10}, trades);
    CHECK((reset == std::vector{first, Bar{3, 3, 11, 11, 11, 11, 25, 275, 11, 25, 0, 1, 9, 9, false, false}}));

    const auto carry = bars_of(VolumeBars{.volume_per_bar = 10, .remainder = Remainder::carry}, trades);
    REQUIRE(carry.size() == 3);  // 25 leaves 15, so the next trade closes a bar at once
    CHECK((carry[0] == first && carry[1] == reset[1]));
    CHECK((carry[2] == Bar{4, 4, 12, 12, 12, 12, 2, 24, 12, 0, 0, 1, 10, 10, false, false}));

    const auto split = bars_of(VolumeBars{.volume_per_bar = 10, .remainder = Remainder::split, .partial = true}, trades);
    REQUIRE(split.size() == 4);  // 37 of volume
    const Bar middle{3, 3, 11, 11, 11, 11, 10, 110, 11, 10, 0, 1, 9, 9, false, false};
    CHECK((split[0] == first && split[1] == middle && split[2] == middle));
    CHECK((split[3] == Bar{4, 3, 11, 12, 11, 12, 7, 79, 79.0 / 7, 5, 0, 2, 9, 10, false, false}));
}

TEST_CASE("volume bars: reset and carry are the plain running sums") {
    const auto trades = exact_trades(1, 20'000);
    for (const double threshold : {1.0, 50.0, 1'000.0, 7'777.0})
        for (const bool carry : {false, true})
            for (const bool partial : {false, true}) {
                std::vector<Bar> expected;
                double before = 0.0;  // volume that the bar began with
                for (std::size_t first = 0, last; first < trades.size(); first = last + 1) {
                    double sum = before;
                    for (last = first; last < trades.size() && (sum += trades[last].size) < threshold;) ++last;
                    const bool full = last < trades.size();
                    if (full || partial) expected.push_back(bar_of(trades, first, full ? last : trades.size() - 1));
                    before = carry ? sum - threshold : 0.0;
                }
                CHECK((bars_of(VolumeBars{threshold, carry ? Remainder::carry : Remainder::reset, partial}, trades) == expected));
            }
}

TEST_CASE("volume bars: split bar k covers the volume from k to k + 1 thresholds") {
    const auto trades = exact_trades(2, 5'000);
    double total = 0.0;
    for (const Trade& t : trades) total += t.size;
    for (const double threshold : {37.0, 512.0}) {
        std::vector<Bar> expected;
        std::size_t from = 0;  // first trade that reaches into the bar
        double before = 0.0;   // volume ahead of it
        for (double low = 0.0; low < total; low += threshold) {
            const double high = std::min(low + threshold, total);
            std::vector<Trade> parts;
            double at = before;
            for (std::size_t i = from; i < trades.size() && at < high; at += trades[i++].size) {
                const double part = std::min(at + trades[i].size, high) - std::max(at, low);
                if (at + trades[i].size <= high) from = i + 1, before = at + trades[i].size;
                parts.push_back(trades[i]);
                parts.back().size = part;
            }
            expected.push_back(bar_of(parts, 0, parts.size() - 1));
        }
        CHECK((bars_of(VolumeBars{threshold, Remainder::split, true}, trades) == expected));
        CHECK(expected.size() > 100);
    }
}

TEST_CASE("volume bars: split loses neither volume nor dollars, on any numbers") {
    Random random(3);
    std::vector<Trade> trades;
    for (int i = 0; i < 20'000; ++i) trades.push_back(trade(i, random.uniform(0.01, 70'000.0), random.uniform(1e-4, 30.0), random.chance(0.5) ? 1 : -1));
    const auto out = bars_of(VolumeBars{.volume_per_bar = 7.3, .remainder = Remainder::split, .partial = true}, trades);
    double volume = 0.0, dollars = 0.0, bar_volume = 0.0, bar_dollars = 0.0;
    for (const Trade& t : trades) volume += t.size, dollars += t.price * t.size;
    for (const Bar& b : out) {
        bar_volume += b.volume, bar_dollars += b.dollar_value;
        CHECK((b.low <= b.vwap * (1 + 1e-12) && b.vwap <= b.high * (1 + 1e-12)));
        CHECK(b.buy_volume + b.sell_volume == Approx(b.volume).epsilon(1e-12));
        if (&b != &out.back()) CHECK(b.volume == Approx(7.3).epsilon(1e-12));
    }
    CHECK(bar_volume == Approx(volume).epsilon(1e-11));
    CHECK(bar_dollars == Approx(dollars).epsilon(1e-11));
}

TEST_CASE("volume bars: pathologies") {
    SECTION("no event, one event") {
        CHECK(bars_of(VolumeBars{.partial = true}, {}).empty());
        CHECK(bars_of(VolumeBars{.volume_per_bar = 100}, {trade(1, 1, 99)}).empty());
        CHECK(bars_of(VolumeBars{.volume_per_bar = 100, .partial = true}, {trade(1, 1, 99)}).size() == 1);
        CHECK(bars_of(VolumeBars{.volume_per_bar = 100}, {trade(1, 1, 100)}).size() == 1);
    }
    SECTION("equal timestamps, and late trades: the bar's time is the latest, and it is flagged") {
        const auto out = bars_of(VolumeBars{.volume_per_bar = 2}, {trade(5, 1, 1), trade(5, 1, 1), trade(4, 1, 1), trade(5, 1, 1), trade(5, 1, 2)});
        REQUIRE(out.size() == 3);
        CHECK((out[0].ts == 5 && !out[0].late && out[1].ts == 5 && out[1].start_ts == 5 && out[1].late && !out[2].late));
    }
    SECTION("a gap marks the bar under construction only") {
        Emitted<VolumeBars> run(VolumeBars{.volume_per_bar = 2});
        run(trade(1, 1, 1));
        run(Continuity{2, Break::gap, 5, 3});
        CHECK(run(trade(3, 1, 1))[0].gap);
        run(Continuity{3, Break::duplicate, 5, 3});
        CHECK_FALSE(run(trade(4, 1, 2))[0].gap);
    }
    SECTION("a price jump of 1e6 changes nothing, a volume of 1e6 thresholds is refused whole and counted") {
        Emitted<VolumeBars> run(VolumeBars{.volume_per_bar = 2, .remainder = Remainder::split});
        CHECK(run(trade(1, 1, 1)).empty());
        CHECK((run(trade(2, 1e6, 1)).at(0).vwap == (1 + 1e6) / 2));
        CHECK(run(trade(3, 1, 2e6)).empty());
        CHECK(run.op.refused() == 1);
        CHECK(run(trade(4, 1, 100'001)).size() == 50'000);
        CHECK(run(trade(5, 1, 1)).size() == 1);
    }
    SECTION("flat market: every bar is alike") {
        for (const Bar& b : bars_of(VolumeBars{.volume_per_bar = 9}, std::vector<Trade>(1'000, trade(1, 10, 2, -1))))
            CHECK((b.n_obs == 5 && b.open == 10 && b.high == 10 && b.low == 10 && b.vwap == 10 && b.sell_volume == 10 && b.buy_volume == 0));
    }
    SECTION("extreme values stay numbers") {
        for (const double threshold : {smallest, 1.0, largest})
            for (const auto remainder : {Remainder::reset, Remainder::carry, Remainder::split}) {
                const auto out = bars_of(VolumeBars{threshold, remainder, true}, extreme_trades(5, 2'000));
                CHECK((!out.empty() && all_finite(out)));
            }
    }
}

}  // namespace openquant::testing
