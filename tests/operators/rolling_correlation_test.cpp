#include "openquant/operators/rolling_correlation.hpp"

#include "windows.hpp"

namespace openquant::testing {

namespace {

std::optional<Truth> plain(Part part) {
    if (part.size() < 2 || constant(part, &Sample::x) || constant(part, &Sample::y)) return std::nullopt;
    return Truth{covariance_of(part, &Sample::x, &Sample::y) / (deviation_of(part, &Sample::x) * deviation_of(part, &Sample::y)), 1.0L};
}

}  // namespace

TEST_CASE("rolling correlation: worked example") {
    // x 1, 2, 3 and y 2, 6, 4: products of the deviations 2, squares 2 and 8. Then x 2, 3, 1 and y 6, 4, 5: products -1, squares 2 and 2.
    Emitted<RollingCorrelation> run(RollingCorrelation{.window = 3});
    const auto pair = [&](std::int64_t ts, double x, double y) {
        CHECK(run.operator()<0>(Value{ts, x}).empty());
        return run.operator()<1>(Value{ts, y});
    };
    CHECK(pair(1, 1.0, 2.0).empty());
    CHECK(pair(2, 2.0, 6.0).empty());
    CHECK(pair(3, 3.0, 4.0)[0].value == Approx(0.5).epsilon(1e-15));
    CHECK(pair(4, 1.0, 5.0)[0].value == Approx(-0.5).epsilon(1e-15));
}

TEST_CASE("rolling correlation: a y is paired with the last x, and waits for the first") {
    Emitted<RollingCorrelation> run(RollingCorrelation{.window = 2});
    CHECK(run.operator()<1>(Value{1, 100.0}).empty());
    run.operator()<0>(Value{2, 1.0});
    CHECK(run.operator()<1>(Value{3, 4.0}).empty());
    run.operator()<0>(Value{4, 9.0});
    run.operator()<0>(Value{5, 3.0});
    CHECK(run.operator()<1>(Value{6, 2.0})[0].value == Approx(-1.0).epsilon(1e-15));
}

TEST_CASE("rolling correlation: equals the two-pass formula") { check_windows(RollingCorrelation{}, 2, noise(1, 2'000), 1e-12, plain); }

TEST_CASE("rolling correlation: heals once a spike has left") { check_windows(RollingCorrelation{}, 2, spiked(2), 1e-12, plain); }

TEST_CASE("rolling correlation: nothing while either series stands") {
    Samples samples = noise(3, 2'000);
    for (std::size_t i = 0; i < samples.size(); ++i) {
        if (i % 700 >= 200 && i % 700 < 400) samples[i].x = 100.1;
        if (i % 700 >= 300 && i % 700 < 500) samples[i].y = -0.3;
        if (i % 700 == 199) samples[i].x = 1e12;
        if (i % 700 == 299) samples[i].y = -1e12;
    }
    check_windows(RollingCorrelation{}, 2, samples, 1e-12, plain);
}

TEST_CASE("rolling correlation: never beyond 1, also of series that are the same") {
    for (const double scale : {1.0, -3.0, 1e-90, 1e90}) {
        Emitted<RollingCorrelation> run(RollingCorrelation{.window = 7});
        for (const Sample& s : noise(4, 2'000)) {
            run.operator()<0>(Value{s.ts, s.x});
            for (const Value& v : run.operator()<1>(Value{s.ts, scale * s.x}))
                if (!(std::abs(v.value) <= 1.0) || std::abs(v.value - std::copysign(1.0, scale)) > 1e-12) FAIL_CHECK(v.value);
        }
        CHECK(run.all.size() == 1'994);
    }
}

TEST_CASE("rolling correlation: values near 1e8 with variance near 1") {
    Samples samples = noise(5, 2'000);
    for (Sample& s : samples) s.x += 1e8, s.y -= 1e8;
    check_windows(RollingCorrelation{}, 2, samples, 1e-9, plain);
}

TEST_CASE("rolling correlation: pathologies") { check_pathologies(RollingCorrelation{}, 2, 1e-12, plain); }

}  // namespace openquant::testing
