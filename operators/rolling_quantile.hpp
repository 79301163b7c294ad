#pragma once

#include <cmath>

#include "openquant/operators/core/events.hpp"
#include "openquant/operators/core/rolling_order.hpp"
#include "openquant/operators/core/window.hpp"

namespace openquant {

/// Rolling quantile, linear between the two nearest values: emits, at each value, that of the window that ends with it.
struct RollingQuantile {
    double quantile = 0.5;
    std::int64_t window = 100, window_ns = 0;

    RollingOrder values_{};

    static constexpr auto schema() {
        return schema_of<Value>(
            "RollingQuantile", "Emits, at each value, a quantile of the window that ends with it.", "Hyndman and Fan (1996), type 7: numpy's default",
            inputs(input<Value>("values", "numbers to gather")),
            parameters(parameter("quantile", &RollingQuantile::quantile, between(0.0, 1.0), "share", "share of values below it; 0.5: the median"),
                       window_parameter<RollingQuantile>(1), window_ns_parameter<RollingQuantile>()));
    }
    std::uint64_t refused() const noexcept { return values_.refused(); }

    void update(const Value& v, auto&& emit) noexcept {
        if (!values_.add(v.ts, v.value, window, window_ns)) return;
        const OrderTree& sorted = values_.values();
        const double place = quantile * static_cast<double>(sorted.size() - 1), below = std::floor(place);
        const double low = sorted.at(static_cast<std::size_t>(below)), high = sorted.at(static_cast<std::size_t>(std::ceil(place)));
        emit(Value{v.ts, low + (high - low) * (place - below)});
    }

    static auto state(auto& self) { return std::tie(self.values_); }
    bool operator==(const RollingQuantile&) const = default;
};

}  // namespace openquant
