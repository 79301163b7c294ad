// The last ids of one symbol, to tell a repeat where ids have no order.
#pragma once

#include <bit>
#include <cstdint>
#include <optional>
#include <tuple>
#include <vector>

namespace openquant {

/// A ring of the newest ids, found by a hash table of their places with linear probing. Both double until they hold `capacity`.
class RecentIds {
public:
    static constexpr std::size_t capacity = 65'536;

    /// Ids added so far; the next one has this number.
    std::uint64_t added() const { return added_; }

    /// Remembers the id, or gives the number under which it is remembered already.
    std::optional<std::uint64_t> add(std::uint64_t id) {
        if (added_ == ring_.size() && ring_.size() < capacity) grow();
        std::size_t slot = home(id);
        for (; table_[slot] != 0; slot = next(slot))
            if (const std::size_t place = table_[slot] - 1u; ring_[place] == id) return number_of(place);
        const std::size_t place = added_ % ring_.size();
        if (added_ >= capacity) {
            forget(place);
            for (slot = home(id); table_[slot] != 0;) slot = next(slot);  // a nearer slot may be free now
        }
        ring_[place] = id;
        table_[slot] = static_cast<std::uint32_t>(place + 1);
        ++added_;
        return std::nullopt;
    }

    /// After a state was read: whether it can be one of ours. The table is made anew, so that no search relies on what was read.
    bool adopt() {
        const std::size_t size = ring_.size();
        const bool sound = size == 0 ? added_ == 0 : size >= least && size <= capacity && std::has_single_bit(size) && (added_ <= size || size == capacity);
        if (sound && size > 0) fill_table(added_ < size ? added_ : size);
        return sound;
    }

    static auto state(auto& self) { return std::tie(self.ring_, self.added_); }

private:
    static constexpr std::size_t least = 256;

    std::size_t home(std::uint64_t id) const { return static_cast<std::size_t>((id * 0x9e3779b97f4a7c15u) >> (64 - std::countr_zero(table_.size()))); }
    std::size_t next(std::size_t slot) const { return (slot + 1) & (table_.size() - 1); }
    std::uint64_t number_of(std::size_t place) const { return added_ <= ring_.size() ? place : added_ - 1 - (added_ - 1 - place) % ring_.size(); }

    /// Only while every id is still in the ring, in the order in which they came.
    void grow() {
        ring_.resize(ring_.empty() ? least : 2 * ring_.size(), 0);
        fill_table(added_);
    }
    void fill_table(std::size_t kept) {
        table_.assign(2 * ring_.size(), 0);
        for (std::size_t place = 0; place < kept; ++place) {
            std::size_t slot = home(ring_[place]);
            while (table_[slot] != 0) slot = next(slot);
            table_[slot] = static_cast<std::uint32_t>(place + 1);
        }
    }

    /// Frees the slot of the oldest id; those behind it move up, so that no search stops short of them.
    void forget(std::size_t place) {
        std::size_t hole = home(ring_[place]);
        while (table_[hole] != place + 1) hole = next(hole);
        const std::size_t mask = table_.size() - 1;
        for (std::size_t slot = next(hole); table_[slot] != 0; slot = next(slot)) {
            const std::size_t wanted = home(ring_[table_[slot] - 1u]);
            if (((slot - wanted) & mask) < ((slot - hole) & mask)) continue;
            table_[hole] = table_[slot];
            hole = slot;
        }
        table_[hole] = 0;
    }

    std::vector<std::uint64_t> ring_;
    std::vector<std::uint32_t> table_;  // by slot: place in the ring plus one, 0 if free
    std::uint64_t added_ = 0;
};

}  // namespace openquant
