#pragma once

#include "openquant/operators/core/bar_builder.hpp"
#include "openquant/operators/core/schema.hpp"

namespace openquant {

/// Tick bars (AFML 2.3.1.2): emits a bar at every n-th trade.
struct TickBars {
    std::int64_t ticks_per_bar = 50;
    bool partial = false;

    BarBuilder bar_{};

    static constexpr auto schema() {
        return schema_of<Bar>(
            "TickBars", "Emits a bar at every n-th trade.", "AFML 2.3.1.2",
            inputs(optional_input<Continuity>("continuity", "breaks of the source; set the bar's gap flag"), input<Trade>("trades", "trades to count")),
            parameters(parameter("ticks_per_bar", &TickBars::ticks_per_bar, at_least(1), "trades", "trades that close a bar"),
                       parameter("partial", &TickBars::partial, "emit the unfinished bar when the stream ends")));
    }

    void update(const Continuity& c, auto&&) noexcept { bar_.add(c); }

    void update(const Trade& t, auto&& emit) noexcept {
        bar_.add(t);
        if (bar_.n_obs() >= ticks_per_bar) emit(bar_.finish());
    }

    void flush(auto&& emit) noexcept {
        if (partial && !bar_.empty()) emit(bar_.finish());
    }

    static auto state(auto& self) { return std::tie(self.bar_); }
    bool operator==(const TickBars&) const = default;
};

}  // namespace openquant
