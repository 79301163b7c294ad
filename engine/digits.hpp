// Decimal digits, eight characters at once.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace openquant {

inline constexpr bool eight_at_once = std::endian::native == std::endian::little;

inline std::uint64_t eight_characters(const char* text) {
    std::uint64_t word = 0;
    std::memcpy(&word, text, 8);
    return word;
}

/// How many of eight characters are digits before the first that is none; `number` is what those say.
inline std::size_t digits_of(std::uint64_t characters, std::uint64_t& number) {
    const std::uint64_t digit = characters ^ 0x3030303030303030, other = (digit | (digit + 0x0606060606060606)) & 0xf0f0f0f0f0f0f0f0;
    const auto n = static_cast<std::size_t>(std::countr_zero(other)) / 8;
    if (n == 0) return number = 0;
    // Zeros, then they; neighbours are joined to pairs, and those to eights.
    const std::uint64_t leading = digit << (64 - 8 * n), pairs = leading * 10 + (leading >> 8);
    const std::uint64_t odd = (pairs & 0x000000ff000000ff) * 0x000f424000000064, even = ((pairs >> 16) & 0x000000ff000000ff) * 0x0000271000000001;
    number = (odd + even) >> 32;
    return n;
}

}  // namespace openquant
