// Decimal text to numbers, fast where it is short, as venues' prices, sizes, ids and times are. 8 bytes behind a text must be readable.
#pragma once

#include <charconv>
#include <cstdint>
#include <string_view>
#include <type_traits>
#include <utility>

#include "openquant/engine/digits.hpp"

namespace openquant {

/// Appends the digits from `at` on to `value`, up to `end` or what is no digit; where that is. It may go on behind the end, by up to
/// seven digits. Nineteen fit.
inline const char* append_digits(const char* at, const char* end, std::uint64_t& value) {
    if constexpr (eight_at_once) {
        static constexpr std::uint64_t powers[] = {1, 10, 100, 1'000, 10'000, 100'000, 1'000'000, 10'000'000, 100'000'000};
        for (std::size_t n = 8; n == 8 && at < end; at += n) {
            std::uint64_t number = 0;
            n = digits_of(eight_characters(at), number);
            value = value * powers[n] + number;
        }
    } else {
        for (; at != end && static_cast<unsigned char>(*at - '0') < 10; ++at) value = value * 10 + static_cast<unsigned char>(*at - '0');
    }
    return at;
}

/// The short and plain number that begins at `at`, before `end`: where it ends. Null where there is none, or one for `from_chars`.
template <class T>
const char* plain_number(const char* at, const char* end, T& out) {
    std::uint64_t value = 0;
    const char* const stop = append_digits(at, end, value);
    if (stop == at || stop > end || stop - at > 19 || !std::in_range<T>(value)) return nullptr;
    out = static_cast<T>(value);
    return stop;
}

/// Below 2^53 the digits are a double without rounding, and so is a power of ten up to 10^22: their quotient is rounded once,
/// hence right.
inline const char* plain_number(const char* at, const char* end, double& out) {
    static constexpr double powers[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18};
    std::uint64_t value = 0;
    const char* const point = append_digits(at, end, value);
    const bool pointed = point < end && *point == '.';
    const char* const stop = pointed ? append_digits(point + 1, end, value) : point;
    if (point == at || stop > end || stop - at > 19 || value > std::uint64_t{1} << 53) return nullptr;
    out = static_cast<double>(value) / powers[pointed ? stop - point - 1 : 0];
    return stop;
}

/// The number that a whole text is: of doubles the nearest. False if it is none, or does not fit.
template <class T>
bool parse_number(std::string_view text, T& out) {
    const char* const end = text.data() + text.size();
    if (text.empty()) return false;
    if (plain_number(text.data(), end, out) == end) return true;
    if (std::is_integral_v<T> && text[0] != '-' && static_cast<unsigned char>(text[0] - '0') > 9) return false;
    const auto [stop, error] = std::from_chars(text.data(), end, out);
    return error == std::errc() && stop == end;
}

}  // namespace openquant
