#include "openquant/operators/discrete_signals.hpp"

#include <cmath>
#include "catch.hpp"

#include "emitted.hpp"
#include "random.hpp"
#include "refusal.hpp"

namespace openquant::testing {

TEST_CASE("discrete signals: worked example") {
    Emitted<DiscreteSignals> run(DiscreteSignals{.step_size = 0.25});
    CHECK((run(Signal{1, 0.6, 1.0, 0.3}) == std::vector{Signal{1, 0.6, 1.0, 0.25}}));
    CHECK((run(Signal{2, 0.6, -1.0, -0.4}) == std::vector{Signal{2, 0.6, -1.0, -0.5}}));
    // Ties go to the even multiple.
    CHECK(run(Signal{3, 0.6, 1.0, 0.125})[0].size == 0.0);
    CHECK(run(Signal{3, 0.6, 1.0, 0.375})[0].size == 0.5);
    CHECK(run(Signal{3, 0.6, 1.0, -0.375})[0].size == -0.5);
}

TEST_CASE("discrete signals: the nearest multiple within -1 and 1") {
    Random random(1);
    for (int i = 0; i < 20'000; ++i) {
        const double size = random.uniform(-1.0, 1.0), step = random.chance(0.3) ? 0.1 : random.uniform(1e-6, 1.0);
        Emitted<DiscreteSignals> run(DiscreteSignals{.step_size = step});
        const auto out = run(Signal{i, 0.5, 1.0, size});
        REQUIRE(out.size() == 1);
        const double below = std::floor(size / step) * step, above = std::ceil(size / step) * step;
        const double best = std::fmin(1.0, std::fmax(-1.0, size - below < above - size ? below : above));
        if (std::fabs(std::fabs(std::remainder(size, step)) - 0.5 * step) > 1e-12) CHECK(out[0].size == best);
        CHECK((out[0].ts == i && out[0].prob == 0.5 && out[0].side == 1.0));
    }
}

TEST_CASE("discrete signals: flat, extremes and steps that do not divide 1") {
    for (const double step : {1e-300, 1e-17, 0.1, 0.3, 0.7, 1.0}) {
        Emitted<DiscreteSignals> run(DiscreteSignals{.step_size = step});
        for (const double size : {0.0, -0.0, 1.0, -1.0, 5e-324, -1e-300, 0x1p-53, 1.0 - 0x1p-53}) {
            const double out = run(Signal{1, 0.5, 1.0, size})[0].size;
            CHECK((std::isfinite(out) && std::fabs(out) <= 1.0 && !(out == 0.0 && std::signbit(out))));
            CHECK(out == -run(Signal{1, 0.5, -1.0, -size})[0].size);
        }
    }
    CHECK(Emitted<DiscreteSignals>(DiscreteSignals{.step_size = 0.7})(Signal{1, 0.5, 1.0, 1.0})[0].size == 0.7);
    CHECK(says(refusal([] { check(DiscreteSignals{.step_size = 0.0}); }), {"DiscreteSignals", "step_size"}));
    CHECK(says(refusal([] { check(DiscreteSignals{.step_size = 1.1}); }), {"DiscreteSignals", "step_size"}));
}

}  // namespace openquant::testing
