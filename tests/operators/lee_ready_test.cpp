#include "openquant/operators/lee_ready.hpp"

#include "catch.hpp"

#include "emitted.hpp"
#include "extremes.hpp"

namespace openquant::testing {

namespace {

QuotedTrade quoted(std::int64_t ts, double price, double bid, double ask, int side = 0) {
    QuotedTrade t;
    t.ts = ts, t.price = price, t.size = 1, t.bid = bid, t.ask = ask, t.side = static_cast<std::int8_t>(side);
    return t;
}

/// Prices on a grid of quarters, often at the midpoint and often unchanged.
std::vector<QuotedTrade> random_trades(std::uint64_t seed, std::size_t n) {
    Random random(seed);
    std::vector<QuotedTrade> out;
    double bid = 100.0;
    for (std::size_t i = 0; i < n; ++i) {
        bid = std::max(1.0, bid + 0.5 * (static_cast<double>(random.below(3)) - 1.0));
        const double ask = bid + 0.5 * static_cast<double>(random.below(4)), mid = (bid + ask) / 2;
        const double price = i > 0 && random.chance(0.4) ? out.back().price
                             : random.chance(0.6)        ? mid
                                                         : mid + 0.25 * (static_cast<double>(random.below(5)) - 2);
        out.push_back(quoted(static_cast<std::int64_t>(i / 2), price, bid, ask, static_cast<int>(random.below(3)) - 1));
        QuotedTrade& t = out.back();
        t.size = 1.0 + static_cast<double>(random.below(9)), t.id = i, t.ts_publish = t.ts + 1, t.ts_recv = t.ts + 2,
        t.flags = static_cast<std::uint32_t>(i % 16);
    }
    return out;
}

int side_of(const std::vector<QuotedTrade>& trades, std::size_t i) {
    const double twice = 2 * trades[i].price, sum = trades[i].bid + trades[i].ask;
    if (twice != sum) return twice > sum ? 1 : -1;
    for (; i > 0; --i)
        if (trades[i].price != trades[i - 1].price) return trades[i].price > trades[i - 1].price ? 1 : -1;
    return 0;
}

}  // namespace

TEST_CASE("lee ready: worked example") {
    Emitted<LeeReady> run;
    const auto side = [&](double price, double bid, double ask, int venue = 0) { return int{run(quoted(1, price, bid, ask, venue)).at(0).side}; };
    CHECK(side(10, 9, 11) == 0);      // at the midpoint, and no change of price before
    CHECK(side(11, 9, 11) == 1);      // at the ask
    CHECK(side(10.5, 9, 12) == -1);   // at the midpoint after a fall
    CHECK(side(10.5, 10, 11) == -1);  // unchanged: the fall is still the last change
    CHECK(side(10.5, 10, 10.5) == 1);
    CHECK(side(10.5, 10, 11) == -1);      // the quote told that buy, not the price
    CHECK(side(10.25, 10, 11, 1) == -1);  // the venue's own side is not asked
    CHECK(side(10.75, 10.5, 11) == 1);
}

TEST_CASE("lee ready: equals the definition, with and without the sides that the venue tells") {
    for (std::uint64_t seed = 1; seed <= 5; ++seed)
        for (const bool keep_known : {false, true}) {
            const auto trades = random_trades(seed, 10'000);
            Emitted<LeeReady> run(LeeReady{.keep_known = keep_known});
            int at_mid = 0;
            for (std::size_t i = 0; i < trades.size(); ++i) {
                const QuotedTrade& t = trades[i];
                const int side = keep_known && t.side != 0 ? t.side : side_of(trades, i);
                at_mid += 2 * t.price == t.bid + t.ask;
                const auto out = run(t);
                CHECK((out == std::vector{Trade{t.ts, t.price, t.size, static_cast<std::int8_t>(side), t.id, t.ts_publish, t.ts_recv, t.flags}}));
            }
            CHECK(at_mid > 1'000);
        }
}

TEST_CASE("lee ready: pathologies") {
    Emitted<LeeReady> run;
    SECTION("flat market at the midpoint: no side, ever") {
        for (int i = 0; i < 1'000; ++i) CHECK(run(quoted(7, 10, 10, 10)).at(0).side == 0);
    }
    SECTION("a late trade is kept with its time, one row for one") {
        run(quoted(9, 10, 9, 12));
        const auto out = run(quoted(3, 11, 10, 12));
        CHECK((out.at(0).ts == 3 && out[0].side == 1 && out.size() == 1));
    }
    SECTION("prices that jump by 1e6, and a crossed quote") {
        run(quoted(1, 1, 1, 1));
        CHECK(run(quoted(2, 1e6, 1e6, 1e6)).at(0).side == 1);
        CHECK(run(quoted(3, 1, 1, 1)).at(0).side == -1);
        CHECK(run(quoted(4, 4, 5, 3)).at(0).side == 1);
        CHECK(run(quoted(5, 4.5, 5, 3)).at(0).side == 1);
    }
    SECTION("extreme values stay numbers, and sides signs") {
        Random random(5);
        for (int i = 0; i < 2'000; ++i) {
            const double price = extreme_value(random), bid = extreme_value(random), ask = extreme_value(random);
            const auto out = run(quoted(i, price, bid, ask));
            CHECK((all_finite(out) && out.at(0).side == (price > bid / 2 + ask / 2 ? 1 : price < bid / 2 + ask / 2 ? -1 : out[0].side)));
        }
    }
}

}  // namespace openquant::testing
