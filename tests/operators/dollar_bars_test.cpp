#include "openquant/operators/dollar_bars.hpp"

#include <cmath>
#include "catch.hpp"

#include "bars.hpp"
#include "emitted.hpp"
#include "random.hpp"

namespace openquant::testing {

namespace {

std::vector<Bar> bars(DollarBars op, const std::vector<Trade>& trades) {
    Emitted<DollarBars> run(op);
    for (const Trade& t : trades) run(t);
    run.flush();
    return run.all;
}

}  // namespace

TEST_CASE("dollar bars: worked example with reset, carry and split") {
    // Dollar values 40, 70, 250, 10 against 100 per bar.
    const std::vector<Trade> trades{trade(1, 10, 4, +1, 7), trade(2, 14, 5, -1, 8), trade(3, 10, 25, +1, 9), trade(4, 5, 2, 0, 10)};

    const auto reset = bars({.dollar_value_per_bar = 100}, trades);
    REQUIRE(reset.size() == 2);
    CHECK((reset[0] == Bar{2, 1, 10, 14, 10, 14, 9, 110, 110.0 / 9, 4, 5, 2, 7, 8, false, false}));
    CHECK((reset[1] == Bar{3, 3, 10, 10, 10, 10, 25, 250, 10, 25, 0, 1, 9, 9, false, false}));

    const auto carry = bars({.dollar_value_per_bar = 100, .remainder = Remainder::carry}, trades);
    REQUIRE(carry.size() == 3);  // 110 leaves 10; 260 leaves 160, so the next trade closes a bar at once
    CHECK(carry[2].dollar_value == 10);
    CHECK(carry[2].first_id == 10);

    const auto split = bars({.dollar_value_per_bar = 100, .remainder = Remainder::split, .partial = true}, trades);
    REQUIRE(split.size() == 4);  // 370 dollars
    CHECK((split[0] == Bar{2, 1, 10, 14, 10, 14, 4 + 60.0 / 14, 100, 100 / (4 + 60.0 / 14), 4, 60.0 / 14, 2, 7, 8, false, false}));
    CHECK(split[1].n_obs == 2);  // 10 dollars left of the second trade, 90 of the third
    CHECK(split[2].n_obs == 1);
    CHECK(split[3].dollar_value == 70);  // 60 of the third, 10 of the fourth
    for (int i = 0; i < 3; ++i) CHECK(split[static_cast<std::size_t>(i)].dollar_value == Approx(100).epsilon(1e-14));
}

TEST_CASE("dollar bars: reset and carry are the plain running sums") {
    const auto trades = exact_trades(1, 20'000);
    for (const double threshold : {100.0, 1'000.0, 7'777.0})
        for (const bool carry : {false, true})
            for (const bool partial : {false, true}) {
                std::vector<Bar> expected;
                double running = 0.0;
                std::size_t first = 0;
                for (std::size_t i = 0; i < trades.size(); ++i) {
                    running += trades[i].price * trades[i].size;
                    if (running < threshold) continue;
                    expected.push_back(bar_of(trades, first, i));
                    running = carry ? running - threshold : 0.0;
                    first = i + 1;
                }
                if (partial && first < trades.size()) expected.push_back(bar_of(trades, first, trades.size() - 1));
                const auto got = bars({threshold, carry ? Remainder::carry : Remainder::reset, partial}, trades);
                CHECK((got == expected));
            }
}

TEST_CASE("dollar bars: split bar k covers the dollars from k to k + 1 thresholds") {
    const auto trades = exact_trades(2, 5'000);
    const double threshold = 1'024.0;
    std::vector<Bar> expected;
    double before = 0.0;  // dollars before the trade
    for (const Trade& t : trades) {
        const double after = before + t.price * t.size;
        for (double k = std::floor(before / threshold); k * threshold < after; ++k) {
            const double part = std::min(after, (k + 1) * threshold) - std::max(before, k * threshold);
            if (static_cast<double>(expected.size()) == k) {
                expected.emplace_back();
                Bar& fresh = expected.back();
                fresh.start_ts = t.ts, fresh.open = fresh.high = fresh.low = t.price, fresh.first_id = t.id;
            }
            Bar& b = expected.back();
            b.ts = t.ts, b.close = t.price, b.last_id = t.id, ++b.n_obs;
            b.high = std::max(b.high, t.price), b.low = std::min(b.low, t.price);
            b.volume += part / t.price, b.dollar_value += part;
            if (t.side != 0) (t.side > 0 ? b.buy_volume : b.sell_volume) += part / t.price;
        }
        before = after;
    }
    for (Bar& b : expected) b.vwap = b.dollar_value / b.volume;
    const auto got = bars({threshold, Remainder::split, true}, trades);
    CHECK((got == expected));
    CHECK(expected.size() > 100);
}

TEST_CASE("dollar bars: split loses neither volume nor dollars, on any numbers") {
    Random random(3);
    Emitted<DollarBars> run(DollarBars{.dollar_value_per_bar = 1e5, .remainder = Remainder::split, .partial = true});
    double volume = 0.0, dollars = 0.0;
    for (int i = 0; i < 20'000; ++i) {
        const Trade t = trade(i, random.uniform(0.01, 70'000.0), random.uniform(1e-4, 30.0), 1);
        volume += t.size, dollars += t.price * t.size;
        run(t);
    }
    run.flush();
    double bar_volume = 0.0, bar_dollars = 0.0;
    for (std::size_t i = 0; i < run.all.size(); ++i) {
        const Bar& b = run.all[i];
        bar_volume += b.volume, bar_dollars += b.dollar_value;
        CHECK(b.volume > 0.0);
        CHECK((b.low <= b.vwap * (1 + 1e-12) && b.vwap <= b.high * (1 + 1e-12)));
        if (i + 1 < run.all.size()) CHECK(b.dollar_value == Approx(1e5).epsilon(1e-10));
    }
    CHECK(bar_volume == Approx(volume).epsilon(1e-10));
    CHECK(bar_dollars == Approx(dollars).epsilon(1e-10));
}

TEST_CASE("dollar bars: pathologies") {
    SECTION("no event, one event") {
        CHECK(bars({.partial = true}, {}).empty());
        CHECK(bars({.dollar_value_per_bar = 100}, {trade(1, 1, 1)}).empty());
        CHECK(bars({.dollar_value_per_bar = 100, .partial = true}, {trade(1, 1, 1)}).size() == 1);
        CHECK(bars({.dollar_value_per_bar = 1}, {trade(1, 1, 1)}).size() == 1);
    }
    SECTION("equal timestamps, and one that steps back: the bar's time is the latest, and it is flagged late") {
        const auto out = bars({.dollar_value_per_bar = 3}, {trade(5, 1, 1), trade(5, 1, 1), trade(4, 1, 1), trade(5, 1, 3), trade(3, 1, 3)});
        REQUIRE(out.size() == 3);
        CHECK((out[0].ts == 5 && out[0].late));
        CHECK((out[1].ts == 5 && out[1].start_ts == 5 && !out[1].late));
        CHECK((out[2].ts == 5 && out[2].late));
    }
    SECTION("a gap marks the bar under construction, a repeated or late row does not") {
        for (const auto& [kind, marks] :
             {std::pair{Break::gap, true}, {Break::disconnect, true}, {Break::overflow, true}, {Break::duplicate, false}, {Break::late, false}}) {
            Emitted<DollarBars> run(DollarBars{.dollar_value_per_bar = 2});
            run(trade(1, 1, 1));
            CHECK(run(Continuity{2, kind, 5, 3}).empty());
            const auto out = run(trade(3, 1, 1));
            REQUIRE(out.size() == 1);
            CHECK(out[0].gap == marks);
            run(trade(4, 1, 2));
            CHECK_FALSE(run.all[1].gap);
        }
    }
    SECTION("a gap before the first trade of a bar marks that bar") {
        Emitted<DollarBars> run(DollarBars{.dollar_value_per_bar = 1});
        run(Continuity{2, Break::gap, 5, 3});
        CHECK(run(trade(3, 1, 1))[0].gap);
    }
    SECTION("a price jump of 1e6 fills a million split bars or is refused whole and counted") {
        Emitted<DollarBars> run(DollarBars{.dollar_value_per_bar = 1, .remainder = Remainder::split});
        CHECK(run(trade(1, 0.5, 1)).empty());
        CHECK(run(trade(2, 5e5, 1)).empty());
        CHECK(run.op.refused() == 1);
        CHECK(run(trade(3, 50'000.0, 1)).size() == 50'000);
        CHECK(run(trade(3, 0.5, 1)).size() == 1);  // the half dollar from before is still there
    }
    SECTION("flat market: every bar is alike") {
        for (const Bar& b : bars({.dollar_value_per_bar = 100}, std::vector<Trade>(1'000, trade(1, 10, 2, 1))))
            CHECK((b.n_obs == 5 && b.open == 10 && b.high == 10 && b.low == 10 && b.vwap == 10 && b.buy_volume == 10));
    }
    SECTION("values near 1e8 with variance near 1: the running sum stays exact") {
        Random random(4);
        double sum = 0.0;
        Emitted<DollarBars> run(DollarBars{.dollar_value_per_bar = 1e11});
        for (int i = 0; i < 1'500; ++i) {
            const double price = 1e8 + std::floor(random.normal());
            sum += price;
            for (const Bar& b : run(trade(i, price, 1))) CHECK(b.dollar_value == std::exchange(sum, 0.0));
        }
        CHECK(run.all.size() == 1);
    }
}

}  // namespace openquant::testing
