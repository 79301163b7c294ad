#pragma once

#include <optional>

#include "openquant/operators/core/events.hpp"
#include "openquant/operators/core/returns.hpp"
#include "openquant/operators/core/schema.hpp"

namespace openquant {

/// Position and return of a strategy: emits, at each price after the first, what the position held since the one before earned.
struct StrategyReturns {
    double position_ = 0.0;
    std::optional<double> last_{};

    static constexpr auto schema() {
        return schema_of<Return>(
            "StrategyReturns", "Emits, at each price after the first, what the position held since the price before earned.",
            "position[i-1] * (p[i] / p[i-1] - 1); a signal sets the position from its own price on",
            inputs(input<Price>("prices", "prices to be held over: trades or bars"), input<Signal>("signals", "positions to hold from here on")), parameters());
    }

    void update(const Price& p, auto&& emit) noexcept {
        const auto previous = last_;
        last_ = p.price;
        if (!previous) return;
        const double r = simple_return(p.price, *previous);
        emit(Return{p.ts, position_, r, position_ * r});
    }
    void update(const Signal& s, auto&&) noexcept { position_ = s.size; }

    static auto state(auto& self) { return std::tie(self.position_, self.last_); }
    bool operator==(const StrategyReturns&) const = default;
};

}  // namespace openquant
