#include "openquant/operators/ewma_std.hpp"

#include "windows.hpp"

namespace openquant::testing {

namespace {

/// pandas: ewm().std(), by its definition. Deviations are from the newest value and the correction a sum of pairs, so that weights next to nothing
/// count as well.
Truth plain(Part part, const std::vector<long double>& weights) {
    const auto off = [&](std::size_t i) { return static_cast<long double>(part[i].x) - part.back().x; };
    long double total = 0.0L, pairs = 0.0L, mean = 0.0L, spread = 0.0L;
    for (std::size_t i = 0; i < part.size(); ++i) {
        pairs += 2.0L * weights[i] * total;
        total += weights[i], mean += weights[i] * off(i);
    }
    mean /= total;
    for (std::size_t i = 0; i < part.size(); ++i) spread += weights[i] * (off(i) - mean) * (off(i) - mean);
    const long double deviation = pairs > 0.0L ? std::sqrt(spread * total / pairs) : 0.0L;
    return {deviation, deviation};
}

}  // namespace

TEST_CASE("ewma std: worked example") {
    // Span 3: weights 1/4, 1/2, 1 and mean 3, variance (4/4 + 1/2 + 1) / (7/4) = 10/7, bias (49/16) / (49/16 - 21/16) = 7/4.
    Emitted<EwmaStd> run(EwmaStd{.span = 3});
    CHECK(run(Value{1, 1.0}).empty());
    CHECK(run(Value{2, 2.0})[0].value == Approx(std::sqrt(0.5)).epsilon(1e-14));
    CHECK(run(Value{3, 4.0})[0].value == Approx(std::sqrt(2.5)).epsilon(1e-14));
}

TEST_CASE("ewma std: half life") {
    Emitted<EwmaStd> run(EwmaStd{.half_life_ns = 10});  // the same weights
    CHECK(run(Value{100, 1.0}).empty());
    CHECK(run(Value{110, 2.0})[0].value == Approx(std::sqrt(0.5)).epsilon(1e-14));
    CHECK(run(Value{120, 4.0})[0].value == Approx(std::sqrt(2.5)).epsilon(1e-14));
}

TEST_CASE("ewma std: equals the weighted standard deviation by its definition") {
    for (const double span : {1.001, 2.0, 20.0, 100.0, 1e6}) check_decayed(EwmaStd{.span = span}, noise(1, 700), 1e-10, 3, plain);
    for (const std::int64_t half_life : {100, 1'000, 1'000'000}) check_decayed(EwmaStd{.half_life_ns = half_life}, noise(2, 700), 1e-10, 3, plain);
}

TEST_CASE("ewma std: after a long silence the past weighs little, yet the two moments stand for two values") {
    // However small the weight of the first of two values, their deviation is |a - b| / sqrt(2).
    for (const std::int64_t silence : {1, 10, 20, 30, 40, 50, 60, 200, 900}) {
        Emitted<EwmaStd> run(EwmaStd{.half_life_ns = 10});
        run(Value{0, 100.0});
        CAPTURE(silence);
        CHECK(run(Value{10 * silence, 103.0})[0].value == Approx(3.0 / std::sqrt(2.0)).epsilon(1e-9));
    }
    check_decayed(EwmaStd{.half_life_ns = 1}, noise(2, 700), 1e-9, 1, plain);
    for (const double before : {1e4, 1e12, -1e12, 1e100})
        check_decayed(EwmaStd{.half_life_ns = 10}, {{0, before, 0}, {9'000, 100.1, 0}, {9'005, 100.3, 0}, {9'010, 99.8, 0}}, 1e-9, 1, plain);
}

TEST_CASE("ewma std: a spike fades as its weight does") {
    for (const double span : {3.0, 10.0, 50.0}) check_decayed(EwmaStd{.span = span}, spiked(3), 1e-9, 13, plain);
    check_decayed(EwmaStd{.half_life_ns = 20}, spiked(3), 1e-9, 13, plain);
    for (const double spike : {1e4, 1e6, 1e8, 1e12, -1e12}) {
        Emitted<EwmaStd> run(EwmaStd{.span = 5});
        for (std::int64_t i = 0; i < 400; ++i) run(Value{i, i == 50 ? spike : 100.0});
        CHECK(run.all.back().value < 1e-12);
    }
}

TEST_CASE("ewma std: min_periods is a number of values") {
    Emitted<EwmaStd> run(EwmaStd{.min_periods = 5});
    for (int i = 0; i < 4; ++i) CHECK(run(Value{i, 1.0}).empty());
    CHECK(run(Value{4, 1.0}).size() == 1);
}

TEST_CASE("ewma std: pathologies") {
    Samples equal = noise(4, 300), flat = noise(5, 300), large = noise(6, 300), extreme = noise(7, 300);
    Random random(8);
    for (Sample& s : equal) s.ts = 7;
    for (Sample& s : flat) s.x = 100.1;
    for (Sample& s : large) s.x += 1e8;
    for (Sample& s : extreme) s.x = random.sign() * (random.chance(0.2) ? smallest : largest);
    for (const EwmaStd& op : {EwmaStd{.span = 10}, EwmaStd{.half_life_ns = 50}}) {
        check_decayed(op, {{7, 5.0, 0.0}}, 0.0, 1, plain);
        check_decayed(op, flat, 0.0, 1, [](Part, const auto&) { return Truth{}; });
        check_decayed(op, equal, 1e-10, 3, plain);
        check_decayed(op, large, 1e-7, 3, plain);
        check_decayed(op, extreme, 1e-9, 3, plain);
    }
}

}  // namespace openquant::testing
