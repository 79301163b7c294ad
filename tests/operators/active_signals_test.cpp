#include "openquant/operators/active_signals.hpp"

#include <cmath>
#include <map>
#include "catch.hpp"

#include "emitted.hpp"
#include "random.hpp"

namespace openquant::testing {

namespace {

Label closing(std::int64_t ts, std::int64_t start_ts) {
    Label l;
    l.ts = ts, l.start_ts = start_ts;
    return l;
}

}  // namespace

TEST_CASE("active signals: worked example") {
    Emitted<ActiveSignals> run;
    CHECK((run(Signal{1, 0.75, 1.0, 0.5}) == std::vector{Signal{1, 0.75, 1.0, 0.5}}));
    CHECK((run(Signal{2, 0.25, -1.0, -1.0}) == std::vector{Signal{2, 0.5, -1.0, -0.25}}));
    CHECK((run(Signal{3, 1.0, 1.0, 1.0}) == std::vector{Signal{3, 2.0 / 3.0, 1.0, 0.5 / 3.0}}));
    CHECK((run(closing(4, 2)) == std::vector{Signal{4, 0.875, 1.0, 0.75}}));
    CHECK(run(closing(4, 2)).empty());  // no longer under way
    CHECK(run(closing(4, 9)).empty());  // never was
    CHECK((run(closing(5, 1)) == std::vector{Signal{5, 1.0, 1.0, 1.0}}));
    CHECK((run(closing(6, 3)) == std::vector{Signal{6, 0.0, 0.0, 0.0}}));
    Emitted<ActiveSignals> stepped(ActiveSignals{.step_size = 0.5});
    stepped(Signal{1, 0.5, 1.0, 0.25});
    CHECK(stepped(Signal{1, 0.5, 1.0, 0.5})[0].size == 0.5);
    CHECK(stepped.all[0].size == 0.0);  // ties go to the even multiple
}

TEST_CASE("active signals: the mean of those under way") {
    Random random(1);
    for (const double step : {0.0, 0.1}) {
        Emitted<ActiveSignals> run(ActiveSignals{.step_size = step});
        std::vector<Signal> active;
        std::int64_t ts = 0;
        for (int i = 0; i < 20'000; ++i) {
            ts += static_cast<std::int64_t>(random.below(2));
            std::vector<Signal> out;
            if (random.chance(i < 10'000 ? 0.52 : 0.48)) {
                active.push_back({ts, random.unit(), random.sign(), random.chance(0.01) ? 1e-17 : random.uniform(-1.0, 1.0)});
                out = run(active.back());
            } else if (!active.empty()) {
                const std::int64_t start = active[random.chance(0.7) ? 0 : random.below(active.size())].ts;
                const auto first = std::find_if(active.begin(), active.end(), [&](const Signal& s) { return s.ts == start; });
                out = run(closing(ts, first->ts));
                active.erase(first);
            } else {
                CHECK(run(closing(ts, ts)).empty());
                continue;
            }
            REQUIRE(out.size() == 1);
            const Signal& got = out[0];
            long double prob = 0.0L, size = 0.0L;
            const auto n = static_cast<long double>(active.size());
            for (const Signal& s : active) prob += static_cast<long double>(s.prob) / n, size += static_cast<long double>(s.size) / n;
            CHECK(got.ts == ts);
            CHECK(std::fabs(got.prob - static_cast<double>(prob)) < 1e-15);
            if (step == 0.0) CHECK(std::fabs(got.size - static_cast<double>(size)) < 1e-15);
            else if (std::fabs(std::remainder(static_cast<double>(size) - 0.05, 0.1)) > 1e-12)
                CHECK(got.size == discrete_signal(static_cast<double>(size), step));
            if (std::fabs(size) > 1e-12L) CHECK(got.side == (size > 0.0L ? 1.0 : -1.0));
        }
    }
}

TEST_CASE("active signals: a bet that has ended leaves no trace") {
    Random random(2);
    Emitted<ActiveSignals> run;
    for (int i = 0; i < 100'000; ++i) {
        run.op.update(Signal{i, random.unit(), 1.0, random.uniform(-1.0, 1.0) * (random.chance(0.5) ? 1.0 : 1e-9)}, [](const auto&) {});
        if (i > 50) run.op.update(closing(i, i - 50 + static_cast<int>(random.below(40))), [](const auto&) {});
    }
    run(Signal{200'000, 0.375, 1.0, 0.625});
    for (int i = 0; i < 100'000; ++i) run.op.update(closing(200'000, i), [](const auto&) {});
    CHECK((run(Signal{200'001, 0.625, 1.0, 0.125}) == std::vector{Signal{200'001, 0.5, 1.0, 0.375}}));
}

TEST_CASE("active signals: labels of one time close their bets in the order they began") {
    Emitted<ActiveSignals> run;
    for (const double size : {1.0, 0.5, -0.25}) run(Signal{7, 0.5, 1.0, size});
    CHECK(run(closing(8, 7))[0].size == 0.125);
    CHECK(run(closing(8, 7))[0].size == -0.25);
    CHECK((run(closing(8, 7)) == std::vector{Signal{8, 0.0, 0.0, 0.0}}));
    CHECK(run(closing(8, 7)).empty());
}

TEST_CASE("active signals: a bet beyond max_active is refused and counted") {
    Emitted<ActiveSignals> run(ActiveSignals{.max_active = 2});
    for (int i = 0; i < 5; ++i) CHECK(run(Signal{i, 0.5, 1.0, 1.0}).size() == (i < 2 ? 1 : 0));
    CHECK(run.op.refused() == 3);
    CHECK(run(closing(6, 3)).empty());  // refused: not under way
    CHECK(run(closing(6, 0)).size() == 1);
    CHECK(run(Signal{7, 0.5, 1.0, 1.0}).size() == 1);
    CHECK(run.op.refused() == 3);
}

TEST_CASE("active signals: a clock that steps back, sizes at the ends") {
    Emitted<ActiveSignals> run;
    run(Signal{10, 1.0, 1.0, 1.0});
    CHECK((run(Signal{8, 0.0, -1.0, -1.0}) == std::vector{Signal{10, 0.5, 0.0, 0.0}}));
    CHECK_FALSE(std::signbit(run.all[1].size));
    CHECK((run(closing(11, 10)) == std::vector{Signal{11, 0.0, -1.0, -1.0}}));
    CHECK(run(closing(11, 10)).empty());
    CHECK((run(closing(11, 8)) == std::vector{Signal{11, 0.0, 0.0, 0.0}}));
}

TEST_CASE("active signals: bets that come late keep their place, also among many that have ended") {
    Emitted<ActiveSignals> run;
    for (const std::int64_t ts : {10, 20, 30, 5, 20, 15}) run(Signal{ts, 0.5, 1.0, static_cast<double>(ts) / 100.0});
    CHECK(run(closing(31, 20)).size() == 1);
    CHECK(run(closing(31, 20)).size() == 1);
    CHECK(run(closing(31, 20)).empty());
    for (const std::int64_t ts : {15, 30, 5}) CHECK(run(closing(32, ts)).size() == 1);
    CHECK(run.all.back().size == Approx(0.1));
}

TEST_CASE("active signals: a bet that no label closes ends by its age") {
    Emitted<ActiveSignals> run(ActiveSignals{.max_age_ns = 10});
    run(Signal{1, 0.5, 1.0, 0.5});
    run(Signal{5, 0.5, 1.0, 0.3});
    CHECK((run(Signal{11, 0.5, 1.0, 0.1}) == std::vector{Signal{11, 0.5, 1.0, 0.2}}));  // the one of 1 is 10 old
    CHECK((run(closing(15, 1)) == std::vector{Signal{15, 0.5, 1.0, 0.1}}));             // it has ended before; the one of 5 ends now
    CHECK(run(closing(16, 5)).empty());
    CHECK((run(closing(30, 0)) == std::vector{Signal{30, 0.0, 0.0, 0.0}}));
}

}  // namespace openquant::testing
