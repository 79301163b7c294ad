#pragma once

#include "openquant/operators/core/events.hpp"
#include "openquant/operators/core/moments.hpp"
#include "openquant/operators/core/window.hpp"

namespace openquant {

/// Rolling maximum: emits, at each value, the largest of the window that ends with it.
struct RollingMax {
    std::int64_t window = 100, window_ns = 0;

    Window<Greatest> values_{};

    static constexpr auto schema() {
        return schema_of<Value>("RollingMax", "Emits, at each value, the largest value of the window that ends with it.", "the maximum",
                                inputs(input<Value>("values", "numbers to gather")),
                                parameters(window_parameter<RollingMax>(1), window_ns_parameter<RollingMax>()));
    }
    std::uint64_t refused() const noexcept { return values_.refused(); }

    void update(const Value& v, auto&& emit) noexcept {
        if (values_.add(v.ts, v.value, window, window_ns)) emit(Value{v.ts, values_.total().value});
    }

    static auto state(auto& self) { return std::tie(self.values_); }
    bool operator==(const RollingMax&) const = default;
};

}  // namespace openquant
