#pragma once

#include "openquant/operators/core/accumulating_bar.hpp"

namespace openquant {

/// Dollar bars (AFML 2.3.1.4): emits a bar at the trade where the running dollar value reaches the threshold.
struct DollarBars {
    double dollar_value_per_bar = 5'000'000.0;
    Remainder remainder = Remainder::reset;
    bool partial = false;

    AccumulatingBar<> bar_{};

    static constexpr auto schema() {
        return schema_of<Bar>(
            "DollarBars", "Emits a bar at the trade where the running dollar value reaches the threshold.", "AFML 2.3.1.4",
            inputs(optional_input<Continuity>("continuity", "breaks of the source; set the bar's gap flag"), input<Trade>("trades", "trades to sum")),
            parameters(parameter("dollar_value_per_bar", &DollarBars::dollar_value_per_bar, above(0.0), "quote currency", "dollar value that closes a bar"),
                       parameter("remainder", &DollarBars::remainder, remainder_doc),
                       parameter("partial", &DollarBars::partial, "emit the unfinished bar when the stream ends")));
    }
    bool fans_out() const noexcept { return remainder == Remainder::split; }
    std::uint64_t refused() const noexcept { return bar_.refused(); }

    void update(const Continuity& c, auto&&) noexcept { bar_.add(c); }
    void update(const Trade& t, auto&& emit) noexcept {
        const auto add_part = [&t](BarBuilder & bar, double value) __attribute__((always_inline)) { bar.add(t, value / t.price, value); };
        const auto amount_of = [](const BarBuilder& bar) { return bar.dollar_value(); };
        bar_.add(t, t.price * t.size, dollar_value_per_bar, remainder, amount_of, add_part, emit);
    }
    void flush(auto&& emit) noexcept {
        if (partial) bar_.flush(emit);
    }

    static auto state(auto& self) { return std::tie(self.bar_); }
    bool operator==(const DollarBars&) const = default;
};

}  // namespace openquant
