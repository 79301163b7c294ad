#include "openquant/operators/time_bars.hpp"

#include <limits>
#include "catch.hpp"

#include "bars.hpp"
#include "emitted.hpp"
#include "extremes.hpp"

namespace openquant::testing {

namespace {

/// A trade, or only a time.
struct Step {
    Trade trade;
    bool clock = false;
};

/// Bars with the number of the step that lets each out.
using Dated = std::vector<std::pair<std::size_t, Bar>>;

/// The definition: a trade belongs to the latest window that any step so far has reached; a bar holds the trades of one window.
Dated plain_bars(const std::vector<Step>& steps, std::int64_t interval, std::int64_t lateness) {
    Dated out;
    std::vector<Trade> held;
    bool late = false;
    std::int64_t window = 0, latest = 0, first = 0;
    const auto close = [&](std::size_t step) {
        if (held.empty()) return;
        Bar b = bar_of(held, 0, held.size() - 1);
        b.ts = latest, b.start_ts = first, b.late = late;
        out.emplace_back(step, b);
        held.clear(), late = false;
    };
    for (std::size_t i = 0; i < steps.size(); ++i) {
        const std::int64_t ts = steps[i].clock ? steps[i].trade.ts - lateness : steps[i].trade.ts;
        if (ts >= 0 && ts / interval > window) close(i), window = ts / interval;
        if (steps[i].clock) continue;
        late |= ts < std::max(latest, window * interval);
        latest = std::max({latest, ts, window * interval});
        if (held.empty()) first = latest;
        held.push_back(steps[i].trade);
    }
    close(steps.size());
    return out;
}

Dated dated_bars(TimeBars op, const std::vector<Step>& steps) {
    Emitted<TimeBars> run(op);
    Dated out;
    for (std::size_t i = 0; i < steps.size(); ++i)
        for (const Bar& b : steps[i].clock ? run(Clock{steps[i].trade.ts}) : run(steps[i].trade)) out.emplace_back(i, b);
    for (const Bar& b : run.flush()) out.emplace_back(steps.size(), b);
    return out;
}

std::vector<Step> steps_of(std::uint64_t seed, std::size_t n, double clocks, double late) {
    Random random(seed);
    std::vector<Step> out;
    std::int64_t now = 1'000;
    for (const Trade& t : exact_trades(seed, n)) {
        now += static_cast<std::int64_t>(random.below(random.chance(0.02) ? 500 : 12));
        out.push_back({t, random.chance(clocks)});
        out.back().trade.ts = random.chance(late) ? now - static_cast<std::int64_t>(random.below(200)) : now;
    }
    return out;
}

}  // namespace

TEST_CASE("time bars: worked example, the row on the boundary opens the next bar and an empty window has none") {
    Emitted<TimeBars> run(TimeBars{.interval_ns = 10});
    CHECK(run(trade(3, 10, 4, +1, 7)).empty());
    CHECK(run(trade(9, 14, 5, -1, 8)).empty());
    CHECK((run(trade(10, 12, 1, 0, 9)) == std::vector{Bar{9, 3, 10, 14, 10, 14, 9, 110, 110.0 / 9, 4, 5, 2, 7, 8, false, false}}));
    CHECK((run(trade(47, 11, 2, 1, 10)) == std::vector{Bar{10, 10, 12, 12, 12, 12, 1, 12, 12, 0, 0, 1, 9, 9, false, false}}));
    CHECK(run(trade(49, 11, 2, 1, 11)).empty());
    CHECK((run.flush() == std::vector{Bar{49, 47, 11, 11, 11, 11, 4, 44, 11, 4, 0, 2, 10, 11, false, false}}));
    CHECK(bars_of(TimeBars{.interval_ns = 10, .partial = false}, {trade(3, 1, 1), trade(12, 1, 1)}).size() == 1);
}

TEST_CASE("time bars: a clock closes a bar on a silent market, lateness after its end") {
    Emitted<TimeBars> run(TimeBars{.interval_ns = 10, .lateness_ns = 4});
    run(trade(12, 1, 1));
    CHECK(run(Clock{23}).empty());
    CHECK(run(Clock{24}).size() == 1);
    CHECK(run(Clock{24}).empty());  // once
    CHECK(run(trade(15, 7, 1)).empty());
    CHECK(run(trade(21, 9, 1)).empty());
    CHECK(run(Clock{1}).empty());  // a clock that steps back
    const auto next = run(Clock{300});
    REQUIRE(next.size() == 1);
    CHECK((next[0].n_obs == 2 && next[0].open == 7 && next[0].close == 9 && next[0].late && next[0].ts == 21 && next[0].start_ts >= run.all[0].ts));
    CHECK(run(Clock{10'000}).empty());
}

TEST_CASE("time bars: trades in order are grouped by window") {
    const auto steps = steps_of(1, 20'000, 0.0, 0.0);
    std::vector<Trade> trades;
    for (const Step& s : steps) trades.push_back(s.trade);
    for (const std::int64_t interval : {1, 7, 60, 1'000, 10'000'000}) {
        std::vector<Bar> expected;
        for (std::size_t first = 0, last = 0; first < trades.size(); first = last) {
            while (last < trades.size() && trades[last].ts / interval == trades[first].ts / interval) ++last;
            expected.push_back(bar_of(trades, first, last - 1));
        }
        CHECK((bars_of(TimeBars{.interval_ns = interval}, trades) == expected));
    }
}

TEST_CASE("time bars: late trades and clocks equal the definition, and time never falls") {
    for (std::uint64_t seed = 2; seed < 6; ++seed)
        for (const std::int64_t interval : {5, 60, 777})
            for (const std::int64_t lateness : {0, 20, 5'000}) {
                const auto steps = steps_of(seed, 5'000, 0.2, 0.1);
                const auto got = dated_bars({.interval_ns = interval, .lateness_ns = lateness}, steps);
                CHECK((got == plain_bars(steps, interval, lateness)));
                for (std::size_t i = 1; i < got.size(); ++i)
                    CHECK((got[i].second.ts >= got[i - 1].second.ts && got[i].second.start_ts >= got[i - 1].second.ts));
            }
}

TEST_CASE("time bars: pathologies") {
    SECTION("no event, one event, equal timestamps") {
        CHECK(bars_of(TimeBars{}, {}).empty());
        CHECK(bars_of(TimeBars{}, {trade(0, 1, 1)}).size() == 1);
        const auto out = bars_of(TimeBars{.interval_ns = 10}, std::vector<Trade>(1'000, trade(10, 2, 3, 1)));
        REQUIRE(out.size() == 1);
        CHECK((out[0].ts == 10 && out[0].start_ts == 10 && out[0].n_obs == 1'000 && out[0].vwap == 2 && out[0].high == 2 && !out[0].late));
    }
    SECTION("a gap marks the bar it falls into, a repeated row does not") {
        Emitted<TimeBars> run(TimeBars{.interval_ns = 10});
        run(trade(1, 1, 1));
        run(Continuity{2, Break::gap, 5, 3});
        run(trade(3, 1, 1));
        CHECK(run(trade(10, 1, 1))[0].gap);
        run(Continuity{11, Break::duplicate, 5, 3});
        CHECK_FALSE(run(trade(20, 1, 1))[0].gap);
    }
    SECTION("a gap that reaches over a boundary marks both bars: either may lack trades") {
        Emitted<TimeBars> run(TimeBars{.interval_ns = 10});
        run(trade(1, 1, 1));
        run(Continuity{35, Break::gap, 5, 3});
        CHECK(run(trade(35, 1, 1)).at(0).gap);
        CHECK(run(trade(41, 1, 1)).at(0).gap);
        CHECK_FALSE(run(trade(51, 1, 1)).at(0).gap);
    }
    SECTION("prices jump by 1e6") {
        const auto out = bars_of(TimeBars{.interval_ns = 10}, {trade(1, 1, 1), trade(2, 1e6, 1), trade(3, 1, 2)});
        CHECK((out.at(0).high == 1e6 && out[0].low == 1 && out[0].vwap == (1e6 + 3) / 4));
    }
    SECTION("extreme values stay numbers") { CHECK(all_finite(bars_of(TimeBars{.interval_ns = 10}, extreme_trades(7, 2'000)))); }
    SECTION("the longest interval and lateness: nothing ends before its time") {
        constexpr std::int64_t longest = 9'000'000'000'000'000;
        Emitted<TimeBars> never(TimeBars{.interval_ns = 10, .lateness_ns = longest});
        never(trade(1'000, 1, 1));
        for (const std::int64_t ts : {0, 999, 1'000, 5'000}) CHECK(never(Clock{ts}).empty());
        Emitted<TimeBars> one(TimeBars{.interval_ns = longest});
        CHECK((one(trade(0, 1, 1)).empty() && one(trade(longest - 1, 1, 1)).empty() && one(trade(9'200'000'000'000'000'000, 1, 1)).size() == 1));
        CHECK(one.flush().size() == 1);
    }
}

}  // namespace openquant::testing
