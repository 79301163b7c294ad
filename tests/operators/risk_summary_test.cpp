#include "openquant/operators/risk_summary.hpp"

#include "catch.hpp"

#include "emitted.hpp"
#include "plain_risk.hpp"
#include "random.hpp"

namespace openquant::testing {

namespace {

Risk summary(const RiskSummary& op, const std::vector<double>& returns) {
    Emitted<RiskSummary> run(op);
    for (std::size_t i = 0; i < returns.size(); ++i) CHECK(run(Value{static_cast<std::int64_t>(i), returns[i]}).empty());
    const auto out = run.flush();
    REQUIRE(out.size() == 1);
    return out[0];
}

}  // namespace

TEST_CASE("risk summary: worked example") {
    const Risk out = summary({.confidence_level = 0.25, .risk_free_rate = 0.4, .periods_per_year = 4.0}, {0.5, -0.5, 0.5, 0.5});
    // Mean 0.25, deviation 0.5; equity 1.5, 0.75, 1.125, 1.6875. Index ceil(0.25 * 3) = 1.
    CHECK(out.value_at_risk == 0.5);
    CHECK(out.expected_shortfall == -0.5);
    CHECK(out.max_drawdown == 0.5);
    CHECK(out.conditional_drawdown == 0.5);
    CHECK(out.drawdown == 0.0);
    CHECK(out.volatility == 1.0);
    CHECK(out.sharpe == Approx((0.25 - 0.1) / 0.5 * 2.0));
    CHECK((out.n_obs == 4 && out.ts == 3));
}

TEST_CASE("risk summary: the definition, from one return to many") {
    Random random(1);
    for (const std::size_t n : {1, 2, 3, 10, 20, 99, 100, 101, 5000})
        for (const double q : {0.0, 0.01, 0.05, 0.29, 0.5, 1.0})
            for (const bool compounded : {true, false}) {
                std::vector<double> returns;
                for (std::size_t i = 0; i < n; ++i) returns.push_back(random.chance(0.2) ? 0.01 * random.sign() : 0.02 * random.normal());
                const RiskSummary op{.confidence_level = q, .risk_free_rate = 0.01, .compounded = compounded};
                CAPTURE(n, q, compounded);
                check_risk(summary(op, returns), plain_risk(static_cast<std::int64_t>(n) - 1, returns, {q, 0.01, 252.0, compounded}), 1.0, 1e-12);
            }
}

TEST_CASE("risk summary: nothing for nothing, and each return beyond max_returns is refused") {
    Emitted<RiskSummary> run(RiskSummary{.max_returns = 3});
    CHECK(run.flush().empty());
    for (const double r : {0.1, -0.2, 0.3, -0.9, -0.9}) CHECK(run(Value{5, r}).empty());
    CHECK(run.op.refused() == 2);
    const auto out = run.flush();
    REQUIRE(out.size() == 1);
    CHECK((out[0].n_obs == 3 && out[0].value_at_risk == 0.1));
}

TEST_CASE("risk summary: a falling clock, flat returns, jumps and extremes") {
    Emitted<RiskSummary> run;
    run(Value{9, 0.1}), run(Value{4, 0.1});
    CHECK(run.flush()[0].ts == 9);
    for (const double r : {0.0, 0.07, -1.0, -2.0, 1e6, largest, -largest})
        for (const bool compounded : {true, false}) {
            const Risk flat = summary({.compounded = compounded}, std::vector<double>(50, r));
            CHECK(all_finite(flat));
            CHECK((flat.volatility == 0.0 && flat.sharpe == 0.0 && flat.value_at_risk == r));
            CHECK(std::fabs(flat.expected_shortfall - r) <= 1e-15 * std::fabs(r));
            for (const double other : {0.01, -1.0, -1e6, 1e12, -largest}) CHECK(all_finite(summary({.compounded = compounded}, {r, other, r, r, other, 0.0})));
        }
}

}  // namespace openquant::testing
