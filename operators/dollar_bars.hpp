#pragma once

#include <algorithm>

#include "openquant/operators/core/bar_builder.hpp"
#include "openquant/operators/core/schema.hpp"

namespace openquant {

/// What happens to dollar value beyond a bar's threshold.
enum class Remainder : std::int8_t { reset, carry, split };
inline constexpr std::string_view remainder_names[] = {"reset", "carry", "split"};
constexpr Names names_of(Remainder) { return remainder_names; }

/// Dollar bars (AFML 2.3.1.4): emits a bar at the trade where the running dollar value reaches the threshold.
struct DollarBars {
    double dollar_value_per_bar = 5'000'000.0;
    Remainder remainder = Remainder::reset;
    bool partial = false;

    BarBuilder bar_{};
    double running_ = 0.0;  // differs from the bar's own dollar value by what `carry` brought along
    std::uint64_t refused_ = 0;

    /// One trade may fill at most this many bars; a larger one is refused whole and counted.
    static constexpr double max_bars_per_trade = 100'000.0;

    static constexpr auto schema() {
        return schema_of<Bar>(
            "DollarBars", "Emits a bar at the trade where the running dollar value reaches the threshold.", "AFML 2.3.1.4",
            inputs(optional_input<Continuity>("continuity", "breaks of the source; set the bar's gap flag"), input<Trade>("trades", "trades to sum")),
            parameters(parameter("dollar_value_per_bar", &DollarBars::dollar_value_per_bar, above(0.0), "quote currency", "dollar value that closes a bar"),
                       parameter("remainder", &DollarBars::remainder,
                                 "what becomes of the excess: reset drops it from the running sum, carry starts the next bar's "
                                 "running sum with it, split divides the trade over as many bars as it fills"),
                       parameter("partial", &DollarBars::partial, "emit the unfinished bar when the stream ends")));
    }
    bool fans_out() const noexcept { return remainder == Remainder::split; }
    std::uint64_t refused() const noexcept { return refused_; }

    void update(const Continuity& c, auto&&) noexcept { bar_.add(c); }

    void update(const Trade& t, auto&& emit) noexcept {
        const double value = t.price * t.size, sum = running_ + value;
        if (sum >= dollar_value_per_bar) [[unlikely]]
            return close(t, value, emit);
        bar_.add(t, t.size, value);
        running_ = sum;
    }

    void flush(auto&& emit) noexcept {
        if (partial && !bar_.empty()) emit(bar_.finish());
    }

    static auto state(auto& self) { return std::tie(self.bar_, self.running_, self.refused_); }
    bool operator==(const DollarBars&) const = default;

private:
    // Inlined, all of it: a call that takes the trade would keep every trade in memory instead of registers.
    [[gnu::always_inline]] void close(const Trade& t, double value, auto& emit) noexcept {
        if (remainder == Remainder::split) return split(t, value, emit);
        bar_.add(t, t.size, value);
        running_ = remainder == Remainder::carry ? running_ + value - dollar_value_per_bar : 0.0;
        emit(bar_.finish());
    }

    [[gnu::always_inline]] void split(const Trade& t, double value, auto& emit) noexcept {
        if (!(value / dollar_value_per_bar < max_bars_per_trade)) return void(++refused_);
        double part = std::min(value, dollar_value_per_bar - running_);
        for (bool fills = true; fills; fills = value >= dollar_value_per_bar, part = dollar_value_per_bar) {
            bar_.add(t, part / t.price, part);
            emit(bar_.finish());
            value -= part;
        }
        running_ = value;
        if (value > 0.0) bar_.add(t, value / t.price, value);
    }
};

}  // namespace openquant
