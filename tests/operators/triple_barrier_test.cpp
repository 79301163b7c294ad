#include "openquant/operators/triple_barrier.hpp"

#include <cmath>
#include <optional>
#include "catch.hpp"

#include "emitted.hpp"
#include "random.hpp"

namespace openquant::testing {

namespace {

/// A path and the events on it: each falls just after the price at `row`.
struct Path {
    struct Bet {
        std::size_t row;
        double trgt, side;
        std::optional<std::int64_t> until = {};  // vertical barrier
    };
    std::vector<Price> prices;
    std::vector<Bet> bets;
};

/// The definition: for each event, look at price after price until one ends the path. O(prices * events).
std::vector<Label> plain_labels(const TripleBarrier& op, const Path& path) {
    std::vector<std::pair<std::size_t, Label>> ends;
    std::vector<std::pair<std::size_t, std::size_t>> spans;  // first and last row of each path
    std::vector<long double> open(path.prices.size() + 1), shares(open.size()), returns(open.size());
    std::vector<std::int64_t> now(path.prices.size());
    for (std::size_t i = 0; i < now.size(); ++i) now[i] = std::max(path.prices[i].ts, i ? now[i - 1] : 0);
    for (const auto& [row, trgt, bet_side, until] : path.bets) {
        const double side = op.use_side ? bet_side : 1.0, p0 = path.prices[row].price;
        if (!(trgt > op.min_ret) || side == 0.0 || row + 1 == path.prices.size()) continue;
        std::size_t at = row + 1;
        std::optional<Barrier> barrier;
        for (;; ++at) {
            const double r = (path.prices[at].price / p0 - 1.0) * side;
            if (op.pt > 0.0 && r > op.pt * trgt) barrier = Barrier::upper;
            else if (op.sl > 0.0 && r < -op.sl * trgt) barrier = Barrier::lower;
            else if (op.max_bars > 0 && at - row >= static_cast<std::size_t>(op.max_bars)) barrier = Barrier::vertical;
            else if (until && now[at] >= *until) barrier = Barrier::vertical;
            else if (op.max_time_ns > 0 && now[at] - now[row] >= op.max_time_ns) barrier = Barrier::vertical;
            if (barrier || at + 1 == path.prices.size()) break;
        }
        const double ret = (path.prices[at].price / p0 - 1.0) * side;
        const Barrier end = barrier.value_or(Barrier::end);
        const bool zero = op.vertical_label == VerticalLabel::zero && (end == Barrier::vertical || end == Barrier::end);
        spans.push_back({row, at});
        ++open[row + 1], --open[at + 1];
        // Paths cut by the end of the stream come out after those that ended on the last price.
        ends.push_back(
            {barrier ? at : path.prices.size(),
             {now[at], path.prices[row].ts, ret, trgt, op.use_side ? side : 0.0, static_cast<std::int8_t>(zero ? 0 : (ret > 0) - (ret < 0)), end, 0.0, 0.0}});
    }
    for (std::size_t t = 1; t < path.prices.size(); ++t) {
        open[t] += open[t - 1];
        shares[t] = shares[t - 1] + (open[t] > 0 ? 1 / open[t] : 0);
        returns[t] = returns[t - 1] + (open[t] > 0 ? std::log(static_cast<long double>(path.prices[t].price) / path.prices[t - 1].price) / open[t] : 0);
    }
    for (std::size_t i = 0; i < ends.size(); ++i) {
        const auto [row, at] = spans[i];
        ends[i].second.uniqueness = static_cast<double>((shares[at] - shares[row]) / static_cast<long double>(at - row));
        ends[i].second.attribution = static_cast<double>(returns[at] - returns[row]);
    }
    std::stable_sort(ends.begin(), ends.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    std::vector<Label> out;
    for (const auto& [row, label] : ends) out.push_back(label);
    return out;
}

std::vector<Label> labels(TripleBarrier op, const Path& path) {
    op.wired("volatility", true);
    Emitted<TripleBarrier> run(op);
    std::size_t bet = 0;
    for (std::size_t row = 0; row < path.prices.size(); ++row) {
        run(path.prices[row]);
        for (; bet < path.bets.size() && path.bets[bet].row == row; ++bet) {
            const auto& [at, trgt, side, until] = path.bets[bet];
            run(Volatility{path.prices[row].ts, trgt});
            if (until) run(Deadline{path.prices[row].ts, *until});
            else run(Deadline{path.prices[row].ts - 1, path.prices[row].ts + 1});  // of no event
            run(Event{path.prices[row].ts, side, path.prices[row].price});
        }
    }
    run.flush();
    return run.all;
}

/// Ticks on a grid, so that returns meet targets exactly; now and then a late one.
Path path_of(std::uint64_t seed, std::size_t rows, std::size_t bets) {
    Random random(seed);
    Path path;
    double ticks = 5'000.0;
    std::int64_t ts = 1'000 * second;
    for (std::size_t i = 0; i < rows; ++i) {
        ticks = std::max(100.0, ticks + std::round(random.normal() * (random.chance(0.001) ? 500.0 : 3.0)));
        if (random.chance(0.7)) ts += static_cast<std::int64_t>(random.below(2 * second));
        path.prices.push_back({random.chance(0.01) ? ts - second * 3 : ts, ticks * 0.01});
    }
    for (std::size_t i = 0; i < bets; ++i) {
        const std::size_t row = i * rows / bets;
        const double p0 = path.prices[row].price, later = path.prices[std::min(rows - 1, row + random.below(60))].price;
        const double kinds[] = {random.uniform(1e-3, 2e-2), std::abs(later / p0 - 1.0), 1e-300, 0x1p-53, 1e-16, 1e300, random.uniform(0.5, 1.5), 0.0};
        const double side = random.chance(0.5) ? random.sign() : random.chance(0.05) ? 0.0 : random.uniform(-1.0, 1.0);
        path.bets.push_back({row, kinds[random.chance(0.8) ? random.below(2) : random.below(8)], side});
    }
    return path;
}

/// Sums of logarithms may be rounded, everything else is exact.
bool same(Label got, const Label& want) {
    if (std::fabs(got.uniqueness - want.uniqueness) > 1e-13 || std::fabs(got.attribution - want.attribution) > 1e-12) return false;
    got.uniqueness = want.uniqueness, got.attribution = want.attribution;
    return got == want;
}

void check_labels(const TripleBarrier& op, const Path& path) {
    INFO(signature(op));
    const auto expected = plain_labels(op, path), got = labels(op, path);
    REQUIRE(got.size() == expected.size());
    for (std::size_t i = 0; i < got.size(); ++i)
        if (!same(got[i], expected[i])) {
            CAPTURE(i, got[i].start_ts, got[i].trgt, got[i].side, got[i].ret, expected[i].ret, static_cast<int>(got[i].barrier), got[i].uniqueness,
                    expected[i].uniqueness, got[i].attribution, expected[i].attribution);
            FAIL("a label differs from the definition");
        }
}

}  // namespace

TEST_CASE("triple barrier: worked example") {
    Emitted<TripleBarrier> run(TripleBarrier{.pt = 2.0, .sl = 1.0, .target = 0.01});
    CHECK(run(Event{0, 1.0, 99.0}).empty());  // before any price: refused
    CHECK(run.op.refused() == 1);
    run(Price{1, 100.0});
    run(Event{1, 1.0, 100.0});  // upper above 102, lower below 99
    CHECK(run(Price{2, 101.9}).empty());
    run(Event{2, 1.0, 101.9});  // upper above 103.938, lower below 100.881
    CHECK(run(Price{3, 99.5}).size() == 1);
    // Shares bar 3 with the first; the first has bars 2 and 4 for itself.
    CHECK(same(run.all[0], {3, 2, 99.5 / 101.9 - 1.0, 0.01, 0.0, -1, Barrier::lower, 0.5, 0.5 * std::log(99.5 / 101.9)}));
    CHECK(run(Price{4, 103.0}).size() == 1);
    CHECK(same(run.all[1],
               {4, 1, 103.0 / 100.0 - 1.0, 0.01, 0.0, 1, Barrier::upper, 2.5 / 3.0, std::log(1.019) + 0.5 * std::log(99.5 / 101.9) + std::log(103.0 / 99.5)}));
    run(Event{4, 1.0, 103.0});
    run(Price{5, 103.5});
    run(Event{5, 1.0, 103.5});  // on the last price: no path
    CHECK(run.flush().size() == 1);
    CHECK(same(run.all[2], {5, 4, 103.5 / 103.0 - 1.0, 0.01, 0.0, 1, Barrier::end, 1.0, std::log(103.5 / 103.0)}));
}

TEST_CASE("triple barrier: 50,000 labels equal the definition") {
    const Path path = path_of(1, 20'000, 50'000);
    check_labels({.max_bars = 200}, path);
    check_labels({.pt = 1.5, .sl = 0.7, .min_ret = 1e-3, .max_bars = 300, .use_side = true}, path);
}

TEST_CASE("triple barrier: every combination of barriers equals the definition") {
    const Path path = path_of(2, 1'500, 3'000);
    for (const double pt : {0.0, 1.0, 3.0})
        for (const double sl : {0.0, 0.5})
            for (const std::int64_t bars : {0, 1, 25})
                for (const std::int64_t seconds : {0, 40})
                    for (const bool use_side : {false, true})
                        check_labels({.pt = pt,
                                      .sl = sl,
                                      .max_bars = bars,
                                      .max_time_ns = seconds * second,
                                      .use_side = use_side,
                                      .vertical_label = use_side ? VerticalLabel::zero : VerticalLabel::sign},
                                     path);
}

TEST_CASE("triple barrier: values near 1e8 with variance near 1, and jumps of 1e6") {
    Random random(3);
    Path path;
    for (std::size_t i = 0; i < 4'000; ++i) {
        path.prices.push_back({static_cast<std::int64_t>(i / 2), (1e8 + random.normal()) * (random.chance(0.002) ? 1e6 : 1.0)});
        if (random.chance(0.7)) path.bets.push_back({i, std::abs(random.normal()) * 1e-8, random.sign()});
    }
    check_labels({.max_bars = 100, .use_side = true}, path);
    check_labels({.use_side = false}, path);
}

TEST_CASE("triple barrier: each event has a deadline of its own, on a price's time, between two, or past the last") {
    Path path = path_of(8, 3'000, 4'000);
    Random random(9);
    for (auto& bet : path.bets) {
        const std::size_t later = std::min(path.prices.size() - 1, bet.row + random.below(200));
        if (random.chance(0.7)) bet.until = std::max(path.prices[bet.row].ts, path.prices[later].ts + static_cast<std::int64_t>(random.below(3)) * second);
    }
    check_labels({}, path);
    check_labels({.pt = 0.0, .sl = 0.0, .use_side = true}, path);
    check_labels({.max_bars = 50, .vertical_label = VerticalLabel::zero}, path);
}

TEST_CASE("triple barrier: a deadline before its event is refused; one at its time ends the path at the next price") {
    Emitted<TripleBarrier> run;
    run(Price{5, 100.0});
    run(Deadline{5, 4});
    CHECK(run.op.refused() == 1);
    run(Deadline{5, 5});
    run(Event{5, 1.0, 100.0});
    CHECK(run(Price{6, 100.5})[0].barrier == Barrier::vertical);
}

TEST_CASE("triple barrier: a meta-label is whether the bet earned") {
    for (const double last : {99.0, 100.0, 101.0}) {
        Emitted<TripleBarrier> run(TripleBarrier{.pt = 0.0, .sl = 0.0, .use_side = true, .meta_label = true});
        run(Price{1, 100.0});
        run(Event{1, -1.0, 100.0});
        run(Price{2, last});
        CHECK(run.flush()[0].label == (last < 100.0));
    }
}

TEST_CASE("triple barrier: where times are matched, a price and a target of the event's own time are wanted") {
    Emitted<TripleBarrier> run(TripleBarrier{.max_bars = 1, .match_times = true});
    run.op.wired("volatility", true);
    run(Price{1, 100.0});
    run(Volatility{1, 0.02});
    run(Event{1, 1.0, 100.0});
    run(Event{2, 1.0, 100.0});  // between two prices
    run(Price{3, 100.0});
    run(Event{3, 1.0, 100.0});  // the target is that of time 1
    CHECK(run.op.refused() == 2);
    run(Price{4, 100.0});
    CHECK(run.all.size() == 1);
    Emitted<TripleBarrier> constant(TripleBarrier{.match_times = true});  // a target that is no input is of every time
    constant(Price{1, 100.0});
    constant(Event{1, 1.0, 100.0});
    CHECK(constant.op.refused() == 0);
}

TEST_CASE("triple barrier: comparisons are strict") {
    for (const double p1 : {101.0, 99.0, 107.3, 93.1}) {
        const double r = p1 / 100.0 - 1.0;
        for (const bool beyond : {false, true}) {
            Path path{{{1, 100.0}, {2, p1}, {3, 100.0}}, {{0, beyond ? std::nextafter(std::abs(r), 0.0) : std::abs(r), 1.0}}};
            const auto out = labels({}, path);
            REQUIRE(out.size() == 1);
            CHECK(out[0].barrier == (beyond ? (r > 0 ? Barrier::upper : Barrier::lower) : Barrier::end));
        }
    }
}

TEST_CASE("triple barrier: labels released by one price come out in the order of their events") {
    Emitted<TripleBarrier> run(TripleBarrier{.max_bars = 6, .use_side = true});
    Random random(4);
    run(Price{1, 100.0});
    for (int i = 0; i < 50; ++i) run(Event{1 + i, random.chance(0.5) ? -0.5 : 1.0, 100.0}), run(Price{2 + i / 20, 100.0 + (i % 3) * 1e-3});
    const auto all = run(Price{100, 150.0});
    CHECK(all.size() > 4);
    CHECK(std::is_sorted(run.all.begin(), run.all.end(),
                         [](const Label& a, const Label& b) { return std::pair(a.ts, a.start_ts) < std::pair(b.ts, b.start_ts); }));
}

TEST_CASE("triple barrier: an event beyond max_open is refused and counted") {
    Emitted<TripleBarrier> run(TripleBarrier{.max_open = 3});
    run(Price{1, 100.0});
    for (int i = 0; i < 5; ++i) run(Event{1, 1.0, 100.0});
    CHECK(run.op.refused() == 2);
    CHECK(run(Price{2, 200.0}).size() == 3);
    for (int i = 0; i < 5; ++i) run(Event{2, 1.0, 200.0});
    CHECK(run.op.refused() == 4);
    CHECK(run.flush().empty());
}

TEST_CASE("triple barrier: targets and sides that do not count are refused") {
    Emitted<TripleBarrier> run(TripleBarrier{.min_ret = 0.01, .use_side = true});
    run.op.wired("volatility", true);
    run(Price{1, 100.0});
    run(Event{1, 1.0, 100.0});  // no volatility yet: no target
    run(Volatility{1, 0.01});
    run(Event{1, 1.0, 100.0});  // not above min_ret
    run(Volatility{1, 0.02});
    run(Event{1, 0.0, 100.0});  // no side
    CHECK(run.op.refused() == 3);
    run(Event{1, -1.0, 100.0});
    CHECK(run(Price{2, 97.0})[0].label == 1);
}

TEST_CASE("triple barrier: all labels together own every return and every bar once") {
    const Path path = path_of(6, 5'000, 2'000);
    double shares = 0.0, returns = 0.0;
    for (const Label& l : labels({.max_bars = 1}, path)) {
        CHECK((l.uniqueness > 0.0 && l.uniqueness <= 1.0));
        shares += l.uniqueness, returns += l.attribution;
    }
    double bars = 0.0, moves = 0.0;
    std::vector<bool> counts(path.prices.size());
    for (const auto& bet : path.bets)
        if (bet.trgt > 0.0 && bet.row + 1 < path.prices.size()) counts[bet.row] = true;
    for (std::size_t row = 0; row + 1 < path.prices.size(); ++row)
        if (counts[row]) bars += 1.0, moves += std::log(path.prices[row + 1].price / path.prices[row].price);
    CHECK(std::fabs(shares - bars) < 1e-9);
    CHECK(std::fabs(returns - moves) < 1e-9);
}

TEST_CASE("triple barrier: uniqueness and attribution are exact after a million bars and a jump of 1e6") {
    Emitted<TripleBarrier> run(TripleBarrier{.pt = 0.0, .sl = 0.0, .max_bars = 3});
    Random random(7);
    run(Price{0, 1.0});
    run.op.update(Event{0, 1.0, 1.0}, [](const auto&) {});
    double price = 1.0;
    for (int i = 1; i < 1'000'000; ++i) {
        price = i % 1'000 == 500 ? price * 1e6 : i % 1'000 == 501 ? price * 1e-6 : random.uniform(0.9, 1.1);
        run.op.update(Price{i, price}, [](const auto&) {});
        run.op.update(Event{i, 1.0, price}, [](const auto&) {});  // somebody is always open
    }
    run.all.clear();
    for (int i = 0; i < 4; ++i) run(Price{1'000'000 + i, price *= 1.5});
    REQUIRE(run.all.size() == 3);
    CHECK(std::fabs(run.all.back().uniqueness - (1.0 / 3.0 + 1.0 / 2.0 + 1.0) / 3.0) < 1e-14);
}

TEST_CASE("triple barrier: one event, flat market, equal timestamps") {
    Emitted<TripleBarrier> run(TripleBarrier{.max_time_ns = 5});
    run(Price{7, 100.0});
    run(Event{7, 1.0, 100.0});
    for (int i = 0; i < 1'000; ++i) CHECK(run(Price{7, 100.0}).empty());
    const auto out = run(Price{12, 100.0});
    REQUIRE(out.size() == 1);
    CHECK((out[0].label == 0 && out[0].ret == 0.0 && out[0].barrier == Barrier::vertical));
    CHECK(run.flush().empty());
}

TEST_CASE("triple barrier: the whole range of prices") {
    for (const double side : {1.0, -1.0}) {
        Emitted<TripleBarrier> run(TripleBarrier{.pt = 0.0, .sl = 0.0, .use_side = true});
        run(Price{1, smallest});
        run(Event{1, side, smallest});
        run(Price{2, largest});
        const auto out = run.flush();
        REQUIRE(out.size() == 1);
        CHECK(out[0].ret == side * largest);
        CHECK(std::fabs(out[0].attribution - 200.0 * std::log(10.0)) < 1e-12);
    }
}

// At a cost per open label this would be 10^11 steps and run into the time limit of the suite.
TEST_CASE("triple barrier: a tick that touches nothing costs nothing per open label") {
    Emitted<TripleBarrier> run;
    run(Price{1, 100.0});
    Random random(5);
    for (int i = 0; i < 100'000; ++i) {
        run.op.update(Price{2, 100.0 + random.uniform(-0.1, 0.1)}, [](const auto&) {});
        run.op.update(Event{2, 1.0, 100.0}, [](const auto&) {});
    }
    std::size_t rows = 0;
    for (int i = 0; i < 1'000'000; ++i) run.op.update(Price{3, 100.0 + 0.1 * (i % 3 - 1)}, [&](const auto&) { ++rows; });
    CHECK(rows == 0);
    CHECK(run.flush().size() == 100'000);
}

}  // namespace openquant::testing
