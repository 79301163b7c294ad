#pragma once

#include "openquant/operators/core/events.hpp"
#include "openquant/operators/core/moments.hpp"
#include "openquant/operators/core/window.hpp"

namespace openquant {

/// Rolling minimum: emits, at each value, the smallest of the window that ends with it.
struct RollingMin {
    std::int64_t window = 100, window_ns = 0;

    Window<Least> values_{};

    static constexpr auto schema() {
        return schema_of<Value>("RollingMin", "Emits, at each value, the smallest value of the window that ends with it.", "the minimum",
                                inputs(input<Value>("values", "numbers to gather")),
                                parameters(window_parameter<RollingMin>(1), window_ns_parameter<RollingMin>()));
    }
    std::uint64_t refused() const noexcept { return values_.refused(); }

    void update(const Value& v, auto&& emit) noexcept {
        if (values_.add(v.ts, v.value, window, window_ns)) emit(Value{v.ts, values_.total().value});
    }

    static auto state(auto& self) { return std::tie(self.values_); }
    bool operator==(const RollingMin&) const = default;
};

}  // namespace openquant
