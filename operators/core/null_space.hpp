// What a covariance does not see: the w with Hw = 0, and the projector on what is left.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

namespace openquant {

inline double dot(std::span<const double> x, std::span<const double> y) noexcept {
    double sum = 0.0;
    for (std::size_t i = 0; i < x.size(); ++i) sum += x[i] * y[i];
    return sum;
}

/// By Cholesky with pivots of H as a correlation, so that no asset's rounding hides another's variance. `deviation` holds the
/// root of each diagonal element, or any positive number where that is zero.
class NullSpace {
public:
    /// What is left of an asset's variance, when it is explained by others, is rounding below this share of it.
    static constexpr double rounding = 1e-13;

    /// False if H is regular. The projector P is symmetric, row-major: Pw = 0 where Hw = 0, Pw = w across that.
    bool find(std::span<const double> h, std::span<const double> deviation) {
        n_ = deviation.size();
        for (auto* v : {&null_, &projector_}) v->reserve(n_ * n_);  // now: a singular matrix may come much later
        part_.reserve(n_);
        factorise(h, deviation);
        if (rank_ == n_) return false;
        span_null(deviation);
        projector_.assign(n_ * n_, 0.0);
        for (std::size_t i = 0; i < n_; ++i) projector_[i * n_ + i] = 1.0;
        for (std::size_t k = 0; k < n_ - rank_; ++k) add_outer(-1.0, null_vector(k));
        return true;
    }
    std::span<const double> projector() const noexcept { return projector_; }

    /// The assets that others make up: each null vector has one of its own.
    std::span<const std::size_t> replicas() const noexcept { return std::span(pivots_).subspan(rank_); }

    /// The part of x that P takes away.
    std::span<const double> unseen(std::span<const double> x) {
        part_.assign(n_, 0.0);
        for (std::size_t k = 0; k < n_ - rank_; ++k) {
            double along = 0.0, gross = 0.0;
            for (std::size_t i = 0; i < n_; ++i) along += null_vector(k)[i] * x[i], gross += std::fabs(null_vector(k)[i] * x[i]);
            if (std::fabs(along) <= 1e-10 * gross) continue;  // rounding
            for (std::size_t i = 0; i < n_; ++i) part_[i] += along * null_vector(k)[i];
        }
        return part_;
    }
    /// Lets P keep what x tells of the null space.
    void see(std::span<const double> x) {
        const auto part = unseen(x);
        const double length = dot(part, part);
        if (length > 0.0) add_outer(1.0 / length, part);
    }

private:
    std::span<double> null_vector(std::size_t k) { return std::span(null_).subspan(k * n_, n_); }

    void add_outer(double by, std::span<const double> x) {
        for (std::size_t i = 0; i < n_; ++i)
            for (std::size_t j = 0; j < n_; ++j) projector_[i * n_ + j] += by * x[i] * x[j];
    }
    /// Rows of the factor by asset, columns by pivot. Of the pivots that are safe the loudest asset's, so that the others' null
    /// vectors differ in themselves.
    void factorise(std::span<const double> h, std::span<const double> deviation) {
        factor_.assign(n_ * n_, 0.0);
        left_.resize(n_);
        pivots_.resize(n_);
        for (std::size_t i = 0; i < n_; ++i) pivots_[i] = i, left_[i] = h[i * n_ + i] / deviation[i] / deviation[i];
        for (rank_ = 0; rank_ < n_; ++rank_) {
            double most = 0.0;
            for (std::size_t k = rank_; k < n_; ++k) most = std::max(most, left_[pivots_[k]]);
            if (most <= rounding) return;
            std::size_t best = n_;
            for (std::size_t k = rank_; k < n_; ++k)
                if (left_[pivots_[k]] >= 0.1 * most && (best == n_ || deviation[pivots_[k]] > deviation[pivots_[best]])) best = k;
            std::swap(pivots_[rank_], pivots_[best]);
            const std::size_t p = pivots_[rank_];
            double* const row = &factor_[p * n_];
            row[rank_] = std::sqrt(left_[p]);
            for (std::size_t k = rank_ + 1; k < n_; ++k) {
                const std::size_t i = pivots_[k];
                double* const other = &factor_[i * n_];
                const double sum = h[p * n_ + i] / deviation[p] / deviation[i] - dot({row, rank_}, {other, rank_});
                other[rank_] = sum / row[rank_];
                left_[i] -= other[rank_] * other[rank_];
            }
        }
    }
    /// Each asset that is no pivot less its replica in pivots; orthonormal by Gram-Schmidt, twice over.
    void span_null(std::span<const double> deviation) {
        null_.assign((n_ - rank_) * n_, 0.0);
        for (std::size_t k = 0; k < n_ - rank_; ++k) {
            const std::size_t asset = pivots_[rank_ + k];
            const std::span<double> z = null_vector(k);
            for (std::size_t r = rank_; r-- > 0;) {
                double sum = factor_[asset * n_ + r];
                for (std::size_t q = r + 1; q < rank_; ++q) sum += factor_[pivots_[q] * n_ + r] * z[pivots_[q]];
                z[pivots_[r]] = -sum / factor_[pivots_[r] * n_ + r];
            }
            z[asset] = 1.0;
            for (std::size_t i = 0; i < n_; ++i) z[i] /= deviation[i];
            normalise(z);
            for (int again = 0; again < 2; ++again) {
                for (std::size_t q = 0; q < k; ++q) {
                    const double along = dot(null_vector(q), z);
                    for (std::size_t i = 0; i < n_; ++i) z[i] -= along * null_vector(q)[i];
                }
                normalise(z);
            }
        }
    }
    static void normalise(std::span<double> z) {
        double most = 0.0;
        for (const double x : z) most = std::max(most, std::fabs(x));
        for (double& x : z) x /= most;  // first, or squares are beyond a double
        const double length = std::sqrt(dot(z, z));
        for (double& x : z) x /= length;
    }

    std::size_t n_ = 0, rank_ = 0;
    std::vector<double> factor_, left_, null_, projector_, part_;
    std::vector<std::size_t> pivots_;
};

}  // namespace openquant
