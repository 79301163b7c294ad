#pragma once

#include "openquant/operators/core/events.hpp"
#include "openquant/operators/core/moments.hpp"
#include "openquant/operators/core/window.hpp"

namespace openquant {

/// Rolling mean: emits, at each value, the mean of the window that ends with it.
struct RollingMean {
    std::int64_t window = 100, window_ns = 0;

    Window<Sum> values_{};

    static constexpr auto schema() {
        return schema_of<Value>("RollingMean", "Emits, at each value, the mean of the window that ends with it.", "the arithmetic mean",
                                inputs(input<Value>("values", "numbers to gather")),
                                parameters(window_parameter<RollingMean>(1), window_ns_parameter<RollingMean>()));
    }
    std::uint64_t refused() const noexcept { return values_.refused(); }

    void update(const Value& v, auto&& emit) noexcept {
        if (values_.add(v.ts, v.value, window, window_ns)) emit(Value{v.ts, values_.total().mean(values_.n(), values_.origin())});
    }

    static auto state(auto& self) { return std::tie(self.values_); }
    bool operator==(const RollingMean&) const = default;
};

}  // namespace openquant
