#pragma once

#include <cmath>

#include "openquant/operators/core/events.hpp"
#include "openquant/operators/core/moments.hpp"
#include "openquant/operators/core/window.hpp"

namespace openquant {

/// Rolling sample standard deviation (ddof 1); exactly 0 where all values of the window are equal.
struct RollingStd {
    std::int64_t window = 100, window_ns = 0;

    Window<Squares> values_{};
    double n_ = 0.0, share_ = 0.0;  // the divisor's reciprocal, which stays as long as n does

    static constexpr auto schema() {
        return schema_of<Value>("RollingStd", "Emits, at each value, the sample standard deviation of the window that ends with it.", "ddof 1",
                                inputs(input<Value>("values", "numbers to gather")),
                                parameters(window_parameter<RollingStd>(2), window_ns_parameter<RollingStd>()));
    }
    std::uint64_t refused() const noexcept { return values_.refused(); }

    void update(const Value& v, auto&& emit) noexcept {
        if (!values_.add(v.ts, v.value, window, window_ns) || values_.n() < 2.0) return;
        const double n = values_.n();
        if (n != n_) n_ = n, share_ = 1.0 / (n * (n - 1.0));
        emit(Value{v.ts, std::sqrt(values_.total().spread(n) * share_)});
    }

    static auto state(auto& self) { return std::tie(self.values_, self.n_, self.share_); }
    bool operator==(const RollingStd&) const = default;
};

}  // namespace openquant
