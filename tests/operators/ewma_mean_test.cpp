#include "openquant/operators/ewma_mean.hpp"

#include "windows.hpp"

namespace openquant::testing {

namespace {

/// The error is measured by the mean size, for the mean may pass zero while a negative spike fades.
Truth plain(Part part, const std::vector<long double>& weights) {
    long double total = 0.0L, sum = 0.0L, size = 0.0L;
    for (std::size_t i = 0; i < part.size(); ++i) {
        total += weights[i], sum += weights[i] * part[i].x;
        size += weights[i] * std::abs(static_cast<long double>(part[i].x));
    }
    return {sum / total, size / total};
}

}  // namespace

TEST_CASE("ewma mean: worked example") {
    // Span 3 is alpha 1/2: weights 1/4, 1/2, 1, hence (1/4 + 2/2 + 4) / (7/4).
    Emitted<EwmaMean> run(EwmaMean{.span = 3});
    CHECK(run(Value{1, 1.0})[0].value == 1.0);
    CHECK(run(Value{2, 2.0})[0].value == Approx(5.0 / 3.0).epsilon(1e-15));
    CHECK(run(Value{3, 4.0})[0].value == Approx(3.0).epsilon(1e-15));
}

TEST_CASE("ewma mean: half life") {
    // At 110 the first weighs 1/2; a step back changes no weight; at 130 the others weigh 1/8, 1/4 and 1/4.
    Emitted<EwmaMean> run(EwmaMean{.half_life_ns = 10});
    CHECK(run(Value{100, 1.0})[0].value == 1.0);
    CHECK(run(Value{110, 4.0})[0].value == Approx(3.0).epsilon(1e-15));
    CHECK(run(Value{90, 5.0})[0].value == Approx(9.5 / 2.5).epsilon(1e-15));
    CHECK(run(Value{130, 2.0})[0].value == Approx((0.125 + 1.0 + 1.25 + 2.0) / 1.625).epsilon(1e-15));
    CHECK(run(Value{1'000'000'000, 7.0})[0].value == 7.0);  // all else is forgotten
}

TEST_CASE("ewma mean: equals the weighted mean by its definition") {
    for (const double span : {1.0, 1.001, 2.0, 20.0, 100.0, 1e6}) check_decayed(EwmaMean{.span = span}, noise(1, 700), 1e-13, 3, plain);
    for (const std::int64_t half_life : {1, 7, 100, 1'000'000}) check_decayed(EwmaMean{.half_life_ns = half_life}, noise(2, 700), 1e-13, 3, plain);
}

TEST_CASE("ewma mean: a spike fades as its weight does") {
    for (const double span : {3.0, 10.0, 50.0}) check_decayed(EwmaMean{.span = span}, spiked(3), 1e-9, 13, plain);
    check_decayed(EwmaMean{.half_life_ns = 5}, spiked(3), 1e-9, 13, plain);
    for (const double spike : {1e4, 1e6, 1e8, 1e12, -1e12}) {
        Emitted<EwmaMean> run(EwmaMean{.span = 5});
        for (std::int64_t i = 0; i < 300; ++i) run(Value{i, i == 50 ? spike : 100.0});
        CHECK(run.all.back().value == Approx(100.0).epsilon(1e-12));
    }
}

TEST_CASE("ewma mean: what weighs nothing leaves no trace, however large it was") {
    for (const double before : {1.0, 1e4, 1e8, 1e12, -1e12, 1e100}) {
        Emitted<EwmaMean> last(EwmaMean{.span = 1}), silent(EwmaMean{.half_life_ns = 10});
        last(Value{0, before}), silent(Value{0, before});
        CAPTURE(before);
        CHECK(last(Value{1, 100.1})[0].value == 100.1);
        CHECK(silent(Value{20'000, 100.1})[0].value == 100.1);
        check_decayed(EwmaMean{.half_life_ns = 10}, {{0, before, 0}, {2'000, 100.1, 0}, {2'005, 100.3, 0}, {2'010, 99.8, 0}}, 1e-9, 1, plain);
    }
}

TEST_CASE("ewma mean: min_periods is a number of values") {
    Emitted<EwmaMean> run(EwmaMean{.min_periods = 5});
    for (int i = 0; i < 4; ++i) CHECK(run(Value{i, 1.0}).empty());
    CHECK(run(Value{4, 1.0}).size() == 1);
}

TEST_CASE("ewma mean: pathologies") {
    Samples equal = noise(4, 300), flat = noise(5, 300), extreme = noise(6, 300);
    Random random(7);
    for (Sample& s : equal) s.ts = 7;
    for (Sample& s : flat) s.x = 100.1;
    for (Sample& s : extreme) s.x = random.sign() * (random.chance(0.2) ? smallest : largest);
    for (const EwmaMean& op : {EwmaMean{.span = 10}, EwmaMean{.half_life_ns = 5}}) {
        check_decayed(op, {{7, 5.0, 0.0}}, 0.0, 1, plain);
        check_decayed(op, flat, 0.0, 1, [](Part, const auto&) { return Truth{100.1, 100.1}; });
        check_decayed(op, equal, 1e-13, 3, plain);
        check_decayed(op, extreme, 1e-9, 3, plain);
    }
}

}  // namespace openquant::testing
