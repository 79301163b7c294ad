#pragma once

#include "openquant/operators/core/bar_builder.hpp"
#include "openquant/operators/core/schema.hpp"

namespace openquant {

/// Time bars (AFML 2.3.1.1): emits a bar when its window [k * interval, (k + 1) * interval) since the epoch is over, which
/// the first trade at or after its end tells, or a clock. No bar for a window without trades.
struct TimeBars {
    std::int64_t interval_ns = 60'000'000'000, lateness_ns = 0;
    bool partial = true;

    BarBuilder bar_{};
    std::int64_t start_ = 0;  // of the earliest window that a trade may still fall into
    bool gap_ahead_ = false;  // trades were lost that may belong to the next bar as well as to this one

    static constexpr auto schema() {
        return schema_of<Bar>(
            "TimeBars", "Emits a bar when its window of time, aligned to the epoch, is over.", "AFML 2.3.1.1",
            inputs(optional_input<Continuity>("continuity", "breaks of the source; set the bar's gap flag"),
                   input<Trade>("trades", "trades to gather; one older than its window's bar goes into the open bar, flagged late"),
                   optional_input<Clock>("clock", "the time, so that a bar closes on a silent market")),
            parameters(parameter("interval_ns", &TimeBars::interval_ns, between(1, 1e18), "ns", "length of a window"),
                       parameter("lateness_ns", &TimeBars::lateness_ns, at_least(0), "ns", "the clock closes a window this long after its end"),
                       parameter("partial", &TimeBars::partial, "emit the unfinished bar when the stream ends")));
    }

    void update(const Continuity& c, auto&&) noexcept {
        bar_.add(c);
        gap_ahead_ |= BarBuilder::lost(c) && c.ts - start_ >= interval_ns;
    }

    void update(const Trade& t, auto&& emit) noexcept {
        if (t.ts - start_ >= interval_ns) [[unlikely]] { close(t.ts, emit); }
        if (t.ts < start_) bar_.not_before(start_);
        bar_.add(t);
    }

    void update(const Clock& c, auto&& emit) noexcept {
        const std::int64_t now = c.ts - lateness_ns;
        if (now - start_ >= interval_ns) close(now, emit);
    }

    void flush(auto&& emit) noexcept {
        if (partial && !bar_.empty()) emit(bar_.finish());
    }

    static auto state(auto& self) { return std::tie(self.bar_, self.start_, self.gap_ahead_); }
    bool operator==(const TimeBars&) const = default;

private:
    void close(std::int64_t now, auto& emit) noexcept {
        if (!bar_.empty()) {
            emit(bar_.finish());
            if (gap_ahead_) bar_.mark_gap();
        }
        gap_ahead_ = false;
        start_ = now - now % interval_ns;
    }
};

}  // namespace openquant
