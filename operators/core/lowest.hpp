// The lowest of many values in rising order, at a cost that hardly depends on what they are: comparisons of random values are
// branches mispredicted half the time, so large selections are made without them.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

namespace openquant {

/// Bits that rise as the number does.
inline std::uint64_t rising_bits(double x) noexcept {
    const auto bits = std::bit_cast<std::uint64_t>(x);
    return bits ^ (static_cast<std::uint64_t>(static_cast<std::int64_t>(bits) >> 63) | (std::uint64_t{1} << 63));
}

/// Sorts by one byte after the other, the lowest first (radix sort); a byte that all have in common costs nothing.
inline void sort_by_bytes(std::vector<double>& values, std::vector<double>& spare) {
    std::array<std::array<std::uint32_t, 256>, 8> counts{};
    for (const double x : values)
        for (std::size_t byte = 0; byte < 8; ++byte) ++counts[byte][rising_bits(x) >> (8 * byte) & 255];
    spare.resize(values.size());
    for (std::size_t byte = 0; byte < 8; ++byte) {
        std::array<std::uint32_t, 256>& place = counts[byte];
        if (place[rising_bits(values[0]) >> (8 * byte) & 255] == values.size()) continue;
        for (std::uint32_t begin = 0; std::uint32_t & at : place) begin += std::exchange(at, begin);
        for (const double x : values) spare[place[rising_bits(x) >> (8 * byte) & 255]++] = x;
        values.swap(spare);
    }
}

inline void for_each_part(const std::vector<double>& values, auto&& visit) { visit(std::span<const double>(values)); }

/// A value that a few more than `most` are probably not above, told from a sample; infinity where that may be all of them.
double probable_edge(const auto& values, std::size_t most) {
    std::array<double, 4096> room;  // a larger sample of many values leaves fewer to sort
    const std::span sample = std::span(room).first(values.size() < (1 << 16) ? 1024 : 4096);
    const std::size_t step = values.size() / sample.size(), fewest = step > 0 ? most / step + 1 : sample.size();
    const std::size_t rank = fewest + static_cast<std::size_t>(4.0 * std::sqrt(static_cast<double>(fewest)));  // four deviations of a rank
    if (rank >= sample.size()) return std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i < sample.size(); ++i) sample[i] = values[i * step];
    std::nth_element(sample.begin(), sample.begin() + static_cast<std::ptrdiff_t>(rank), sample.end());
    return sample[rank];
}

/// Fills `out` with the values that are not above `edge`; false where it may have too little room for them. One more is written than
/// is kept, so that no value takes a branch.
bool gather(const auto& values, double edge, std::vector<double>& out) {
    double *next = out.data(), *const end = next + out.size();
    bool fits = true;
    for_each_part(values, [&](std::span<const double> part) {
        while (fits && !part.empty()) {
            const auto piece = part.first(std::min<std::size_t>(part.size(), 1024));
            fits = static_cast<std::size_t>(end - next) > piece.size();
            if (!fits) return;
            for (const double x : piece) *next = x, next += x <= edge;
            part = part.subspan(piece.size());
        }
    });
    out.resize(static_cast<std::size_t>(next - out.data()));
    return fits;
}

/// Fills `out` with the `most` lowest values, rising; more may follow. `spare` is memory.
void lowest(const auto& values, std::size_t most, std::vector<double>& out, std::vector<double>& spare) {
    const std::size_t n = values.size();
    out.reserve(n + 1), spare.reserve(n + 1);  // once: how many are low changes from call to call
    out.resize(std::min(n, most + (n + most) / 16 + 2048) + 1);
    if (!gather(values, probable_edge(values, most), out) || out.size() < most) {
        out.resize(n + 1);
        gather(values, std::numeric_limits<double>::infinity(), out);
    }
    if (out.size() >= 4096) return sort_by_bytes(out, spare);
    const auto end = out.begin() + static_cast<std::ptrdiff_t>(most);
    std::nth_element(out.begin(), end - 1, out.end());
    std::sort(out.begin(), end);
}

}  // namespace openquant
