#pragma once

#include <stdexcept>
#include <vector>

#include "openquant/operators/core/allocation.hpp"
#include "openquant/operators/core/schema.hpp"

namespace openquant {

/// Rolling portfolio: emits a weight per symbol when the window of aligned prices is full, and again every so many rows.
/// Weights are the exact optimum within the bounds; among several the one of smallest norm.
struct RollingAllocator {
    AllocationMethod method = AllocationMethod::max_sharpe;
    std::int64_t window = 60, every = 1;
    double lower = 0.0, upper = 1.0;
    ReturnKind returns = ReturnKind::simple;
    double risk_free_rate = 0.0, periods_per_year = 252.0;

    std::vector<double> rows_{};       // the window, oldest row first, after rows that are not needed any more
    std::vector<double> row_{};        // the row under way
    std::int64_t filled_ = 0;          // of it
    std::vector<SymbolId> symbols_{};  // of its columns
    std::int64_t due_ = 0;             // rows to come before the next rebalance
    std::uint64_t refused_ = 0;
    Allocator allocator_{};

    static constexpr auto schema() {
        using Self = RollingAllocator;
        return schema_of<Weight>(
            "RollingAllocator", "Emits a weight per symbol when the window of aligned prices is full, and again every so many rows.",
            "Markowitz (1952); max Sharpe: Sharpe (1966)",
            inputs(input<AlignedPrice>("prices",
                                       "rows of all symbols, as Align emits them; an incomplete row is refused and counted, and so is a window that no "
                                       "portfolio answers: infeasible bounds, or constant prices")),
            parameters(parameter("method", &Self::method, "inverse_variance, min_vol (least variance) or max_sharpe"),
                       parameter("window", &Self::window, between(3, 10'000'000), "rows of prices", "rows whose returns are measured"),
                       parameter("every", &Self::every, at_least(1), "rows of prices", "rows from one rebalance to the next"),
                       parameter("lower", &Self::lower, between(-10.0, 1.0), "share", "least weight of an asset"),
                       parameter("upper", &Self::upper, between(0.0, 10.0), "share", "largest weight of an asset"),
                       parameter("returns", &Self::returns, "simple or log returns"),
                       parameter("risk_free_rate", &Self::risk_free_rate, between(-1.0, 10.0), "per year", "return that excess is measured from"),
                       parameter("periods_per_year", &Self::periods_per_year, above(0.0), "rows", "rows in a year: scales risk, return and Sharpe ratio")),
            Scope::cross_sectional);
    }
    static constexpr bool fans_out() noexcept { return true; }
    void check() const {
        if (lower > upper) throw std::invalid_argument("RollingAllocator: lower = " + text_of(lower) + " must not exceed upper = " + text_of(upper));
    }
    std::uint64_t refused() const noexcept { return refused_; }

    void update(const AlignedPrice& p, SymbolId symbol, auto&& emit) {
        if ((p.index != filled_ || static_cast<std::size_t>(p.of) != symbols_.size()) && !begins(p)) return;
        const auto at = static_cast<std::size_t>(filled_++);
        symbols_[at] = symbol;
        row_[at] = p.price;
        if (filled_ < p.of) return;
        take_row();
        if (--due_ > 0) return;
        due_ = every;
        rebalance(p.ts, emit);
    }

    static auto state(auto& self) { return std::tie(self.rows_, self.row_, self.filled_, self.symbols_, self.due_, self.refused_); }
    bool operator==(const RollingAllocator&) const = default;

private:
    /// Drops the row under way; whether `p` begins another, perhaps of another cross-section, with which the window starts anew.
    [[gnu::noinline]] bool begins(const AlignedPrice& p) {
        refused_ += static_cast<std::uint64_t>(filled_);
        filled_ = 0;
        if (p.index != 0) return ++refused_, false;
        if (static_cast<std::size_t>(p.of) == symbols_.size()) return true;
        symbols_.assign(static_cast<std::size_t>(p.of), every_symbol);
        row_.assign(symbols_.size(), 0.0);
        rows_.clear();
        due_ = window;
        return true;
    }
    void take_row() {
        const std::size_t n = row_.size(), most = static_cast<std::size_t>(window) * n;
        if (rows_.size() == 2 * most) rows_.erase(rows_.begin(), rows_.begin() + static_cast<std::ptrdiff_t>(most + n));
        rows_.insert(rows_.end(), row_.begin(), row_.end());
        filled_ = 0;
    }
    void rebalance(std::int64_t ts, auto& emit) {
        const std::size_t n = symbols_.size(), most = static_cast<std::size_t>(window) * n;
        const std::span<const double> last(&rows_[rows_.size() - most], most);
        const AllocationStatus status = allocator_.allocate(last, n, lower, upper, {method, returns, risk_free_rate, periods_per_year});
        if (status > AllocationStatus::no_excess_return) return void(++refused_);
        const Portfolio& best = allocator_.portfolio();
        const bool riskless = best.risk == 0.0;
        for (std::size_t i = 0; i < n; ++i) emit(symbols_[i], Weight{ts, best.weights[i], best.risk, best.mean, riskless ? 0.0 : best.sharpe, riskless});
    }
};

}  // namespace openquant
