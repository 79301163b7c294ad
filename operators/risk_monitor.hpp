#pragma once

#include "openquant/operators/core/fifo.hpp"
#include "openquant/operators/core/moments.hpp"
#include "openquant/operators/core/risk.hpp"
#include "openquant/operators/core/rolling_order.hpp"
#include "openquant/operators/core/schema.hpp"
#include "openquant/operators/core/window.hpp"

namespace openquant {

/// Rolling risk: emits tail risk, drawdowns, volatility and Sharpe ratio of the last `window` returns, once there are so many.
/// Value at risk and expected shortfall take O(log window), drawdowns O(window): their highs move with the window's start.
struct RiskMonitor {
    std::int64_t window = 250, every = 1;
    double confidence_level = 0.05, risk_free_rate = 0.0, periods_per_year = 252.0;
    bool compounded = true;

    Fifo<double> returns_{};
    RollingOrder sorted_{};
    RowWindow<Squares> moments_{};
    std::int64_t due_ = 0;  // returns to come before the next row
    Scratch scratch_{};

    static constexpr auto schema() {
        using Self = RiskMonitor;
        return schema_of<Risk>(
            "RiskMonitor", "Emits tail risk, drawdowns, volatility and Sharpe ratio of the last returns.",
            "Rockafellar and Uryasev (2002); Chekhlov, Uryasev and Zabarankin (2005)", inputs(input<Value>("returns", "simple returns, such as a strategy's")),
            parameters(parameter("window", &Self::window, between(2, 1'000'000), "returns", "returns in the window; nothing comes out before it is full"),
                       parameter("every", &Self::every, at_least(1), "returns", "returns from one row to the next"),
                       parameter("confidence_level", &Self::confidence_level, between(0.0, 1.0), "probability", "of the lower tail; 0.05: the worst 5 %"),
                       parameter("risk_free_rate", &Self::risk_free_rate, between(-1.0, 10.0), "per year", "return that the Sharpe ratio is measured from"),
                       parameter("periods_per_year", &Self::periods_per_year, Range{.low = 0.0, .high = 1e15}, "returns", "returns in a year"),
                       parameter("compounded", &Self::compounded, "drawdowns of the compounded equity; else of the sum of returns")));
    }

    void update(const Value& v, auto&& emit) {
        if (returns_.size() == static_cast<std::size_t>(window)) returns_.pop();
        returns_.push(v.value);
        moments_.add(v.value, static_cast<std::size_t>(window));
        const bool full = sorted_.add(v.ts, v.value, window, 0);
        if (!full || --due_ > 0) return;
        due_ = every;
        const OrderTree& sorted = sorted_.values();
        const std::size_t n = sorted.size();
        Risk out{.ts = v.ts, .n_obs = static_cast<std::int64_t>(n)};
        out.value_at_risk = sorted.at(tail_index(confidence_level, n)) + 0.0;
        out.expected_shortfall = tail_mean(
            confidence_level, n, [&](std::size_t k) { return sorted.sum_of(k); }, [&](std::size_t k) { return sorted.at(k); });
        const auto of = static_cast<double>(n);
        const double mean = moments_.total().sum.mean(of, moments_.origin()), deviation = moments_.total().deviation(of);
        measure_risk(
            out, n, [this](std::size_t i) { return returns_[i]; }, mean, deviation, {confidence_level, risk_free_rate, periods_per_year, compounded}, scratch_);
        emit(out);
    }

    static auto state(auto& self) { return std::tie(self.returns_, self.sorted_, self.moments_, self.due_); }
    bool operator==(const RiskMonitor&) const = default;
};

}  // namespace openquant
