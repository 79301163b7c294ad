// Asks for memory before it is needed: an operator's, of which what a state keeps outside itself is known to its parts, which offer
// `fetch`; and the next chunk's. All inlined: a function that does nothing else is one without effect to the compiler, which drops its calls.
#pragma once

#include <cstddef>
#include <span>
#include <tuple>

namespace openquant {

template <class T>
[[gnu::always_inline]] inline void fetch(const T* begin, const T* end) {
    const auto* const beyond = reinterpret_cast<const std::byte*>(end);
    for (const auto* line = reinterpret_cast<const std::byte*>(begin); line < beyond; line += 64) __builtin_prefetch(line);
}

/// Walks a state as it is archived; to be called when the state itself is there.
template <class T>
[[gnu::always_inline]] inline void fetch_kept(const T& part) {
    if constexpr (requires { part.fetch(); }) part.fetch();
    else if constexpr (requires { T::state(part); })
        std::apply(
            [](const auto&... parts) __attribute__((always_inline)) { (fetch_kept(parts), ...); }, T::state(part));
}

/// Columns that go on in memory behind a chunk's rows, where the next chunk will be. While an operator works on rows that are in the
/// cache, memory has nothing else to do.
class Ahead {
public:
    struct Cells {
        const std::byte* data;
        std::size_t width;
    };

    Ahead() = default;
    /// Row 0 of what lies ahead is row `first` of the columns.
    Ahead(std::span<const Cells> columns, std::size_t first) : columns_(columns), first_(first), asked_(false) {}

    /// Work on rows [row, end): `work(stop)` goes on from where it was to `stop`, and says how far it came. Whoever is the first to work
    /// on a chunk asks for what lies ahead of it, a strip of rows at a time, for there are never more than a few lines under way.
    template <std::size_t strip = 16>
    [[gnu::always_inline]] void by_strips(std::size_t row, std::size_t end, auto&& work) const {
        if (!asked_) {
            asked_ = true;
            for (; end - row > strip; row += strip) {
                for (const auto& [data, width] : columns_) {
                    const std::byte* const cells = data + (first_ + row) * width;
                    openquant::fetch(cells, cells + strip * sizeof(double));  // or a little more: where it is narrower
                }
                if (work(row + strip) < row + strip) return;
            }
        }
        work(end);
    }

private:
    std::span<const Cells> columns_;
    std::size_t first_ = 0;
    mutable bool asked_ = true;
};

}  // namespace openquant
