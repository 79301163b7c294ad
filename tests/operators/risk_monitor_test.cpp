#include "openquant/operators/risk_monitor.hpp"

#include "catch.hpp"

#include "emitted.hpp"
#include "plain_risk.hpp"
#include "random.hpp"

namespace openquant::testing {

namespace {

RiskOptions options_of(const RiskMonitor& op) { return {op.confidence_level, op.risk_free_rate, op.periods_per_year, op.compounded}; }

/// On a grid, so that many are equal.
std::vector<double> random_returns(Random& random, std::size_t n) {
    std::vector<double> out;
    for (std::size_t i = 0; i < n; ++i) out.push_back(random.chance(0.3) ? std::round(random.normal() * 3.0) * 0.005 : 0.01 * random.normal());
    return out;
}

void check_run(const RiskMonitor& op, const std::vector<double>& returns) {
    INFO(signature(op));
    Emitted<RiskMonitor> run(op);
    const auto window = static_cast<std::size_t>(op.window), every = static_cast<std::size_t>(op.every);
    for (std::size_t i = 0; i < returns.size(); ++i) {
        const auto ts = static_cast<std::int64_t>(i / 2);
        const auto out = run(Value{ts, returns[i]});
        REQUIRE(out.size() == (i + 1 >= window && (i + 1 - window) % every == 0 ? 1 : 0));
        if (out.empty()) continue;
        const auto last = std::span(returns).subspan(i + 1 - window, window);
        double scale = 1.0;
        for (const double r : last) scale = std::max(scale, std::fabs(r));
        CAPTURE(i);
        check_risk(out[0], plain_risk(ts, last, options_of(op)), scale, 1e-13);
    }
}

}  // namespace

TEST_CASE("risk monitor: worked example") {
    Emitted<RiskMonitor> run(RiskMonitor{.window = 4, .confidence_level = 0.5, .periods_per_year = 4.0});
    CHECK(run(Value{1, 9.0}).empty());
    CHECK(run(Value{2, 0.25}).empty());
    CHECK(run(Value{3, -0.5}).empty());
    CHECK(run(Value{4, 0.0}).size() == 1);
    const auto out = run(Value{5, 0.25});
    REQUIRE(out.size() == 1);
    // Sorted -0.5, 0, 0.25, 0.25; index ceil(0.5 * 3) = 2. Equity 1.25, 0.625, 0.625, 0.78125 of a high of 1.25.
    CHECK(out[0].value_at_risk == 0.25);
    CHECK(out[0].expected_shortfall == -0.25);
    CHECK(out[0].max_drawdown == 0.5);
    CHECK(out[0].conditional_drawdown == 0.5);
    CHECK(out[0].drawdown == 0.375);
    CHECK(out[0].volatility == Approx(2.0 * std::sqrt(0.375 / 3.0)));
    CHECK(std::fabs(out[0].sharpe) < 1e-15);
    CHECK((out[0].n_obs == 4 && out[0].ts == 5));
    Emitted<RiskMonitor> summed(RiskMonitor{.window = 4, .confidence_level = 0.6, .compounded = false});
    for (const double r : {0.25, -0.5, 0.0, 0.25}) summed(Value{1, r});
    // Sums 0.25, -0.25, -0.25, 0: drawdowns 0, 0.5, 0.5, 0.25; 2.4 of each are the worst.
    CHECK(summed.all[0].conditional_drawdown == Approx((0.5 + 0.5 + 0.4 * 0.25) / 2.4));
    CHECK(summed.all[0].expected_shortfall == Approx((-0.5 + 0.4 * 0.25) / 2.4));
    CHECK(summed.all[0].drawdown == 0.25);
}

TEST_CASE("risk monitor: a recomputation of each window, for every tail") {
    Random random(1);
    const std::vector<double> returns = random_returns(random, 600);
    for (const double q : {0.0, 0.01, 0.05, 0.5, 1.0})
        for (const std::int64_t window : {2, 3, 20, 101, 250})
            for (const bool compounded : {true, false})
                check_run(
                    {.window = window, .every = window % 3 + 1, .confidence_level = q, .risk_free_rate = compounded ? 0.0 : 0.03, .compounded = compounded},
                    returns);
}

TEST_CASE("risk monitor: spikes of 1e6 and 1e12 leave no trace once they have left") {
    Random random(2);
    const std::vector<double> returns = random_returns(random, 400);
    for (const double spike : {1e6, -1e6, 1e12, -1e12, largest, -largest})
        for (const bool compounded : {true, false}) {
            const RiskMonitor op{.window = 50, .confidence_level = 0.05, .compounded = compounded};
            Emitted<RiskMonitor> spoiled(op), clean(op);
            std::vector<double> with = returns;
            with[120] = with[160] = with[161] = spike;
            CAPTURE(spike, compounded);
            for (std::size_t i = 0; i < returns.size(); ++i) {
                const auto ts = static_cast<std::int64_t>(i);
                const auto got = spoiled(Value{ts, with[i]}), want = clean(Value{ts, returns[i]});
                if (!got.empty() && !all_finite(got[0])) FAIL_CHECK("not finite at " << i);
                if (i < 120 || i >= 211) CHECK(got == want);
                if (i >= 211) check_risk(got[0], plain_risk(ts, std::span(returns).subspan(i - 49, 50), options_of(op)), 1.0, 1e-13);
            }
            if (std::fabs(spike) < 1e9) check_run(op, with);
        }
}

TEST_CASE("risk monitor: constant returns, ruin, equal timestamps") {
    for (const double r : {0.0, 0.01, -0.3, 0.1, 1e-300, 1e8}) {
        Emitted<RiskMonitor> run(RiskMonitor{.window = 7, .confidence_level = 0.05});
        for (int i = 0; i < 30; ++i) run(Value{3, r});
        REQUIRE(run.all.size() == 24);
        for (const Risk& out : run.all) {
            CHECK((out.volatility == 0.0 && out.sharpe == 0.0));
            CHECK((out.value_at_risk == r && out.expected_shortfall == r));
            CHECK((out.drawdown >= 0.0 && out.drawdown == out.max_drawdown));
        }
    }
    Emitted<RiskMonitor> ruined(RiskMonitor{.window = 3});
    for (const double r : {0.5, -1.0, 0.5, 0.5, 0.5, 0.5}) ruined(Value{1, r});
    CHECK(ruined.all[0].drawdown == 1.0);  // what is gone does not come back
    CHECK(ruined.all[1].drawdown == 1.0);
    CHECK(ruined.all[2].drawdown == 0.0);
}

TEST_CASE("risk monitor: values near 1e8 with deviation near 1") {
    Random random(3);
    std::vector<double> returns;
    for (int i = 0; i < 300; ++i) returns.push_back(1e8 + random.normal());
    Emitted<RiskMonitor> run(RiskMonitor{.window = 40, .periods_per_year = 1.0, .compounded = false});
    for (std::size_t i = 0; i < returns.size(); ++i)
        for (const Risk& got : run(Value{1, returns[i]})) {
            const Risk want = plain_risk(1, std::span(returns).subspan(i - 39, 40), options_of(run.op));
            CHECK(std::fabs(got.volatility / want.volatility - 1.0) < 1e-7);
            CHECK(std::fabs(got.expected_shortfall / want.expected_shortfall - 1.0) < 1e-15);
            CHECK(got.max_drawdown == 0.0);
        }
}

}  // namespace openquant::testing
