// Seeded numbers that are the same on every machine: standard distributions differ with the library.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

namespace openquant {

/// xoshiro256** (Blackman, Vigna 2018), its state filled by SplitMix64 (Steele, Lea, Flood 2014).
class Xoshiro {
public:
    explicit Xoshiro(std::uint64_t seed) noexcept {
        for (std::uint64_t& word : state_) {
            std::uint64_t z = seed += 0x9e3779b97f4a7c15;
            z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
            z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
            word = z ^ (z >> 31);
        }
    }

    std::uint64_t bits() noexcept {
        auto& [a, b, c, d] = state_;
        const std::uint64_t out = std::rotl(b * 5, 7) * 9, t = b << 17;
        c ^= a, d ^= b, b ^= c, a ^= d, c ^= t;
        d = std::rotl(d, 45);
        return out;
    }
    /// Uniform in [0, 1).
    double unit() noexcept { return static_cast<double>(bits() >> 11) * 0x1p-53; }

private:
    std::array<std::uint64_t, 4> state_;
};

}  // namespace openquant
