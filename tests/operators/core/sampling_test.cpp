#include "openquant/operators/core/sampling.hpp"

#include <array>
#include <cmath>
#include "catch.hpp"

#include "random.hpp"

namespace openquant::testing {

namespace {

using Bars = std::vector<std::vector<std::int64_t>>;  // of each label

LabelRuns intervals(const std::vector<Run>& runs) {
    LabelRuns labels;
    for (const Run& run : runs) labels.add(std::span(&run, 1));
    return labels;
}

Bars bars_of(const LabelRuns& labels) {
    Bars out(labels.size());
    for (std::size_t i = 0; i < labels.size(); ++i)
        for (const Run& run : labels[i])
            for (std::int64_t bar = run.begin; bar < run.end; ++bar) out[i].push_back(bar);
    return out;
}

/// Bar by bar: mean of 1 / (shares + times that the bar is covered by `drawn`).
std::vector<double> plain_means(const Bars& labels, std::int64_t n_bars, const std::vector<std::size_t>& drawn, int shares) {
    std::vector<int> count(static_cast<std::size_t>(n_bars), shares);
    for (const std::size_t label : drawn)
        for (const std::int64_t bar : labels[label]) ++count[static_cast<std::size_t>(bar)];
    std::vector<double> out;
    for (const auto& bars : labels) {
        double sum = 0.0;
        for (const std::int64_t bar : bars) sum += 1.0 / count[static_cast<std::size_t>(bar)];
        out.push_back(sum / static_cast<double>(bars.size()));
    }
    return out;
}

/// Some of many short runs, some of one long run, gaps that nobody covers.
LabelRuns random_labels(Random& random, std::size_t n, std::int64_t n_bars) {
    LabelRuns labels;
    const auto below = [&](std::int64_t most) { return static_cast<std::int64_t>(random.below(static_cast<std::size_t>(std::max<std::int64_t>(1, most)))); };
    for (std::size_t i = 0; i < n; ++i) {
        std::vector<Run> runs;
        std::int64_t at = below(n_bars - 1);
        const bool ragged = random.chance(0.3);
        do {
            const std::int64_t end = std::min(n_bars, at + 1 + below(random.chance(0.2) ? n_bars : 20));
            runs.push_back({at, end});
            at = end + 1 + below(10);
        } while (ragged && at < n_bars && runs.size() < 12);
        labels.add(runs);
    }
    return labels;
}

}  // namespace

TEST_CASE("sampling: AFML's three labels") {
    const LabelRuns labels = intervals({{0, 3}, {2, 4}, {4, 6}});
    CHECK(average_uniqueness(labels) == Approx(31.0 / 36.0).epsilon(1e-15));
    SequentialBootstrap bootstrap(labels, 1);
    for (const double p : bootstrap.probabilities()) CHECK(p == Approx(1.0 / 3.0).epsilon(1e-15));
    bootstrap.take(1);
    const auto p = bootstrap.probabilities();
    for (std::size_t i = 0; i < 3; ++i) CHECK(p[i] == Approx(std::array{5.0, 3.0, 6.0}[i] / 14.0).epsilon(1e-15));
}

TEST_CASE("sampling: probabilities and draws equal those counted bar by bar") {
    Random random(1);
    for (int round = 0; round < 60; ++round) {
        const std::size_t n = 1 + random.below(round % 10 ? 30 : 700);
        const std::int64_t n_bars = 2 + static_cast<std::int64_t>(random.below(round % 10 ? 200 : 3000));
        const LabelRuns labels = random_labels(random, n, n_bars);
        const Bars bars = bars_of(labels);
        const auto seed = random.bits();
        SequentialBootstrap bootstrap(labels, seed);
        Xoshiro uniforms(seed);
        std::vector<std::size_t> drawn;
        for (int draw = 0; draw < 25; ++draw) {
            const std::vector<double> want = plain_means(bars, n_bars, drawn, 1), got = bootstrap.probabilities();
            double total = 0.0, upto = 0.0;
            for (const double mean : want) total += mean;
            for (std::size_t i = 0; i < n; ++i) REQUIRE(got[i] == Approx(want[i] / total).epsilon(1e-11));
            drawn.push_back(bootstrap.draw());
            for (std::size_t i = 0; i < drawn.back(); ++i) upto += want[i] / total;
            const double u = uniforms.unit();
            REQUIRE(u >= upto - 1e-11);
            REQUIRE(u <= upto + want[drawn.back()] / total + 1e-11);
        }
    }
}

TEST_CASE("sampling: average uniqueness counted bar by bar") {
    Random random(2);
    for (int round = 0; round < 100; ++round) {
        const std::int64_t n_bars = 2 + static_cast<std::int64_t>(random.below(2000));
        const LabelRuns labels = random_labels(random, 1 + random.below(300), n_bars);
        std::vector<std::size_t> every(labels.size());
        for (std::size_t i = 0; i < every.size(); ++i) every[i] = i;
        double sum = 0.0;
        for (const double mean : plain_means(bars_of(labels), n_bars, every, 0)) sum += mean;
        CHECK(average_uniqueness(labels) == Approx(sum / static_cast<double>(labels.size())).epsilon(1e-12));
    }
}

TEST_CASE("sampling: a matrix's columns become their runs") {
    Random random(3);
    for (int round = 0; round < 60; ++round) {
        const std::int64_t n_bars = 2 + static_cast<std::int64_t>(random.below(100));
        const LabelRuns labels = random_labels(random, 1 + random.below(200), n_bars);
        std::vector<std::int8_t> cells(labels.size() * static_cast<std::size_t>(n_bars), 0);
        const Bars bars = bars_of(labels);
        for (std::size_t i = 0; i < bars.size(); ++i)
            for (const std::int64_t bar : bars[i]) cells[static_cast<std::size_t>(bar) * bars.size() + i] = 1;
        const LabelRuns got = runs_of_columns(cells, bars.size());
        REQUIRE(got.size() == labels.size());
        for (std::size_t i = 0; i < got.size(); ++i) {
            REQUIRE(got[i].size() == labels[i].size());
            REQUIRE(std::equal(got[i].begin(), got[i].end(), labels[i].begin()));
        }
    }
    CHECK(runs_of_columns({}, 0).size() == 0);
}

TEST_CASE("sampling: the number of stretches at and around a block's end") {
    for (const std::int64_t n : {1, 127, 128, 129, 255, 256, 257, 511, 512, 513}) {
        std::vector<Run> runs{{0, n}};
        for (std::int64_t bar = 0; bar < n; ++bar) runs.push_back({bar, bar + 1});
        const LabelRuns labels = intervals(runs);
        SequentialBootstrap bootstrap(labels, 1);
        bootstrap.take(labels.size() - 1);
        const auto p = bootstrap.probabilities();
        const auto whole = static_cast<double>(n);
        const double first = (whole - 0.5) / whole, total = first + (whole - 0.5);
        CHECK(p[0] == Approx(first / total).epsilon(1e-13));
        CHECK(p.back() == Approx(0.5 / total).epsilon(1e-13));
    }
}

TEST_CASE("sampling: bars that nobody covers do not matter, however many") {
    SequentialBootstrap near(intervals({{0, 3}, {2, 4}, {4, 6}}), 5), far(intervals({{0, 3}, {2, 4}, {1'000'000'000'000'000, 1'000'000'000'000'002}}), 5);
    for (int i = 0; i < 100; ++i) REQUIRE(near.draw() == far.draw());
}

TEST_CASE("random: xoshiro256** as published") {
    // The first outputs for state 1, 2, 3, 4 are 11520, 0, 1509978240; here of SplitMix64's state for seed 0, by the authors' code.
    Xoshiro random(0);
    for (const std::uint64_t want : {0x99ec5f36cb75f2b4u, 0xbf6e1f784956452au, 0x1a5f849d4933e6e0u, 0x6aa594f1262d2d2cu}) CHECK(random.bits() == want);
    Xoshiro uniform(1);
    double sum = 0.0;
    for (int i = 0; i < 100'000; ++i) {
        const double u = uniform.unit();
        if (!(u >= 0.0 && u < 1.0)) FAIL_CHECK(u);
        sum += u;
    }
    CHECK(std::fabs(sum / 100'000 - 0.5) < 0.005);
}

}  // namespace openquant::testing
