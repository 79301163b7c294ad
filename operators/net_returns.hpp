#pragma once

#include <algorithm>
#include <cmath>
#include <optional>

#include "openquant/operators/core/events.hpp"
#include "openquant/operators/core/schema.hpp"

namespace openquant {

/// Returns after costs: emits each return less what the change into its position cost. The last one of the stream pays the exit
/// too, so each return comes out when the next one is known.
struct NetReturns {
    double cost_rate = 0.0;

    std::optional<Return> pending_{};
    double position_ = 0.0, total_ = 0.0;  // before the pending return; turnover so far

    static constexpr auto schema() {
        return schema_of<NetReturn>("NetReturns", "Emits each return less what the change into its position cost; the last one pays the exit too.",
                                    "strategy_return - cost_rate |position - position before|",
                                    inputs(input<Return>("returns", "what positions earned, before costs")),
                                    parameters(parameter("cost_rate", &NetReturns::cost_rate, between(0.0, largest), "return per unit of turnover",
                                                         "what a change of position by 1 costs")));
    }

    void update(const Return& r, auto&& emit) noexcept {
        if (pending_) emit(settle(0.0));
        pending_ = r;
    }
    void flush(auto&& emit) noexcept {
        if (pending_) emit(settle(std::fabs(pending_->position)));
    }

    static auto state(auto& self) { return std::tie(self.pending_, self.position_, self.total_); }
    bool operator==(const NetReturns&) const = default;

private:
    NetReturn settle(double exit) noexcept {
        const double turnover = std::min(std::fabs(pending_->position - position_) + exit, largest);
        const double cost = std::min(cost_rate * turnover, largest);
        total_ += turnover;
        position_ = pending_->position;
        return {pending_->ts, std::clamp(pending_->strategy_return - cost, -largest, largest), cost, turnover, total_};
    }
};

}  // namespace openquant
