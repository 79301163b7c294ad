#pragma once

#include <span>

#include "openquant/operators/core/blocks.hpp"
#include "openquant/operators/core/moments.hpp"
#include "openquant/operators/core/risk.hpp"
#include "openquant/operators/core/schema.hpp"

namespace openquant {

/// Risk of a finite replay: emits, when the stream ends, tail risk, drawdowns, volatility and Sharpe ratio of all returns. It
/// keeps every return; a live session uses the RiskMonitor.
struct RiskSummary {
    double confidence_level = 0.05, risk_free_rate = 0.0, periods_per_year = 252.0;
    bool compounded = true, tail_only = false;
    std::int64_t max_returns = 100'000'000;

    Blocks returns_{};
    std::int64_t now_ = 0;
    std::uint64_t refused_ = 0;

    static constexpr auto schema() {
        using Self = RiskSummary;
        return schema_of<Risk>(
            "RiskSummary", "Emits, when the stream ends, tail risk, drawdowns, volatility and Sharpe ratio of all returns.",
            "Rockafellar and Uryasev (2002); Chekhlov, Uryasev and Zabarankin (2005)", inputs(input<Value>("returns", "simple returns, such as a strategy's")),
            parameters(
                parameter("confidence_level", &Self::confidence_level, between(0.0, 1.0), "probability", "of the lower tail; 0.05: the worst 5 %"),
                parameter("risk_free_rate", &Self::risk_free_rate, between(-1.0, 10.0), "per year", "return that the Sharpe ratio is measured from"),
                parameter("periods_per_year", &Self::periods_per_year, Range{.low = 0.0, .high = 1e15}, "returns", "returns in a year"),
                parameter("compounded", &Self::compounded, "drawdowns of the compounded equity; else of the sum of returns"),
                parameter("tail_only", &Self::tail_only, "value at risk and expected shortfall alone, which cost least; the other figures are 0"),
                parameter("max_returns", &Self::max_returns, between(1, 1'000'000'000), "returns", "returns kept; a further one is refused and counted")));
    }
    std::uint64_t refused() const noexcept { return refused_; }

    void update(const Value& v, auto&&) {
        if (returns_.size() == static_cast<std::size_t>(max_returns)) return void(++refused_);
        returns_.push(v.value);
        now_ = std::max(now_, v.ts);
    }

    void flush(auto&& emit) {
        if (returns_.empty()) return;
        const std::size_t n = returns_.size(), edge = tail_index(confidence_level, n);
        Risk out{.ts = now_, .n_obs = static_cast<std::int64_t>(n)};
        Scratch scratch;
        lowest(returns_, std::max(edge + 1, tail_size(confidence_level, n)), scratch.lowest, scratch.spare);
        out.value_at_risk = scratch.lowest[edge] + 0.0;
        out.expected_shortfall = tail_mean(confidence_level, n, scratch.lowest);
        if (!tail_only) {
            const double origin = returns_[0], count = static_cast<double>(n);
            Squares total{};
            for_each_part(returns_, [&](std::span<const double> part) {
                for (const double r : part) total = total + Squares::of(r, origin);
            });
            measure_risk(
                out, n, [this](std::size_t i) { return returns_[i]; }, total.sum.mean(count, origin), total.deviation(count),
                {confidence_level, risk_free_rate, periods_per_year, compounded}, scratch);
        }
        emit(out);
    }

    static auto state(auto& self) { return std::tie(self.returns_, self.now_, self.refused_); }
    bool operator==(const RiskSummary&) const = default;
};

}  // namespace openquant
