#pragma once

#include <algorithm>
#include <cmath>

#include "openquant/operators/core/events.hpp"
#include "openquant/operators/core/schema.hpp"

namespace openquant {

/// Effective spread: emits 2 side (price - mid) at each trade; of one without a side 2 |price - mid|.
struct EffectiveSpread {
    static constexpr auto schema() {
        return schema_of<Spread>("EffectiveSpread", "Emits, at each trade, twice its distance from the midpoint, in the direction of its side.",
                                 "Huang and Stoll (1996), equation 2", inputs(input<QuotedTrade>("trades", "trades beside their quotes, as AsOf emits them")),
                                 parameters());
    }

    void update(const QuotedTrade& t, auto&& emit) noexcept {
        const double mid = t.mid(), distance = t.price - mid;
        const double spread = 2.0 * (t.side != 0 ? t.side * distance : std::fabs(distance));
        emit(Spread{t.ts, mid, std::clamp(spread, -largest, largest), std::clamp(spread / mid, -largest, largest)});
    }

    static auto state(auto&) { return std::tuple{}; }
    bool operator==(const EffectiveSpread&) const = default;
};

}  // namespace openquant
