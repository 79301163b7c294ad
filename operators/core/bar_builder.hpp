// The bar under construction, shared by every kind of bar.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <tuple>

#include "openquant/operators/core/events.hpp"
#include "openquant/operators/core/wide.hpp"

namespace openquant {

/// Volume by side, both in one register, each added to by every trade. Sides come at random: a branch on them would be mispredicted half
/// the time, and a sum that is found by index must be stored and loaded again, which takes many times as long as an addition.
class SideVolumes {
public:
    [[gnu::always_inline]] void add(std::int8_t side, double size) noexcept {
        const int s = side;
        const auto counts = Lanes{s, s, s, s} == Lanes{1, 1, -1, -1};
        sums_ += std::bit_cast<Packed>(std::bit_cast<Lanes>(Packed{size, size}) & counts);
    }
    double buy() const noexcept { return sums_[0]; }
    double sell() const noexcept { return sums_[1]; }

    static auto state(auto& self) { return std::tie(self.sums_); }
    bool operator==(const SideVolumes& other) const noexcept { return buy() == other.buy() && sell() == other.sell(); }

private:
    using Lanes = int __attribute__((vector_size(16)));
    Packed sums_{};
};

class BarBuilder {
public:
    bool empty() const noexcept { return bar_.n_obs == 0; }
    std::int64_t n_obs() const noexcept { return bar_.n_obs; }
    double open() const noexcept { return bar_.open; }
    double high() const noexcept { return bar_.high; }
    double low() const noexcept { return bar_.low; }
    double volume() const noexcept { return bar_.volume; }
    double dollar_value() const noexcept { return bar_.dollar_value; }

    /// Adds a trade, or the part of it that has this size and dollar value.
    [[gnu::always_inline]] void add(const Trade& t, double size, double dollar_value) noexcept {
        if (t.ts >= bar_.ts) [[likely]]
            bar_.ts = t.ts;
        else bar_.late = true;
        if ((t.flags & flag_late) != 0) [[unlikely]]
            bar_.late = true;
        if (bar_.n_obs == 0) {
            bar_.start_ts = bar_.ts;
            bar_.first_id = t.id;
            bar_.open = bar_.high = bar_.low = t.price;
        }
        bar_.high = std::max(t.price, bar_.high);  // in this order one instruction, in the other three
        bar_.low = std::min(t.price, bar_.low);
        bar_.close = t.price;
        bar_.last_id = t.id;
        bar_.volume += size;
        bar_.dollar_value += dollar_value;
        sides_.add(t.side, size);
        ++bar_.n_obs;
    }
    void add(const Trade& t) noexcept { add(t, t.size, t.price * t.size); }

    void add(const Continuity& c) noexcept { bar_.gap |= lost(c); }
    void mark_gap() noexcept { bar_.gap = true; }
    static bool lost(const Continuity& c) noexcept { return c.kind == Break::gap || c.kind == Break::disconnect || c.kind == Break::overflow; }

    /// Nothing in this bar or a later one lies before `ts`; a trade that does is late.
    void not_before(std::int64_t ts) noexcept { bar_.ts = std::max(bar_.ts, ts); }

    /// The finished bar; the next one starts empty and never before this one's ts.
    Bar finish() noexcept {
        Bar done = bar_;
        done.vwap = done.dollar_value / done.volume;
        done.buy_volume = sides_.buy(), done.sell_volume = sides_.sell();
        bar_.volume = bar_.dollar_value = 0.0;  // a first trade sets the rest
        bar_.n_obs = 0, bar_.gap = bar_.late = false;
        sides_ = {};
        return done;
    }

    static auto state(auto& self) {
        auto& b = self.bar_;
        return std::tie(b.ts, b.start_ts, b.open, b.high, b.low, b.close, b.volume, b.dollar_value, self.sides_, b.n_obs, b.first_id, b.last_id, b.gap, b.late);
    }
    bool operator==(const BarBuilder&) const = default;

private:
    Bar bar_;
    SideVolumes sides_;
};

}  // namespace openquant
