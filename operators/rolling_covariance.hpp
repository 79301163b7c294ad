#pragma once

#include "openquant/operators/core/paired_window.hpp"

namespace openquant {

/// Rolling sample covariance (ddof 1) of two series: emits at each y, which is paired with the last x.
struct RollingCovariance {
    std::int64_t window = 100, window_ns = 0;

    PairedWindow pairs_{};

    static constexpr auto schema() {
        return schema_of<Value>("RollingCovariance", "Emits, at each y, the sample covariance of the window of pairs that ends with it.", "ddof 1",
                                paired_inputs(), parameters(window_parameter<RollingCovariance>(2), window_ns_parameter<RollingCovariance>()));
    }
    std::uint64_t refused() const noexcept { return pairs_.refused(); }

    void update(At<0>, const Value& x, auto&&) noexcept { pairs_.set(x); }
    void update(At<1>, const Value& y, auto&& emit) noexcept {
        if (pairs_.add(y, window, window_ns)) emit(Value{y.ts, std::clamp(pairs_.total().covariance(pairs_.n()), -largest, largest)});
    }

    static auto state(auto& self) { return std::tie(self.pairs_); }
    bool operator==(const RollingCovariance&) const = default;
};

}  // namespace openquant
