#include "openquant/operators/bet_sizer.hpp"

#include <cmath>
#include "catch.hpp"

#include "emitted.hpp"
#include "random.hpp"

namespace openquant::testing {

namespace {

double plain_size(double prob, double classes, double side) {
    const long double z = (static_cast<long double>(prob) - 1.0L / classes) / std::sqrt(static_cast<long double>(prob) * (1.0L - prob));
    return static_cast<double>(side * std::erf(z / std::sqrt(2.0L)));
}

}  // namespace

TEST_CASE("bet sizer: worked example, the last prediction known by then") {
    Emitted<BetSizer> run;
    CHECK(run(Event{1, 1.0, 100.0}).empty());
    CHECK(run.op.refused() == 1);
    CHECK(run(Prediction{2, 0.8, -1.0}).empty());
    run(Prediction{3, 0.6, 1.0});
    // z = 0.1 / sqrt(0.24) = 0.204; 2 Phi(z) - 1 = 0.1617, to the nearest tenth 0.2
    CHECK((run(Event{4, -1.0, 100.0}) == std::vector{Signal{4, 0.6, 1.0, 0.2}}));
    CHECK(run(Event{5, 1.0, 100.0})[0].ts == 5);
}

TEST_CASE("bet sizer: the formula of AFML 10.1 and rounding half to even") {
    Random random(1);
    for (int i = 0; i < 5'000; ++i) {
        const double prob = random.uniform(0.001, 0.999), side = random.uniform(-1.0, 1.0), step = random.uniform(0.001, 1.0);
        const auto classes = static_cast<std::int64_t>(2 + random.below(8));
        Emitted<BetSizer> exact(BetSizer{.num_classes = classes, .step_size = 0.0}), stepped(BetSizer{.num_classes = classes, .step_size = step});
        for (auto* run : {&exact, &stepped}) (*run)(Prediction{1, prob, side}), (*run)(Event{1, 1.0, 1.0});
        const double size = exact.all[0].size;
        CHECK(std::abs(size - plain_size(prob, static_cast<double>(classes), side)) < 1e-14);
        CHECK(std::abs(stepped.all[0].size) <= 1.0);
        if (std::abs(size) + step < 1.0) CHECK(std::abs(stepped.all[0].size - size) <= step * (0.5 + 1e-12));
    }
    CHECK(discrete_signal(0.25, 0.5) == 0.0);
    CHECK(discrete_signal(0.75, 0.5) == 1.0);
    CHECK(discrete_signal(-0.25, 0.5) == 0.0);
    CHECK_FALSE(std::signbit(discrete_signal(-0.01, 0.5)));
}

TEST_CASE("bet sizer: pathologies") {
    Emitted<BetSizer> run(BetSizer{.step_size = 0.0});
    for (const auto& [prob, side, size] : {std::tuple{0.0, 1.0, -1.0}, {1.0, 1.0, 1.0}, {0.0, -1.0, 1.0}, {1.0, -0.5, -0.5}, {0.5, 1.0, 0.0}}) {
        run(Prediction{1, prob, side});
        CHECK(run(Event{1, 1.0, 1e8})[0].size == size);
    }
    for (const double prob : {1e-300, 5e-324, 1.0 - 0x1p-53}) {
        run(Prediction{1, prob, 1.0});
        CHECK(std::isfinite(run(Event{1, 1.0, 1.0})[0].size));
    }
}

}  // namespace openquant::testing
