#include "openquant/operators/tick_bars.hpp"

#include "catch.hpp"

#include "bars.hpp"
#include "emitted.hpp"

namespace openquant::testing {

TEST_CASE("tick bars: worked example") {
    Emitted<TickBars> run(TickBars{.ticks_per_bar = 2});
    CHECK(run(trade(1, 10, 4, +1, 7)).empty());
    CHECK((run(trade(2, 12, 5, -1, 8)) == std::vector{Bar{2, 1, 10, 12, 10, 12, 9, 100, 100.0 / 9, 4, 5, 2, 7, 8, false, false}}));
    CHECK(run(trade(3, 11, 1, 0, 9)).empty());
    CHECK(run.flush().empty());
}

TEST_CASE("tick bars: every n trades, the rest only as a partial bar") {
    const auto trades = exact_trades(4, 10'007);
    for (const std::size_t n : {1, 2, 7, 50, 20'000})
        for (const bool partial : {false, true}) {
            std::vector<Bar> expected;
            for (std::size_t first = 0; first < trades.size(); first += n) {
                const std::size_t last = std::min(first + n, trades.size()) - 1;
                if (last - first + 1 == n || partial) expected.push_back(bar_of(trades, first, last));
            }
            Emitted<TickBars> run(TickBars{.ticks_per_bar = static_cast<std::int64_t>(n), .partial = partial});
            for (const Trade& t : trades) run(t);
            run.flush();
            CHECK((run.all == expected));
        }
}

TEST_CASE("tick bars: a gap marks the bar it falls into, a late trade its own") {
    Emitted<TickBars> run(TickBars{.ticks_per_bar = 2});
    run(trade(5, 10, 1));
    run(Continuity{6, Break::gap, 3, 1});
    const auto first = run(trade(4, 10, 1));
    REQUIRE(first.size() == 1);
    CHECK((first[0].gap && first[0].late && first[0].ts == 5));
    run(trade(7, 10, 1));
    const auto next = run(trade(7, 1e7, 1));  // equal times, and a jump of 1e6
    REQUIRE(next.size() == 1);
    CHECK((!next[0].gap && !next[0].late && next[0].high == 1e7 && next[0].vwap == (10 + 1e7) / 2));
}

}  // namespace openquant::testing
