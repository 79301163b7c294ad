#include "openquant/operators/quoted_spread.hpp"

#include "catch.hpp"

#include "emitted.hpp"
#include "extremes.hpp"

namespace openquant::testing {

namespace {

std::vector<Spread> spread(double bid, double ask, std::int64_t ts = 1) { return Emitted<QuotedSpread>()(Quote{ts, bid, ask}); }

}  // namespace

TEST_CASE("quoted spread: worked example") {
    Emitted<QuotedSpread> run;
    CHECK((run(Quote{1, 99, 101, 5, 7}) == std::vector{Spread{1, 100, 2, 0.02}}));
    CHECK((run(Quote{2, 99, 99, 5, 7}) == std::vector{Spread{2, 99, 0, 0}}));
    CHECK((run(Quote{3, 101, 99, 0, 0}) == std::vector{Spread{3, 100, -2, -0.02}}));  // crossed
    CHECK(run.all.size() == 3);
}

TEST_CASE("quoted spread: equals the definition") {
    Random random(1);
    Emitted<QuotedSpread> run;
    for (int i = 0; i < 10'000; ++i) {
        const double half_ticks = static_cast<double>(random.below(20)), middle = static_cast<double>(1'000 + random.below(9'000));
        const double bid = (middle - half_ticks) / 64, ask = (middle + half_ticks) / 64;
        CHECK((run(Quote{i / 2, bid, ask}) == std::vector{Spread{i / 2, middle / 64, half_ticks / 32, 2 * half_ticks / middle}}));
    }
    for (int i = 0; i < 10'000; ++i) {
        const long double bid = random.uniform(1e-3, 9e4), ask = random.uniform(1e-3, 9e4);
        const Spread s = run(Quote{i, static_cast<double>(bid), static_cast<double>(ask)}).at(0);
        CHECK(s.mid == Approx(static_cast<double>((bid + ask) / 2)).epsilon(1e-15));
        CHECK(s.spread == static_cast<double>(ask - bid));
        CHECK(s.relative == Approx(static_cast<double>(2 * (ask - bid) / (bid + ask))).epsilon(1e-15));
    }
}

TEST_CASE("quoted spread: pathologies") {
    SECTION("equal and late timestamps pass as they came, one row for one") {
        Emitted<QuotedSpread> run;
        for (const std::int64_t ts : {5, 5, 4, 6}) CHECK(run(Quote{ts, 1, 2}).at(0).ts == ts);
        CHECK(run.all.size() == 4);
    }
    SECTION("a jump of 1e6, and values near 1e8") {
        CHECK((spread(1, 1e6) == std::vector{Spread{1, 500'000.5, 999'999, 999'999 / 500'000.5}}));
        CHECK(spread(1e8, 1e8 + 0.25).at(0).spread == 0.25);
    }
    SECTION("extreme values stay numbers, and within what a spread may be") {
        for (const double bid : {smallest, 0.1, 1.0, largest})
            for (const double ask : {smallest, 0.1, 1.0, largest}) {
                const auto out = spread(bid, ask);
                CHECK((all_finite(out) && fault_of(out.at(0)) == Fault::none && std::fabs(out[0].relative) <= 2));
            }
    }
}

}  // namespace openquant::testing
