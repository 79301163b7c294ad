#include "openquant/engine/column_checks.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <type_traits>

#include "openquant/operators/core/wide.hpp"

namespace openquant::checks {

namespace {

// The loops gather the signs of differences, without a branch.

OPENQUANT_WIDE bool bits_within(const std::byte* values, std::size_t n, std::uint64_t low, std::uint64_t high, std::uint64_t counts) {
    std::uint64_t signs = 0;
#pragma GCC unroll 4
    for (std::size_t i = 0; i < n; ++i) {
        std::uint64_t bits;
        std::memcpy(&bits, values + i * sizeof bits, sizeof bits);
        bits &= counts;
        signs |= (bits - low) | (high - bits);
    }
    return signs >> 63 == 0;
}

template <class T>
bool each_within(const T* values, std::size_t n, T low, T high) {
    return std::all_of(values, values + n, [&](T x) { return x >= low && x <= high; });
}

/// Positive doubles are ordered as their bits are, and magnitudes too: all bits count, or all but the sign. What the bits refuse may
/// still be within: a negative zero.
template <class T>
bool within(const T* values, std::size_t n, T low, T high) {
    const bool positive = low >= T{0}, around_zero = std::is_same_v<T, double> && low == -high;
    if (positive || around_zero) {
        const std::uint64_t least = positive ? std::bit_cast<std::uint64_t>(low) : 0, counts = positive ? ~std::uint64_t{0} : ~std::uint64_t{0} >> 1;
        if (bits_within(reinterpret_cast<const std::byte*>(values), n, least, std::bit_cast<std::uint64_t>(high), counts)) return true;
    }
    return each_within(values, n, low, high);
}

}  // namespace

bool all_within(const double* values, std::size_t n, double low, double high) { return within(values, n, low, high); }
bool all_within(const std::int64_t* values, std::size_t n, std::int64_t low, std::int64_t high) { return within(values, n, low, high); }

OPENQUANT_WIDE bool in_order(const std::int64_t* ts, std::size_t n) {
    const auto* const times = reinterpret_cast<const std::uint64_t*>(ts);
    std::uint64_t signs = n > 0 ? times[0] : 0;
#pragma GCC unroll 4
    for (std::size_t i = 1; i < n; ++i) signs |= (times[i] - times[i - 1]) | times[i];
    return signs >> 63 == 0;
}

OPENQUANT_WIDE bool count_up(const std::uint64_t* ids, std::size_t n) {
    std::uint64_t differ = 0;
#pragma GCC unroll 4
    for (std::size_t i = 1; i < n; ++i) differ |= (ids[i] - ids[i - 1]) ^ 1;
    return differ == 0 && (n == 0 || ids[0] <= ids[n - 1]);
}

OPENQUANT_WIDE bool all_below(const std::uint32_t* codes, std::size_t n, std::uint32_t limit) {
    std::uint32_t signs = 0;
#pragma GCC unroll 4
    for (std::size_t i = 0; i < n; ++i) signs |= (limit - 1 - codes[i]) | codes[i];
    return signs >> 31 == 0;
}

OPENQUANT_WIDE bool all_equal(const std::uint32_t* codes, std::size_t n) {
    std::uint32_t differ = 0;
#pragma GCC unroll 4
    for (std::size_t i = 1; i < n; ++i) differ |= codes[i] ^ codes[0];
    return differ == 0;
}

OPENQUANT_WIDE std::int32_t highest(const std::uint32_t* codes, std::size_t n) {
    std::int32_t most = -1;
#pragma GCC unroll 4
    for (std::size_t i = 0; i < n; ++i) most = std::max(most, static_cast<std::int32_t>(codes[i]));
    return most;
}

}  // namespace openquant::checks
