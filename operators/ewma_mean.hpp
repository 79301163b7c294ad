#pragma once

#include "openquant/operators/core/events.hpp"
#include "openquant/operators/core/ewma.hpp"
#include "openquant/operators/core/math.hpp"
#include "openquant/operators/core/schema.hpp"

namespace openquant {

/// Exponentially weighted mean, bias-corrected; one per value.
struct EwmaMean {
    double span = 100.0;
    std::int64_t half_life_ns = 0, min_periods = 1;

    EwmaAverage values_{};
    std::int64_t n_ = 0, now_ = 0;

    static constexpr auto schema() {
        return schema_of<Value>(
            "EwmaMean", "Emits, at each value, the exponentially weighted mean of all so far.",
            "pandas: ewm(span=span).mean(), ewm(halflife=half_life, times=ts).mean()", inputs(input<Value>("values", "numbers to average")),
            parameters(parameter("span", &EwmaMean::span, at_least(1.0), "rows", "span of the weights: alpha = 2 / (span + 1)"),
                       parameter("half_life_ns", &EwmaMean::half_life_ns, at_least(0), "ns", "a weight halves in this time instead; 0: by rows"),
                       parameter("min_periods", &EwmaMean::min_periods, at_least(1), "rows", "values needed before the first row")));
    }

    void update(const Value& v, auto&& emit) noexcept {
        values_.add(v.value, decay_to(v.ts));
        if (++n_ >= min_periods) emit(Value{v.ts, values_.mean()});
    }

    static auto state(auto& self) { return std::tie(self.values_, self.n_, self.now_); }
    bool operator==(const EwmaMean&) const = default;

private:
    double decay_to(std::int64_t ts) noexcept {
        if (half_life_ns == 0) return decay_of_span(span);
        const std::int64_t before = now_;
        now_ = std::max(now_, ts);
        return det::exp2(static_cast<double>(before - now_) / static_cast<double>(half_life_ns));
    }
};

}  // namespace openquant
