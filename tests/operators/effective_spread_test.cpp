#include "openquant/operators/effective_spread.hpp"

#include "catch.hpp"

#include "emitted.hpp"
#include "extremes.hpp"

namespace openquant::testing {

namespace {

QuotedTrade quoted(std::int64_t ts, double price, int side, double bid, double ask) {
    QuotedTrade t;
    t.ts = ts, t.price = price, t.size = 1, t.bid = bid, t.ask = ask, t.side = static_cast<std::int8_t>(side);
    return t;
}

}  // namespace

TEST_CASE("effective spread: worked example") {
    Emitted<EffectiveSpread> run;
    CHECK((run(quoted(1, 101, 1, 98, 102)) == std::vector{Spread{1, 100, 2, 0.02}}));
    CHECK((run(quoted(2, 99, -1, 98, 102)) == std::vector{Spread{2, 100, 2, 0.02}}));
    CHECK((run(quoted(3, 99, 1, 98, 102)) == std::vector{Spread{3, 100, -2, -0.02}}));  // a buy below the midpoint
    CHECK((run(quoted(4, 99, 0, 98, 102)) == std::vector{Spread{4, 100, 2, 0.02}}));
    CHECK((run(quoted(5, 101, 0, 98, 102)) == std::vector{Spread{5, 100, 2, 0.02}}));
    CHECK((run(quoted(6, 100, 0, 98, 102)) == std::vector{Spread{6, 100, 0, 0}}));
    CHECK(run.all.size() == 6);
}

TEST_CASE("effective spread: equals the definition") {
    Random random(1);
    Emitted<EffectiveSpread> run;
    for (int i = 0; i < 20'000; ++i) {
        const auto bid = static_cast<int>(1'000 + random.below(9'000)), ask = bid + static_cast<int>(random.below(40)) - 3;
        const auto price = bid + static_cast<int>(random.below(80)) - 40, side = static_cast<int>(random.below(3)) - 1;
        const int twice = 2 * price - bid - ask, directed = side != 0 ? side * twice : std::abs(twice);  // in 64ths
        const Spread expected{i / 2, (bid + ask) / 128.0, directed / 64.0, 2.0 * directed / (bid + ask)};
        CHECK((run(quoted(i / 2, price / 64.0, side, bid / 64.0, ask / 64.0)) == std::vector{expected}));
    }
}

TEST_CASE("effective spread: at the quote's own prices it is the quoted spread") {
    Random random(2);
    Emitted<EffectiveSpread> run;
    for (int i = 0; i < 5'000; ++i) {
        const double bid = random.uniform(10, 1'000), ask = bid + random.uniform(0, 3);
        CHECK(run(quoted(i, ask, 1, bid, ask)).at(0).spread == Approx(ask - bid).margin(1e-12));
        CHECK(run(quoted(i, bid, -1, bid, ask)).at(0).spread == Approx(ask - bid).margin(1e-12));
    }
}

TEST_CASE("effective spread: pathologies") {
    Emitted<EffectiveSpread> run;
    SECTION("equal and late timestamps pass as they came, one row for one") {
        for (const std::int64_t ts : {5, 5, 4, 6}) CHECK(run(quoted(ts, 1, 1, 1, 2)).at(0).ts == ts);
        CHECK(run.all.size() == 4);
    }
    SECTION("flat market, a jump of 1e6, a crossed quote, values near 1e8") {
        CHECK(run(quoted(1, 10, 1, 10, 10)).at(0) == Spread{1, 10, 0, 0});
        CHECK(run(quoted(1, 1e6, 1, 1, 1)).at(0) == Spread{1, 1, 1'999'998, 1'999'998});
        CHECK(run(quoted(1, 4, 1, 5, 3)).at(0) == Spread{1, 4, 0, 0});
        CHECK(run(quoted(1, 1e8 + 0.25, 1, 1e8, 1e8)).at(0).spread == 0.5);
    }
    SECTION("extreme values stay numbers, and such as a consumer may be given") {
        bool sound = true;
        for (const double price : {smallest, 0.1, largest})
            for (const double bid : {smallest, 0.1, largest})
                for (const double ask : {smallest, 0.1, largest})
                    for (const int side : {-1, 0, 1}) run(quoted(1, price, side, bid, ask));
        for (const Spread& s : run.all) sound &= fault_of(s) == Fault::none;
        CHECK(run.all.size() == 81);
        CHECK(all_finite(run.all));
        CHECK(sound);
    }
}

}  // namespace openquant::testing
