// The bar under construction, shared by every kind of bar.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <tuple>

#include "openquant/operators/core/events.hpp"

namespace openquant {

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
        flow_[t.side & 3] += size;
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
        done.buy_volume = flow_[1], done.sell_volume = flow_[3];
        bar_.volume = bar_.dollar_value = 0.0;  // a first trade sets the rest
        bar_.n_obs = 0, bar_.gap = bar_.late = false;
        flow_ = {};
        return done;
    }

    static auto state(auto& self) {
        auto& b = self.bar_;
        return std::tie(b.ts, b.start_ts, b.open, b.high, b.low, b.close, b.volume, b.dollar_value, self.flow_, b.n_obs, b.first_id, b.last_id, b.gap, b.late);
    }
    bool operator==(const BarBuilder&) const = default;

private:
    Bar bar_;
    // Volume by side: unknown, buy, -, sell. Sides come at random, and a branch on them would be mispredicted half the time. Last, for
    // the compiler takes an index to reach what lies behind, which then stays in memory.
    std::array<double, 4> flow_{};
};

}  // namespace openquant
