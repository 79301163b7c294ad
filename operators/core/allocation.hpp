// Portfolios from a window of prices: what the rolling allocator computes at each rebalance, and a batch call once.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>
#include <vector>

#include "openquant/operators/core/events.hpp"
#include "openquant/operators/core/quadratic_program.hpp"
#include "openquant/operators/core/returns.hpp"
#include "openquant/operators/core/wide.hpp"

namespace openquant {

/// Adds the products of each two of n columns, by blocks of four rows in their order: of those on and below the diagonal, and of some
/// above it, for two rows of sums at once and whole vectors.
OPENQUANT_WIDE inline void add_products(const double* __restrict rows, std::size_t count, std::size_t n, double* __restrict sums) noexcept {
    const auto four = [&](const double* x, std::size_t i, std::size_t j) {
        return ((x[i] * x[j] + x[n + i] * x[n + j]) + x[2 * n + i] * x[2 * n + j]) + x[3 * n + i] * x[3 * n + j];
    };
    for (const double* block = rows; block != rows + count * n; block += 4 * n) {
        std::size_t i = 0;
        for (; i + 1 < n; i += 2) {
            double *const row = sums + i * n, *const next = row + n;
            const std::size_t end = std::min(n, (i / 4 + 1) * 4);
            for (std::size_t j = 0; j < end; ++j) row[j] += four(block, i, j), next[j] += four(block, i + 1, j);
        }
        if (i < n)
            for (std::size_t j = 0; j < n; ++j) sums[i * n + j] += four(block, i, j);
    }
}

enum class AllocationMethod : std::int8_t { inverse_variance, min_vol, max_sharpe };
inline constexpr std::string_view allocation_method_names[] = {"inverse_variance", "min_vol", "max_sharpe"};
constexpr Names names_of(AllocationMethod) { return allocation_method_names; }

/// How an allocation ended.
enum class AllocationStatus : std::uint8_t {
    optimal,
    no_excess_return,  // max Sharpe: no portfolio earns more than the risk-free rate; the one of least variance is given
    infeasible,        // no weights within the bounds sum to one
    constant_asset,    // inverse variance: an asset without variance
    constant,          // no asset has risk or excess return: nothing to choose by
};

struct AllocationOptions {
    AllocationMethod method = AllocationMethod::max_sharpe;
    ReturnKind returns = ReturnKind::simple;
    double risk_free_rate = 0.0;      // per year
    double periods_per_year = 252.0;  // rows
};

/// Risk, return and Sharpe ratio are annualised. Without risk the ratio is infinite, or minus infinity.
struct Portfolio {
    std::vector<double> weights;
    double risk = 0.0, mean = 0.0, sharpe = 0.0;
};

/// Owns the memory of the computation, so that a second allocation of the same size takes none. Not part of any state.
class Allocator {
public:
    const Portfolio& portfolio() const noexcept { return portfolio_; }

    /// The same bounds for every asset.
    AllocationStatus allocate(std::span<const double> prices, std::size_t n, double lower, double upper, const AllocationOptions& options) {
        lower_.assign(n, lower), upper_.assign(n, upper);
        return allocate(prices, n, lower_, upper_, options);
    }
    /// `prices` by rows of `n` assets, at least three rows. The spans hold each asset's bounds.
    AllocationStatus allocate(std::span<const double> prices, std::size_t n, std::span<const double> lower, std::span<const double> upper,
                              const AllocationOptions& options) {
        measure(prices, n, options);
        scale_ = 0.0, riskless_ = false;
        bool constant = false;
        for (std::size_t i = 0; i < n; ++i) {
            const double variance = covariance_[i * n + i];
            scale_ = std::max(scale_, variance);
            constant = constant || variance == 0.0;
        }
        const bool inverse = options.method == AllocationMethod::inverse_variance;
        if (inverse && constant) return AllocationStatus::constant_asset;
        hessian_.assign(n * n, 0.0);
        for (std::size_t i = 0; i < n * n && scale_ > 0.0 && !inverse; ++i) hessian_[i] = covariance_[i] / scale_;
        if (!program_.set(n, hessian_, lower, upper)) return AllocationStatus::infeasible;
        const AllocationStatus status = inverse ? weigh_inversely(n, lower, upper) : choose(n, lower, upper, options);
        settle(options);
        return scale_ == 0.0 && portfolio_.mean == options.risk_free_rate ? AllocationStatus::constant : status;
    }

    bool operator==(const Allocator&) const { return true; }  // memory, not state

private:
    /// Of the largest asset's variance: max Sharpe takes a portfolio with no more for one without risk.
    static constexpr double no_risk = 1e-14;
    /// Of the sum of the returns' sizes: an excess below is rounding.
    static constexpr double no_excess = 1e-12;

    /// Means, the sample covariance (ddof 1) by blocks of four rows, added up in their order, and what rounding does to returns.
    void measure(std::span<const double> prices, std::size_t n, const AllocationOptions& options) {
        const std::size_t rows = rows_ = prices.size() / n - 1;
        const std::size_t padded = (rows + 3) / 4 * 4;
        returns_.assign(padded * n, 0.0);
        for (auto* v : {&mean_, &noise_, &correction_}) v->assign(n, 0.0);
        for (std::size_t t = 0; t < rows; ++t) {
            const double* const before = &prices[t * n];
            double* const row = &returns_[t * n];
            if (options.returns == ReturnKind::log)
                for (std::size_t i = 0; i < n; ++i) row[i] = price_return(ReturnKind::log, before[n + i], before[i]);
            else divide(before + n, before, n, row);
            note(row, n, mean_.data(), noise_.data());
        }
        // Two rounded prices, their quotient and the return itself: 2 epsilon of 1 + |r|, and as much again in between.
        for (double& x : noise_) x = 4.0 * std::numeric_limits<double>::epsilon() * (1.0 + x);
        for (double& m : mean_) m /= static_cast<double>(rows);
        take_mean(returns_.data(), rows, n, mean_.data(), correction_.data());
        for (double& x : correction_) x /= static_cast<double>(rows);
        take_mean(returns_.data(), rows, n, correction_.data());
        for (std::size_t i = 0; i < n; ++i) mean_[i] += correction_[i];
        covariance_.assign(n * n, 0.0);
        add_products(returns_.data(), padded, n, covariance_.data());
        const double divisor = static_cast<double>(rows - 1);
        const auto still = [&](std::size_t i) { return covariance_[i * n + i] <= divisor * noise_[i] * noise_[i]; };
        deviation_.resize(n);
        for (std::size_t i = 0; i < n; ++i) deviation_[i] = still(i) ? 0.0 : std::sqrt(covariance_[i * n + i] / divisor);
        for (std::size_t i = 0; i < n; ++i)
            for (std::size_t j = 0; j <= i; ++j) {
                const bool moves = deviation_[i] > 0.0 && deviation_[j] > 0.0;
                covariance_[i * n + j] = covariance_[j * n + i] = moves ? covariance_[i * n + j] / divisor : 0.0;
            }
    }

    OPENQUANT_WIDE static void divide(const double* __restrict prices, const double* __restrict before, std::size_t n, double* __restrict out) {
        for (std::size_t i = 0; i < n; ++i) out[i] = simple_return(prices[i], before[i]);
    }
    OPENQUANT_WIDE static void note(const double* __restrict returns, std::size_t n, double* __restrict sums, double* __restrict sizes) {
        for (std::size_t i = 0; i < n; ++i) sums[i] += returns[i], sizes[i] = std::max(sizes[i], std::fabs(returns[i]));
    }
    /// Takes `mean` from each row of returns; `left` is what they then sum up to.
    OPENQUANT_WIDE static void take_mean(double* __restrict returns, std::size_t rows, std::size_t n, const double* __restrict mean, double* __restrict left) {
        for (double* row = returns; row != returns + rows * n; row += n)
            for (std::size_t i = 0; i < n; ++i) left[i] += row[i] -= mean[i];
    }
    OPENQUANT_WIDE static void take_mean(double* __restrict returns, std::size_t rows, std::size_t n, const double* __restrict mean) {
        for (double* row = returns; row != returns + rows * n; row += n)
            for (std::size_t i = 0; i < n; ++i) row[i] -= mean[i];
    }

    /// w_i = level / variance_i, or the bound that is nearest: the level is between two of the bounds' own, found by bisection.
    AllocationStatus weigh_inversely(std::size_t n, std::span<const double> lower, std::span<const double> upper) {
        const auto variance = [&](std::size_t i) { return covariance_[i * n + i] / scale_; };
        const auto weight = [&](std::size_t i, double level) { return std::clamp(level / variance(i), lower[i], upper[i]); };
        levels_.clear();
        for (std::size_t i = 0; i < n; ++i) levels_.push_back(lower[i] * variance(i)), levels_.push_back(upper[i] * variance(i));
        std::sort(levels_.begin(), levels_.end());
        const auto next = std::partition_point(levels_.begin(), levels_.end(), [&](double level) {
            double sum = 0.0;
            for (std::size_t i = 0; i < n; ++i) sum += weight(i, level);
            return sum <= 1.0;
        });
        const double high = next == levels_.end() ? levels_.back() : *next, low = next == levels_.begin() ? levels_.front() : *(next - 1);
        double left = 1.0, yield = 0.0;
        for (std::size_t i = 0; i < n; ++i) {
            if (lower[i] * variance(i) <= low && upper[i] * variance(i) >= high) yield += 1.0 / variance(i);
            else left -= weight(i, low);
        }
        const double level = low < high && yield > 0.0 ? std::clamp(left / yield, low, high) : low;
        linear_.resize(n);
        for (std::size_t i = 0; i < n; ++i) linear_[i] = weight(i, level);
        program_.adopt(linear_);
        return AllocationStatus::optimal;
    }

    AllocationStatus choose(std::size_t n, std::span<const double> lower, std::span<const double> upper, const AllocationOptions& options) {
        linear_.assign(n, 0.0);
        program_.search(linear_);
        const AllocationStatus status = options.method == AllocationMethod::max_sharpe ? best_ratio(n, lower, upper, options) : AllocationStatus::optimal;
        if (!riskless_) program_.shorten();
        return status;
    }

    AllocationStatus best_ratio(std::size_t n, std::span<const double> lower, std::span<const double> upper, const AllocationOptions& options) {
        excess_.resize(n);
        double largest_excess = 0.0;
        for (std::size_t i = 0; i < n; ++i) {
            excess_[i] = mean_[i] - options.risk_free_rate / options.periods_per_year;
            largest_excess = std::max(largest_excess, std::fabs(excess_[i]));
        }
        if (largest_excess == 0.0) return AllocationStatus::no_excess_return;
        for (double& e : excess_) e /= largest_excess;
        const std::vector<double>& w = program_.weights();
        most_ = best_ = w;
        const double best = most_excess(lower, upper);
        if (!(best > no_excess * gross(most_))) return AllocationStatus::no_excess_return;
        const double variance = program_.multiplied(w, w);
        if (risk_of(w) > std::sqrt(no_risk * scale_)) climb(variance / best);
        else if (!riskless()) climb(1.0);
        return AllocationStatus::optimal;
    }

    /// The largest excess return within the bounds: from the lower ones up, the best asset first.
    double most_excess(std::span<const double> lower, std::span<const double> upper) {
        const std::size_t n = lower.size();
        order_.resize(n);
        double left = 1.0;
        for (std::size_t i = 0; i < n; ++i) order_[i] = i, left -= most_[i] = lower[i];
        std::sort(order_.begin(), order_.end(), [this](std::size_t i, std::size_t j) { return excess_[i] != excess_[j] ? excess_[i] > excess_[j] : i < j; });
        for (const std::size_t i : order_) {
            const double part = std::clamp(left, 0.0, upper[i] - lower[i]);
            most_[i] += part, left -= part;
        }
        return dot(most_, excess_);
    }
    /// The size of what the excess return of w is the sum of.
    double gross(const std::vector<double>& w) const {
        double sum = 0.0;
        for (std::size_t i = 0; i < w.size(); ++i) sum += std::fabs(w[i] * excess_[i]);
        return sum;
    }
    /// Whether the portfolio at hand earns more than its weights' rounding does.
    bool earns() const {
        double floor = no_excess * gross(program_.weights());
        for (std::size_t i = 0; i < excess_.size(); ++i) floor += std::fabs(excess_[i]) * program_.rounding_of(i);
        return dot(program_.weights(), excess_) > floor;
    }

    /// Along the efficient frontier, w(k) = argmin w'Hw / 2 - k a'w, to where the Sharpe ratio is greatest: there
    /// w'Hw = k a'w, and it is greater before and less after. On a stretch with the same bounds w = p + k q, where p'Hq = 0 and
    /// q'Hq = a'q, so that one Newton step, of slope -a'p, leads to the root; bisection where that leaves the bracket.
    /// Where cash earns just the risk-free rate every mixture with it has the same ratio: a trifle taken from the excess return
    /// leads to the one of largest return.
    void climb(double k) {
        double low = 0.0, high = std::numeric_limits<double>::infinity();
        for (int i = 0; i < 200; ++i) {
            const auto& w = at(k);
            const double variance = program_.multiplied(w, w), excess = dot(w, excess_) * (1.0 - no_excess);
            const double balance = variance - k * excess;
            if (std::fabs(balance) <= 1e-15 * variance || high <= low * (1.0 + 1e-15)) return;
            (balance > 0.0 ? low : high) = k;
            const double base_excess = excess - k * dot(program_.slope(excess_), excess_);
            double next = base_excess > 1e-6 * std::fabs(excess) ? k + balance / base_excess : -1.0;
            if (!(next > low && next < high)) next = high < 1e300 ? 0.5 * (low + high) : 4.0 * k;
            if (std::fabs(next - k) <= 1e-15 * k) return;
            k = next;
        }
    }
    const std::vector<double>& at(double k) {
        for (std::size_t j = 0; j < linear_.size(); ++j) linear_[j] = k * excess_[j];
        return program_.search(linear_);
    }

    /// Along the same frontier to where the deviation is `most`, by w'Hw = p'Hp + k^2 a'q, or everything earns the most.
    void climb_to(double most) {
        double low = 0.0, high = std::numeric_limits<double>::infinity(), k = std::sqrt(no_risk);
        for (int i = 0; i < 200; ++i) {
            const double deviation = spread(at(k)), balance = (most - deviation) * (most + deviation) / scale_;
            if (std::fabs(balance) <= 1e-9 * no_risk || (balance > 0.0 && dot(program_.weights(), excess_) >= dot(most_, excess_))) return;
            (balance > 0.0 ? low : high) = k;
            const double yield = dot(program_.slope(excess_), excess_), square = k * k + balance / yield;
            double next = yield > 0.0 && square > 0.0 ? std::sqrt(square) : -1.0;
            if (!(next > low && next < high)) next = high < 1e300 ? 0.5 * (low + high) : 4.0 * k;
            if (std::fabs(next - k) <= 1e-15 * k) break;
            k = next;
        }
        if (spread(program_.weights()) > most) at(low);  // a frontier too steep for double precision
    }

    /// The portfolio of largest return among those without risk; false if it does not earn more than the risk-free rate. What
    /// the tolerance of risk earns on top of one that has none at all is left where it is next to nothing; and where that one
    /// earns nothing, a trifle of anything else beside it is no portfolio of infinite ratio.
    bool riskless() {
        const bool none_at_all = program_.earn(excess_) && risk_of(program_.weights()) == 0.0;
        bool positive = earns();
        best_ = program_.weights();
        if (!none_at_all || scale_ > 0.0) {
            climb_to(std::sqrt(no_risk * scale_ * (1.0 - 1e-8)));
            const auto& w = program_.shorten();
            double moved = 0.0;
            for (std::size_t i = 0; i < w.size(); ++i) moved = std::max(moved, std::fabs(w[i] - best_[i]));
            const bool trifle = positive ? dot(w, excess_) - dot(best_, excess_) <= 1e-2 * gross(best_) : moved <= 1e-4;
            if (!none_at_all || !trifle) best_ = w, positive = earns();
        }
        if (positive) program_.adopt(best_);
        return riskless_ = positive;
    }

    /// Deviation of the portfolio's own returns.
    double spread(const std::vector<double>& w) {
        series_.resize(rows_);
        const std::size_t n = w.size();
        double* const series = series_.data();
        double mean = 0.0, sum = 0.0;
        for (std::size_t t = 0; t < rows_; ++t) mean += series[t] = dot({w.data(), n}, {returns_.data() + t * n, n});
        mean /= static_cast<double>(rows_);
        for (const double r : series_) sum += (r - mean) * (r - mean);
        return std::sqrt(sum / static_cast<double>(rows_ - 1));
    }
    /// The same, or 0 where it is rounding of the returns, or of weights whose risks cancel.
    double risk_of(const std::vector<double>& w) {
        double noise = 0.0, risk = 0.0;
        for (std::size_t i = 0; i < w.size(); ++i) noise += std::fabs(w[i]) * noise_[i], risk += std::fabs(w[i]) * deviation_[i];
        const double deviation = spread(w);
        return deviation <= std::max(noise, 1e-12 * risk) ? 0.0 : deviation;
    }

    void settle(const AllocationOptions& options) {
        Portfolio& out = portfolio_;
        out.weights = program_.weights();
        out.risk = riskless_ ? 0.0 : risk_of(out.weights) * std::sqrt(options.periods_per_year);
        out.mean = dot(out.weights, mean_) * options.periods_per_year;
        const double excess = out.mean - options.risk_free_rate;
        constexpr double inf = std::numeric_limits<double>::infinity();
        out.sharpe = out.risk > 0.0 ? excess / out.risk : excess == 0.0 ? 0.0 : std::copysign(inf, excess);
    }

    double scale_ = 0.0;
    bool riskless_ = false;
    std::size_t rows_ = 0;
    Portfolio portfolio_;
    std::vector<double> lower_, upper_, returns_, mean_, correction_, noise_, deviation_, covariance_, hessian_, series_;
    std::vector<double> excess_, most_, best_, linear_, levels_;
    std::vector<std::size_t> order_;
    QuadraticProgram program_;
};

}  // namespace openquant
