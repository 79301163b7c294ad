#include "openquant/operators/equity_curve.hpp"

#include "catch.hpp"

#include "emitted.hpp"
#include "random.hpp"

namespace openquant::testing {

TEST_CASE("equity curve: worked example") {
    Emitted<EquityCurve> run;
    run(Price{10, 5.0});
    CHECK((run(Value{12, -0.5}) == std::vector{Equity{12, 0.5, 0.5, 0.5, 10, 2}}));
    CHECK((run(Value{15, 0.5}) == std::vector{Equity{15, 0.75, 0.25, 0.5, 10, 5}}));
    CHECK((run(Value{20, 1.0}) == std::vector{Equity{20, 1.5, 0.0, 0.5, 20, 10}}));  // recovered
    CHECK((run(Value{90, 0.0}) == std::vector{Equity{90, 1.5, 0.0, 0.5, 90, 10}}));  // flat is not under water
    CHECK((run(Value{93, -0.5}) == std::vector{Equity{93, 0.75, 0.5, 0.5, 90, 10}}));
    CHECK((run(Value{120, 0.0}) == std::vector{Equity{120, 0.75, 0.5, 0.5, 90, 30}}));
}

TEST_CASE("equity curve: sums, and a start that the first return dates") {
    Emitted<EquityCurve> run(EquityCurve{.compounded = false});
    CHECK((run(Value{3, -0.5}) == std::vector{Equity{3, 0.5, 0.5, 0.5, 3, 0}}));
    CHECK((run(Value{4, 0.25}) == std::vector{Equity{4, 0.75, 0.25, 0.5, 3, 1}}));
}

TEST_CASE("equity curve: the definition") {
    Random random(3);
    for (const bool compounded : {true, false}) {
        Emitted<EquityCurve> run(EquityCurve{compounded});
        std::vector<double> equity{1.0};
        std::vector<std::int64_t> ts{0};
        run(Price{0, 1.0});
        double deepest = 0.0;
        for (int i = 1; i < 400; ++i) {
            const double r = random.chance(0.05) ? -1.5 : random.chance(0.2) ? 0.0 : 0.05 * random.normal();
            ts.push_back(ts.back() + static_cast<std::int64_t>(random.below(5)));
            equity.push_back(compounded ? equity.back() * (1.0 + r) : equity.back() + r);
            const Equity got = run(Value{ts.back(), r})[0];
            double high = equity[0];
            std::int64_t longest = 0, high_ts = 0;
            bool under = false;
            for (std::size_t k = 0; k < equity.size(); ++k) {
                high = std::max(high, equity[k]);
                const bool at_high = equity[k] == high;
                if (!at_high || under) longest = std::max(longest, ts[k] - high_ts);
                if (at_high) high_ts = ts[k];
                under = !at_high;
            }
            const double drawdown = compounded ? 1.0 - equity.back() / high : high - equity.back();
            deepest = std::max(deepest, drawdown);
            CHECK((got == Equity{ts.back(), equity.back(), drawdown, deepest, high_ts, longest}));
        }
    }
}

TEST_CASE("equity curve: stays finite whatever the returns") {
    Emitted<EquityCurve> run;
    for (int i = 0; i < 10; ++i) CHECK(std::isfinite(run(Value{i, i % 2 ? largest : -largest})[0].drawdown));
}

}  // namespace openquant::testing
