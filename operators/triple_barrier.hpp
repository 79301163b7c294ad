#pragma once

#include <algorithm>
#include <cmath>
#include <optional>
#include <stdexcept>

#include "openquant/operators/core/concurrency.hpp"
#include "openquant/operators/core/events.hpp"
#include "openquant/operators/core/level_heap.hpp"
#include "openquant/operators/core/schema.hpp"

namespace openquant {

/// What a label is when no price barrier was touched.
enum class VerticalLabel : std::int8_t { sign, zero };
inline constexpr std::string_view vertical_label_names[] = {"sign", "zero"};
constexpr Names names_of(VerticalLabel) { return vertical_label_names; }

/// Triple-barrier labels (AFML 3.4): emits an event's outcome at the price that touches a barrier of it, in event order.
struct TripleBarrier {
    double pt = 1.0, sl = 1.0, target = 0.01, min_ret = 0.0;
    std::int64_t max_bars = 0, max_time_ns = 0, max_open = 100'000;
    bool use_side = false, meta_label = false, match_times = false;
    VerticalLabel vertical_label = VerticalLabel::sign;

    static constexpr std::uint32_t none = 0xffffffff;
    struct Open {
        std::int64_t event_ts = 0, ts = 0, row = 0;  // of the event; ts is no earlier than the price it is measured from
        double price = 0.0, trgt = 0.0, side = 0.0;
        std::uint64_t number = 0;                  // order of the events
        std::uint32_t older = none, newer = none;  // the list that vertical barriers end from its old side
        Concurrency::Mark mark{};
        Barrier barrier = Barrier::end;  // set on release
        static auto state(auto& self) {
            return std::tie(self.event_ts, self.ts, self.row, self.price, self.trgt, self.side, self.number, self.older, self.newer, self.mark, self.barrier);
        }
        bool operator==(const Open&) const = default;
    };
    std::vector<Open> slots_{};
    std::vector<std::uint32_t> free_{}, released_{};
    LevelHeap<true> above_{};
    LevelHeap<false> below_{};
    LevelHeap<true, std::int64_t> deadlines_{};
    std::optional<Deadline> deadline_{};
    Concurrency concurrency_{};
    std::uint32_t oldest_ = none, newest_ = none;
    std::uint64_t events_ = 0, refused_ = 0;
    std::int64_t row_ = 0, now_ = 0;
    double last_ = 0.0;
    Volatility volatility_{};
    bool scaled_ = false;  // a volatility input is wired

    static constexpr auto schema() {
        using Self = TripleBarrier;
        return schema_of<Label>(
            "TripleBarrier", "Emits an event's outcome at the price that touches a barrier of it, in event order.", "AFML 3.2 to 3.5",
            inputs(input<Price>("prices", "prices of the path: trades or bars"),
                   optional_input<Volatility>("volatility",
                                              "target of each event: the last value seen; events before "
                                              "the first value have no target and are refused"),
                   optional_input<Deadline>("deadlines",
                                            "vertical barrier of the events of the very same time: met at the first price after the event at or after it; one "
                                            "before its event is refused and counted"),
                   input<Event>("events", "events to label")),
            parameters(
                parameter("pt", &Self::pt, at_least(0.0), "targets", "upper barrier, touched when r > pt * target; 0: none"),
                parameter("sl", &Self::sl, at_least(0.0), "targets", "lower barrier, touched when r < -sl * target; 0: none"),
                parameter("target", &Self::target, above(0.0), "return", "target where no volatility input is wired"),
                parameter("min_ret", &Self::min_ret, at_least(0.0), "return", "events count if their target exceeds this"),
                parameter("max_bars", &Self::max_bars, at_least(0), "rows of prices", "vertical barrier; 0: none"),
                parameter("max_time_ns", &Self::max_time_ns, at_least(0), "ns", "vertical barrier; 0: none"),
                parameter("max_open", &Self::max_open, between(1, 10'000'000), "labels per symbol", "open labels kept; a further event is refused and counted"),
                parameter("use_side", &Self::use_side, "multiply path returns by the event's side"),
                parameter("meta_label", &Self::meta_label, "label whether the bet earned: 1 if its return is above 0, else 0 (AFML 3.6)"),
                parameter("match_times", &Self::match_times,
                          "an event counts only at the time of a price, and with a target of that very time; else the last price and target count"),
                parameter("vertical_label", &Self::vertical_label, "label where no price barrier was touched: the sign of the return, or zero")));
    }
    static constexpr bool fans_out() noexcept { return true; }
    void wired(std::string_view input, bool is) noexcept {
        if (input == "volatility") scaled_ = is;
    }
    std::uint64_t refused() const noexcept { return refused_; }

    void update(const Price& p, auto&& emit) noexcept {
        last_ = p.price;
        now_ = std::max(now_, p.ts);
        ++row_;
        while (above_.touched_by(p.price)) release(above_.nearest(), slots_[above_.nearest()].side > 0 ? Barrier::upper : Barrier::lower);
        while (below_.touched_by(p.price)) release(below_.nearest(), slots_[below_.nearest()].side > 0 ? Barrier::lower : Barrier::upper);
        while (deadlines_.touched_by(now_)) release(deadlines_.nearest(), Barrier::vertical);
        while (oldest_ != none && expired(slots_[oldest_])) release(oldest_, Barrier::vertical);
        if (!released_.empty()) emit_released(emit);
    }

    void update(const Volatility& v, auto&&) noexcept { volatility_ = v; }

    void update(const Deadline& d, auto&&) noexcept {
        if (d.until >= d.ts) deadline_ = d;
        else ++refused_;
    }

    void update(const Event& e, auto&&) noexcept {
        const double trgt = scaled_ ? volatility_.volatility : target;
        const double side = use_side ? e.side : 1.0;
        const bool full = slots_.size() - free_.size() >= static_cast<std::size_t>(max_open);
        const bool unmatched = match_times && (e.ts != now_ || (scaled_ && volatility_.ts != e.ts));
        if (row_ == 0 || unmatched || !(trgt > min_ret) || side == 0.0 || full) return void(++refused_);
        const std::uint32_t slot = take_slot();
        Open& o = slots_[slot];  // member by member: a copy of a whole that was just written waits for memory
        o.event_ts = e.ts, o.ts = std::max(e.ts, now_), o.row = row_, o.number = events_++;
        o.price = last_, o.trgt = trgt, o.side = side;
        o.older = newest_, o.newer = none;
        concurrency_.open(row_, last_, o.mark);
        (newest_ == none ? oldest_ : slots_[newest_].newer) = slot;
        newest_ = slot;
        set_levels(slot);
        if (deadline_ && deadline_->ts == e.ts) deadlines_.push(slot, deadline_->until);
    }

    /// Paths still open end at the last price; an event on the last price has none.
    void flush(auto&& emit) noexcept {
        while (oldest_ != none) release(oldest_, Barrier::end);
        std::erase_if(released_, [this](std::uint32_t slot) { return slots_[slot].row == row_; });
        emit_released(emit);
    }

    static auto state(auto& self) {
        return std::tie(self.slots_, self.free_, self.above_, self.below_, self.deadlines_, self.deadline_, self.concurrency_, self.oldest_, self.newest_,
                        self.events_, self.refused_, self.row_, self.now_, self.last_, self.volatility_, self.scaled_);
    }
    bool operator==(const TripleBarrier&) const = default;

private:
    bool expired(const Open& o) const noexcept { return (max_bars > 0 && row_ - o.row >= max_bars) || (max_time_ns > 0 && now_ - o.ts >= max_time_ns); }
    static double path_return(const Open& o, double price) noexcept { return (price / o.price - 1.0) * o.side; }

    std::uint32_t take_slot() {
        if (free_.empty()) {
            slots_.emplace_back();
            return static_cast<std::uint32_t>(slots_.size() - 1);
        }
        const std::uint32_t slot = free_.back();
        free_.pop_back();
        return slot;
    }

    /// The barriers as prices: the extreme doubles for which the very comparison on r holds.
    void set_levels(std::uint32_t slot) {
        const Open& o = slots_[slot];
        const auto up = [&](double p) { return path_return(o, p) > pt * o.trgt; };
        const auto down = [&](double p) { return path_return(o, p) < -sl * o.trgt; };
        const double up_guess = o.price * (1.0 + pt * o.trgt / o.side), down_guess = o.price * (1.0 - sl * o.trgt / o.side);
        if (pt > 0.0) o.side > 0.0 ? above_.push(slot, first_where(up_guess, up)) : below_.push(slot, last_where(up_guess, up));
        if (sl > 0.0) o.side > 0.0 ? below_.push(slot, last_where(down_guess, down)) : above_.push(slot, first_where(down_guess, down));
    }

    void release(std::uint32_t slot, Barrier barrier) {
        Open& o = slots_[slot];
        o.barrier = barrier;
        above_.erase(slot);
        below_.erase(slot);
        deadlines_.erase(slot);
        (o.older == none ? oldest_ : slots_[o.older].newer) = o.newer;
        (o.newer == none ? newest_ : slots_[o.newer].older) = o.older;
        released_.push_back(slot);
    }

    void emit_released(auto& emit) {
        if (released_.size() > 1) std::sort(released_.begin(), released_.end(), [this](auto a, auto b) { return slots_[a].number < slots_[b].number; });
        for (const std::uint32_t slot : released_) {
            const Open& o = slots_[slot];
            const double ret = std::clamp(path_return(o, last_), -largest, largest);
            const bool zero = vertical_label == VerticalLabel::zero && o.barrier >= Barrier::vertical;
            const auto label = static_cast<std::int8_t>(zero ? 0 : (ret > 0.0) - (ret < 0.0 && !meta_label));
            const auto share = concurrency_.close(o.mark, row_, last_);
            emit(Label{now_, o.event_ts, ret, o.trgt, use_side ? o.side : 0.0, label, o.barrier, share.uniqueness, share.attribution});
            free_.push_back(slot);
        }
        released_.clear();
    }
};

}  // namespace openquant
