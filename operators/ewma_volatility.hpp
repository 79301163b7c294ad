#pragma once

#include <optional>

#include "openquant/operators/core/events.hpp"
#include "openquant/operators/core/ewma.hpp"
#include "openquant/operators/core/returns.hpp"
#include "openquant/operators/core/schema.hpp"

namespace openquant {

/// Exponentially weighted standard deviation of simple returns, bias-corrected (AFML snippet 3.1); emits one per price.
struct EwmaVolatility {
    double span = 100.0;
    std::int64_t min_periods = 2;

    std::optional<double> last_{};
    std::int64_t returns_ = 0;
    EwmaMoments moments_{};
    RowDecay decay_{};

    static constexpr auto schema() {
        return schema_of<Volatility>(
            "EwmaVolatility", "Exponentially weighted standard deviation of simple returns, bias-corrected; one per price.",
            "AFML snippet 3.1 (returns.ewm(span=span).std())", inputs(input<Price>("prices", "prices whose returns are measured")),
            parameters(parameter("span", &EwmaVolatility::span, at_least(1.0), "rows", "span of the weights: alpha = 2 / (span + 1)"),
                       parameter("min_periods", &EwmaVolatility::min_periods, at_least(2), "returns", "returns needed before the first value")));
    }

    void update(const Price& p, auto&& emit) noexcept {
        const auto previous = last_;
        last_ = p.price;
        if (!previous) return;
        moments_.add(simple_return(p.price, *previous), decay_.to(p.ts, span, 0));
        if (++returns_ >= min_periods) emit(Volatility{p.ts, moments_.deviation()});
    }

    static auto state(auto& self) { return std::tie(self.last_, self.returns_, self.moments_, self.decay_); }
    bool operator==(const EwmaVolatility&) const = default;
};

}  // namespace openquant
