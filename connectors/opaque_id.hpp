// Numbers for trade ids that are texts without an order, such as UUIDs.
#pragma once

#include <charconv>
#include <cstdint>
#include <string_view>

namespace openquant {

/// The same text always has the same number, on every machine, and never 0. A decimal number below 2^64 without leading zeros is
/// itself. Any other text is hashed, eight bytes at a time (the first byte lowest, the last ones filled up with zeros): the state,
/// which begins as a constant plus the length, is xored with them and mixed, so that each bit of the one reaches all bits of the
/// other. Two texts then share a number once in 2^64.
inline std::uint64_t opaque_id(std::string_view text) {
    std::uint64_t number = 0;
    if (!text.empty() && text.size() <= 20 && text[0] >= '1' && text[0] <= '9') {
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (error == std::errc() && end == text.data() + text.size()) return number;
    }
    const auto mixed = [](std::uint64_t state, const char* eight) {
        for (int i = 0; i < 8; ++i) state ^= std::uint64_t{static_cast<unsigned char>(eight[i])} << (8 * i);
        state = (state ^ (state >> 32)) * 0xd6e8feb86659fd93;
        state = (state ^ (state >> 29)) * 0xc2b2ae3d27d4eb4f;
        return state ^ (state >> 32);
    };
    std::uint64_t state = 0x9e3779b97f4a7c15 + text.size();
    for (; text.size() >= 8; text.remove_prefix(8)) state = mixed(state, text.data());
    if (!text.empty()) {
        char last[8] = {};
        text.copy(last, text.size());
        state = mixed(state, last);
    }
    return state == 0 ? 1 : state;
}

}  // namespace openquant
