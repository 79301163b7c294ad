#include "openquant/operators/rolling_covariance.hpp"

#include "windows.hpp"

namespace openquant::testing {

namespace {

/// The error is measured by the deviations, for a covariance may be near zero beside them.
std::optional<Truth> plain(Part part) {
    if (part.size() < 2) return std::nullopt;
    const long double covariance = std::clamp<long double>(covariance_of(part, &Sample::x, &Sample::y), -largest, largest);  // a valid Value
    return Truth{covariance, deviation_of(part, &Sample::x) * deviation_of(part, &Sample::y)};
}

}  // namespace

TEST_CASE("rolling covariance: worked example") {
    // x 1, 2, 3 and y 2, 6, 4: deviations -1, 0, 1 and -2, 2, 0, products 2 + 0 + 0, over 2. Then x 2, 3, 1 and y 6, 4, 5: 0, 1, -1 and 1, -1, 0.
    Emitted<RollingCovariance> run(RollingCovariance{.window = 3});
    const auto pair = [&](std::int64_t ts, double x, double y) {
        CHECK(run.operator()<0>(Value{ts, x}).empty());
        return run.operator()<1>(Value{ts, y});
    };
    CHECK(pair(1, 1.0, 2.0).empty());
    CHECK(pair(2, 2.0, 6.0).empty());
    CHECK(pair(3, 3.0, 4.0)[0].value == Approx(1.0).epsilon(1e-15));
    CHECK(pair(4, 1.0, 5.0)[0].value == Approx(-0.5).epsilon(1e-15));
}

TEST_CASE("rolling covariance: a y is paired with the last x, and waits for the first") {
    Emitted<RollingCovariance> run(RollingCovariance{.window = 2});
    CHECK(run.operator()<1>(Value{1, 100.0}).empty());
    run.operator()<0>(Value{2, 1.0});
    CHECK(run.operator()<1>(Value{3, 4.0}).empty());
    CHECK((run.operator()<1>(Value{4, 6.0}) == std::vector<Value>{{4, 0.0}}));  // 1 twice
    run.operator()<0>(Value{5, 9.0});
    run.operator()<0>(Value{6, 3.0});
    CHECK((run.operator()<1>(Value{7, 8.0}) == std::vector<Value>{{7, 2.0}}));  // (1, 6) and (3, 8)
}

TEST_CASE("rolling covariance: equals the two-pass formula") { check_windows(RollingCovariance{}, 2, noise(1, 2'000), 1e-12, plain); }

TEST_CASE("rolling covariance: heals once a spike has left") { check_windows(RollingCovariance{}, 2, spiked(2), 1e-12, plain); }

TEST_CASE("rolling covariance: exactly zero while either series stands, also right after a spike has left") {
    for (const std::int64_t window : {2, 3, 10, 99})
        for (const bool x_stands : {false, true}) {
            Emitted<RollingCovariance> run(RollingCovariance{.window = window});
            Random random(3);
            for (std::int64_t i = 0; i < 400; ++i) {
                const double stands = i == 150 ? 1e12 : 0.1, moves = random.normal();
                run.operator()<0>(Value{i, x_stands ? stands : moves});
                for (const Value& v : run.operator()<1>(Value{i, x_stands ? moves : stands}))
                    if ((i < 150 || i >= 150 + window) && v.value != 0.0) FAIL_CHECK("row " << i << ", window " << window << ": " << v.value);
            }
        }
}

TEST_CASE("rolling covariance: values near 1e8 with variance near 1") {
    Samples samples = noise(5, 2'000);
    for (Sample& s : samples) s.x += 1e8, s.y -= 1e8;
    check_windows(RollingCovariance{}, 2, samples, 1e-9, plain);
}

TEST_CASE("rolling covariance: the largest valid numbers make a valid one, so that what reads it stays finite") {
    Emitted<RollingCovariance> run(RollingCovariance{.window = 2});
    for (const double x : {largest, -largest}) run.operator()<0>(Value{1, x}), run.operator()<1>(Value{1, x});
    REQUIRE(run.all.size() == 1);
    CHECK((fault_of(run.all[0]) == Fault::none));
}

TEST_CASE("rolling covariance: pathologies") { check_pathologies(RollingCovariance{}, 2, 1e-12, plain); }

}  // namespace openquant::testing
