#include "openquant/operators/rolling_mean.hpp"

#include "windows.hpp"

namespace openquant::testing {

namespace {

const auto plain = [](Part part) { return relative(mean_of(part, &Sample::x)); };

}  // namespace

TEST_CASE("rolling mean: worked example") {
    Emitted<RollingMean> run(RollingMean{.window = 3});
    CHECK(run(Value{1, 1.0}).empty());
    CHECK(run(Value{2, 2.0}).empty());
    CHECK((run(Value{3, 6.0}) == std::vector<Value>{{3, 3.0}}));
    CHECK((run(Value{4, 4.0}) == std::vector<Value>{{4, 4.0}}));
    CHECK((run(Value{5, -10.0}) == std::vector<Value>{{5, 0.0}}));
}

TEST_CASE("rolling mean: a window of time begins just after now - window_ns, and now never steps back") {
    Emitted<RollingMean> run(RollingMean{.window_ns = 10});
    CHECK((run(Value{100, 1.0}) == std::vector<Value>{{100, 1.0}}));
    CHECK((run(Value{109, 2.0}) == std::vector<Value>{{109, 1.5}}));
    CHECK((run(Value{110, 4.0}) == std::vector<Value>{{110, 3.0}}));  // the one of 100 has left
    CHECK((run(Value{50, 12.0}) == std::vector<Value>{{50, 6.0}}));   // counts as of 110
    CHECK((run(Value{119, 22.0}) == std::vector<Value>{{119, (4.0 + 12.0 + 22.0) / 3.0}}));
    CHECK((run(Value{120, 8.0}) == std::vector<Value>{{120, 15.0}}));  // both of 110 have left
}

TEST_CASE("rolling mean: equals the definition") { check_windows(RollingMean{}, 1, noise(1, 2'000), 1e-14, plain); }

TEST_CASE("rolling mean: heals once a spike has left") { check_windows(RollingMean{}, 1, spiked(2), 1e-12, plain); }

TEST_CASE("rolling mean: pathologies") { check_pathologies(RollingMean{}, 1, 1e-14, plain); }

}  // namespace openquant::testing
