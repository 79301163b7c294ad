#include "openquant/operators/cusum_filter.hpp"

#include <cmath>
#include "catch.hpp"

#include "emitted.hpp"
#include "random.hpp"

namespace openquant::testing {

namespace {

/// Definition (AFML 2.5.2.1) in long double: index and side of each event.
std::vector<std::pair<std::size_t, double>> plain_events(const std::vector<double>& prices, double threshold) {
    std::vector<std::pair<std::size_t, double>> out;
    long double up = 0, down = 0;
    for (std::size_t i = 1; i < prices.size(); ++i) {
        const long double r = std::log(static_cast<long double>(prices[i]) / static_cast<long double>(prices[i - 1]));
        up = std::max(0.0L, up + r), down = std::min(0.0L, down + r);
        if (down < -threshold) down = 0, out.emplace_back(i, -1.0);
        else if (up > threshold) up = 0, out.emplace_back(i, 1.0);
    }
    return out;
}

std::vector<std::pair<std::size_t, double>> events(const std::vector<double>& prices, double threshold) {
    Emitted<CusumFilter> run(CusumFilter{.threshold = threshold});
    std::vector<std::pair<std::size_t, double>> out;
    for (std::size_t i = 0; i < prices.size(); ++i)
        for (const Event& e : run(Price{static_cast<std::int64_t>(i), prices[i]})) {
            out.emplace_back(i, e.side);
            CHECK((e.price == prices[i] && e.ts == static_cast<std::int64_t>(i)));
        }
    return out;
}

using Events = std::vector<std::pair<std::size_t, double>>;

}  // namespace

TEST_CASE("cusum: worked example, only the side that fired starts anew") {
    const double e = std::exp(1.0);
    // Log returns +1, +1, -1, -1, -1, +1 against 1.5.
    CHECK((events({1, e, e * e, e, 1, 1 / e, 1}, 1.5) == Events{{2, 1.0}, {4, -1.0}}));
}

TEST_CASE("cusum: the comparison is strict") {
    const double r = det::log(1.25);
    CHECK(events({1, 1.25}, r).empty());
    CHECK(events({1, 1.25}, std::nextafter(r, 0.0)).size() == 1);
    CHECK(events({1.25, 1}, -det::log(0.8)).empty());
    CHECK(events({1.25, 1}, std::nextafter(-det::log(0.8), 0.0)).size() == 1);
}

TEST_CASE("cusum: equals the definition on random walks") {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        Random random(seed);
        std::vector<double> prices{100.0};
        for (int i = 0; i < 5'000; ++i) prices.push_back(prices.back() * (1.0 + 0.002 * random.normal()));
        for (const double threshold : {0.0005, 0.01, 0.05}) {
            const auto expected = plain_events(prices, threshold);
            CHECK((events(prices, threshold) == expected));
            CHECK(expected.size() > 10);
        }
    }
}

TEST_CASE("cusum: pathologies") {
    CHECK(events({}, 0.01).empty());
    CHECK(events({100}, 0.01).empty());
    CHECK(events(std::vector<double>(1'000, 100.0), 1e-15).empty());         // flat market
    CHECK((events({1, 1e6, 1e6, 1}, 0.01) == Events{{1, 1.0}, {3, -1.0}}));  // jumps: one event each
    std::vector<double> prices;
    Random random(9);
    for (int i = 0; i < 3'000; ++i) prices.push_back(1e8 + random.normal());
    CHECK((events(prices, 2e-8) == plain_events(prices, 2e-8)));
    CHECK(events(prices, 2e-8).size() > 100);
    Emitted<CusumFilter> run;  // equal timestamps change nothing
    for (const double price : {100.0, 102.0, 104.0}) run(Price{7, price});
    CHECK(run.all.size() == 2);
}

}  // namespace openquant::testing
