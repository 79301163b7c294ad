#include "openquant/operators/rolling_std.hpp"

#include "windows.hpp"

namespace openquant::testing {

namespace {

const auto plain = [](Part part) { return part.size() > 1 ? relative(deviation_of(part, &Sample::x)) : std::nullopt; };

}  // namespace

TEST_CASE("rolling std: worked example") {
    // 1, 3, 5: mean 3, squares 4 + 0 + 4, over 2. Then 3, 5, 1 as before, and 5, 1, 9: mean 5, squares 16 + 16.
    Emitted<RollingStd> run(RollingStd{.window = 3});
    CHECK(run(Value{1, 1.0}).empty());
    CHECK(run(Value{2, 3.0}).empty());
    CHECK(run(Value{3, 5.0})[0].value == Approx(2.0).epsilon(1e-15));
    CHECK(run(Value{4, 1.0})[0].value == Approx(2.0).epsilon(1e-15));
    CHECK(run(Value{5, 9.0})[0].value == Approx(4.0).epsilon(1e-15));
}

TEST_CASE("rolling std: equals the two-pass formula") { check_windows(RollingStd{}, 2, noise(1, 2'000), 1e-12, plain); }

TEST_CASE("rolling std: heals once a spike has left") { check_windows(RollingStd{}, 2, spiked(2), 1e-12, plain); }

TEST_CASE("rolling std: exactly zero on equal values, also right after a spike has left") {
    for (const double spike : {1e4, 1e6, 1e8, 1e12, -1e12, 1e100})
        for (const std::int64_t window : {2, 3, 4, 5, 10, 99, 100})
            for (const bool by_time : {false, true}) {
                Emitted<RollingStd> run(RollingStd{.window = window, .window_ns = by_time ? window : 0});
                for (std::int64_t i = 0; i < 500; ++i) {
                    const auto out = run(Value{i, i == 150 ? spike : 123.456});
                    const bool inside = i >= 150 && i < 150 + window;
                    if (!out.empty() && (inside ? out[0].value <= 0.0 : out[0].value != 0.0)) FAIL_CHECK("row " << i << ", window " << window);
                }
                CHECK(run.all.size() == static_cast<std::size_t>(by_time ? 499 : 501 - window));
            }
}

TEST_CASE("rolling std: values near 1e8 with variance near 1") {
    Samples samples = noise(3, 2'000);
    for (Sample& s : samples) s.x += 1e8;
    check_windows(RollingStd{}, 2, samples, 1e-9, plain);
}

TEST_CASE("rolling std: pathologies") { check_pathologies(RollingStd{}, 2, 1e-12, plain); }

}  // namespace openquant::testing
