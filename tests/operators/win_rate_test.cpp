#include "openquant/operators/win_rate.hpp"

#include "catch.hpp"

#include "emitted.hpp"
#include "random.hpp"

namespace openquant::testing {

namespace {

Label label(std::int64_t ts, double side, int outcome) {
    Label l;
    l.ts = ts, l.start_ts = ts, l.side = side, l.label = static_cast<std::int8_t>(outcome);
    return l;
}

}  // namespace

TEST_CASE("win rate: worked example by the rule of succession") {
    Emitted<WinRate> run;
    CHECK((run(Event{1, 1.0, 100.0}) == std::vector{Prediction{1, 0.5, 1.0}}));  // nothing known: (1 + 0) / (2 + 0)
    run(label(2, 1.0, 1));
    run(label(3, 1.0, 1));
    run(label(4, 1.0, -1));
    run(label(5, -1.0, 0));
    CHECK((run(Event{6, 1.0, 100.0}) == std::vector{Prediction{6, 3.0 / 5.0, 1.0}}));
    CHECK((run(Event{7, -0.5, 100.0}) == std::vector{Prediction{7, 1.0 / 3.0, -0.5}}));
}

TEST_CASE("win rate: counts of the event's side over everything closed before it") {
    Random random(1);
    Emitted<WinRate> run;
    std::vector<Label> closed;
    std::uint64_t without_side = 0;
    for (int i = 0; i < 5'000; ++i) {
        const double side = random.chance(0.1) ? 0.0 : random.uniform(-1.0, 1.0);
        without_side += side == 0.0;
        if (random.chance(0.5)) {
            closed.push_back(label(i, side, static_cast<int>(random.below(3)) - 1));
            CHECK(run(closed.back()).empty());
            continue;
        }
        const auto out = run(Event{i, side, 1.0});
        REQUIRE(out.size() == (side == 0.0 ? 0 : 1));
        if (out.empty()) continue;
        double wins = 0.0, count = 0.0;
        for (const Label& l : closed) wins += l.side * side > 0.0 && l.label > 0, count += l.side * side > 0.0;
        CHECK(out[0].prob == (1.0 + wins) / (2.0 + count));
        CHECK(out[0].side == side);
    }
    CHECK(run.op.refused() == without_side);
}

TEST_CASE("win rate: pathologies") {
    Emitted<WinRate> run;
    for (int i = 0; i < 1'000'000; ++i) run.op.update(label(5, 1.0, 1), [](const auto&) {});  // equal timestamps, all won
    CHECK(run(Event{5, 1.0, 1e8})[0].prob == 1'000'001.0 / 1'000'002.0);
    CHECK(run(Event{5, -1.0, 1e8})[0].prob == 0.5);
    CHECK(run(Event{5, 0.0, 1e8}).empty());
}

}  // namespace openquant::testing
