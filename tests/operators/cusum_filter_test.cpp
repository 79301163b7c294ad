#include "openquant/operators/cusum_filter.hpp"

#include <cmath>
#include "catch.hpp"

#include "emitted.hpp"
#include "random.hpp"

namespace openquant::testing {

namespace {

using Events = std::vector<std::pair<std::size_t, double>>;

/// Definition (AFML 2.5.2.1) in long double: index and side of each event.
Events plain_events(const std::vector<double>& prices, double threshold) {
    Events out;
    long double up = 0, down = 0;
    for (std::size_t i = 1; i < prices.size(); ++i) {
        const long double r = std::log(static_cast<long double>(prices[i]) / static_cast<long double>(prices[i - 1]));
        up = std::max(0.0L, up + r), down = std::min(0.0L, down + r);
        if (down < -threshold) down = 0, out.emplace_back(i, -1.0);
        else if (up > threshold) up = 0, out.emplace_back(i, 1.0);
    }
    return out;
}

Events events(const std::vector<double>& prices, double threshold) {
    Emitted<CusumFilter> run(CusumFilter{.threshold = threshold});
    Events out;
    for (std::size_t i = 0; i < prices.size(); ++i)
        for (const Event& e : run(Price{static_cast<std::int64_t>(i), prices[i]})) {
            out.emplace_back(i, e.side);
            CHECK((e.price == prices[i] && e.ts == static_cast<std::int64_t>(i)));
        }
    return out;
}

/// The same with a threshold per price, 0 while there is none, by the definition.
Events plain_events(const std::vector<double>& prices, const std::vector<double>& thresholds) {
    Events out;
    long double up = 0, down = 0;
    for (std::size_t i = 1; i < prices.size(); ++i) {
        if (thresholds[i] == 0.0) continue;
        const long double r = std::log(static_cast<long double>(prices[i]) / static_cast<long double>(prices[i - 1]));
        up = std::max(0.0L, up + r), down = std::min(0.0L, down + r);
        if (down < -thresholds[i]) down = 0, out.emplace_back(i, -1.0);
        else if (up > thresholds[i]) up = 0, out.emplace_back(i, 1.0);
    }
    return out;
}

Emitted<CusumFilter> scaled(double multiple = 1.0) {
    Emitted<CusumFilter> run(CusumFilter{.threshold = 1e-9, .multiple = multiple});  // not used: thresholds are wired
    run.op.wired("thresholds", true);
    return run;
}

/// A threshold is sent where it changes, just before the price of its row.
Events events(const std::vector<double>& prices, const std::vector<double>& thresholds, double multiple = 1.0) {
    auto run = scaled(multiple);
    Events out;
    double last = 0.0;
    for (std::size_t i = 0; i < prices.size(); ++i) {
        const auto ts = static_cast<std::int64_t>(i);
        if (thresholds[i] != last) CHECK(run(Value{ts, last = thresholds[i]}).empty());
        for (const Event& e : run(Price{ts, prices[i]})) out.emplace_back(i, e.side);
    }
    CHECK(run.op.refused() == 0);
    return out;
}

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

TEST_CASE("cusum: thresholds, worked example") {
    const double e = std::exp(1.0);
    auto run = scaled(2.0);
    // Log returns +1, +1, +1, -1 and -1; the first is before any threshold and does not count.
    CHECK(run(Price{1, 1.0}).empty());
    CHECK(run(Price{2, e}).empty());
    run(Value{3, 0.75});
    CHECK(run(Price{3, e * e}).empty());
    CHECK((run(Price{4, e * e * e}) == std::vector<Event>{{4, 1.0, e * e * e}}));  // 2 > 1.5
    run(Value{5, 0.25});                                                           // holds for the price of its own row
    CHECK((run(Price{5, e * e}) == std::vector<Event>{{5, -1.0, e * e}}));         // 1 > 0.5
    run(Value{6, 0.6});
    CHECK(run(Price{6, e}).empty());  // 1 is not above 1.2
}

TEST_CASE("cusum: thresholds equal the definition, and a constant one a number") {
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
        Random random(seed);
        std::vector<double> prices{100.0};
        for (int i = 0; i < 5'000; ++i) prices.push_back(prices.back() * (1.0 + 0.002 * random.normal()));
        const std::size_t first = random.below(100);
        std::vector<double> steps, every;
        for (std::size_t i = 0; i < prices.size(); ++i) {
            steps.push_back(i < first ? 0.0 : i == first || random.chance(0.05) ? random.uniform(0.001, 0.02) : steps.back());
            every.push_back(random.uniform(0.0005, 0.02));
        }
        CHECK((events(prices, steps) == plain_events(prices, steps)));
        CHECK((events(prices, every) == plain_events(prices, every)));
        CHECK(events(prices, steps).size() > 10);
        const std::vector<double> constant(prices.size(), 0.01), half(prices.size(), 0.005);
        CHECK((events(prices, constant) == events(prices, 0.01)));
        CHECK((events(prices, half, 2.0) == events(prices, 0.01)));
    }
}

TEST_CASE("cusum: a threshold that is not above zero is refused, and the last one stays") {
    auto run = scaled();
    for (const double bad : {0.0, -0.01, -1e100}) run(Value{1, bad});
    CHECK(run.op.refused() == 3);
    for (const double price : {100.0, 200.0, 100.0}) CHECK(run(Price{1, price}).empty());
    run(Value{2, 0.5}), run(Value{2, 0.0});
    CHECK(run.op.refused() == 4);
    CHECK(run(Price{2, 150.0}).empty());  // ln 1.5 = 0.41
    CHECK(run(Price{3, 170.0}).size() == 1);
}

TEST_CASE("cusum: thresholds of any valid size") {
    auto run = scaled(1e300);
    run(Value{1, largest});
    for (const double price : {1.0, largest, smallest}) CHECK(run(Price{1, price}).empty());
    run = scaled();
    run(Value{1, smallest});
    CHECK(run(Price{1, 1.0}).empty());
    CHECK(run(Price{1, std::nextafter(1.0, 2.0)}).size() == 1);
    CHECK(run(Price{1, 1.0}).size() == 1);
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
