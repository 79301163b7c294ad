// Tail risk of returns, shared by the rolling monitor, the summary and the batch calls.
#pragma once

#include <algorithm>
#include <cmath>
#include <tuple>
#include <vector>

#include "openquant/operators/core/events.hpp"
#include "openquant/operators/core/lowest.hpp"

namespace openquant {

/// Memory that is not state.
struct Scratch {
    std::vector<double> values, lowest, spare;
    bool operator==(const Scratch&) const { return true; }
};

/// Index of the value at risk among n sorted returns, for the lower tail of probability q.
inline std::size_t tail_index(double q, std::size_t n) noexcept {
    return static_cast<std::size_t>(std::max(0.0, std::ceil(q * static_cast<double>(n - 1) - 1e-9)));
}

/// Mean of the worst q share of n values, the one at the edge by its fraction (Rockafellar and Uryasev 2002); q = 0: the worst.
/// `sum_of(k)` is the sum of the k worst, `at(k)` the one that k others precede.
inline double tail_mean(double q, std::size_t n, auto&& sum_of, auto&& at) noexcept {
    const double share = q * static_cast<double>(n);
    const auto whole = std::min(n, static_cast<std::size_t>(share));
    if (whole == 0) return at(std::size_t{0}) + 0.0;  // + 0.0: no negative zero
    const double edge = share - static_cast<double>(whole);
    return (sum_of(whole) + (edge > 0.0 && whole < n ? edge * at(whole) : 0.0)) / std::max(share, static_cast<double>(whole)) + 0.0;
}

/// How many of n values the tail mean needs: the worst q share, and the one at its edge.
inline std::size_t tail_size(double q, std::size_t n) noexcept { return std::min(n, static_cast<std::size_t>(q * static_cast<double>(n)) + 1); }

/// The same of n values of which `lowest` holds those, rising; the lowest are the worst.
inline double tail_mean(double q, std::size_t n, const std::vector<double>& lowest) noexcept {
    const auto sum_of = [&](std::size_t k) {
        double sum = 0.0;
        for (std::size_t i = 0; i < k; ++i) sum += lowest[i];
        return sum;
    };
    return tail_mean(q, n, sum_of, [&](std::size_t k) { return lowest[k]; });
}

/// E / max E - 1.
inline double below_high(double equity, double high) noexcept { return equity / high - 1.0; }

/// An equity curve, return by return, and how deep it lies below its high; the start counts as a high (Chekhlov et al. 2005).
class Drawdown {
public:
    explicit Drawdown(double start) noexcept : equity_(start), high_(start) {}

    /// Compounded: 1 - E / max E. Else max C - C of the cumulative sum C.
    double after(double r, bool compounded) noexcept {
        equity_ = std::clamp(compounded ? equity_ * (1.0 + r) : equity_ + r, -largest, largest) + 0.0;
        high_ = std::max(high_, equity_);
        return compounded ? 0.0 - below_high(equity_, high_) : high_ - equity_;
    }
    double equity() const noexcept { return equity_; }

    static auto state(auto& self) { return std::tie(self.equity_, self.high_); }
    bool operator==(const Drawdown&) const = default;

private:
    double equity_, high_;
};

/// E / max E - 1 of an equity curve that is given as it is; its high starts above 0.
class CurveDrawdown {
public:
    double at(double equity) noexcept {
        high_ = std::max(high_, equity);
        return below_high(equity, high_);
    }

private:
    double high_ = 0.0;
};

struct RiskOptions {
    double confidence_level, risk_free_rate, periods_per_year;
    bool compounded;
};

/// Fills in drawdowns from the returns in their order, and volatility and Sharpe ratio from their mean and sample deviation.
inline void measure_risk(Risk& out, std::size_t n, auto&& return_at, double mean, double sample_deviation, const RiskOptions& options, Scratch& scratch) {
    std::vector<double>& depths = scratch.values;  // drawdowns, negative: the lowest are the worst
    depths.resize(n);
    Drawdown drawdown(options.compounded ? 1.0 : 0.0);
    out.max_drawdown = 0.0;
    for (std::size_t i = 0; i < n; ++i) {
        out.drawdown = drawdown.after(return_at(i), options.compounded);
        out.max_drawdown = std::max(out.max_drawdown, out.drawdown);
        depths[i] = -out.drawdown;
    }
    lowest(depths, tail_size(options.confidence_level, n), scratch.lowest, scratch.spare);
    out.conditional_drawdown = -tail_mean(options.confidence_level, n, scratch.lowest) + 0.0;
    const double deviation = n > 1 ? sample_deviation : 0.0;
    out.volatility = deviation * std::sqrt(options.periods_per_year);
    const double excess = mean - options.risk_free_rate / options.periods_per_year;
    out.sharpe = deviation > 0.0 ? std::clamp(excess / deviation, -largest, largest) * std::sqrt(options.periods_per_year) : 0.0;
}

}  // namespace openquant
