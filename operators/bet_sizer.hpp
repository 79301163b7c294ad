#pragma once

#include <optional>

#include "openquant/operators/core/bets.hpp"
#include "openquant/operators/core/events.hpp"
#include "openquant/operators/core/schema.hpp"

namespace openquant {

/// Bet size from the probability of a win (AFML 10.3): emits, at each event, the size of the last prediction known by then.
struct BetSizer {
    std::int64_t num_classes = 2;
    double step_size = 0.1;

    std::optional<Prediction> last_{};
    std::uint64_t refused_ = 0;

    static constexpr auto schema() {
        return schema_of<Signal>(
            "BetSizer", "Emits, at each event, the size of a bet on the last prediction known by then.", "AFML 10.3, snippets 10.1 and 10.3",
            inputs(input<Prediction>("predictions", "probabilities of winning"),
                   input<Event>("events", "events to bet on; those before the first prediction are refused and counted")),
            parameters(parameter("num_classes", &BetSizer::num_classes, between(2, 1'000'000), "classes", "outcomes the model chooses from"),
                       parameter("step_size", &BetSizer::step_size, between(0.0, 1.0), "size", "sizes are rounded to multiples of this; 0: not rounded")));
    }
    std::uint64_t refused() const noexcept { return refused_; }

    void update(const Prediction& p, auto&&) noexcept { last_ = p; }

    void update(const Event& e, auto&& emit) noexcept {
        if (!last_) return void(++refused_);
        const double size = bet_signal(last_->prob, static_cast<double>(num_classes), last_->side);
        emit(Signal{e.ts, last_->prob, last_->side, step_size > 0.0 ? discrete_signal(size, step_size) : size});
    }

    static auto state(auto& self) { return std::tie(self.last_, self.refused_); }
    bool operator==(const BetSizer&) const = default;
};

}  // namespace openquant
