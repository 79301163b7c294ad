#pragma once

#include "openquant/operators/core/events.hpp"
#include "openquant/operators/core/ewma.hpp"
#include "openquant/operators/core/schema.hpp"

namespace openquant {

/// Exponentially weighted standard deviation, bias-corrected; one per value.
struct EwmaStd {
    double span = 100.0;
    std::int64_t half_life_ns = 0, min_periods = 2;

    EwmaMoments values_{};
    RowDecay decay_{};
    std::int64_t n_ = 0;

    static constexpr auto schema() {
        return schema_of<Value>(
            "EwmaStd", "Emits, at each value, the exponentially weighted standard deviation of all so far.", "pandas: ewm(span=span).std()",
            inputs(input<Value>("values", "numbers to average")),
            parameters(parameter("span", &EwmaStd::span, at_least(1.0), "rows", "span of the weights: alpha = 2 / (span + 1)"),
                       parameter("half_life_ns", &EwmaStd::half_life_ns, at_least(0), "ns", "a weight halves in this time instead; 0: by rows"),
                       parameter("min_periods", &EwmaStd::min_periods, at_least(2), "rows", "values needed before the first row")));
    }

    void update(const Value& v, auto&& emit) noexcept {
        values_.add(v.value, decay_.to(v.ts, span, half_life_ns));
        if (++n_ >= min_periods) emit(Value{v.ts, values_.deviation()});
    }

    static auto state(auto& self) { return std::tie(self.values_, self.decay_, self.n_); }
    bool operator==(const EwmaStd&) const = default;
};

}  // namespace openquant
