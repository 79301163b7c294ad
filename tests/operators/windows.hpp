// Series, their windows, and the plain formulas that rolling statistics must equal, in long double on the raw numbers.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <span>
#include <vector>
#include "catch.hpp"

#include "emitted.hpp"
#include "openquant/operators/core/events.hpp"
#include "random.hpp"

namespace openquant::testing {

/// A row of one series, or of two.
struct Sample {
    std::int64_t ts = 0;
    double x = 0.0, y = 0.0;
};
using Samples = std::vector<Sample>;
using Part = std::span<const Sample>;
using Column = double Sample::*;

/// Near 100 with a deviation of 1, y partly a copy of x. Times stand, go on, jump and step back.
inline Samples noise(std::uint64_t seed, std::size_t n) {
    Random random(seed);
    Samples out;
    std::int64_t ts = 1'000;
    for (std::size_t i = 0; i < n; ++i) {
        ts += static_cast<std::int64_t>(random.chance(0.01) ? 200 : random.below(5));
        const double x = random.normal();
        out.push_back({random.chance(0.05) ? ts - 20 : ts, 100.0 + x, 50.0 + 0.6 * x + 0.8 * random.normal()});
    }
    return out;
}

/// The same with a spike every 300 rows, and one of y just after it.
inline Samples spiked(std::uint64_t seed) {
    constexpr double spikes[] = {1e4, 1e6, 1e8, 1e12, -1e12, 1e100, -1e100};
    Samples out = noise(seed, 300 * std::size(spikes) + 300);
    std::size_t row = 150;
    for (const double spike : spikes) out[row].x = spike, out[row + 1].y = -spike, row += 300;
    return out;
}

inline long double mean_of(Part part, Column column) {
    long double sum = 0.0L;
    for (const Sample& s : part) sum += s.*column;
    return sum / static_cast<long double>(part.size());
}
/// Sample covariance (ddof 1) in two passes; deviations from the first value, so that equal values have exactly none.
inline long double covariance_of(Part part, Column a, Column b) {
    const auto n = static_cast<long double>(part.size());
    const auto off = [&](const Sample& s, Column c) { return static_cast<long double>(s.*c) - part[0].*c; };
    long double mean_a = 0.0L, mean_b = 0.0L, sum = 0.0L;
    for (const Sample& s : part) mean_a += off(s, a), mean_b += off(s, b);
    mean_a /= n, mean_b /= n;
    for (const Sample& s : part) sum += (off(s, a) - mean_a) * (off(s, b) - mean_b);
    return sum / (n - 1.0L);
}
inline long double deviation_of(Part part, Column column) { return std::sqrt(covariance_of(part, column, column)); }
inline bool constant(Part part, Column column) {
    return std::all_of(part.begin(), part.end(), [&](const Sample& s) { return s.*column == part[0].*column; });
}

/// What must come out, and the size that its error is measured by; nothing where nothing must.
struct Truth {
    long double value = 0.0L, scale = 0.0L;
};
inline std::optional<Truth> relative(long double value) { return Truth{value, std::abs(value)}; }

/// Every row against `plain` of its window: the last `window` rows, or those with a running maximum of time in (now - window_ns, now].
template <class Op>
void check_window(const Op& op, const Samples& samples, double tolerance, auto&& plain) {
    Emitted<Op> run(op);
    std::vector<std::int64_t> times;
    std::size_t first = 0, worst_row = 0;
    long double worst = 0.0L;
    for (std::size_t i = 0; i < samples.size(); ++i) {
        const Sample& s = samples[i];
        times.push_back(i == 0 ? s.ts : std::max(times.back(), s.ts));
        const auto rows = static_cast<std::size_t>(op.window);
        if (op.window_ns == 0) first = i + 1 >= rows ? i + 1 - rows : i + 1;
        else
            while (times[first] <= times[i] - op.window_ns) ++first;
        std::optional<Truth> truth;
        if (first <= i) truth = plain(Part(samples).subspan(first, i + 1 - first));
        std::vector<Value> out;
        if constexpr (input_count<Op> == 2) {
            REQUIRE(run.template operator()<0>(Value{s.ts, s.x}).empty());
            out = run.template operator()<1>(Value{s.ts, s.y});
        } else {
            out = run(Value{s.ts, s.x});
        }
        if (out.size() != static_cast<std::size_t>(truth.has_value()))
            FAIL("row " << i << ", window " << op.window << ", window_ns " << op.window_ns << ": " << out.size() << " rows out");
        if (!truth) continue;
        if (out[0].ts != s.ts || !std::isfinite(out[0].value)) FAIL("row " << i << ": " << out[0].value << " at " << out[0].ts);
        const long double error = std::abs(out[0].value - truth->value);
        const long double share = error == 0.0L ? 0.0L : error / truth->scale;
        if (share > worst) worst = share, worst_row = i;
    }
    CAPTURE(op.window, op.window_ns, worst_row);
    CHECK(static_cast<double>(worst) <= tolerance);
}

/// The same with windows by rows, from `least` on, and by time.
template <class Op>
void check_windows(Op op, std::int64_t least, const Samples& samples, double tolerance, auto&& plain) {
    for (const std::int64_t rows : {1, 2, 3, 4, 5, 10, 99, 100}) {
        if (rows < least) continue;
        op.window = rows;
        check_window(op, samples, tolerance, plain);
    }
    for (const std::int64_t ns : {1, 2, 5, 30, 200, 250}) {
        op.window_ns = ns;
        check_window(op, samples, tolerance, plain);
    }
}

/// One event, equal times, time that steps back for good, a flat market, and the largest numbers that are valid.
template <class Op>
void check_pathologies(const Op& op, std::int64_t least, double tolerance, auto&& plain) {
    check_windows(op, least, {{7, 5.0, 6.0}}, tolerance, plain);
    Samples equal = noise(11, 400), back = noise(12, 400), flat = noise(13, 400);
    for (Sample& s : equal) s.ts = 7;
    for (std::size_t i = 100; i < 400; ++i) back[i].ts -= 5'000 + static_cast<std::int64_t>(i);
    for (Sample& s : flat) s.x = 100.1, s.y = -0.3;
    for (const Samples& samples : {equal, back, flat}) check_windows(op, least, samples, tolerance, plain);
    Samples extreme = noise(14, 600);
    Random random(15);
    for (Sample& s : extreme)
        for (const Column c : {&Sample::x, &Sample::y}) s.*c = random.chance(0.2) ? s.*c : random.sign() * (random.chance(0.2) ? smallest : largest);
    check_windows(op, least, extreme, std::numeric_limits<double>::infinity(), plain);
}

/// Weights of the rows, the newest 1: they fall by alpha = 2 / (span + 1) a row, or halve in half_life_ns of the running maximum of time.
inline std::vector<long double> decayed_weights(Part part, long double span, std::int64_t half_life_ns) {
    std::vector<long double> out;
    std::int64_t now = part[0].ts;
    for (const Sample& s : part) out.push_back(static_cast<long double>(now = std::max(now, s.ts)));
    for (std::size_t i = 0; i < out.size(); ++i) {
        const auto rows = static_cast<long double>(out.size() - 1 - i);
        out[i] = half_life_ns > 0 ? std::exp2((out[i] - static_cast<long double>(now)) / static_cast<long double>(half_life_ns))
                                  : std::pow((span - 1.0L) / (span + 1.0L), rows);
    }
    return out;
}

/// Every so many rows of an exponentially weighted statistic against `plain` of all rows until then.
template <class Op>
void check_decayed(const Op& op, const Samples& samples, double tolerance, std::size_t every, auto&& plain) {
    Emitted<Op> run(op);
    long double worst = 0.0L;
    std::size_t worst_row = 0;
    for (std::size_t i = 0; i < samples.size(); ++i) {
        const auto out = run(Value{samples[i].ts, samples[i].x});
        REQUIRE(out.size() == (i + 1 >= static_cast<std::size_t>(op.min_periods) ? 1 : 0));
        if (out.empty()) continue;
        if (out[0].ts != samples[i].ts || !std::isfinite(out[0].value)) FAIL("row " << i << ": " << out[0].value << " at " << out[0].ts);
        if (i % every != 0) continue;
        const Part part = Part(samples).first(i + 1);
        const Truth truth = plain(part, decayed_weights(part, op.span, op.half_life_ns));
        const long double error = std::abs(out[0].value - truth.value);
        const long double share = error == 0.0L ? 0.0L : error / truth.scale;
        if (share > worst) worst = share, worst_row = i;
    }
    CAPTURE(op.span, op.half_life_ns, worst_row);
    CHECK(static_cast<double>(worst) <= tolerance);
}

}  // namespace openquant::testing
