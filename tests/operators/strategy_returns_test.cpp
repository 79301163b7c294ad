#include "openquant/operators/strategy_returns.hpp"

#include "catch.hpp"

#include "emitted.hpp"
#include "random.hpp"

namespace openquant::testing {

TEST_CASE("strategy returns: worked example, a signal holds from its own price on") {
    Emitted<StrategyReturns> run;
    CHECK(run(Price{1, 100}).empty());
    CHECK((run(Price{2, 125}) == std::vector{Return{2, 0.0, 0.25, 0.0}}));
    CHECK(run(Signal{2, 0.6, 1.0, 0.5}).empty());
    CHECK((run(Price{3, 250}) == std::vector{Return{3, 0.5, 1.0, 0.5}}));
    run(Signal{3, 0.6, -1.0, -1.0});
    run(Signal{3, 0.6, -1.0, -0.25});  // the last one counts
    CHECK((run(Price{4, 125}) == std::vector{Return{4, -0.25, -0.5, 0.125}}));
}

TEST_CASE("strategy returns: position before times simple return") {
    Random random(1);
    std::vector<double> prices, held;
    Emitted<StrategyReturns> run;
    for (int i = 0; i < 3'000; ++i) {
        prices.push_back(random.uniform(1.0, 1e6));
        run(Price{i, prices.back()});
        held.push_back(random.chance(0.3) ? random.uniform(-1.0, 1.0) : held.empty() ? 0.0 : held.back());
        if (held.size() == 1 || held[held.size() - 2] != held.back()) run(Signal{i, 0.5, 1.0, held.back()});
    }
    REQUIRE(run.all.size() == prices.size() - 1);
    for (std::size_t i = 1; i < prices.size(); ++i) {
        CHECK(run.all[i - 1].strategy_return == held[i - 1] * (prices[i] / prices[i - 1] - 1.0));
        CHECK(run.all[i - 1].ts == static_cast<std::int64_t>(i));
    }
}

TEST_CASE("strategy returns: pathologies") {
    Emitted<StrategyReturns> run;
    run(Signal{0, 0.5, 1.0, 1.0});  // before any price
    CHECK(run(Price{1, 1.0}).empty());
    CHECK(run(Price{1, 1e6})[0].strategy_return == 1e6 - 1.0);  // equal time, a jump
    for (int i = 0; i < 100; ++i) CHECK(run(Price{1, 1e6})[0].strategy_return == 0.0);
    run(Price{1, 1e8});
    CHECK(run(Price{2, 1e8 + 1.0})[0].price_return == (1e8 + 1.0) / 1e8 - 1.0);
}

}  // namespace openquant::testing
