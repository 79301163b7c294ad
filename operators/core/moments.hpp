// What windows add up. Two neighbouring parts of a window are joined by `+`, the older on the left; nothing is ever taken
// away again, so that a value leaves no trace once it has left. Means are kept as the distance from a part's oldest value, its
// anchor: around 1e8 they would otherwise be rounded to what a small variance is made of.
#pragma once

#include <algorithm>
#include <cmath>
#include <tuple>

namespace openquant {

struct Sum {
    using Sample = double;
    double n = 0.0, anchor = 0.0, sum = 0.0;  // of distances from the anchor

    static Sum of(double x) noexcept { return {1.0, x, 0.0}; }
    friend Sum operator+(const Sum& a, const Sum& b) noexcept { return {a.n + b.n, a.anchor, a.sum + (b.sum + b.n * (b.anchor - a.anchor))}; }
    double mean() const noexcept { return anchor + sum / n; }
    /// x - mean
    double distance(double x) const noexcept { return (x - anchor) - sum / n; }

    static auto state(auto& self) { return std::tie(self.n, self.anchor, self.sum); }
    bool operator==(const Sum&) const = default;
};

struct Least {
    using Sample = double;
    double value = 0.0;

    static Least of(double x) noexcept { return {x}; }
    friend Least operator+(const Least& a, const Least& b) noexcept { return {std::min(a.value, b.value)}; }

    static auto state(auto& self) { return std::tie(self.value); }
    bool operator==(const Least&) const = default;
};

struct Greatest {
    using Sample = double;
    double value = 0.0;

    static Greatest of(double x) noexcept { return {x}; }
    friend Greatest operator+(const Greatest& a, const Greatest& b) noexcept { return {std::max(a.value, b.value)}; }

    static auto state(auto& self) { return std::tie(self.value); }
    bool operator==(const Greatest&) const = default;
};

/// Count, mean and sum of squared deviations, joined as Chan, Golub and LeVeque (1983) do.
struct Moments {
    using Sample = double;
    double n = 0.0, anchor = 0.0, offset = 0.0, squares = 0.0;

    static Moments of(double x) noexcept { return {1.0, x, 0.0, 0.0}; }
    friend Moments operator+(const Moments& a, const Moments& b) noexcept {
        const double n = a.n + b.n, share = b.n / n, d = (b.anchor - a.anchor) + (b.offset - a.offset);
        return {n, a.anchor, a.offset + d * share, a.squares + b.squares + d * d * (a.n * share)};
    }
    double mean() const noexcept { return anchor + offset; }
    /// Sample standard deviation (ddof 1); exactly 0 where all values are equal.
    double deviation() const noexcept { return std::sqrt(squares / (n - 1.0)); }

    static auto state(auto& self) { return std::tie(self.n, self.anchor, self.offset, self.squares); }
    bool operator==(const Moments&) const = default;
};

/// Central moments up to the fourth, one value at a time (Pebay 2008).
struct CentralMoments {
    double n = 0.0, mean = 0.0, m2 = 0.0, m3 = 0.0, m4 = 0.0;

    void add(double x) noexcept {
        const double before = n++, d = x - mean, step = d / n, square = step * step, term = d * step * before;
        mean += step;
        m4 += term * square * (n * n - 3.0 * n + 3.0) + 6.0 * square * m2 - 4.0 * step * m3;
        m3 += term * step * (n - 2.0) - 3.0 * step * m2;
        m2 += term;
    }
    /// n / 6 (skewness^2 + excess kurtosis^2 / 4); only where values differ.
    double jarque_bera() const noexcept {
        const double variance = m2 / n, skewness = m3 / n / (variance * std::sqrt(variance)), excess = m4 / n / (variance * variance) - 3.0;
        return n / 6.0 * (skewness * skewness + excess * excess / 4.0);
    }

    static auto state(auto& self) { return std::tie(self.n, self.mean, self.m2, self.m3, self.m4); }
    bool operator==(const CentralMoments&) const = default;
};

/// The same of pairs.
struct CoMoments {
    struct Sample {
        double x = 0.0, y = 0.0;
        static auto state(auto& self) { return std::tie(self.x, self.y); }
        bool operator==(const Sample&) const = default;
    };
    double n = 0.0, xx = 0.0, yy = 0.0, xy = 0.0;
    Sample anchor{}, offset{};

    static CoMoments of(const Sample& s) noexcept { return {1.0, 0.0, 0.0, 0.0, s, {}}; }
    friend CoMoments operator+(const CoMoments& a, const CoMoments& b) noexcept {
        const double n = a.n + b.n, share = b.n / n, k = a.n * share;
        const double dx = (b.anchor.x - a.anchor.x) + (b.offset.x - a.offset.x), dy = (b.anchor.y - a.anchor.y) + (b.offset.y - a.offset.y);
        return {
            n, a.xx + b.xx + dx * dx * k, a.yy + b.yy + dy * dy * k, a.xy + b.xy + dx * dy * k, a.anchor, {a.offset.x + dx * share, a.offset.y + dy * share}};
    }
    double covariance() const noexcept { return xy / (n - 1.0); }
    bool moves() const noexcept { return xx > 0.0 && yy > 0.0; }
    /// Pearson's; only where both move.
    double correlation() const noexcept { return std::clamp(xy / (std::sqrt(xx) * std::sqrt(yy)), -1.0, 1.0); }

    static auto state(auto& self) { return std::tie(self.n, self.xx, self.yy, self.xy, self.anchor, self.offset); }
    bool operator==(const CoMoments&) const = default;
};

}  // namespace openquant
