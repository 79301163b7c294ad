// Asks for memory before it is needed: an operator's, of which what a state keeps outside itself is known to its parts, which offer
// `fetch`; and the next chunk's. All inlined: a function that does nothing else is one without effect to the compiler, which drops its calls.
#pragma once

#include <cstddef>
#include <span>
#include <tuple>
#include <utility>

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

    void drop() { asked_ = true; }
    /// What lies ahead, for the first who works on a chunk; for those after it nothing does.
    Ahead once() const { return std::exchange(asked_, true) ? Ahead() : *this; }
    /// Asks for a strip of rows as far into the next chunk as row `row` is into this one, and returns where the next strip begins: no
    /// more at once, for only a few lines can be under way.
    template <std::size_t strip = 16>
    [[gnu::always_inline]] std::size_t ask(std::size_t row, std::size_t end) const {
        if (columns_.empty() || end - row <= strip) return end;
        for (const auto& [data, width] : columns_) {
            const std::byte* const cells = data + (first_ + row) * width;
            openquant::fetch(cells, cells + strip * sizeof(double));  // more than are needed where cells are narrower
        }
        return row + strip;
    }

private:
    std::span<const Cells> columns_;
    std::size_t first_ = 0;
    mutable bool asked_ = true;
};

}  // namespace openquant
