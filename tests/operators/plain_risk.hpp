// Risk of a series of returns by its definition, from sorted copies: what the tests of the risk operators compare with.
#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <span>
#include <vector>

#include "catch.hpp"
#include "openquant/operators/core/risk.hpp"

namespace openquant::testing {

/// Mean of the first q share of `sorted`, the last of them by its fraction.
inline double plain_tail_mean(const std::vector<double>& sorted, double q) {
    long double left = static_cast<long double>(q) * static_cast<long double>(sorted.size()), share = left, sum = 0.0L;
    if (left < 1.0L) return sorted[0];
    for (std::size_t i = 0; i < sorted.size() && left > 0.0L; ++i, left -= 1.0L) sum += std::min(1.0L, left) * static_cast<long double>(sorted[i]);
    return static_cast<double>(sum / share);
}

inline Risk plain_risk(std::int64_t ts, std::span<const double> returns, const RiskOptions& options) {
    const std::size_t n = returns.size();
    std::vector<double> sorted(returns.begin(), returns.end()), drawdowns;
    std::sort(sorted.begin(), sorted.end());
    long double equity = options.compounded ? 1.0L : 0.0L, high = equity, sum = 0.0L, squares = 0.0L;
    for (const double r : returns) {
        equity = options.compounded ? equity * (1.0L + static_cast<long double>(r)) : equity + static_cast<long double>(r);
        high = std::max(high, equity);
        drawdowns.push_back(static_cast<double>(options.compounded ? 1.0L - equity / high : high - equity));
        sum += static_cast<long double>(r);
    }
    const long double mean = sum / static_cast<long double>(n);
    for (const double r : returns) squares += (static_cast<long double>(r) - mean) * (static_cast<long double>(r) - mean);
    const long double deviation = n > 1 ? std::sqrt(squares / static_cast<long double>(n - 1)) : 0.0L;
    Risk out{.ts = ts};
    out.value_at_risk = sorted[static_cast<std::size_t>(std::max(0.0, std::ceil(options.confidence_level * static_cast<double>(n - 1) - 1e-9)))];
    out.expected_shortfall = plain_tail_mean(sorted, options.confidence_level);
    out.drawdown = drawdowns.back();
    std::sort(drawdowns.begin(), drawdowns.end(), std::greater<>{});
    out.max_drawdown = drawdowns[0];
    out.conditional_drawdown = plain_tail_mean(drawdowns, options.confidence_level);
    out.volatility = static_cast<double>(deviation * std::sqrt(static_cast<long double>(options.periods_per_year)));
    const long double excess = mean - static_cast<long double>(options.risk_free_rate / options.periods_per_year);
    if (deviation > 0.0L) out.sharpe = static_cast<double>(excess / deviation * std::sqrt(static_cast<long double>(options.periods_per_year)));
    out.n_obs = static_cast<std::int64_t>(n);
    return out;
}

/// Every column, to `tolerance` of the largest return in it.
inline void check_risk(const Risk& got, const Risk& want, double scale, double tolerance) {
    const double close = tolerance * scale;
    CHECK((got.ts == want.ts && got.n_obs == want.n_obs));
    CHECK(got.value_at_risk == want.value_at_risk);
    CHECK(std::fabs(got.expected_shortfall - want.expected_shortfall) <= close);
    CHECK(std::fabs(got.drawdown - want.drawdown) <= close);
    CHECK(std::fabs(got.max_drawdown - want.max_drawdown) <= close);
    CHECK(std::fabs(got.conditional_drawdown - want.conditional_drawdown) <= close);
    CHECK(std::fabs(got.volatility - want.volatility) <= close * 16.0);
    CHECK(std::fabs(got.sharpe - want.sharpe) <= 1e-9 * (1.0 + std::fabs(want.sharpe)));
}

inline bool all_finite(const Risk& r) {
    for (const double x : {r.value_at_risk, r.expected_shortfall, r.conditional_drawdown, r.drawdown, r.max_drawdown, r.volatility, r.sharpe})
        if (!std::isfinite(x)) return false;
    return true;
}

}  // namespace openquant::testing
