#pragma once

#include <array>

#include "openquant/operators/core/events.hpp"
#include "openquant/operators/core/schema.hpp"

namespace openquant {

/// Honest online probability that a bet wins (rule of succession): emits (1 + wins) / (2 + closed) at each event, over the
/// labels of the event's side that have closed by then.
struct WinRate {
    std::array<std::int64_t, 2> wins_{}, closed_{};  // [sell, buy]
    std::uint64_t refused_ = 0;

    static constexpr auto schema() {
        return schema_of<Prediction>("WinRate", "Emits (1 + wins) / (2 + closed) at each event, over the labels of its side that have closed by then.",
                                     "Laplace's rule of succession; a win is a label of +1 (AFML 3.6)",
                                     inputs(input<Label>("labels", "closed labels that carry a side; others are refused and counted"),
                                            input<Event>("events", "events to bet on; one without a side is refused and counted")),
                                     parameters());
    }
    std::uint64_t refused() const noexcept { return refused_; }

    void update(const Label& l, auto&&) noexcept {
        if (l.side == 0.0) return void(++refused_);
        const std::size_t buy = l.side > 0.0;
        wins_[buy] += l.label > 0;
        ++closed_[buy];
    }

    void update(const Event& e, auto&& emit) noexcept {
        if (e.side == 0.0) return void(++refused_);
        const std::size_t buy = e.side > 0.0;
        emit(Prediction{e.ts, static_cast<double>(1 + wins_[buy]) / static_cast<double>(2 + closed_[buy]), e.side});
    }

    static auto state(auto& self) { return std::tie(self.wins_, self.closed_, self.refused_); }
    bool operator==(const WinRate&) const = default;
};

}  // namespace openquant
