// Elementary functions that give the same bits on every machine: glibc's differ with the CPU's FMA, these use
// only correctly rounded operations (and -ffp-contract=off). At most 1 ulp from the true value; tests measure it.
#pragma once

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <tuple>
#include <utility>

#include "openquant/operators/core/wide.hpp"

namespace openquant::det {

namespace detail {

inline constexpr int log_bits = 7;                                 // of a number that choose its node
inline constexpr std::uint64_t log_first = 0x3fe6'0000'0000'0000;  // bits of 0.6875, so that two nodes meet at 1

struct LogNode {
    double inverse;    // of about the middle of the node's numbers, in ten bits: products with it can be exact
    double high, low;  // -ln(inverse), the first part in so few bits that multiples of ln 2 are added to it exactly
};

/// For 0.6875 to 1.375, in whole multiples of 2^-100: -ln(n / 512) = 2 atanh(s), s = (512 - n) / (512 + n).
inline constexpr auto log_nodes = [] {
    __extension__ using Wide = __int128;
    std::array<LogNode, 1 << log_bits> out{};
    for (std::uint64_t i = 0; i < out.size(); ++i) {
        const auto from = std::bit_cast<double>(log_first + (i << (52 - log_bits))), to = std::bit_cast<double>(log_first + ((i + 1) << (52 - log_bits)));
        // Next to 1 the logarithm is as small as what would be lost by adding to it.
        const int n = from == 1.0 || to == 1.0 ? 512 : static_cast<int>(1024.0 / (from + to) + 0.5), below = 512 - n, above = 512 + n;
        Wide sum = 0, power = (Wide{2} << 100) * below / above;
        for (int odd = 1; power != 0; odd += 2, power = power * (below * below) / (above * above)) sum += power / odd;
        const Wide high = sum >> 59;
        out[i] = {n / 512.0, static_cast<double>(high) * 0x1p-41, static_cast<double>(sum - (high << 59)) * 0x1p-100};
    }
    return out;
}();

}  // namespace detail

/// Natural logarithm, by a table (Tang 1990). x = 2^k m with m in [0.6875, 1.375), and v is near 1 / m:
/// ln x = k ln 2 - ln v + ln(1 + r), r = m v - 1.
inline double log(double x) noexcept {
    // ln(1 + r) - r = r^2 (-1/2 + r/3 - r^2/4 + ... - r^6/8) leaves less than 2^-58 of r, for |r| < 2^-7.
    const auto rest_of = [](double r) {
        const double square = r * r;
        return square * ((r * (1.0 / 3.0) - 0.5) + square * ((r * 0.2 - 0.25) + square * ((r * (1.0 / 7.0) - 1.0 / 6.0) - square * 0.125)));
    };
    const double beyond = x - 1.0;
    if (std::fabs(beyond) < 0x1p-8) return beyond + rest_of(beyond);  // what comes out below too: k = 0 and v = 1
    constexpr std::uint64_t least_normal = 0x0010'0000'0000'0000, infinity = 0x7ff0'0000'0000'0000, fraction = least_normal - 1;
    std::uint64_t from_first = std::bit_cast<std::uint64_t>(x) - detail::log_first;
    if (std::bit_cast<std::uint64_t>(x) - least_normal >= infinity - least_normal) [[unlikely]] {
        if (!(x > 0.0)) return x == 0.0 ? -std::numeric_limits<double>::infinity() : std::numeric_limits<double>::quiet_NaN();
        if (x > std::numeric_limits<double>::max()) return x;
        from_first = std::bit_cast<std::uint64_t>(x * 0x1p54) - detail::log_first - (std::uint64_t{54} << 52);
    }
    const auto k = static_cast<double>(static_cast<int>(static_cast<std::int64_t>(from_first) >> 52));
    const auto& [v, high, low] = detail::log_nodes[(from_first & fraction) >> (52 - detail::log_bits)];
    const std::uint64_t bits = (from_first & fraction) + detail::log_first;
    const double m = std::bit_cast<double>(bits), m_high = std::bit_cast<double>(bits & 0xffff'ffff'ffff'0000);
    const double r = (m_high * v - 1.0) + (m - m_high) * v;  // rounded once
    constexpr double ln2_high = 0x1.62e42fefa38p-1, ln2_low = 0x1.ef35793c7673p-45;
    const double whole = k * ln2_high + high;  // exact
    const double sum = whole + r;
    return sum + ((((whole - sum) + r) + (k * ln2_low + low)) + rest_of(r));
}

/// Unevaluated sum of two doubles, about 106 bits (Dekker 1971, Knuth's two-sum).
struct Pair {
    double high = 0.0, low = 0.0;
    static auto state(auto& self) { return std::tie(self.high, self.low); }
    bool operator==(const Pair&) const = default;
};
inline Pair two_sum(double a, double b) noexcept {
    const double s = a + b, t = s - a;
    return {s, (a - (s - t)) + (b - t)};
}
inline Pair operator+(Pair a, Pair b) noexcept {
    const Pair s = two_sum(a.high, b.high);
    return two_sum(s.high, s.low + a.low + b.low);
}
inline Pair operator-(Pair a, Pair b) noexcept { return a + Pair{-b.high, -b.low}; }
inline Pair two_product(double a, double b) noexcept {
    const auto split = [](double x) {
        const double c = 134217729.0 * x, high = c - (c - x);
        return Pair{high, x - high};
    };
    const double p = a * b;
    const Pair x = split(a), y = split(b);
    return {p, ((x.high * y.high - p) + x.high * y.low + x.low * y.high) + x.low * y.low};
}
inline Pair operator*(Pair a, Pair b) noexcept {
    const Pair p = two_product(a.high, b.high);
    return two_sum(p.high, p.low + a.high * b.low + a.low * b.high);
}
inline Pair operator/(Pair a, double b) noexcept {
    const double q = a.high / b;
    const Pair back = two_product(q, b);
    return two_sum(q, ((a.high - back.high) - back.low + a.low) / b);
}

/// 2^x. x = k + f with |f| <= 1/2; 2^f = e^y, y = f ln 2, by its Taylor series.
inline double exp2(Pair x) noexcept {
    if (!(x.high > -1075.0)) return x.high != x.high ? x.high : 0.0;
    if (x.high > 1024.0 || (x.high == 1024.0 && x.low >= 0.0)) return std::numeric_limits<double>::infinity();
    const double k = std::nearbyint(x.high);
    const Pair y = two_sum(x.high - k, x.low) * Pair{0x1.62e42fefa39efp-1, 0x1.abc9e3b39803fp-56};
    double tail = 0.0;  // (e^y - 1 - y) / (y^2 / 2) - 1; |y| <= 0.35, so that thirteen terms leave less than 2^-60
    for (const double factor : {15.0, 14.0, 13.0, 12.0, 11.0, 10.0, 9.0, 8.0, 7.0, 6.0, 5.0, 4.0, 3.0}) tail = (1.0 + tail) * y.high / factor;
    const Pair lead = two_sum(1.0, y.high);
    return std::ldexp(lead.high + (lead.low + (y.high * y.high * 0.5 * (1.0 + tail) + y.low)), static_cast<int>(k));
}
inline double exp2(double x) noexcept { return exp2(Pair{x, 0.0}); }

/// Logarithm to base 2 of a positive finite number, to about 70 bits. x = 2^k m as in log.
inline Pair log2_pair(double x) noexcept {
    int k = 0;
    double m = 2.0 * std::frexp(x, &k);
    --k;
    if (m > 0x1.6a09e667f3bcdp+0) m *= 0.5, ++k;
    // s = (m - 1) / (m + 1), whose numerator is exact; the quotient is corrected once by what it leaves.
    const Pair below = two_sum(m, 1.0);
    const double q = (m - 1.0) / below.high;
    const Pair back = two_product(q, below.high);
    const Pair s = two_sum(q, (((m - 1.0) - back.high) - back.low - q * below.low) / below.high);
    const Pair z = s * s;
    // atanh(s) / s = 1 + z (1/3 + z (1/5 + z (1/7 + ...))); z <= 0.0295, so that from 1/7 on a double is enough.
    double tail = 1.0 / 27.0;
    for (const double odd : {25.0, 23.0, 21.0, 19.0, 17.0, 15.0, 13.0, 11.0, 9.0, 7.0}) tail = tail * z.high + 1.0 / odd;
    const Pair third{0x1.5555555555555p-2, 0x1.5555555555555p-56}, fifth{0x1.999999999999ap-3, -0x1.999999999999ap-57};
    const Pair series = Pair{1.0, 0.0} + z * (third + z * (fifth + z * Pair{tail, 0.0}));
    constexpr Pair two_over_ln2{0x1.71547652b82fep+1, 0x1.777d0ffda0d24p-55};
    return Pair{static_cast<double>(k), 0.0} + two_over_ln2 * (s * series);
}

/// x^w of x >= 0 = 2^(w log2 x); 0^0 = 1.
inline double pow(double x, double w) noexcept {
    if (w == 0.0 || x == 1.0) return 1.0;
    if (x == 0.0 || x > std::numeric_limits<double>::max()) return w != w ? w : (x == 0.0) == (w > 0.0) ? 0.0 : std::numeric_limits<double>::infinity();
    if (!(x > 0.0) || w != w) return std::numeric_limits<double>::quiet_NaN();
    // No logarithm but that of 1 is less than 2^-53 in size: beyond the bounds lie 0 and infinity.
    return exp2(log2_pair(x) * Pair{w < -0x1p80 ? -0x1p80 : w > 0x1p80 ? 0x1p80 : w, 0.0});
}

namespace detail {

inline constexpr Pair two_over_sqrt_pi{0x1.20dd750429b6dp+0, 0x1.1ae3a914fed8p-56};
inline constexpr int nodes_per_unit = 8;
inline constexpr int node_count = 6 * nodes_per_unit + 1;

inline constexpr int erf_terms = 16;

struct ErfNode {
    Pair value;                               // erf at the node
    double slope;                             // its derivative there, y'
    std::array<double, erf_terms> factors{};  // of the powers of t in y'(node + t) / y'
};

/// erf at 0, 1/8, ..., 6 by its Maclaurin series, whose cancellation (e^36) double-double still covers.
inline const std::array<ErfNode, node_count>& erf_nodes() noexcept {
    static const auto nodes = [] {
        std::array<ErfNode, node_count> out{};
        for (int i = 0; i < node_count; ++i) {
            const double c = static_cast<double>(i) / nodes_per_unit;
            const Pair square{-c * c, 0.0};  // exact: c has at most six bits
            Pair power{c, 0.0}, sum{c, 0.0}, exponential{1.0, 0.0}, e{1.0, 0.0};
            for (int n = 1; n < 220; ++n) {
                power = power * square / n;
                sum = sum + power / (2 * n + 1);
                e = e * square / n;
                exponential = exponential + e;
            }
            auto& node = out[static_cast<std::size_t>(i)];
            node.value = two_over_sqrt_pi * sum, node.slope = (two_over_sqrt_pi * exponential).high;
            // y'' = -2 x y', hence the factors a_{n+1} = -2 (c a_n + a_{n-1}) / (n + 1).
            double before = 0.0, now = 1.0;
            for (int n = 0; n < erf_terms; ++n) {
                node.factors[static_cast<std::size_t>(n)] = now;
                before = std::exchange(now, -2.0 * (c * now + before) / (n + 1));
            }
        }
        return out;
    }();
    return nodes;
}

}  // namespace detail

/// Error function: its Maclaurin series near zero, elsewhere a Taylor step of at most 1/16 from a tabulated node.
inline double erf(double x) noexcept {
    if (x != x || x == 0.0) return x;
    const double a = std::fabs(x);
    if (a >= 5.9375) return std::copysign(1.0, x);
    if (a < 0.5) {
        const double square = -x * x;
        double power = square * x, rest = 0.0;
        for (int n = 1; n < 13; n += 2) {  // two quotients at a time
            const auto step = Packed{square, square} / Packed{n + 1.0, n + 2.0};
            const double next = power * step[0];
            const auto term = Packed{power, next} / Packed{2.0 * n + 1.0, 2.0 * n + 3.0};
            rest = rest + term[0] + term[1];
            power = next * step[1];
        }
        rest += power / 27.0;
        const Pair lead = detail::two_over_sqrt_pi * Pair{x, 0.0};  // the large term, exactly
        return lead.high + (lead.low + detail::two_over_sqrt_pi.high * rest);
    }
    const auto node = static_cast<std::size_t>(a * detail::nodes_per_unit + 0.5);
    const auto& [value, slope, factors] = detail::erf_nodes()[node];
    const double t = a - static_cast<double>(node) / detail::nodes_per_unit;
    double power = t, sum = 0.0;
    for (int n = 0; n < detail::erf_terms; ++n) {
        sum += factors[static_cast<std::size_t>(n)] * power / (n + 1);
        power *= t;
    }
    return std::copysign(value.high + (value.low + slope * sum), x);
}

}  // namespace openquant::det
