// The last ids of one symbol, to tell a repeat where ids have no order.
#pragma once

#include <cstdint>
#include <optional>
#include <tuple>
#include <vector>

namespace openquant {

/// A ring of the newest ids, found by a hash table of their places with linear probing.
class RecentIds {
public:
    static constexpr std::size_t capacity = 4096;

    /// Ids added so far; the next one has this number.
    std::uint64_t added() const { return added_; }

    /// Remembers the id, or gives the number under which it is remembered already.
    std::optional<std::uint64_t> add(std::uint64_t id) {
        if (table_.empty()) table_.assign(slots, 0), ring_.assign(capacity, 0);
        std::size_t slot = home(id);
        for (; table_[slot] != 0; slot = next(slot))
            if (const std::size_t place = table_[slot] - 1u; ring_[place] == id) return number_of(place);
        const std::size_t place = added_ % capacity;
        if (added_ >= capacity) {
            forget(place);
            for (slot = home(id); table_[slot] != 0;) slot = next(slot);  // a nearer slot may be free now
        }
        ring_[place] = id;
        table_[slot] = static_cast<std::uint16_t>(place + 1);
        ++added_;
        return std::nullopt;
    }

    static auto state(auto& self) { return std::tie(self.ring_, self.table_, self.added_); }

private:
    static constexpr std::size_t slots = 2 * capacity;
    static std::size_t home(std::uint64_t id) { return static_cast<std::size_t>((id * 0x9e3779b97f4a7c15u) >> 51); }
    static std::size_t next(std::size_t slot) { return (slot + 1) % slots; }
    static_assert(slots == 1u << 13, "home() gives 13 bits");

    std::uint64_t number_of(std::size_t place) const { return added_ - 1 - (added_ - 1 - place) % capacity; }

    /// Frees the slot of the oldest id; those behind it move up, so that no search stops short of them.
    void forget(std::size_t place) {
        std::size_t hole = home(ring_[place]);
        while (table_[hole] != place + 1) hole = next(hole);
        for (std::size_t slot = next(hole); table_[slot] != 0; slot = next(slot)) {
            const std::size_t wanted = home(ring_[table_[slot] - 1u]);
            if ((slot - wanted) % slots < (slot - hole) % slots) continue;
            table_[hole] = table_[slot];
            hole = slot;
        }
        table_[hole] = 0;
    }

    std::vector<std::uint64_t> ring_;
    std::vector<std::uint16_t> table_;  // by slot: place in the ring plus one, 0 if free
    std::uint64_t added_ = 0;
};

}  // namespace openquant
