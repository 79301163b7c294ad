#include "openquant/operators/rolling_quantile.hpp"

#include "windows.hpp"

namespace openquant::testing {

namespace {

/// Linear between the two nearest of the sorted values (numpy's default), by definition.
auto plain(double quantile) {
    return [quantile](Part part) {
        std::vector<long double> sorted;
        for (const Sample& s : part) sorted.push_back(s.x);
        std::sort(sorted.begin(), sorted.end());
        const long double place = static_cast<long double>(quantile) * static_cast<long double>(sorted.size() - 1);
        const auto below = std::min(static_cast<std::size_t>(place), sorted.size() - 1);
        const auto above = std::min(below + 1, sorted.size() - 1);
        return relative(sorted[below] + (sorted[above] - sorted[below]) * (place - static_cast<long double>(below)));
    };
}

constexpr double quantiles[] = {0.0, 0.05, 0.25, 0.5, 2.0 / 3.0, 0.99, 1.0};

}  // namespace

TEST_CASE("rolling quantile: worked example") {
    Emitted<RollingQuantile> median(RollingQuantile{.quantile = 0.5, .window = 4}), quarter(RollingQuantile{.quantile = 0.25, .window = 4});
    for (const double x : {4.0, 1.0, 3.0}) CHECK((median(Value{1, x}).empty() && quarter(Value{1, x}).empty()));
    // Sorted 1, 3, 4, 10: the median is halfway from 3 to 4, the quarter at place 0.75, between 1 and 3. Then 1, 2, 3, 10.
    CHECK(median(Value{2, 10.0})[0].value == 3.5);
    CHECK(quarter(Value{2, 10.0})[0].value == 2.5);
    CHECK(median(Value{3, 2.0})[0].value == 2.5);
    CHECK(quarter(Value{3, 2.0})[0].value == 1.75);
}

TEST_CASE("rolling quantile: equals the definition on the sorted window") {
    for (const double q : quantiles) check_windows(RollingQuantile{.quantile = q}, 1, noise(1, 700), 1e-14, plain(q));
}

TEST_CASE("rolling quantile: heals once a spike has left") {
    for (const double q : {0.05, 0.5, 0.99}) check_windows(RollingQuantile{.quantile = q}, 1, spiked(2), 1e-9, plain(q));
}

TEST_CASE("rolling quantile: 0 and 1 are the least and the greatest, exactly") {
    for (const double q : {0.0, 1.0}) check_windows(RollingQuantile{.quantile = q}, 1, spiked(3), 0.0, plain(q));
}

TEST_CASE("rolling quantile: many equal values") {
    Samples samples = noise(4, 700);
    for (Sample& s : samples) s.x = std::round(s.x);
    for (const double q : quantiles) check_windows(RollingQuantile{.quantile = q}, 1, samples, 1e-14, plain(q));
}

TEST_CASE("rolling quantile: pathologies") {
    for (const double q : {0.0, 0.3, 1.0}) check_pathologies(RollingQuantile{.quantile = q}, 1, 1e-14, plain(q));
}

}  // namespace openquant::testing
