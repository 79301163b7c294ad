#include "openquant/operators/positions.hpp"

#include "catch.hpp"

#include "emitted.hpp"
#include "random.hpp"

namespace openquant::testing {

TEST_CASE("positions: 0 before the first signal, then the last signal's size") {
    Emitted<Positions> run;
    CHECK((run(Price{1, 100}) == std::vector{Value{1, 0.0}}));
    CHECK(run(Signal{2, 0.6, 1.0, 0.5}).empty());
    CHECK((run(Price{2, 1e8}) == std::vector{Value{2, 0.5}}));
    run(Signal{2, 0.6, -1.0, -1.0});
    run(Signal{2, 0.6, -1.0, -0.25});
    CHECK((run(Price{2, 1e-8}) == std::vector{Value{2, -0.25}}));
    CHECK((run(Price{3, 1e-8}) == std::vector{Value{3, -0.25}}));
}

TEST_CASE("positions: one row per price, carried forward") {
    Random random(1);
    Emitted<Positions> run;
    double held = 0.0;
    for (int i = 0; i < 2'000; ++i) {
        if (random.chance(0.1)) run(Signal{i, 0.5, 1.0, held = random.uniform(-1.0, 1.0)});
        CHECK((run(Price{i, random.uniform(1.0, 2.0)}) == std::vector{Value{i, held}}));
    }
}

}  // namespace openquant::testing
