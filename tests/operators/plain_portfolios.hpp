// The best portfolio by trying every way to fix assets at their bounds: what the allocator's tests compare with.
#pragma once

#include <cmath>
#include <eigen3/Eigen/Dense>
#include <limits>
#include <optional>
#include <vector>

#include "openquant/operators/core/returns.hpp"
#include "random.hpp"

namespace openquant::testing {

using Matrix = Eigen::MatrixXd;
using Vector = Eigen::VectorXd;

/// Minimise w'Hw / 2 - c'w over sum(w) = 1, lower <= w <= upper; or maximise c'w / sqrt(w'Hw).
struct PlainProgram {
    Matrix h;
    Vector c, lower, upper;

    Eigen::Index size() const { return h.rows(); }
    double objective(const Vector& w) const { return 0.5 * w.dot(h * w) - c.dot(w); }
    double variance(const Vector& w) const { return w.dot(h * w); }
    double ratio(const Vector& w) const { return c.dot(w) / std::sqrt(variance(w)); }

    /// By how much the gradient favours an exchange that the bounds allow.
    double residual(const Vector& w) const {
        const Vector gradient = h * w - c;
        double falling = -std::numeric_limits<double>::infinity(), rising = -falling;
        for (Eigen::Index i = 0; i < size(); ++i) {
            if (w[i] > lower[i]) falling = std::max(falling, gradient[i]);
            if (w[i] < upper[i]) rising = std::min(rising, gradient[i]);
        }
        return std::max(0.0, falling - rising);
    }
    /// The same of the ratio's condition, Hw = k c + level where both may move, k = w'Hw / c'w.
    double ratio_residual(const Vector& w) const {
        PlainProgram tangent = *this;
        tangent.c = c * (variance(w) / c.dot(w));
        return tangent.residual(w);
    }

    /// The least objective, the greatest ratio (among equal ones that of largest c'w; nothing if none is positive).
    Vector minimum() const {
        Vector best;
        each_face([&](const Matrix& basis, const Vector& at) {
            // w = at + basis z; the multiplier of sum(w) = 1 comes last
            const Eigen::Index m = basis.cols();
            Matrix kkt = Matrix::Zero(m + 1, m + 1);
            Vector right(m + 1);
            kkt.topLeftCorner(m, m) = basis.transpose() * h * basis;
            kkt.topRightCorner(m, 1) = Vector::Ones(m), kkt.bottomLeftCorner(1, m) = Vector::Ones(m).transpose();
            right << basis.transpose() * (c - h * at), 1.0 - at.sum();
            if (const auto z = solution(kkt, right))
                if (const auto w = within(at + basis * z->head(m)); w && (best.size() == 0 || objective(*w) < objective(best))) best = *w;
        });
        return best;
    }
    /// With x = w / c'w and s = 1 / c'w: the least x'Hx over c'x = 1, sum(x) = s, where x is s times the bound or free.
    std::optional<Vector> steepest() const {
        std::optional<Vector> best;
        each_face([&](const Matrix& basis, const Vector& at) {
            const Eigen::Index m = basis.cols() + 1;
            Matrix to_x(size(), m);
            to_x << basis, at;
            Matrix kkt = Matrix::Zero(m + 2, m + 2), fixed(2, m);
            fixed.row(0) = c.transpose() * to_x, fixed.row(1) = Vector::Ones(size()).transpose() * to_x;
            fixed(1, m - 1) -= 1.0;
            kkt.topLeftCorner(m, m) = to_x.transpose() * h * to_x;
            kkt.topRightCorner(m, 2) = fixed.transpose(), kkt.bottomLeftCorner(2, m) = fixed;
            Vector right = Vector::Zero(m + 2);
            right[m] = 1.0;
            const auto z = solution(kkt, right);
            if (!z || !((*z)[m - 1] > 0.0)) return;
            const auto w = within(to_x * z->head(m) / (*z)[m - 1]);
            if (!w || !(c.dot(*w) > 0.0)) return;
            const double gain = best ? ratio(*w) / ratio(*best) - 1.0 : 1.0;
            if (gain > 1e-10 || (gain > -1e-10 && c.dot(*w) > c.dot(*best))) best = *w;
        });
        return best;
    }
    /// The w of least norm with the same Hw and c'w as `like`.
    Vector shortest(const Vector& like) const {
        Vector best = like;
        each_shadow(like, [&](const Vector& w) {
            if (w.norm() < best.norm()) best = w;
        });
        return best;
    }
    /// The largest c'w of those with Hw = 0.
    std::optional<Vector> riskless() const {
        std::optional<Vector> best;
        PlainProgram free = *this;
        free.c.setZero();
        free.each_shadow(Vector::Zero(size()), [&](const Vector& w) {
            if (!best || c.dot(w) > c.dot(*best)) best = w;
        });
        return best;
    }

private:
    static constexpr double slack = 1e-10;

    void each_face(auto&& visit) const {
        const auto n = static_cast<std::size_t>(size());
        std::size_t faces = 1;
        for (std::size_t i = 0; i < n; ++i) faces *= 3;
        for (std::size_t face = 0; face < faces; ++face) {
            Vector at = Vector::Zero(size());
            std::vector<Eigen::Index> free;
            std::size_t rest = face;
            for (Eigen::Index i = 0; i < size(); ++i, rest /= 3) {
                if (rest % 3 == 0) free.push_back(i);
                else at[i] = rest % 3 == 1 ? lower[i] : upper[i];
            }
            Matrix basis = Matrix::Zero(size(), static_cast<Eigen::Index>(free.size()));
            for (std::size_t k = 0; k < free.size(); ++k) basis(free[k], static_cast<Eigen::Index>(k)) = 1.0;
            visit(basis, at);
        }
    }
    /// On every face the shortest w with sum 1, Hw and c'w as given.
    void each_shadow(const Vector& like, auto&& visit) const {
        each_face([&](const Matrix& basis, const Vector& at) {
            Matrix same(size() + 2, size());
            same << h, c.transpose(), Vector::Ones(size()).transpose();
            Vector right(size() + 2);
            right << h * like, c.dot(like), 1.0;
            if (const auto z = solution(same * basis, right - same * at, 1e-13))
                if (const auto w = within(at + basis * *z)) visit(*w);
        });
    }
    /// The shortest solution, if there is one.
    static std::optional<Vector> solution(const Matrix& a, const Vector& b, double tolerance = slack) {
        Vector z = Vector::Zero(a.cols());
        if (a.cols() > 0) {
            Eigen::CompleteOrthogonalDecomposition<Matrix> decomposed;
            decomposed.setThreshold(1e-12);
            decomposed.compute(a);
            z = decomposed.solve(b);
            z += decomposed.solve(b - a * z);
        }
        if ((a * z - b).cwiseAbs().maxCoeff() > tolerance * (1.0 + b.cwiseAbs().maxCoeff())) return {};
        return z;
    }
    std::optional<Vector> within(const Vector& w) const {
        if ((lower - w).maxCoeff() > slack || (w - upper).maxCoeff() > slack || std::fabs(w.sum() - 1.0) > slack) return {};
        return w.cwiseMax(lower).cwiseMin(upper);
    }
};

/// Mean and sample covariance of the returns of prices by rows of n assets.
struct PlainMoments {
    Vector mean;
    Matrix covariance;

    PlainMoments(const std::vector<double>& prices, std::size_t n, ReturnKind kind) {
        const std::size_t rows = prices.size() / n - 1;
        Matrix returns(static_cast<Eigen::Index>(rows), static_cast<Eigen::Index>(n));
        for (std::size_t t = 0; t < rows; ++t)
            for (std::size_t i = 0; i < n; ++i) {
                const double p = prices[(t + 1) * n + i], p0 = prices[t * n + i];
                returns(static_cast<Eigen::Index>(t), static_cast<Eigen::Index>(i)) = kind == ReturnKind::simple ? p / p0 - 1.0 : std::log(p / p0);
            }
        mean = returns.colwise().mean();
        const Matrix centred = returns.rowwise() - mean.transpose();
        covariance = centred.transpose() * centred / static_cast<double>(rows - 1);
    }
};

inline std::vector<double> numbers(const Vector& v) { return {v.data(), v.data() + v.size()}; }
inline Vector vector_of(const std::vector<double>& v) { return Eigen::Map<const Vector>(v.data(), static_cast<Eigen::Index>(v.size())); }

/// Random walks with a common factor; some assets repeat another or stand still.
inline std::vector<double> random_prices(Random& random, std::size_t rows, std::size_t n, double odd = 0.0) {
    std::vector<double> prices(rows * n), beta(n), noise(n), drift(n);
    std::vector<std::size_t> like(n);
    std::vector<bool> still(n);
    for (std::size_t i = 0; i < n; ++i) {
        beta[i] = random.uniform(-0.5, 1.5), noise[i] = random.uniform(0.2, 2.0), drift[i] = random.uniform(-0.3, 0.4);
        like[i] = i > 0 && random.chance(odd) ? random.below(i) : i;
        still[i] = random.chance(0.5 * odd);
        prices[i] = random.uniform(1.0, 500.0);
    }
    for (std::size_t t = 1; t < rows; ++t) {
        const double factor = random.normal();
        for (std::size_t i = 0; i < n; ++i) {
            const double own = random.normal();
            double& p = prices[t * n + i];
            if (like[i] != i) p = prices[t * n + like[i]];
            else p = prices[(t - 1) * n + i] * (still[i] ? 1.0 : 1.0 + 0.01 * (beta[i] * factor + noise[i] * own + drift[i]));
        }
    }
    for (std::size_t i = 0; i < n; ++i)
        if (like[i] != i) prices[i] = prices[like[i]];
    return prices;
}

}  // namespace openquant::testing
