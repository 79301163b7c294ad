#pragma once

#include "openquant/operators/core/events.hpp"
#include "openquant/operators/core/schema.hpp"

namespace openquant {

/// Position over time: emits, at each price, the position held from it on, which the last signal set; 0 before the first.
struct Positions {
    double position_ = 0.0;

    static constexpr auto schema() {
        return schema_of<Value>("Positions", "Emits, at each price, the position held from it on.", "the last signal's size, carried forward",
                                inputs(input<Signal>("signals", "positions to hold from here on; one at a price counts from that price on"),
                                       input<Price>("prices", "prices at which the position is told: trades or bars")),
                                parameters());
    }

    void update(const Signal& s, auto&&) noexcept { position_ = s.size; }
    void update(const Price& p, auto&& emit) noexcept { emit(Value{p.ts, position_}); }

    static auto state(auto& self) { return std::tie(self.position_); }
    bool operator==(const Positions&) const = default;
};

}  // namespace openquant
