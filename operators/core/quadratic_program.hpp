// The convex quadratic program behind the portfolios: minimise w'Hw / 2 - c'w over sum(w) = 1, lower <= w <= upper, exactly.
// Sums run in a fixed order and nothing here depends on the CPU, so that weights are the same bits on every machine.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace openquant {

/// Primal active-set method (Nocedal and Wright 2006, algorithm 16.3) on proximal steps: each minimises the objective plus
/// ridge / 2 |w - centre|^2, which is strictly convex whatever the rank of H, first around 0 and then around the last answer.
/// The first picks, among equally good portfolios, the one of smallest norm; the others remove what the ridge cost.
class QuadraticProgram {
public:
    /// Scale H so that its largest diagonal element is 1, and c accordingly.
    static constexpr double ridge = 1e-9;

    /// Row-major H of n x n. The spans must stay valid while `solve` is used; false if no w satisfies the bounds.
    bool set(std::size_t n, std::span<const double> h, std::span<const double> lower, std::span<const double> upper) {
        n_ = n, h_ = h, lower_ = lower, upper_ = upper;
        for (auto* v : {&w_, &centre_, &gradient_, &step_, &ones_}) v->assign(n, 0.0);
        factor_.assign(n * n, 0.0);
        at_.assign(n, Bound::none);
        free_.clear();
        free_.reserve(n);
        return start();
    }

    /// The minimiser. The search begins at the last one, which only saves time.
    const std::vector<double>& solve(std::span<const double> c) {
        c_ = c;
        std::fill(centre_.begin(), centre_.end(), 0.0);
        for (int i = 0; i < 40; ++i) {
            if (i > 1) stretch();
            if (i > 0) centre_ = w_;
            minimise(true);
            double moved = 0.0;
            for (std::size_t k = 0; k < n_; ++k) moved = std::max(moved, std::fabs(w_[k] - centre_[k]));
            if (ridge * moved <= 1e-15) break;
        }
        return w_;
    }

    /// As `solve`, but what is at a bound stays there.
    const std::vector<double>& polish(std::span<const double> c) {
        c_ = c;
        for (int i = 0; i < 3; ++i) centre_ = w_, minimise(false);
        return w_;
    }

    const std::vector<double>& weights() const noexcept { return w_; }
    void adopt(const std::vector<double>& w) { w_ = w; }

    /// Change of the minimiser for a change of c by `direction`, as long as the same bounds hold.
    std::span<const double> slope(std::span<const double> direction) {
        std::fill(step_.begin(), step_.end(), 0.0);
        gather_free();
        if (free_.empty()) return step_;
        factorise();
        std::vector<double>& x = gradient_;
        for (std::size_t i = 0; i < free_.size(); ++i) x[i] = direction[free_[i]];
        project(x, 0.0);
        for (std::size_t i = 0; i < free_.size(); ++i) step_[free_[i]] = x[i];
        return step_;
    }

    double multiplied(std::span<const double> x, std::span<const double> y) const {  // x'Hy
        double sum = 0.0;
        for (std::size_t i = 0; i < n_; ++i) sum += x[i] * row_times(i, y);
        return sum;
    }
    static double dot(std::span<const double> x, std::span<const double> y) {
        double sum = 0.0;
        for (std::size_t i = 0; i < x.size(); ++i) sum += x[i] * y[i];
        return sum;
    }

private:
    enum class Bound : std::uint8_t { none, lower, upper };

    /// Everyone as far into its bounds as everyone else.
    bool start() {
        double low = 0.0, room = 0.0;
        for (std::size_t i = 0; i < n_; ++i) {
            if (!(lower_[i] <= upper_[i])) return false;
            low += lower_[i], room += upper_[i] - lower_[i];
        }
        constexpr double slack = 1e-12;  // bounds such as n times 1/n, rounded
        if (low > 1.0 + slack || low + room < 1.0 - slack) return false;
        const double share = room > 0.0 ? std::clamp((1.0 - low) / room, 0.0, 1.0) : 0.0;
        for (std::size_t i = 0; i < n_; ++i) {
            w_[i] = lower_[i] + share * (upper_[i] - lower_[i]);
            at_[i] = lower_[i] == upper_[i] || share == 0.0 ? Bound::lower : share == 1.0 ? Bound::upper : Bound::none;
        }
        return true;
    }

    double row_times(std::size_t i, std::span<const double> x) const { return dot(h_.subspan(i * n_, n_), x.first(n_)); }

    void set_gradient() {
        for (std::size_t i = 0; i < n_; ++i) gradient_[i] = row_times(i, w_) + ridge * (w_[i] - centre_[i]) - c_[i];
    }
    void gather_free() {
        free_.clear();
        for (std::size_t i = 0; i < n_; ++i)
            if (at_[i] == Bound::none) free_.push_back(i);
    }

    /// Minimises the proximal step; without `release` only over what is not at a bound.
    void minimise(bool release) {
        const std::size_t most = 100 + 50 * n_;
        for (std::size_t round = 0; round < most; ++round) {
            set_gradient();
            gather_free();
            const double level = free_.empty() ? mid_level() : find_step();
            if (!free_.empty() && !take_step()) continue;
            if (!release) return;
            set_gradient();
            if (!let_go(level)) return;
        }
    }

    /// Goes on the way from the centre, if no bound turned it, to where the objective itself is least: d'g = -ridge |d|^2 here.
    /// What the ridge holds back, where H is small, would else take many steps.
    void stretch() {
        gather_free();
        std::vector<double>& way = ones_;
        double sum = 0.0;
        for (std::size_t k = 0; k < n_; ++k) {
            way[k] = w_[k] - centre_[k];
            if (at_[k] != Bound::none && way[k] != 0.0) return;
            sum += way[k];
        }
        for (const std::size_t k : free_) way[k] -= sum / static_cast<double>(free_.size());  // what was given back is not to grow
        const double curvature = multiplied(way, way), slope = ridge * dot(way, way);
        const double length = curvature * 1e4 > slope ? slope / curvature : 1e4;
        for (std::size_t i = 0; i < free_.size(); ++i) step_[i] = length * way[free_[i]];
        take_step();
    }

    /// The step to the minimiser over the free weights; returns the multiplier of sum(w) = 1 there. The gradient is taken from
    /// its mean, and what rounding has taken from the sum of the weights is given back: neither may grow by 1 / ridge.
    double find_step() {
        factorise();
        const auto m = static_cast<double>(free_.size());
        double mean = 0.0, missing = 1.0;
        for (const std::size_t k : free_) mean += gradient_[k] / m;
        for (const double w : w_) missing -= w;
        if (std::fabs(missing) < 1e-13) missing = 0.0;  // or a weight just let go would be stopped at its bound again
        for (std::size_t i = 0; i < free_.size(); ++i) step_[i] = mean - gradient_[free_[i]];
        return mean - project(step_, missing);
    }
    /// x := K^-1 x, less the multiple of K^-1 1 that makes its sum `total`; returns the multiple.
    double project(std::vector<double>& x, double total) {
        solve_factored(x);
        for (std::size_t i = 0; i < free_.size(); ++i) ones_[i] = 1.0;
        solve_factored(ones_);
        double sum = -total, ones = 0.0, left = total;
        for (std::size_t i = 0; i < free_.size(); ++i) sum += x[i], ones += ones_[i];
        for (std::size_t i = 0; i < free_.size(); ++i) x[i] -= ones_[i] * (sum / ones), left -= x[i];
        for (std::size_t i = 0; i < free_.size(); ++i) x[i] += left / static_cast<double>(free_.size());
        return sum / ones;
    }
    /// False if a bound stopped it.
    bool take_step() {
        double length = 1.0;
        std::size_t blocking = n_;
        for (std::size_t i = 0; i < free_.size(); ++i) {
            const std::size_t k = free_[i];
            const double room = step_[i] < 0.0 ? lower_[k] - w_[k] : upper_[k] - w_[k];
            if (step_[i] != 0.0 && std::fabs(room) < length * std::fabs(step_[i])) length = std::fabs(room / step_[i]), blocking = i;
        }
        for (std::size_t i = 0; i < free_.size(); ++i) {
            const std::size_t k = free_[i];
            w_[k] = std::clamp(w_[k] + length * step_[i], lower_[k], upper_[k]);
        }
        if (blocking == n_) return true;
        const std::size_t k = free_[blocking];
        at_[k] = step_[blocking] < 0.0 ? Bound::lower : Bound::upper;
        w_[k] = at_[k] == Bound::lower ? lower_[k] : upper_[k];
        return false;
    }
    /// Frees the weight that gains most by leaving its bound; false if none gains.
    bool let_go(double level) {
        double most = tolerance();
        std::size_t best = n_;
        for (std::size_t i = 0; i < n_; ++i) {
            if (at_[i] == Bound::none || lower_[i] == upper_[i]) continue;
            const double gain = at_[i] == Bound::lower ? level - gradient_[i] : gradient_[i] - level;
            if (gain > most) most = gain, best = i;
        }
        if (best == n_) return false;
        at_[best] = Bound::none;
        return true;
    }
    /// Where every weight is at a bound: halfway between the gradients of the pair that gains most by an exchange.
    double mid_level() const {
        constexpr double inf = std::numeric_limits<double>::infinity();
        double rise = inf, fall = -inf;
        for (std::size_t i = 0; i < n_; ++i) {
            if (lower_[i] == upper_[i]) continue;
            if (at_[i] == Bound::lower) rise = std::min(rise, gradient_[i]);
            else fall = std::max(fall, gradient_[i]);
        }
        return rise == inf || fall == -inf ? rise : 0.5 * (rise + fall);  // where nothing can rise nothing may fall, and vice versa
    }
    double tolerance() const {
        double scale = 0.0;
        for (std::size_t i = 0; i < n_; ++i) scale = std::max(scale, std::fabs(gradient_[i]));
        return 1e-13 * std::max(scale, 1e-3);
    }

    /// Cholesky factor of H + ridge over the free weights, packed by rows of free_.size().
    void factorise() {
        const std::size_t m = free_.size();
        for (std::size_t i = 0; i < m; ++i) {
            double* const row = &factor_[i * m];
            for (std::size_t j = 0; j <= i; ++j) {
                const double* const other = &factor_[j * m];
                double sum = h_[free_[i] * n_ + free_[j]] + (i == j ? ridge : 0.0);
                for (std::size_t k = 0; k < j; ++k) sum -= row[k] * other[k];
                row[j] = i == j ? std::sqrt(std::max(sum, 1e-3 * ridge)) : sum / other[j];
            }
        }
    }
    void solve_factored(std::vector<double>& x) const {
        const std::size_t m = free_.size();
        for (std::size_t i = 0; i < m; ++i) {
            for (std::size_t k = 0; k < i; ++k) x[i] -= factor_[i * m + k] * x[k];
            x[i] /= factor_[i * m + i];
        }
        for (std::size_t i = m; i-- > 0;) {
            x[i] /= factor_[i * m + i];
            for (std::size_t k = 0; k < i; ++k) x[k] -= factor_[i * m + k] * x[i];
        }
    }

    std::size_t n_ = 0;
    std::span<const double> h_, lower_, upper_, c_;
    std::vector<double> w_, centre_, gradient_, step_, ones_, factor_;
    std::vector<Bound> at_;
    std::vector<std::size_t> free_;
};

}  // namespace openquant
