#pragma once

#include "openquant/operators/core/events.hpp"
#include "openquant/operators/core/moments.hpp"
#include "openquant/operators/core/window.hpp"

namespace openquant {

/// Rolling correlation of two series: emits at each y, which is paired with the last x; nothing while either does not move.
struct RollingCorrelation {
    std::int64_t window = 100, window_ns = 0;

    double x_ = 0.0;
    bool known_ = false;  // x_ is
    Window<CoMoments> pairs_{};

    static constexpr auto schema() {
        return schema_of<Value>(
            "RollingCorrelation", "Emits, at each y, the correlation of the window of pairs that ends with it; nothing while x or y is constant.",
            "Pearson (1895); parts joined as in Chan, Golub and LeVeque (1983)",
            inputs(input<Value>("x", "first series; its last value is the pair's"), input<Value>("y", "second series; each value makes a pair")),
            parameters(window_parameter<RollingCorrelation>(2), window_ns_parameter<RollingCorrelation>()));
    }
    std::uint64_t refused() const noexcept { return pairs_.refused(); }

    void update(At<0>, const Value& x, auto&&) noexcept { x_ = x.value, known_ = true; }
    void update(At<1>, const Value& y, auto&& emit) noexcept {
        if (!known_ || !pairs_.add(y.ts, {x_, y.value}, window, window_ns)) return;
        const CoMoments& all = pairs_.total();
        if (all.xx > 0.0 && all.yy > 0.0) emit(Value{y.ts, all.correlation()});
    }

    static auto state(auto& self) { return std::tie(self.x_, self.known_, self.pairs_); }
    bool operator==(const RollingCorrelation&) const = default;
};

}  // namespace openquant
