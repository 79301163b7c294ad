#pragma once

#include <cmath>
#include <optional>

#include "openquant/operators/core/events.hpp"
#include "openquant/operators/core/schema.hpp"

namespace openquant {

/// Exponentially weighted standard deviation of simple returns, bias-corrected (AFML snippet 3.1); emits one per price.
struct EwmaVolatility {
    double span = 100.0;
    std::int64_t min_periods = 2;

    std::optional<double> last_{};
    std::int64_t returns_ = 0;
    double mean_ = 0.0, variance_ = 0.0;          // weighted mean and biased variance of the returns so far
    double weight_ = 0.0, squared_weight_ = 0.0;  // sums of the weights and of their squares

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
        const double r = p.price / *previous - 1.0;
        const double decay = 1.0 - 2.0 / (span + 1.0);
        // The decayed past and the new return (weight 1) are merged as two groups (West 1979).
        const double past = weight_ * decay;
        weight_ = past + 1.0;
        squared_weight_ = squared_weight_ * decay * decay + 1.0;
        const double difference = r - mean_;
        mean_ += difference / weight_;
        variance_ = past / weight_ * (variance_ + difference * difference / weight_);
        if (++returns_ < min_periods) return;
        const double total = weight_ * weight_;
        const double unbiased = total / (total - squared_weight_);
        // span = 1 forgets the past at once: one return has no deviation.
        emit(Volatility{p.ts, total > squared_weight_ ? std::sqrt(unbiased * variance_) : 0.0});
    }

    static auto state(auto& self) { return std::tie(self.last_, self.returns_, self.mean_, self.variance_, self.weight_, self.squared_weight_); }
    bool operator==(const EwmaVolatility&) const = default;
};

}  // namespace openquant
