#pragma once

#include "openquant/operators/core/paired_window.hpp"

namespace openquant {

/// Rolling correlation of two series: emits at each y, which is paired with the last x; nothing while either does not move.
struct RollingCorrelation {
    std::int64_t window = 100, window_ns = 0;

    PairedWindow pairs_{};

    static constexpr auto schema() {
        return schema_of<Value>(
            "RollingCorrelation", "Emits, at each y, the correlation of the window of pairs that ends with it; nothing while x or y is constant.",
            "Pearson (1895)", paired_inputs(), parameters(window_parameter<RollingCorrelation>(2), window_ns_parameter<RollingCorrelation>()));
    }
    std::uint64_t refused() const noexcept { return pairs_.refused(); }

    void update(At<0>, const Value& x, auto&&) noexcept { pairs_.set(x); }
    void update(At<1>, const Value& y, auto&& emit) noexcept {
        if (pairs_.add(y, window, window_ns) && pairs_.total().moves(pairs_.n())) emit(Value{y.ts, pairs_.total().correlation(pairs_.n())});
    }

    static auto state(auto& self) { return std::tie(self.pairs_); }
    bool operator==(const RollingCorrelation&) const = default;
};

}  // namespace openquant
