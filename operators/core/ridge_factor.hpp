// Linear equations of a symmetric matrix that a ridge makes positive.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

namespace openquant {

/// Cholesky factor of H + diag(ridges) over some rows and columns of H, which is n x n, packed by rows. Rounding grows with no
/// element but a row's own: the units of the rows do not matter.
class RidgeFactor {
public:
    void reserve(std::size_t n) { factor_.assign(n * n, 0.0); }

    void make(std::span<const double> h, std::size_t n, const std::vector<std::size_t>& rows, const std::vector<double>& ridges) {
        m_ = rows.size();
        for (std::size_t i = 0; i < m_; ++i) {
            double* const row = &factor_[i * m_];
            const double ridge = ridges[rows[i]];
            for (std::size_t j = 0; j <= i; ++j) {
                const double* const other = &factor_[j * m_];
                double sum = h[rows[i] * n + rows[j]] + (i == j ? ridge : 0.0);
                for (std::size_t k = 0; k < j; ++k) sum -= row[k] * other[k];
                row[j] = i == j ? std::sqrt(std::max(sum, 1e-3 * ridge)) : sum / other[j];
            }
        }
    }
    /// x := K^-1 x
    void solve(std::vector<double>& x) const {
        for (std::size_t i = 0; i < m_; ++i) {
            for (std::size_t k = 0; k < i; ++k) x[i] -= factor_[i * m_ + k] * x[k];
            x[i] /= factor_[i * m_ + i];
        }
        for (std::size_t i = m_; i-- > 0;) {
            x[i] /= factor_[i * m_ + i];
            for (std::size_t k = 0; k < i; ++k) x[k] -= factor_[i * m_ + k] * x[i];
        }
    }

private:
    std::size_t m_ = 0;
    std::vector<double> factor_;
};

}  // namespace openquant
