#pragma once

#include "openquant/operators/core/events.hpp"
#include "openquant/operators/core/moments.hpp"
#include "openquant/operators/core/window.hpp"

namespace openquant {

/// Rolling sample standard deviation (ddof 1); exactly 0 where all values of the window are equal.
struct RollingStd {
    std::int64_t window = 100, window_ns = 0;

    Window<Squares> values_{};

    static constexpr auto schema() {
        return schema_of<Value>("RollingStd", "Emits, at each value, the sample standard deviation of the window that ends with it.", "ddof 1",
                                inputs(input<Value>("values", "numbers to gather")),
                                parameters(window_parameter<RollingStd>(2), window_ns_parameter<RollingStd>()));
    }
    std::uint64_t refused() const noexcept { return values_.refused(); }

    void update(const Value& v, auto&& emit) noexcept {
        if (values_.add(v.ts, v.value, window, window_ns) && values_.n() > 1.0) emit(Value{v.ts, values_.total().deviation(values_.n())});
    }

    static auto state(auto& self) { return std::tie(self.values_); }
    bool operator==(const RollingStd&) const = default;
};

}  // namespace openquant
