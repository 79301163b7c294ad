#pragma once

#include "openquant/operators/core/accumulating_bar.hpp"

namespace openquant {

/// Volume bars (AFML 2.3.1.3): emits a bar at the trade where the running volume reaches the threshold.
struct VolumeBars {
    double volume_per_bar = 100'000.0;
    Remainder remainder = Remainder::reset;
    bool partial = false;

    AccumulatingBar<> bar_{};

    static constexpr auto schema() {
        return schema_of<Bar>(
            "VolumeBars", "Emits a bar at the trade where the running volume reaches the threshold.", "AFML 2.3.1.3",
            inputs(optional_input<Continuity>("continuity", "breaks of the source; set the bar's gap flag"), input<Trade>("trades", "trades to sum")),
            parameters(parameter("volume_per_bar", &VolumeBars::volume_per_bar, above(0.0), "base currency", "volume that closes a bar"),
                       parameter("remainder", &VolumeBars::remainder, remainder_doc),
                       parameter("partial", &VolumeBars::partial, "emit the unfinished bar when the stream ends")));
    }
    bool fans_out() const noexcept { return remainder == Remainder::split; }
    std::uint64_t refused() const noexcept { return bar_.refused(); }

    void update(const Continuity& c, auto&&) noexcept { bar_.add(c); }
    void update(const Trade& t, auto&& emit) noexcept {
        const auto add_part = [&t](BarBuilder & bar, double volume) __attribute__((always_inline)) { bar.add(t, volume, t.price * volume); };
        const auto amount_of = [](const BarBuilder& bar) { return bar.volume(); };
        bar_.add(t, t.size, volume_per_bar, remainder, amount_of, add_part, emit);
    }
    void flush(auto&& emit) noexcept {
        if (partial) bar_.flush(emit);
    }

    static auto state(auto& self) { return std::tie(self.bar_); }
    bool operator==(const VolumeBars&) const = default;
};

}  // namespace openquant
