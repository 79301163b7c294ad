#include "openquant/operators/core/math.hpp"

#include <cmath>
#include "catch.hpp"

#include "random.hpp"

namespace openquant::testing {

namespace {

/// Distance in units of the last place of the true value.
double ulps(double got, long double truth) {
    const double rounded = static_cast<double>(truth);
    const double place = std::nextafter(std::abs(rounded), std::numeric_limits<double>::infinity()) - std::abs(rounded);
    return static_cast<double>(std::abs(static_cast<long double>(got) - truth) / place);
}

double log_error(double x) { return ulps(det::log(x), std::log(static_cast<long double>(x))); }
double exp2_error(double x) { return ulps(det::exp2(x), std::exp2(static_cast<long double>(x))); }
double pow_error(double x, double w) { return ulps(det::pow(x, w), std::pow(static_cast<long double>(x), static_cast<long double>(w))); }
double erf_error(double x) { return ulps(det::erf(x), std::erf(static_cast<long double>(x))); }

}  // namespace

TEST_CASE("det::log is within one ulp of the truth everywhere") {
    Random random(1);
    double worst = 0.0;
    for (int i = 0; i < 300'000; ++i) {
        const auto bits = random.bits() & 0x7fffffffffffffff;
        const double x = std::bit_cast<double>(bits);
        if (x > 0.0 && std::isfinite(x)) worst = std::max(worst, log_error(x));
        worst = std::max(worst, log_error(1.0 + random.uniform(-0.3, 0.5)));
        worst = std::max(worst, log_error(1.0 + std::ldexp(random.uniform(-1.0, 1.0), -static_cast<int>(random.below(50)) - 1)));
    }
    for (const double x :
         {5e-324, 2.2e-308, 2.2250738585072014e-308, 0.5, 0.70710678118654752, 0.7071067811865476, 1.4142135623730951, 2.0, 1.7976931348623157e308})
        worst = std::max(worst, log_error(x));
    CAPTURE(worst);
    CHECK(worst <= 1.0);
}

TEST_CASE("det::log at the edges") {
    CHECK(det::log(1.0) == 0.0);
    CHECK(det::log(0.0) == -std::numeric_limits<double>::infinity());
    CHECK(det::log(std::numeric_limits<double>::infinity()) == std::numeric_limits<double>::infinity());
    CHECK(std::isnan(det::log(-1.0)));
    CHECK(std::isnan(det::log(std::numeric_limits<double>::quiet_NaN())));
}

TEST_CASE("det::exp2 is within one ulp of the truth everywhere") {
    Random random(3);
    double worst = 0.0, at = 0.0;
    const auto meet = [&](double x) {
        const double error = exp2_error(x);
        if (error > worst) worst = error, at = x;
    };
    for (int i = 0; i < 300'000; ++i) {
        meet(random.uniform(-1.0, 0.0));
        meet(random.uniform(-1'074.0, 0.0));
        meet(-std::ldexp(random.unit(), -static_cast<int>(random.below(80))));
    }
    for (int k = -1'070; k <= 0; ++k)
        for (const double x : {k - 0.5, k - 0.25, k - 0x1p-40}) meet(x), meet(std::nextafter(x, 0.0)), meet(std::nextafter(x, -2'000.0));
    for (const double x : {-0.44908177656748349, -0.45122113564839228, -0.4696392394879948}) meet(x);  // the worst of sixty million
    CAPTURE(worst, at);
    CHECK(worst <= 1.0);
}

TEST_CASE("det::exp2 at the edges") {
    for (int k = 0; k >= -1'074; --k)
        if (det::exp2(k) != std::ldexp(1.0, k)) FAIL_CHECK("2^" << k);
    CHECK(det::exp2(-0.0) == 1.0);
    CHECK(det::exp2(-5e-324) == 1.0);
    CHECK(det::exp2(-1'074.9) == 5e-324);
    for (const double x : {-1'075.0, std::nextafter(-1'075.0, -2'000.0), -1e300, -std::numeric_limits<double>::infinity()}) CHECK(det::exp2(x) == 0.0);
    CHECK(std::isnan(det::exp2(std::numeric_limits<double>::quiet_NaN())));
    double before = 1.0;
    for (int i = 0; i <= 110'000; ++i) {
        const double now = det::exp2(-i * 0.01);
        if (now > before) FAIL_CHECK("exp2 falls at " << -i * 0.01);
        before = now;
    }
}

TEST_CASE("det::pow is within one ulp of the truth everywhere") {
    Random random(4);
    double worst = 0.0, at = 0.0, to = 0.0;
    const auto meet = [&](double x, double w) {
        const long double truth = std::pow(static_cast<long double>(x), static_cast<long double>(w));
        if (truth > std::numeric_limits<double>::max() || truth < 5e-324L) return;
        const double error = pow_error(x, w);
        if (error > worst) worst = error, at = x, to = w;
    };
    for (int i = 0; i < 300'000; ++i) {
        meet(random.unit(), random.uniform(0.0, 4.0));
        meet(random.unit(), random.uniform(-300.0, 300.0));
        meet(1.0 + std::ldexp(random.uniform(-1.0, 1.0), -static_cast<int>(random.below(50)) - 1), random.uniform(-1e4, 1e4));
        meet(1.0 - std::ldexp(random.unit(), -static_cast<int>(random.below(52)) - 1), std::ldexp(random.unit(), static_cast<int>(random.below(60))));
        meet(std::bit_cast<double>(random.bits() & 0x7fefffffffffffff), random.uniform(-1.0, 1.0));
    }
    for (const double x : {5e-324, 2.2250738585072014e-308, 0.5, 0.70710678118654746, 0.70710678118654757, 1.4142135623730949, 1.4142135623730951, 2.0, 3.0})
        for (const double w : {1e-300, 1e-17, 1.0 / 3.0, 0.5, 1.0, 1.5, 2.0, 3.0, -1.0}) meet(x, w);
    CAPTURE(worst, at, to);
    CHECK(worst <= 1.0);
}

TEST_CASE("det::pow at the edges") {
    constexpr double inf = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN(),
                     largest = std::numeric_limits<double>::max();
    for (const double w : {0.0, -0.0, 1.0, -3.0, 1e300, inf}) CHECK(det::pow(1.0, w) == 1.0);
    for (const double x : {0.0, 0.3, 1.0, 7.0, inf}) CHECK(det::pow(x, 0.0) == 1.0);
    for (int k = -1'074; k < 1'024; ++k)
        if (det::pow(2.0, k) != std::ldexp(1.0, k) || det::pow(0.5, -k) != std::ldexp(1.0, k)) FAIL_CHECK("2^" << k);
    CHECK((det::pow(0.0, 0.5) == 0.0 && det::pow(0.0, -0.5) == inf && det::pow(inf, 0.5) == inf && det::pow(inf, -2.0) == 0.0));
    CHECK((det::pow(0.9, 1e300) == 0.0 && det::pow(1.1, 1e300) == inf && det::pow(0.9, -inf) == inf && det::pow(1.1, -inf) == 0.0));
    CHECK((det::pow(largest, 1.0) == largest && det::pow(5e-324, 1.0) == 5e-324 && det::pow(0.5, 1e-320) == 1.0));
    CHECK((std::isnan(det::pow(-1.0, 2.0)) && std::isnan(det::pow(nan, 2.0)) && std::isnan(det::pow(0.5, nan)) && std::isnan(det::pow(0.0, nan))));
    double before = 0.0;
    for (int i = 0; i <= 100'000; ++i) {
        const double now = det::pow(i * 1e-5, 0.7);
        if (now < before) FAIL_CHECK("pow falls at " << i * 1e-5);
        before = now;
    }
}

TEST_CASE("det::erf is within one ulp of the truth everywhere") {
    Random random(2);
    double worst = 0.0, at = 0.0;
    const auto meet = [&](double x) {
        const double error = erf_error(x);
        if (error > worst) worst = error, at = x;
    };
    for (int i = 0; i < 200'000; ++i) {
        meet(random.uniform(-6.5, 6.5));
        meet(std::ldexp(random.uniform(-1.0, 1.0), -static_cast<int>(random.below(300))));
    }
    for (int node = 0; node <= 100; ++node)
        for (const double edge : {node / 16.0, std::nextafter(node / 16.0, 0.0), std::nextafter(node / 16.0, 10.0)})
            if (edge != 0.0) meet(edge), meet(-edge);
    CAPTURE(worst, at);
    CHECK(worst <= 1.0);
}

TEST_CASE("det::erf at the edges") {
    CHECK(det::erf(0.0) == 0.0);
    CHECK(std::signbit(det::erf(-0.0)));
    CHECK(det::erf(std::numeric_limits<double>::infinity()) == 1.0);
    CHECK(det::erf(-1e300) == -1.0);
    CHECK(std::isnan(det::erf(std::numeric_limits<double>::quiet_NaN())));
    double before = -1.0;
    for (int i = -70'000; i <= 70'000; ++i) {
        const double now = det::erf(i * 1e-4);
        if (now < before) FAIL_CHECK("erf falls at " << i * 1e-4);
        before = now;
    }
}

}  // namespace openquant::testing
