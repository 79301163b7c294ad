// Numbers for trade ids that are texts without an order, such as UUIDs.
#pragma once

#include <bit>
#include <charconv>
#include <cstdint>
#include <string_view>

namespace openquant {

/// The same text always has the same number, on every machine, and never 0. A decimal number below 2^64 without leading zeros is
/// itself. Any other text is hashed, eight bytes at a time (the last ones filled up with zeros, first byte lowest): the state,
/// which starts as the length, is xored with them, multiplied by an odd number and rotated, which loses nothing; at the end the
/// state's bits are mixed by two rounds of xor, shift and multiplication. Two texts then share a number once in 2^64.
inline std::uint64_t opaque_id(std::string_view text) {
    std::uint64_t number = 0;
    if (!text.empty() && text.size() <= 20 && text[0] >= '1' && text[0] <= '9') {
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (error == std::errc() && end == text.data() + text.size()) return number;
    }
    std::uint64_t state = text.size();
    while (!text.empty()) {
        std::uint64_t word = 0;
        const std::size_t n = text.size() < 8 ? text.size() : 8;
        for (std::size_t i = 0; i < n; ++i) word |= std::uint64_t{static_cast<unsigned char>(text[i])} << (8 * i);
        state = std::rotl((state ^ word) * 0x9e3779b97f4a7c15, 29);
        text.remove_prefix(n);
    }
    state = (state ^ (state >> 32)) * 0xd6e8feb86659fd93;
    state = (state ^ (state >> 29)) * 0xc2b2ae3d27d4eb4f;
    state ^= state >> 32;
    return state == 0 ? 1 : state;
}

}  // namespace openquant
