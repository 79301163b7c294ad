// Price levels waiting to be touched: O(log n) to add, to remove any one, and to take the nearest.
#pragma once

#include <bit>
#include <cstdint>
#include <limits>
#include <tuple>
#include <utility>
#include <vector>

namespace openquant {

/// Binary heap of (level, slot) that knows where each slot stands. `Rising`: a price touches from below, the lowest
/// level is nearest; otherwise from above, the highest is.
template <bool Rising, class Level = double>
class LevelHeap {
public:
    bool touched_by(Level price) const noexcept { return !heap_.empty() && (Rising ? price >= heap_[0].level : price <= heap_[0].level); }
    std::uint32_t nearest() const noexcept { return heap_[0].slot; }

    void push(std::uint32_t slot, Level level) {
        if (slot >= place_.size()) place_.resize(slot + 1, absent);
        heap_.emplace_back();
        rise(heap_.size() - 1, level, slot);
    }
    void erase(std::uint32_t slot) noexcept {
        if (slot >= place_.size() || place_[slot] == absent) return;
        const std::size_t hole = std::exchange(place_[slot], absent);
        const Level level = heap_.back().level;
        const std::uint32_t last = heap_.back().slot;
        heap_.pop_back();
        if (last == slot) return;
        if (hole > 0 && before(level, heap_[(hole - 1) / 2].level)) rise(hole, level, last);
        else sink(hole, level, last);
    }

    static auto state(auto& self) { return std::tie(self.heap_, self.place_); }
    bool operator==(const LevelHeap&) const = default;

private:
    static constexpr std::uint32_t absent = std::numeric_limits<std::uint32_t>::max();
    struct Entry {
        Level level{};
        std::uint32_t slot = 0;
        static auto state(auto& self) { return std::tie(self.level, self.slot); }
        bool operator==(const Entry&) const = default;
    };
    static bool before(Level a, Level b) noexcept { return Rising ? a < b : a > b; }

    // Entries go through registers, member by member: one read as a whole just after its members were written waits for memory.
    void settle(std::size_t at, Level level, std::uint32_t slot) noexcept {
        heap_[at].level = level, heap_[at].slot = slot;
        place_[slot] = static_cast<std::uint32_t>(at);
    }
    void rise(std::size_t at, Level level, std::uint32_t slot) noexcept {
        for (; at > 0 && before(level, heap_[(at - 1) / 2].level); at = (at - 1) / 2) settle(at, heap_[(at - 1) / 2].level, heap_[(at - 1) / 2].slot);
        settle(at, level, slot);
    }
    void sink(std::size_t at, Level level, std::uint32_t slot) noexcept {
        for (std::size_t child = 2 * at + 1; child < heap_.size(); child = 2 * at + 1) {
            if (child + 1 < heap_.size()) child += before(heap_[child + 1].level, heap_[child].level);  // a branch would be mispredicted half the time
            if (!before(heap_[child].level, level)) break;
            settle(at, heap_[child].level, heap_[child].slot);
            at = child;
        }
        settle(at, level, slot);
    }

    std::vector<Entry> heap_;
    std::vector<std::uint32_t> place_;  // by slot
};

/// The smallest positive double for which `holds`, which turns from false to true as its argument grows; infinity if
/// none does. Exact whatever the guess, quick when it is near: p0 * (1 + h) is only that, a guess.
inline double first_where(double guess, auto&& holds) noexcept {
    constexpr auto top = std::bit_cast<std::uint64_t>(std::numeric_limits<double>::max());
    const auto test = [&](std::uint64_t bits) { return bits > 0 && (bits > top || holds(std::bit_cast<double>(bits))); };
    std::uint64_t high = guess > 0.0 && guess < std::numeric_limits<double>::max() ? std::bit_cast<std::uint64_t>(guess) : guess > 0.0 ? top : 1;
    std::uint64_t low = high, step = 1;
    if (test(high)) {
        while (low = high > step ? high - step : 0, test(low)) high = low, step *= 2;
    } else {
        while (high = top + 1 - low > step ? low + step : top + 1, !test(high)) low = high, step *= 2;
    }
    while (high - low > 1) {  // low fails, high holds
        const std::uint64_t middle = low + (high - low) / 2;
        (test(middle) ? high : low) = middle;
    }
    return high > top ? std::numeric_limits<double>::infinity() : std::bit_cast<double>(high);
}

/// The largest positive double for which `holds`, which turns from true to false; 0 if none does.
inline double last_where(double guess, auto&& holds) noexcept {
    const double first_failure = first_where(guess, [&](double x) { return !holds(x); });
    if (first_failure == std::numeric_limits<double>::infinity()) return std::numeric_limits<double>::max();
    return std::bit_cast<double>(std::bit_cast<std::uint64_t>(first_failure) - 1);
}

}  // namespace openquant
