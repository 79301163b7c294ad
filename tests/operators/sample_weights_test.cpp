#include "openquant/operators/sample_weights.hpp"

#include <algorithm>
#include <cmath>
#include "catch.hpp"

#include "emitted.hpp"
#include "random.hpp"

namespace openquant::testing {

namespace {

Label label(std::int64_t ts, std::int64_t start_ts, double uniqueness, double attribution) {
    Label l;
    l.ts = ts, l.start_ts = start_ts, l.uniqueness = uniqueness, l.attribution = attribution;
    return l;
}

/// AFML snippets 4.10 and 4.11 as printed, on labels in the order of their events.
std::vector<double> plain_weights(const std::vector<Label>& labels, bool by_attribution, double last_weight) {
    std::vector<double> decay, out;
    double sum = 0.0, total = 0.0;
    for (const Label& l : labels) decay.push_back(sum += l.uniqueness);
    const double slope = last_weight >= 0.0 ? (1.0 - last_weight) / sum : 1.0 / ((last_weight + 1.0) * sum), constant = 1.0 - slope * sum;
    for (double& d : decay) d = std::max(0.0, constant + slope * d);
    for (std::size_t i = 0; i < labels.size(); ++i) {
        out.push_back((by_attribution ? std::fabs(labels[i].attribution) : labels[i].uniqueness) * decay[i]);
        total += out.back();
    }
    for (double& w : out) w *= static_cast<double>(out.size()) / total;
    return out;
}

}  // namespace

TEST_CASE("sample weights: worked example") {
    Emitted<SampleWeights> run(SampleWeights{.oldest = 0.5});
    CHECK(run(label(9, 2, 0.5, -0.03)).empty());  // closes before the label of an earlier event
    CHECK(run(label(10, 1, 0.5, 0.01)).empty());
    CHECK(run(label(11, 3, 1.0, 0.02)).empty());
    const auto out = run.flush();
    REQUIRE(out.size() == 3);
    // Cumulative uniqueness 0.5, 1, 2 of 2: decay 0.5 + 0.5 * that share
    const double decay[] = {0.625, 0.75, 1.0}, raw[] = {0.01 * 0.625, 0.03 * 0.75, 0.02};
    for (std::size_t i = 0; i < 3; ++i) {
        CHECK((out[i].start_ts == static_cast<std::int64_t>(i) + 1 && out[i].decay == decay[i]));
        CHECK(out[i].weight == Approx(3.0 * raw[i] / (raw[0] + raw[1] + raw[2])));
    }
    CHECK((out[0].ts == 10 && out[1].ts == 9 && out[2].uniqueness == 1.0));
}

TEST_CASE("sample weights: the snippets of the book") {
    Random random(1);
    for (int i = 0; i < 200; ++i) {
        const double oldest = random.chance(0.2) ? 1.0 : random.chance(0.2) ? 0.0 : random.uniform(-0.95, 1.0);
        const bool by_attribution = random.chance(0.5);
        std::vector<Label> labels;
        const std::size_t n = 1 + random.below(200);
        for (std::size_t k = 0; k < n; ++k)
            labels.push_back(label(static_cast<std::int64_t>(random.below(1'000)), static_cast<std::int64_t>(random.below(100)), random.uniform(0.01, 1.0),
                                   0.1 * random.normal()));
        Emitted<SampleWeights> run(SampleWeights{.source = by_attribution ? WeightSource::attribution : WeightSource::uniqueness, .oldest = oldest});
        for (const Label& l : labels) CHECK(run(l).empty());
        std::stable_sort(labels.begin(), labels.end(), [](const Label& a, const Label& b) { return a.start_ts < b.start_ts; });
        const auto expected = plain_weights(labels, by_attribution, oldest);
        const auto out = run.flush();
        REQUIRE(out.size() == n);
        double sum = 0.0;
        for (std::size_t k = 0; k < n; ++k) {
            CHECK((out[k].ts == labels[k].ts && out[k].start_ts == labels[k].start_ts && out[k].uniqueness == labels[k].uniqueness));
            CHECK(std::fabs(out[k].weight - expected[k]) < 1e-10 * static_cast<double>(n));
            CHECK((out[k].decay >= 0.0 && out[k].decay <= 1.0));
            sum += out[k].weight;
        }
        CHECK(out.back().decay == 1.0);
        CHECK(sum == Approx(static_cast<double>(n)).epsilon(1e-12));
    }
}

TEST_CASE("sample weights: below 0 that share of the oldest counts nothing") {
    Emitted<SampleWeights> run(SampleWeights{.source = WeightSource::uniqueness, .oldest = -0.5});
    for (int i = 0; i < 8; ++i) run(label(i, i, 0.5, 0.0));
    const auto out = run.flush();
    for (std::size_t i = 0; i < 8; ++i) CHECK(out[i].decay == (i < 4 ? 0.0 : 0.25 * static_cast<double>(i - 3)));
}

TEST_CASE("sample weights: none, one, all of one time, none of any size, extremes") {
    CHECK(Emitted<SampleWeights>().flush().empty());
    Emitted<SampleWeights> one;
    one(label(5, 1, 1.0, -1e-12));
    CHECK((one.flush() == std::vector{SampleWeight{5, 1, 1.0, 1.0, 1.0}}));
    Emitted<SampleWeights> same(SampleWeights{.oldest = 0.0});
    for (int i = 0; i < 4; ++i) same(label(10 - i, 7, 1.0, 0.1));
    const auto in_order = same.flush();
    for (int i = 0; i < 4; ++i) CHECK((in_order[static_cast<std::size_t>(i)].ts == 10 - i && in_order[static_cast<std::size_t>(i)].decay == 0.25 * (i + 1)));
    for (const auto source : {WeightSource::attribution, WeightSource::uniqueness})
        for (const double oldest : {-0.999999, 0.0, 1.0})
            for (const double size : {0.0, 5e-324, 1e-300, 1.0, largest}) {
                Emitted<SampleWeights> run(SampleWeights{.source = source, .oldest = oldest});
                for (int i = 0; i < 5; ++i) run(label(i, i, i % 2 ? 0.0 : std::min(1.0, size), i % 3 ? 0.0 : i % 2 ? size : -size));
                for (const SampleWeight& w : run.flush()) CHECK((std::isfinite(w.weight) && w.weight >= 0.0 && std::isfinite(w.decay)));
            }
}

TEST_CASE("sample weights: a label beyond max_labels is refused and counted") {
    Emitted<SampleWeights> run(SampleWeights{.max_labels = 2});
    for (int i = 0; i < 5; ++i) run(label(i, i, 1.0, 0.1));
    CHECK(run.op.refused() == 3);
    CHECK(run.flush().size() == 2);
}

}  // namespace openquant::testing
