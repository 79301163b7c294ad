#include "openquant/operators/rolling_max.hpp"

#include "windows.hpp"

namespace openquant::testing {

namespace {

const auto plain = [](Part part) {
    const auto less = [](const Sample& a, const Sample& b) { return a.x < b.x; };
    return relative(std::max_element(part.begin(), part.end(), less)->x);
};

}  // namespace

TEST_CASE("rolling max: worked example") {
    Emitted<RollingMax> run(RollingMax{.window = 3});
    CHECK(run(Value{1, 3.0}).empty());
    CHECK(run(Value{2, 1.0}).empty());
    CHECK((run(Value{3, 2.0}) == std::vector<Value>{{3, 3.0}}));
    CHECK((run(Value{4, 5.0}) == std::vector<Value>{{4, 5.0}}));
    CHECK((run(Value{5, 4.0}) == std::vector<Value>{{5, 5.0}}));
}

TEST_CASE("rolling max: equals the maximum of the window, exactly") { check_windows(RollingMax{}, 1, noise(1, 2'000), 0.0, plain); }

TEST_CASE("rolling max: a spike leaves no trace") { check_windows(RollingMax{}, 1, spiked(2), 0.0, plain); }

TEST_CASE("rolling max: rising and falling values") {
    Samples rising(500), falling(500);
    for (std::size_t i = 0; i < 500; ++i) {
        const auto at = static_cast<double>(i);
        rising[i] = {static_cast<std::int64_t>(i), at, 0.0}, falling[i] = {static_cast<std::int64_t>(i), -at, 0.0};
    }
    check_windows(RollingMax{}, 1, rising, 0.0, plain);
    check_windows(RollingMax{}, 1, falling, 0.0, plain);
}

TEST_CASE("rolling max: pathologies") { check_pathologies(RollingMax{}, 1, 0.0, plain); }

}  // namespace openquant::testing
