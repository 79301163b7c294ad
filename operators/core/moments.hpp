// What windows add up, and moments of all values so far. Two neighbouring parts of a window are joined by `+`, the older on the
// left; nothing is ever taken away again, so that a value leaves no trace once it has left. Sums are of distances from an
// origin: values around 1e8 would otherwise be rounded to what a small variance is made of. The origin is a value of the window
// itself. So all distances are exactly 0 where all values are equal, and in what is left of a difference of n numbers no more than
// a factor of n cancels: no value is further than sqrt(n - 1) deviations from the mean (Samuelson 1968).
#pragma once

#include <algorithm>
#include <cmath>
#include <tuple>

namespace openquant {

struct Sum {
    using Sample = double;
    double sum = 0.0;

    static Sum of(double x, double origin) noexcept { return {x - origin}; }
    friend Sum operator+(const Sum& a, const Sum& b) noexcept { return {a.sum + b.sum}; }
    double mean(double n, double origin) const noexcept { return origin + sum / n; }
    /// n (x - mean)
    double distance(double n, double origin, double x) const noexcept { return n * (x - origin) - sum; }

    static auto state(auto& self) { return std::tie(self.sum); }
    bool operator==(const Sum&) const = default;
};

struct Squares {
    using Sample = double;
    Sum sum{};
    double squares = 0.0;

    static Squares of(double x, double origin) noexcept { return {Sum::of(x, origin), (x - origin) * (x - origin)}; }
    friend Squares operator+(const Squares& a, const Squares& b) noexcept { return {a.sum + b.sum, a.squares + b.squares}; }
    /// n times the sum of squared deviations from the mean; exactly 0 where all values are equal.
    double spread(double n) const noexcept { return std::max(0.0, n * squares - sum.sum * sum.sum); }
    /// Sample standard deviation (ddof 1).
    double deviation(double n) const noexcept { return std::sqrt(spread(n) / (n * (n - 1.0))); }

    static auto state(auto& self) { return std::tie(self.sum, self.squares); }
    bool operator==(const Squares&) const = default;
};

/// A row of two series.
struct Two {
    double x = 0.0, y = 0.0;
    static auto state(auto& self) { return std::tie(self.x, self.y); }
    bool operator==(const Two&) const = default;
};

struct Products {
    using Sample = Two;
    Squares x{}, y{};
    double products = 0.0;

    static Products of(const Two& s, const Two& origin) noexcept {
        return {Squares::of(s.x, origin.x), Squares::of(s.y, origin.y), (s.x - origin.x) * (s.y - origin.y)};
    }
    friend Products operator+(const Products& a, const Products& b) noexcept { return {a.x + b.x, a.y + b.y, a.products + b.products}; }
    double covariance(double n) const noexcept { return joint(n) / (n * (n - 1.0)); }
    bool moves(double n) const noexcept { return x.spread(n) > 0.0 && y.spread(n) > 0.0; }
    /// Pearson's; only where both move.
    double correlation(double n) const noexcept { return std::clamp(joint(n) / (std::sqrt(x.spread(n)) * std::sqrt(y.spread(n))), -1.0, 1.0); }

    static auto state(auto& self) { return std::tie(self.x, self.y, self.products); }
    bool operator==(const Products&) const = default;

private:
    double joint(double n) const noexcept { return n * products - x.sum.sum * y.sum.sum; }
};

struct Least {
    using Sample = double;
    double value = 0.0;

    static Least of(double x, double) noexcept { return {x}; }
    friend Least operator+(const Least& a, const Least& b) noexcept { return {std::min(a.value, b.value)}; }

    static auto state(auto& self) { return std::tie(self.value); }
    bool operator==(const Least&) const = default;
};

struct Greatest {
    using Sample = double;
    double value = 0.0;

    static Greatest of(double x, double) noexcept { return {x}; }
    friend Greatest operator+(const Greatest& a, const Greatest& b) noexcept { return {std::max(a.value, b.value)}; }

    static auto state(auto& self) { return std::tie(self.value); }
    bool operator==(const Greatest&) const = default;
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

/// Moments of pairs, of parts that are joined as Chan, Golub and LeVeque (1983) do.
struct CoMoments {
    double n = 0.0, xx = 0.0, yy = 0.0, xy = 0.0;
    Two anchor{}, offset{};

    static CoMoments of(const Two& s) noexcept { return {1.0, 0.0, 0.0, 0.0, s, {}}; }
    friend CoMoments operator+(const CoMoments& a, const CoMoments& b) noexcept {
        const double n = a.n + b.n, share = b.n / n, k = a.n * share;
        const double dx = (b.anchor.x - a.anchor.x) + (b.offset.x - a.offset.x), dy = (b.anchor.y - a.anchor.y) + (b.offset.y - a.offset.y);
        return {
            n, a.xx + b.xx + dx * dx * k, a.yy + b.yy + dy * dy * k, a.xy + b.xy + dx * dy * k, a.anchor, {a.offset.x + dx * share, a.offset.y + dy * share}};
    }
    bool moves() const noexcept { return xx > 0.0 && yy > 0.0; }
    /// Pearson's; only where both move.
    double correlation() const noexcept { return std::clamp(xy / (std::sqrt(xx) * std::sqrt(yy)), -1.0, 1.0); }

    static auto state(auto& self) { return std::tie(self.n, self.xx, self.yy, self.xy, self.anchor, self.offset); }
    bool operator==(const CoMoments&) const = default;
};

}  // namespace openquant
