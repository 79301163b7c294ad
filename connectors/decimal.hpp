// Decimal text to the nearest double, fast where it is short, as venues' prices and sizes are.
#pragma once

#include <charconv>
#include <cstdint>
#include <string_view>

namespace openquant {

/// The nearest double of a text such as 61837.63000000; false if the text is no number or holds more than one. Below 2^53 the
/// digits are a double without rounding, and so is a power of ten up to 10^22: their quotient is rounded once, hence right.
inline bool parse_decimal(std::string_view text, double& out) {
    constexpr double powers[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18};
    constexpr std::size_t most = 19;  // so many digits fit 64 bits
    const char* at = text.data();
    const char* const end = at + text.size();
    const auto digits = [&](std::uint64_t& value) {
        const char* const begin = at;
        for (; at != end && static_cast<unsigned char>(*at - '0') < 10; ++at) value = value * 10 + static_cast<unsigned char>(*at - '0');
        return static_cast<std::size_t>(at - begin);
    };
    if (text.size() <= most) {
        std::uint64_t value = 0;
        const std::size_t whole = digits(value);
        std::size_t behind = 0;
        if (whole > 0 && at != end && *at == '.') ++at, behind = digits(value);
        if (whole > 0 && at == end && value <= std::uint64_t{1} << 53) {
            out = static_cast<double>(value) / powers[behind];
            return true;
        }
    }
    const auto [stop, error] = std::from_chars(text.data(), end, out);
    return error == std::errc() && stop == end;
}

}  // namespace openquant
