#include "openquant/operators/as_of.hpp"

#include "catch.hpp"

#include "bars.hpp"
#include "emitted.hpp"
#include "extremes.hpp"

namespace openquant::testing {

namespace {

Quote quote(std::int64_t ts, double bid, double ask) { return {ts, bid, ask, 1, 2, ts + 1}; }

/// Quotes and trades in the order in which they come; `is_quote` tells which.
struct Tape {
    std::vector<bool> is_quote;
    std::vector<Quote> quotes;  // by position; meaningless where a trade is
    std::vector<Trade> trades;
};

Tape tape_of(std::uint64_t seed, std::size_t n) {
    Random random(seed);
    Tape out;
    std::int64_t now = 0;
    for (std::size_t i = 0; i < n; ++i) {
        if (random.chance(0.6)) now += static_cast<std::int64_t>(random.below(random.chance(0.02) ? 300 : 5));
        out.is_quote.push_back(random.chance(0.4));
        out.quotes.push_back({now, random.uniform(99, 100), random.uniform(99.5, 101), random.uniform(0, 5), random.uniform(0, 5), now + 7});
        Trade t = trade(now, random.uniform(99, 101), random.uniform(0.1, 3), static_cast<int>(random.below(3)) - 1, i);
        t.ts_publish = now + 1, t.ts_recv = now + 2, t.flags = static_cast<std::uint32_t>(random.below(16));
        out.trades.push_back(t);
    }
    return out;
}

}  // namespace

TEST_CASE("as of: worked example") {
    Emitted<AsOf> run;
    CHECK(run(trade(1, 10, 4)).empty());  // no quote yet
    CHECK(run.op.refused() == 1);
    CHECK(run(quote(2, 9, 11)).empty());
    CHECK(run(quote(3, 10, 12)).empty());
    CHECK((run(Trade{3, 11, 4, 1, 7, 5, 6, flag_block}) == std::vector{QuotedTrade{3, 11, 4, 1, 7, 5, 6, flag_block, 10, 12, 1, 2, 3}}));
    CHECK((run(trade(9, 12, 5, -1, 8)) == std::vector{QuotedTrade{9, 12, 5, -1, 8, 0, 0, 0, 10, 12, 1, 2, 3}}));
    CHECK(run.op.refused() == 1);
}

TEST_CASE("as of: every trade has the nearest quote that came before it") {
    for (std::uint64_t seed = 1; seed <= 4; ++seed)
        for (const std::int64_t max_age : {0, 1, 4, 50}) {
            const Tape tape = tape_of(seed, 5'000);
            Emitted<AsOf> run(AsOf{.max_age_ns = max_age});
            std::vector<QuotedTrade> expected;
            std::uint64_t refused = 0;
            for (std::size_t i = 0; i < tape.trades.size(); ++i) {
                if (tape.is_quote[i]) {
                    CHECK(run(tape.quotes[i]).empty());
                    continue;
                }
                run(tape.trades[i]);
                std::size_t at = i;
                while (at > 0 && !tape.is_quote[at - 1]) --at;
                const Trade& t = tape.trades[i];
                if (at == 0 || (max_age > 0 && t.ts > tape.quotes[at - 1].ts + max_age)) {
                    ++refused;
                    continue;
                }
                const Quote& q = tape.quotes[at - 1];
                expected.push_back({t.ts, t.price, t.size, t.side, t.id, t.ts_publish, t.ts_recv, t.flags, q.bid, q.ask, q.bid_size, q.ask_size, q.ts});
            }
            CHECK((run.all == expected && run.op.refused() == refused));
            CHECK((expected.size() > 1'000 && (max_age == 0 || max_age == 50 || refused > 50)));
        }
}

TEST_CASE("as of: a quote as old as allowed still stands, one older does not") {
    Emitted<AsOf> run(AsOf{.max_age_ns = 5});
    run(quote(10, 1, 2));
    CHECK(run(trade(15, 1, 1)).size() == 1);
    CHECK(run(trade(16, 1, 1)).empty());
    run(quote(16, 1, 3));
    CHECK(run(trade(16, 1, 1)).at(0).ask == 3);
    CHECK(run.op.refused() == 1);
}

TEST_CASE("as of: pathologies") {
    Emitted<AsOf> run;
    SECTION("one event") { CHECK((run(quote(1, 1, 2)).empty() && run.op.refused() == 0)); }
    SECTION("equal timestamps: the last quote that came before the trade") {
        for (const double ask : {2.0, 3.0, 4.0}) run(quote(7, 1, ask));
        CHECK(run(trade(7, 1, 1)).at(0).ask == 4);
        run(quote(7, 1, 5));
        CHECK(run(trade(7, 1, 1)).at(0).ask == 5);
    }
    SECTION("a late trade is kept, and says which quote it is beside") {
        run(quote(10, 1, 2));
        const auto out = run(trade(4, 1, 1));
        CHECK((out.at(0).ts == 4 && out[0].quote_ts == 10));
    }
    SECTION("flat and crossed quotes, prices that jump by 1e6, pass as they came") {
        run(quote(1, 5, 5));
        CHECK((run(trade(2, 5e6, 1)).at(0).mid() == 5 && run.all[0].price == 5e6));
        run(quote(3, 6, 5));
        CHECK((run(trade(4, 5, 1)).at(0).bid == 6 && run.all[1].ask == 5));
    }
    SECTION("extreme values stay numbers") {
        Random random(5);
        for (const Trade& t : extreme_trades(5, 500)) {
            run(Quote{t.ts, extreme_value(random), extreme_value(random), 0, extreme_value(random)});
            CHECK(all_finite(run(t)));
            CHECK(std::isfinite(run.all.back().mid()));
        }
    }
}

}  // namespace openquant::testing
