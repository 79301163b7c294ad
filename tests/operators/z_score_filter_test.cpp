#include "openquant/operators/z_score_filter.hpp"

#include "windows.hpp"

namespace openquant::testing {

namespace {

using Indices = std::vector<std::pair<std::size_t, double>>;

ZScoreFilter filter(std::int64_t mean_window, std::int64_t std_window, double threshold, ZSide side) {
    return {.mean_window = mean_window, .std_window = std_window, .threshold = threshold, .side = side};
}

/// Index and side of each event.
Indices events(const ZScoreFilter& op, const std::vector<double>& prices) {
    Emitted<ZScoreFilter> run(op);
    Indices out;
    for (std::size_t i = 0; i < prices.size(); ++i)
        for (const Event& e : run(Value{static_cast<std::int64_t>(i / 2), prices[i]})) {
            out.emplace_back(i, e.side);
            if (e.price != prices[i] || e.ts != static_cast<std::int64_t>(i / 2)) FAIL("row " << i << ": price " << e.price << " at " << e.ts);
        }
    return out;
}

/// Every event against z by two passes over the raw prices; they may differ only where z is this near to the threshold.
void check_definition(const ZScoreFilter& op, const std::vector<double>& prices) {
    const Indices got = events(op, prices);
    Samples samples;
    for (const double p : prices) samples.push_back({0, p, 0.0});
    const auto mean_window = static_cast<std::size_t>(op.mean_window), std_window = static_cast<std::size_t>(op.std_window);
    std::size_t at = 0, differ = 0, row = 0;
    for (std::size_t i = 0; i < prices.size(); ++i) {
        const double side = at < got.size() && got[at].first == i ? got[at++].second : 0.0;
        double expected = 0.0;
        long double z = 0.0L;
        if (i + 1 >= std::max(mean_window, std_window)) {
            const Part all(samples);
            const long double mean = mean_of(all.subspan(i + 1 - mean_window, mean_window), &Sample::x);
            const long double deviation = deviation_of(all.subspan(i + 1 - std_window, std_window), &Sample::x);
            if (deviation > 0.0L) z = (prices[i] - mean) / deviation;
            if (deviation > 0.0L && op.side != ZSide::lower && z >= op.threshold) expected = 1.0;
            if (deviation > 0.0L && op.side != ZSide::upper && z <= -op.threshold) expected = -1.0;
        }
        if (side != expected && !(std::abs(std::abs(z) - op.threshold) < 1e-9)) ++differ, row = i;
    }
    CAPTURE(op.mean_window, op.std_window, op.threshold, row);
    CHECK(differ == 0);
    CHECK(at == got.size());
}

/// Sharper: at every few rows the threshold is moved to either side of the row's own z.
void check_decisions(std::int64_t window, const std::vector<double>& prices, std::size_t every) {
    ZScoreFilter op = filter(window, window, 1.0, ZSide::both);
    const auto w = static_cast<std::size_t>(window);
    Samples samples;
    std::size_t wrong = 0, asked = 0;
    for (const double price : prices) {
        samples.push_back({0, price, 0.0});
        if (samples.size() >= w && samples.size() % every == 0) {
            const Part part = Part(samples).last(w);
            const auto z = static_cast<double>(std::abs((price - mean_of(part, &Sample::x)) / deviation_of(part, &Sample::x)));
            for (const double threshold : {z - 1e-9, z + 1e-9}) {
                if (!(threshold > 1e-3)) continue;
                ZScoreFilter copy = op;
                copy.threshold = threshold;
                bool event = false;
                copy.update(Value{0, price}, [&](const Event&) { event = true; });
                wrong += event != (threshold < z), ++asked;
            }
        }
        op.update(Value{0, price}, [](const Event&) {});
    }
    CAPTURE(window, asked);
    CHECK(asked > 1'000);
    CHECK(wrong == 0);
}

std::vector<double> walk(std::uint64_t seed, std::size_t n, double start, double deviation) {
    Random random(seed);
    std::vector<double> out{start};
    while (out.size() < n) out.push_back(out.back() + deviation * random.normal());
    return out;
}

}  // namespace

TEST_CASE("z score filter: worked example") {
    // The last four are 1, 1, 1, 5: mean 2, squares 1 + 1 + 1 + 9 over 3, deviation 2, z 3/2. Before them deviation 0, after 5 z is below 1.5.
    const std::vector<double> up{1, 1, 1, 1, 5, 5}, down{5, 5, 5, 5, 1, 1};
    CHECK((events(filter(4, 4, 1.5, ZSide::upper), up) == Indices{{4, 1.0}}));
    CHECK(events(filter(4, 4, 1.5, ZSide::lower), up).empty());
    CHECK((events(filter(4, 4, 1.5, ZSide::both), up) == Indices{{4, 1.0}}));
    CHECK(events(filter(4, 4, 1.5, ZSide::upper), down).empty());
    CHECK((events(filter(4, 4, 1.5, ZSide::lower), down) == Indices{{4, -1.0}}));
    CHECK((events(filter(4, 4, 1.5, ZSide::both), down) == Indices{{4, -1.0}}));
    CHECK(events(filter(4, 4, 1.500001, ZSide::both), up).empty());
}

TEST_CASE("z score filter: windows of different lengths") {
    const std::vector<double> prices{1, 1, 1, 5};
    // Mean of 1, 5 is 3 and the deviation of all four 2: z is 1. The mean of one price is the price. Mean of all 2, deviation of 1, 5 sqrt(8).
    CHECK((events(filter(2, 4, 1.0, ZSide::upper), prices) == Indices{{3, 1.0}}));
    CHECK(events(filter(2, 4, 1.001, ZSide::upper), prices).empty());
    CHECK(events(filter(1, 4, 1e-9, ZSide::both), prices).empty());
    CHECK((events(filter(4, 2, 1.06, ZSide::upper), prices) == Indices{{3, 1.0}}));
    CHECK(events(filter(4, 2, 1.07, ZSide::upper), prices).empty());
    CHECK(events(filter(5, 2, 0.1, ZSide::upper), prices).empty());  // the longer window decides when the first may come
}

TEST_CASE("z score filter: the largest z in a window of w is (w - 1) / sqrt(w)") {
    for (const std::int64_t w : {2, 3, 4, 5, 10, 99, 100}) {
        const double most = static_cast<double>(w - 1) / std::sqrt(static_cast<double>(w));
        for (const double jump : {0.01, 1.0, 1e4, 1e12}) {
            std::vector<double> prices(static_cast<std::size_t>(w), 100.0);
            prices.back() += jump;
            CHECK(events(filter(w, w, most * (1.0 - 1e-9), ZSide::upper), prices).size() == 1);
            CHECK(events(filter(w, w, most * (1.0 + 1e-9), ZSide::upper), prices).empty());
        }
        CHECK(events(filter(w, w, most * (1.0 + 1e-6), ZSide::both), walk(1, 5'000, 100.0, 0.01)).empty());
    }
}

TEST_CASE("z score filter: equals the definition on 20,000 prices") {
    const std::vector<double> prices = walk(2, 20'000, 1'000.0, 0.5);
    for (const ZSide side : {ZSide::upper, ZSide::lower, ZSide::both}) {
        for (const std::int64_t w : {2, 3, 20, 21, 1'000}) check_definition(filter(w, w, w < 10 ? 0.7 : 1.5, side), prices);
        for (const auto& [mean, std] : {std::pair{1, 2}, {2, 3}, {20, 3}, {3, 20}, {1'000, 21}, {21, 1'000}})
            check_definition(filter(mean, std, 0.9, side), prices);
        CHECK(events(filter(20, 20, 1.5, side), prices).size() > 100);
    }
    for (const std::int64_t w : {2, 3, 20, 21, 1'000}) check_decisions(w, prices, w < 1'000 ? 1 : 11);
}

TEST_CASE("z score filter: heals once a spike has left") {
    for (const double spike : {1e4, 1e6, 1e8, 1e12, 1e-12, 1e100}) {
        std::vector<double> prices;
        for (const Sample& s : noise(3, 2'000)) prices.push_back(s.x);
        for (std::size_t i = 100; i < prices.size(); i += 250) prices[i] = spike;
        for (const std::int64_t w : {2, 3, 20, 99}) check_definition(filter(w, w, w < 10 ? 0.7 : 1.5, ZSide::both), prices);
    }
}

TEST_CASE("z score filter: prices near 1e8 with variance near 1") {
    std::vector<double> prices;
    Random random(4);
    for (int i = 0; i < 20'000; ++i) prices.push_back(1e8 + random.normal());
    for (const std::int64_t w : {2, 3, 20, 21, 1'000}) check_decisions(w, prices, w < 1'000 ? 1 : 11);
}

TEST_CASE("z score filter: pathologies") {
    for (const std::int64_t w : {2, 3, 10, 100}) {
        const ZScoreFilter op = filter(w, w, 1e-6, ZSide::both);
        CHECK(events(op, {100.0}).empty());
        std::vector<double> flat(1'000, 100.1);
        CHECK(events(op, flat).empty());
        flat[300] = 1e12;  // equal values again once it has left
        const Indices out = events(op, flat);
        CHECK((!out.empty() && out.front() == std::pair<std::size_t, double>{300, 1.0}));
        CHECK(out.back().first < 300 + static_cast<std::size_t>(w));
    }
    Random random(5);
    std::vector<double> extreme;
    for (int i = 0; i < 1'000; ++i) extreme.push_back(random.chance(0.5) ? smallest : largest);
    for (const double threshold : {1e-300, 0.5, 1e300}) events(filter(20, 7, threshold, ZSide::both), extreme);
    CHECK(events(filter(20, 7, 1e300, ZSide::both), extreme).empty());
}

}  // namespace openquant::testing
