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

namespace openquant {

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
        double least = std::numeric_limits<double>::infinity();
        scale_ = 0.0;
        for (std::size_t i = 0; i < n; ++i) scale_ = std::max(scale_, covariance_[i * n + i]), least = std::min(least, covariance_[i * n + i]);
        if (options.method == AllocationMethod::inverse_variance && least <= no_risk * scale_) return AllocationStatus::constant_asset;
        hessian_.assign(n * n, 0.0);
        for (std::size_t i = 0; i < n; ++i)
            for (std::size_t j = 0; j < n; ++j)
                if (scale_ > 0.0 && (options.method != AllocationMethod::inverse_variance || i == j)) hessian_[i * n + j] = covariance_[i * n + j] / scale_;
        if (!program_.set(n, hessian_, lower, upper)) return AllocationStatus::infeasible;
        const AllocationStatus status = choose(n, lower, upper, options);
        settle(options);
        return scale_ == 0.0 && portfolio_.mean == options.risk_free_rate ? AllocationStatus::constant : status;
    }

    bool operator==(const Allocator&) const { return true; }  // memory, not state

private:
    /// A variance below this share of the largest asset's is none.
    static constexpr double no_risk = 1e-14;
    /// The same for a portfolio: its rounding grows with the squares of its weights.
    static double no_variance(const std::vector<double>& w) { return no_risk * std::max(1.0, QuadraticProgram::dot(w, w)); }
    /// An excess return below this share of the largest asset's is none.
    static constexpr double no_excess = 1e-12;

    /// Means, and the sample covariance (ddof 1) by blocks of four rows, added up in their order.
    void measure(std::span<const double> prices, std::size_t n, const AllocationOptions& options) {
        const std::size_t rows = prices.size() / n - 1;
        const std::size_t padded = (rows + 3) / 4 * 4;
        returns_.assign(padded * n, 0.0);
        mean_.assign(n, 0.0);
        for (std::size_t t = 0; t < rows; ++t)
            for (std::size_t i = 0; i < n; ++i) {
                const double r = price_return(options.returns, prices[(t + 1) * n + i], prices[t * n + i]);
                returns_[t * n + i] = r;
                mean_[i] += r;
            }
        for (double& m : mean_) m /= static_cast<double>(rows);
        for (std::size_t t = 0; t < rows; ++t)
            for (std::size_t i = 0; i < n; ++i) returns_[t * n + i] -= mean_[i];
        covariance_.assign(n * n, 0.0);
        for (std::size_t t = 0; t < padded; t += 4) {
            const double *a = &returns_[t * n], *b = a + n, *c = b + n, *d = c + n;
            for (std::size_t i = 0; i < n; ++i) {
                double* const row = &covariance_[i * n];
                for (std::size_t j = 0; j <= i; ++j) row[j] += ((a[i] * a[j] + b[i] * b[j]) + c[i] * c[j]) + d[i] * d[j];
            }
        }
        const double divisor = static_cast<double>(rows - 1);
        for (std::size_t i = 0; i < n; ++i)
            for (std::size_t j = 0; j <= i; ++j) covariance_[i * n + j] = covariance_[j * n + i] = covariance_[i * n + j] / divisor;
    }

    AllocationStatus choose(std::size_t n, std::span<const double> lower, std::span<const double> upper, const AllocationOptions& options) {
        linear_.assign(n, 0.0);
        program_.solve(linear_);
        if (options.method != AllocationMethod::max_sharpe) return AllocationStatus::optimal;
        excess_.resize(n);
        double largest_excess = 0.0;
        for (std::size_t i = 0; i < n; ++i) {
            excess_[i] = mean_[i] - options.risk_free_rate / options.periods_per_year;
            largest_excess = std::max(largest_excess, std::fabs(excess_[i]));
        }
        if (largest_excess == 0.0) return AllocationStatus::no_excess_return;
        for (double& e : excess_) e /= largest_excess;
        const double best = best_excess(n, lower, upper);
        if (!(best > no_excess)) return AllocationStatus::no_excess_return;
        const std::vector<double>& w = program_.weights();
        const double variance = program_.multiplied(w, w);
        if (variance > no_variance(w)) climb(variance / best);
        else if (!riskless(n, lower, upper)) climb(1.0);
        return AllocationStatus::optimal;
    }

    /// The largest excess return within the bounds: from the lower ones up, the best asset first.
    double best_excess(std::size_t n, std::span<const double> lower, std::span<const double> upper) {
        order_.resize(n);
        double left = 1.0, sum = 0.0;
        for (std::size_t i = 0; i < n; ++i) order_[i] = i, left -= lower[i], sum += lower[i] * excess_[i];
        std::sort(order_.begin(), order_.end(), [this](std::size_t i, std::size_t j) { return excess_[i] != excess_[j] ? excess_[i] > excess_[j] : i < j; });
        for (const std::size_t i : order_) {
            const double part = std::clamp(left, 0.0, upper[i] - lower[i]);
            sum += part * excess_[i], left -= part;
        }
        return sum;
    }

    /// Along the efficient frontier, w(k) = argmin w'Hw / 2 - k a'w, to where the Sharpe ratio is greatest: there
    /// w'Hw = k a'w, and it is greater before and less after. On a stretch with the same bounds w = p + k q, where p'Hq = 0 and
    /// q'Hq = a'q, so that one Newton step, of slope -a'p, leads to the root; bisection where that leaves the bracket.
    /// Where cash earns just the risk-free rate every mixture with it has the same ratio: a trifle taken from all excess returns
    /// leads to the one of largest return.
    void climb(double k) {
        double low = 0.0, high = std::numeric_limits<double>::infinity();
        for (int i = 0; i < 200; ++i) {
            for (std::size_t j = 0; j < linear_.size(); ++j) linear_[j] = k * excess_[j];
            const auto& w = program_.solve(linear_);
            const double variance = program_.multiplied(w, w), excess = QuadraticProgram::dot(w, excess_) - no_excess;
            const double balance = variance - k * excess;
            if (std::fabs(balance) <= 1e-15 * variance || high <= low * (1.0 + 1e-15)) return;
            (balance > 0.0 ? low : high) = k;
            const double base_excess = excess - k * QuadraticProgram::dot(program_.slope(excess_), excess_);
            double next = base_excess > 1e-6 * std::fabs(excess) ? k + balance / base_excess : -1.0;
            if (!(next > low && next < high)) next = high < 1e300 ? 0.5 * (low + high) : 4.0 * k;
            if (std::fabs(next - k) <= 1e-15 * k) return;
            k = next;
        }
    }

    /// The portfolio of largest return among those without risk; false if it does not earn more than the risk-free rate.
    /// H gives way to the projector on its range, whose non-zero eigenvalues are all 1.
    bool riskless(std::size_t n, std::span<const double> lower, std::span<const double> upper) {
        covariance_range(n);
        search_.set(n, projector_, lower, upper);
        for (std::size_t i = 0; i < n; ++i) linear_[i] = 1e-6 * excess_[i];
        search_.solve(linear_);
        std::fill(linear_.begin(), linear_.end(), 0.0);
        const auto& w = search_.polish(linear_);
        if (!(program_.multiplied(w, w) <= no_variance(w) && QuadraticProgram::dot(w, excess_) > no_excess)) return false;
        program_.adopt(w);
        return true;
    }

    /// Orthonormal basis of H's columns by Gram-Schmidt with pivoting, twice over, and the projector made of it.
    void covariance_range(std::size_t n) {
        returns_.assign(hessian_.begin(), hessian_.end());  // columns that are left, as rows: H is symmetric
        projector_.assign(n * n, 0.0);
        for (std::size_t rank = 0; rank < n; ++rank) {
            double longest = 0.0;
            std::size_t pivot = 0;
            for (std::size_t i = 0; i < n; ++i) {
                const std::span<const double> column(&returns_[i * n], n);
                if (const double length = QuadraticProgram::dot(column, column); length > longest) longest = length, pivot = i;
            }
            if (longest <= 1e-26) return;  // lengths below 1e-13: rounding of elements of at most 1
            base_.assign(&returns_[pivot * n], &returns_[pivot * n] + n);
            for (double& x : base_) x /= std::sqrt(longest);
            for (int again = 0; again < 2; ++again)
                for (std::size_t i = 0; i < n; ++i) {
                    const std::span<double> column(&returns_[i * n], n);
                    const double along = QuadraticProgram::dot(column, base_);
                    for (std::size_t j = 0; j < n; ++j) column[j] -= along * base_[j];
                }
            for (std::size_t i = 0; i < n; ++i)
                for (std::size_t j = 0; j < n; ++j) projector_[i * n + j] += base_[i] * base_[j];
        }
    }

    void settle(const AllocationOptions& options) {
        Portfolio& out = portfolio_;
        out.weights = program_.weights();
        const std::size_t n = out.weights.size();
        double variance = 0.0;
        for (std::size_t i = 0; i < n; ++i) variance += out.weights[i] * QuadraticProgram::dot(std::span(covariance_).subspan(i * n, n), out.weights);
        out.risk = variance <= no_variance(out.weights) * scale_ ? 0.0 : std::sqrt(variance * options.periods_per_year);
        out.mean = QuadraticProgram::dot(out.weights, mean_) * options.periods_per_year;
        const double excess = out.mean - options.risk_free_rate;
        constexpr double inf = std::numeric_limits<double>::infinity();
        out.sharpe = out.risk > 0.0 ? excess / out.risk : excess == 0.0 ? 0.0 : std::copysign(inf, excess);
    }

    double scale_ = 0.0;
    Portfolio portfolio_;
    std::vector<double> lower_, upper_, returns_, mean_, covariance_, hessian_, projector_, excess_, linear_, base_;
    std::vector<std::size_t> order_;
    QuadraticProgram program_, search_;
};

}  // namespace openquant
