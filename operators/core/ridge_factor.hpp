// Linear equations of a symmetric matrix that a ridge makes positive.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <span>
#include <vector>

#include "openquant/operators/core/wide.hpp"

namespace openquant {

/// Cholesky factor L of H + diag(ridges) over some rows and columns of H, which is n x n. Rounding grows with no element but a
/// row's own: the units of the rows do not matter.
///
/// A quotient waits for the one to its left, so four rows are made side by side; each element has its products subtracted in
/// their order, one by one. L is held by rows and by columns, for what is found to be taken from many elements at once.
class RidgeFactor {
public:
    void reserve(std::size_t n) {
        const std::size_t most = padded(n);
        rows_.assign(most * most, 0.0), columns_.assign(most * most, 0.0), four_.assign(width * most, 0.0);
    }

    void make(std::span<const double> h, std::size_t n, const std::vector<std::size_t>& rows, const std::vector<double>& ridges) {
        m_ = rows.size(), stride_ = padded(m_);
        for (std::size_t i = 0; i < m_; i += width) {
            const std::size_t many = std::min(width, m_ - i);
            std::fill_n(four_.begin(), width * (i + width), 0.0);
            for (std::size_t r = 0; r < many; ++r)
                for (std::size_t j = 0; j <= i + r; ++j) four_[width * j + r] = h[rows[i + r] * n + rows[j]];
            for (std::size_t r = 0; r < many; ++r) four_[width * (i + r) + r] += ridges[rows[i + r]];
            eliminate(four_.data(), i, columns_.data(), stride_);
            for (std::size_t r = 0; r < many; ++r) take_root(i, r, many, 1e-3 * ridges[rows[i + r]]);
            for (std::size_t r = 0; r < many; ++r)
                for (std::size_t j = 0; j <= i + r; ++j) rows_[(i + r) * stride_ + j] = four_[width * j + r];
        }
    }
    /// x := K^-1 x, and y likewise
    void solve(std::vector<double>& x, std::vector<double>& y) const { substitute(x.data(), y.data(), rows_.data(), columns_.data(), m_, stride_); }

private:
    static constexpr std::size_t width = 4;
    using Four = double __attribute__((vector_size(width * sizeof(double))));
    static std::size_t padded(std::size_t m) { return (m + width - 1) / width * width; }

    /// Rows i to i + 3 of L up to column i, and what that leaves of the columns from there on. `four` holds them element by element.
    OPENQUANT_WIDE static void eliminate(double* __restrict four, std::size_t i, double* __restrict columns, std::size_t stride) {
        for (std::size_t k = 0; k < i; ++k) {
            double* const column = columns + k * stride;
            Four x;
            std::memcpy(&x, four + width * k, sizeof x);
            x /= column[k];
            std::memcpy(four + width * k, &x, sizeof x);
            std::memcpy(column + i, &x, sizeof x);
            for (std::size_t j = k + 1; j < i + width; ++j) {
                Four element;
                std::memcpy(&element, four + width * j, sizeof element);
                element -= x * column[j];
                std::memcpy(four + width * j, &element, sizeof element);
            }
        }
    }
    /// Column i + r of L, in rows i to i + 3.
    void take_root(std::size_t i, std::size_t r, std::size_t many, double least) {
        double* const column = &columns_[(i + r) * stride_ + i];
        double* const found = &four_[width * (i + r)];
        column[r] = found[r] = std::sqrt(std::max(found[r], least));
        for (std::size_t s = r + 1; s < many; ++s) column[s] = found[s] /= column[r];
        for (std::size_t s = r + 1; s < many; ++s)
            for (std::size_t t = r + 1; t <= s; ++t) four_[width * (i + t) + s] -= found[s] * column[t];
    }
    OPENQUANT_WIDE static void substitute(double* __restrict x, double* __restrict y, const double* __restrict rows, const double* __restrict columns,
                                          std::size_t m, std::size_t stride) {
        for (std::size_t k = 0; k < m; ++k) {
            const double* const column = columns + k * stride;
            const double a = x[k] /= column[k], b = y[k] /= column[k];
            for (std::size_t i = k + 1; i < m; ++i) x[i] -= column[i] * a, y[i] -= column[i] * b;
        }
        for (std::size_t i = m; i-- > 0;) {
            const double* const row = rows + i * stride;
            const double a = x[i] /= row[i], b = y[i] /= row[i];
            for (std::size_t k = 0; k < i; ++k) x[k] -= row[k] * a, y[k] -= row[k] * b;
        }
    }

    std::size_t m_ = 0, stride_ = 0;
    std::vector<double> rows_, columns_, four_;
};

}  // namespace openquant
