// What imbalance and runs bars share: what a trade counts, and how long a bar is expected to be (AFML 2.3.2).
#pragma once

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

#include "openquant/operators/core/events.hpp"
#include "openquant/operators/core/ewma.hpp"
#include "openquant/operators/core/schema.hpp"
#include "openquant/operators/core/tick_rule.hpp"

namespace openquant {

/// What each trade counts.
enum class FlowMeasure : std::int8_t { tick, volume, dollar };
inline constexpr std::string_view flow_measure_names[] = {"tick", "volume", "dollar"};
constexpr Names names_of(FlowMeasure) { return flow_measure_names; }

inline double flow_of(FlowMeasure measure, const Trade& t) noexcept {
    return measure == FlowMeasure::tick ? 1.0 : measure == FlowMeasure::volume ? t.size : t.price * t.size;
}

/// Where a bar's threshold comes from.
enum class Expectation : std::int8_t { ewma, fixed };
inline constexpr std::string_view expectation_names[] = {"ewma", "fixed"};
constexpr Names names_of(Expectation) { return expectation_names; }

/// Limits within which a bar's expected length adapts, so that bars neither collapse to single trades nor run away.
struct BarLength {
    std::int64_t expected_ticks = 100, min_ticks = 10, max_ticks = 10'000;
    double bar_span = 20.0;

    void check(std::string_view name) const {
        if (min_ticks <= expected_ticks && expected_ticks <= max_ticks) return;
        throw std::invalid_argument(std::string(name) + ": expected_ticks = " + std::to_string(expected_ticks) +
                                    " must lie between min_ticks = " + std::to_string(min_ticks) + " and max_ticks = " + std::to_string(max_ticks));
    }
    /// Whether a bar of `n` trades may or must close.
    bool closes(std::int64_t n, bool reached) const noexcept { return n >= max_ticks || (reached && n >= min_ticks); }
    /// Takes the length of a closed bar into the average and returns the length expected of the next: the geometric mean of
    /// that average and `expected_ticks`. The average alone feeds on itself: each bar sets the threshold of the next, so that
    /// lengths wander off; halfway back to where they began, a market whose bars close a times too early or late shifts them by a.
    double expected_after(std::int64_t n, EwmaAverage& average) const noexcept {
        const double decay = decay_of_span(bar_span);
        if (average.empty()) average.add(static_cast<double>(expected_ticks), decay);
        average.add(static_cast<double>(n), decay);
        const double length = std::sqrt(average.mean() * static_cast<double>(expected_ticks));
        return std::clamp(length, static_cast<double>(min_ticks), static_cast<double>(max_ticks));
    }
};

/// Inputs and parameters of imbalance and runs bars; `threshold_doc` says what the fixed one is compared with.
constexpr auto flow_inputs() {
    return inputs(optional_input<Continuity>("continuity", "breaks of the source; set the bar's gap flag"),
                  input<Trade>("trades", "trades to weigh; one without a side takes that of the change of price, or of the trade before"));
}
template <class Op>
constexpr auto flow_parameters(std::string_view threshold_doc) {
    return parameters(parameter("measure", &Op::measure, "what a trade counts: 1, its size or its dollar value"),
                      parameter("expectation", &Op::expectation, "ewma: the threshold adapts to bars and trades before; fixed: it is `threshold`"),
                      parameter("threshold", &Op::threshold, above(0.0), "trades, base or quote currency", threshold_doc),
                      parameter("expected_ticks", &Op::expected_ticks, at_least(1), "trades", "length of the first bar, and what later ones are drawn back to"),
                      parameter("min_ticks", &Op::min_ticks, at_least(1), "trades", "an adaptive bar is no shorter"),
                      parameter("max_ticks", &Op::max_ticks, at_least(1), "trades", "an adaptive bar is no longer"),
                      parameter("bar_span", &Op::bar_span, at_least(1.0), "bars", "span of the average length of bars"),
                      parameter("tick_span", &Op::tick_span, at_least(1.0), "trades", "span of the average flow of trades"),
                      parameter("partial", &Op::partial, "emit the unfinished bar when the stream ends"));
}

}  // namespace openquant
