#include "openquant/operators/ewma_volatility.hpp"

#include <cmath>
#include "catch.hpp"

#include "emitted.hpp"
#include "random.hpp"

namespace openquant::testing {

namespace {

/// pandas: returns.ewm(span=span).std(), by its definition, for the last of the returns.
double plain_deviation(const std::vector<double>& returns, double span) {
    const double decay = 1.0 - 2.0 / (span + 1.0);
    long double weights = 0, squares = 0, sum = 0;
    for (std::size_t i = returns.size(); i-- > 0;) {
        const long double w = std::pow(static_cast<long double>(decay), static_cast<long double>(returns.size() - 1 - i));
        weights += w, squares += w * w, sum += w * returns[i];
    }
    const long double mean = sum / weights;
    long double spread = 0;
    for (std::size_t i = 0; i < returns.size(); ++i) {
        const long double w = std::pow(static_cast<long double>(decay), static_cast<long double>(returns.size() - 1 - i));
        spread += w * (returns[i] - mean) * (returns[i] - mean);
    }
    return static_cast<double>(std::sqrt(spread / weights * (weights * weights / (weights * weights - squares))));
}

/// Every value against the definition over all returns until then.
void check_definition(const std::vector<double>& prices, double span, double tolerance, std::size_t every = 1) {
    Emitted<EwmaVolatility> run(EwmaVolatility{.span = span});
    std::vector<double> returns;
    for (std::size_t i = 0; i < prices.size(); ++i) {
        if (i > 0) returns.push_back(prices[i] / prices[i - 1] - 1.0);
        const auto out = run(Price{static_cast<std::int64_t>(i), prices[i]});
        REQUIRE(out.size() == (i >= 2 ? 1 : 0));
        if (i < 2 || i % every != 0) continue;
        INFO("row " << i << ", span " << span);
        CHECK(out[0].ts == static_cast<std::int64_t>(i));
        CHECK(std::abs(out[0].volatility - plain_deviation(returns, span)) <= tolerance * plain_deviation(returns, span));
    }
}

std::vector<double> walk(std::uint64_t seed, std::size_t n, double deviation) {
    Random random(seed);
    std::vector<double> out{100.0};
    while (out.size() < n) out.push_back(out.back() * (1.0 + deviation * random.normal()));
    return out;
}

}  // namespace

TEST_CASE("ewma volatility: worked example") {
    // Returns 0.1 and -0.1 with span 3 (alpha 1/2): weights 1/2 and 1, mean -1/30, variance 0.04/4.5 = 2/225,
    // bias (9/4) / (9/4 - 5/4) = 9/4, hence sqrt(0.02).
    Emitted<EwmaVolatility> run(EwmaVolatility{.span = 3});
    CHECK(run(Price{1, 100}).empty());
    CHECK(run(Price{2, 110}).empty());
    const auto out = run(Price{3, 99});
    REQUIRE(out.size() == 1);
    CHECK(out[0].volatility == Approx(std::sqrt(0.02)).epsilon(1e-13));
}

TEST_CASE("ewma volatility: equals the weighted standard deviation by its definition") {
    for (const double span : {1.5, 2.0, 20.0, 100.0, 1e6}) check_definition(walk(1, 600, 0.01), span, 1e-10);
}

TEST_CASE("ewma volatility: min_periods is a number of returns") {
    Emitted<EwmaVolatility> run(EwmaVolatility{.span = 10, .min_periods = 5});
    for (int i = 0; i < 5; ++i) CHECK(run(Price{i, 100.0 + i}).empty());
    CHECK(run(Price{5, 104.0}).size() == 1);
}

TEST_CASE("ewma volatility: pathologies") {
    SECTION("one event") {
        Emitted<EwmaVolatility> run;
        CHECK(run(Price{1, 5.0}).empty());
    }
    SECTION("flat market: exactly zero") {
        Emitted<EwmaVolatility> run;
        for (int i = 0; i < 1'000; ++i)
            for (const auto& v : run(Price{1, 123.456})) CHECK(v.volatility == 0.0);
        CHECK(run.all.size() == 998);
    }
    SECTION("span 1 forgets at once: one return has no deviation") {
        Emitted<EwmaVolatility> run(EwmaVolatility{.span = 1});
        for (const double p : walk(2, 50, 0.01)) run(Price{1, p});
        for (const auto& v : run.all) CHECK(v.volatility == 0.0);
    }
    SECTION("a jump of 1e6 and back is forgotten as fast as its weight") {
        auto prices = walk(3, 1'500, 0.001);
        prices[200] *= 1e6;
        check_definition(prices, 10.0, 1e-9, 50);
        Emitted<EwmaVolatility> run(EwmaVolatility{.span = 10});
        for (const double p : prices) run(Price{1, p});
        CHECK(run.all.back().volatility < 0.01);
    }
    SECTION("values near 1e8 with variance near 1") {
        Random random(4);
        std::vector<double> prices;
        for (int i = 0; i < 500; ++i) prices.push_back(1e8 + random.normal());
        check_definition(prices, 50.0, 1e-9, 10);
    }
}

}  // namespace openquant::testing
