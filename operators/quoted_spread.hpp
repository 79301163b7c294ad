#pragma once

#include "openquant/operators/core/events.hpp"
#include "openquant/operators/core/schema.hpp"

namespace openquant {

/// Quoted spread: emits ask - bid at each quote; negative while the quote is crossed.
struct QuotedSpread {
    static constexpr auto schema() {
        return schema_of<Spread>("QuotedSpread", "Emits ask - bid at each quote.", "Huang and Stoll (1996), equation 1",
                                 inputs(input<Quote>("quotes", "best bid and ask")), parameters());
    }

    void update(const Quote& q, auto&& emit) noexcept {
        const double mid = 0.5 * (q.bid + q.ask), spread = q.ask - q.bid;
        emit(Spread{q.ts, mid, spread, spread / mid});
    }

    static auto state(auto&) { return std::tuple{}; }
    bool operator==(const QuotedSpread&) const = default;
};

}  // namespace openquant
