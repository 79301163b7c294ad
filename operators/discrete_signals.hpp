#pragma once

#include "openquant/operators/core/bets.hpp"
#include "openquant/operators/core/events.hpp"
#include "openquant/operators/core/schema.hpp"

namespace openquant {

/// Discretised bets (AFML 10.3): emits each bet with its size rounded, so that small changes make no trades.
struct DiscreteSignals {
    double step_size = 0.1;

    static constexpr auto schema() {
        return schema_of<Signal>("DiscreteSignals", "Emits each bet with its size rounded to a multiple of a step.", "AFML 10.3, snippet 10.3",
                                 inputs(input<Signal>("signals", "bets to round")),
                                 parameters(parameter("step_size", &DiscreteSignals::step_size, Range{.low = 0.0, .high = 1.0, .high_open = false}, "size",
                                                      "step; ties go to the even multiple")));
    }

    void update(const Signal& s, auto&& emit) noexcept { emit(Signal{s.ts, s.prob, s.side, discrete_signal(s.size, step_size)}); }

    static auto state(auto&) { return std::tuple{}; }
    bool operator==(const DiscreteSignals&) const = default;
};

}  // namespace openquant
