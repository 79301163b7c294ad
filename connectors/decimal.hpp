// Decimal text to numbers, fast where it is short, as venues' prices, sizes, ids and times are.
#pragma once

#include <bit>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>

namespace openquant {

/// Appends the digits from `at` on to `value`, up to `end` or what is no digit; where that is. Nineteen digits fit.
inline const char* append_digits(const char* at, const char* end, std::uint64_t& value) {
    if constexpr (std::endian::native == std::endian::little) {  // eight at once: neighbours are joined to pairs, fours, eights
        for (std::uint64_t word = 0; end - at >= 8; at += 8) {
            std::memcpy(&word, at, 8);
            const std::uint64_t digit = word ^ 0x3030303030303030;
            if (((digit | (digit + 0x0606060606060606)) & 0xf0f0f0f0f0f0f0f0) != 0) break;
            const std::uint64_t pairs = ((digit * 10 + (digit >> 8)) & 0x00ff00ff00ff00ff);
            const std::uint64_t fours = ((pairs * 100 + (pairs >> 16)) & 0x0000ffff0000ffff);
            value = value * 100'000'000 + ((fours * 10'000 + (fours >> 32)) & 0xffffffff);
        }
    }
    for (; at != end && static_cast<unsigned char>(*at - '0') < 10; ++at) value = value * 10 + static_cast<unsigned char>(*at - '0');
    return at;
}

/// The whole number that a text is; false if it is none, or does not fit.
template <class T>
bool parse_integer(std::string_view text, T& out) {
    const char* const end = text.data() + text.size();
    if (std::uint64_t value = 0; !text.empty() && text.size() <= 18 && append_digits(text.data(), end, value) == end && std::in_range<T>(value)) {
        out = static_cast<T>(value);
        return true;
    }
    const auto [stop, error] = std::from_chars(text.data(), end, out);
    return error == std::errc() && stop == end;
}

/// The nearest double of a text such as 61837.63000000; false if the text is no number or holds more than one. Below 2^53 the
/// digits are a double without rounding, and so is a power of ten up to 10^22: their quotient is rounded once, hence right.
inline bool parse_decimal(std::string_view text, double& out) {
    constexpr double powers[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18};
    const char* const end = text.data() + text.size();
    if (text.size() <= 19) {
        std::uint64_t value = 0;
        const char* const point = append_digits(text.data(), end, value);
        const bool pointed = point != text.data() && point != end && *point == '.';
        const char* const stop = pointed ? append_digits(point + 1, end, value) : point;
        if (point != text.data() && stop == end && value <= std::uint64_t{1} << 53) {
            out = static_cast<double>(value) / powers[pointed ? end - point - 1 : 0];
            return true;
        }
    }
    const auto [stop, error] = std::from_chars(text.data(), end, out);
    return error == std::errc() && stop == end;
}

}  // namespace openquant
