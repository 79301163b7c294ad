// The convex quadratic program behind the portfolios: minimise w'Hw / 2 - c'w over sum(w) = 1, lower <= w <= upper, exactly.
// Sums run in a fixed order and nothing here depends on the CPU, so that weights are the same bits on every machine.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "openquant/operators/core/null_space.hpp"
#include "openquant/operators/core/ridge_factor.hpp"

namespace openquant {

/// Primal active-set method (Nocedal and Wright 2006, algorithm 16.3) on proximal steps: each minimises the objective plus
/// ridge / 2 sum of d_i^2 (w_i - centre_i)^2, d_i^2 = H_ii, which is strictly convex whatever the rank of H, first around 0 and
/// then around the last answer, which removes what the ridge cost. Measured in d_i everything is the same whatever the units of
/// the assets, so that a loud one takes nothing from the others' digits. Where H is singular the portfolio of smallest norm is
/// then sought among the equally good ones, in the same way with the projector on the range of H in its place.
class QuadraticProgram {
public:
    static constexpr double ridge = 1e-9;

    /// Row-major H of n x n. The spans must stay valid while `solve` is used; false if no w satisfies the bounds.
    bool set(std::size_t n, std::span<const double> h, std::span<const double> lower, std::span<const double> upper) {
        n_ = n, covariance_ = h, lower_ = lower, upper_ = upper, null_is_known_ = false;
        for (auto* v : {&w_, &centre_, &gradient_, &step_, &ones_, &deviation_, &scale_, &ridges_, &seen_}) v->assign(n, 0.0);
        factor_.reserve(n);
        at_.assign(n, Bound::none);
        free_.clear();
        free_.reserve(n);
        double least = std::numeric_limits<double>::infinity();
        for (std::size_t i = 0; i < n; ++i)
            if (h[i * n + i] > 0.0) least = std::min(least, h[i * n + i]);
        if (!std::isfinite(least)) least = 1.0;
        for (std::size_t i = 0; i < n; ++i) deviation_[i] = std::sqrt(h[i * n + i] > 0.0 ? h[i * n + i] : least);
        look_at(covariance_, seen_);
        return start();
    }

    /// The minimiser; of several that of smallest norm.
    const std::vector<double>& solve(std::span<const double> c) {
        search(c);
        return shorten();
    }

    /// One of the minimisers. The search begins at the last one, which only saves time.
    const std::vector<double>& search(std::span<const double> c) {
        c_ = c;
        std::fill(centre_.begin(), centre_.end(), 0.0);
        for (int i = 0; i < 40; ++i) {
            if (i > 1) stretch();
            if (i > 0) centre_ = w_;
            minimise(true);
            double moved = 0.0;
            for (std::size_t k = 0; k < n_; ++k) moved = std::max(moved, scale_[k] * std::fabs(w_[k] - centre_[k]));
            if (ridge * moved <= 1e-15 * size()) break;
        }
        return w_;
    }

    /// From the last minimiser to the shortest one of the same Hw and c'w.
    const std::vector<double>& shorten() {
        if (!singular()) return w_;
        const std::span<const double> c = c_;
        null_is_known_ = std::all_of(c.begin(), c.end(), [](double x) { return x == 0.0; });
        if (!null_is_known_) null_.see(c);
        for (std::size_t i = 0; i < n_; ++i) seen_[i] = dot(null_.projector().subspan(i * n_, n_), w_);
        look_at(null_.projector(), seen_);
        std::fill(centre_.begin(), centre_.end(), 0.0);
        for (int i = 0; i < 3; ++i, centre_ = w_) minimise(true);
        return come_back(c);
    }

    /// Among the w with Hw as small as it may be, that of largest c'w: where H is singular, else false.
    bool earn(std::span<const double> c) {
        if (!singular()) return false;
        start();
        const auto unseen = null_.unseen(c);
        double most = 0.0;
        for (const double x : unseen) most = std::max(most, std::fabs(x));
        for (std::size_t i = 0; i < n_; ++i) seen_[i] = most > 0.0 ? 1e-6 * unseen[i] / most : 0.0;
        look_at(null_.projector(), seen_);
        search(seen_);
        std::fill(seen_.begin(), seen_.end(), 0.0);
        polish(seen_);
        come_back(seen_);
        return true;
    }

    const std::vector<double>& weights() const noexcept { return w_; }
    /// What rounding may do to one of them.
    double rounding_of(std::size_t i) const { return 1e-13 * std::min(1.0, size() / scale_[i]); }
    void adopt(const std::vector<double>& w) { w_ = w; }

    /// Change of the minimiser for a change of c by `direction`, as long as the same bounds hold.
    std::span<const double> slope(std::span<const double> direction) {
        std::fill(step_.begin(), step_.end(), 0.0);
        gather_free();
        if (free_.empty()) return step_;
        factor_.make(h_, n_, free_, ridges_);
        std::vector<double>& x = gradient_;
        for (std::size_t i = 0; i < free_.size(); ++i) x[i] = direction[free_[i]];
        project(x, 0.0);
        for (std::size_t i = 0; i < free_.size(); ++i) step_[free_[i]] = x[i];
        return step_;
    }

    double multiplied(std::span<const double> x, std::span<const double> y) const {  // x'Hy
        double sum = 0.0;
        for (std::size_t i = 0; i < n_; ++i)
            if (x[i] != 0.0) sum += x[i] * row_times(i, y);
        return sum;
    }

private:
    enum class Bound : std::uint8_t { none, lower, upper };

    bool singular() {
        if (!null_is_known_) singular_ = null_.find(covariance_, deviation_), null_is_known_ = true;
        return singular_;
    }
    /// The matrix of the steps to come: the covariance, in units of deviation, or the projector, in units of weight.
    void look_at(std::span<const double> h, std::span<const double> c) {
        h_ = h, c_ = c;
        for (std::size_t i = 0; i < n_; ++i) scale_[i] = h.data() == covariance_.data() ? deviation_[i] : 1.0;
        for (std::size_t i = 0; i < n_; ++i) ridges_[i] = ridge * scale_[i] * scale_[i];
    }
    /// From the projector to the covariance, in whose units rounding may be large. Replicas are held: what they differ in from
    /// the assets that make them up is rounding.
    const std::vector<double>& come_back(std::span<const double> c) {
        look_at(covariance_, c);
        for (const std::size_t k : null_.replicas()) ridges_[k] *= 1e5;
        polish(c);
        look_at(covariance_, c);
        return w_;
    }
    /// The largest weight, in units of the ridge.
    double size() const {
        double most = 0.0;
        for (std::size_t i = 0; i < n_; ++i) most = std::max(most, scale_[i] * std::fabs(w_[i]));
        return most;
    }

    /// As `search`, but what is at a bound stays there.
    const std::vector<double>& polish(std::span<const double> c) {
        c_ = c;
        for (int i = 0; i < 3; ++i) centre_ = w_, minimise(false);
        return w_;
    }

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
        for (std::size_t i = 0; i < n_; ++i) gradient_[i] = row_times(i, w_) + ridges_[i] * (w_[i] - centre_[i]) - c_[i];
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
            set_gradient();
            if (!release || !let_go(level)) break;
        }
        snap();
    }
    /// A free weight is at a bound where only rounding keeps it away: its own, or the others' if it alone is what is left.
    void snap() {
        double largest_weight = 0.0;
        for (const double w : w_) largest_weight = std::max(largest_weight, std::fabs(w));
        const double most = size();
        for (const std::size_t k : free_)
            for (const double bound : {lower_[k], upper_[k]}) {
                const double off = std::fabs(w_[k] - bound);
                if (off <= 1e-15 * largest_weight && (free_.size() == 1 || scale_[k] * off <= 1e-15 * most)) w_[k] = bound;
            }
    }

    /// Goes on the way from the centre, if no bound turned it, to where the objective itself is least: d'g = -ridge |d|^2 here.
    /// What the ridge holds back, where H is small, would else take many steps.
    void stretch() {
        gather_free();
        std::vector<double>& way = ones_;
        double sum = 0.0, slope = 0.0;
        for (std::size_t k = 0; k < n_; ++k) {
            way[k] = w_[k] - centre_[k];
            if (at_[k] != Bound::none && way[k] != 0.0) return;
            sum += way[k];
        }
        const double room = pliancy();
        for (const std::size_t k : free_) way[k] -= sum / room / ridges_[k];  // what was given back is not to grow
        for (const std::size_t k : free_) slope += ridges_[k] * way[k] * way[k];
        const double curvature = multiplied(way, way);
        const double length = curvature * 1e4 > slope ? slope / curvature : 1e4;
        for (std::size_t i = 0; i < free_.size(); ++i) step_[i] = length * way[free_[i]];
        take_step();
    }
    /// What the free weights yield together to a pull against the ridge alone.
    double pliancy() const {
        double sum = 0.0;
        for (const std::size_t k : free_) sum += 1.0 / ridges_[k];
        return sum;
    }

    /// The step to the minimiser over the free weights; returns the multiplier of sum(w) = 1 there. The gradient is taken from
    /// its mean, and what rounding has taken from the sum of the weights is given back: neither may grow by 1 / ridge.
    double find_step() {
        factor_.make(h_, n_, free_, ridges_);
        const double room = pliancy();
        double mean = 0.0, missing = 1.0;
        for (const std::size_t k : free_) mean += gradient_[k] / ridges_[k] / room;
        for (const double w : w_) missing -= w;
        if (std::fabs(missing) < 1e-13) missing = 0.0;  // or a weight just let go would be stopped at its bound again
        for (std::size_t i = 0; i < free_.size(); ++i) step_[i] = mean - gradient_[free_[i]];
        return mean - project(step_, missing);
    }
    /// x := K^-1 x, less the multiple of K^-1 1 that makes its sum `total`; returns the multiple.
    double project(std::vector<double>& x, double total) {
        std::fill_n(ones_.begin(), free_.size(), 1.0);
        factor_.solve(x, ones_);
        double sum = -total, ones = 0.0, left = total;
        for (std::size_t i = 0; i < free_.size(); ++i) sum += x[i], ones += ones_[i];
        for (std::size_t i = 0; i < free_.size(); ++i) x[i] -= ones_[i] * (sum / ones), left -= x[i];
        const double room = pliancy();
        for (std::size_t i = 0; i < free_.size(); ++i) x[i] += left / room / ridges_[free_[i]];
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
    /// Frees the weight that gains most, in its own units, by leaving its bound; false if none gains more than rounding.
    bool let_go(double level) {
        const double most_weight = size();
        const auto rounding = [&](std::size_t i) { return 1e-13 * (scale_[i] * most_weight + std::fabs(c_[i])); };
        double level_rounding = std::numeric_limits<double>::infinity(), most = 0.0;
        for (const std::size_t k : free_) level_rounding = std::min(level_rounding, rounding(k));
        std::size_t best = n_;
        for (std::size_t i = 0; i < n_; ++i) {
            if (at_[i] == Bound::none || lower_[i] == upper_[i]) continue;
            const double gain = at_[i] == Bound::lower ? level - gradient_[i] : gradient_[i] - level;
            if (gain > rounding(i) + (free_.empty() ? 0.0 : level_rounding) && gain / scale_[i] > most) most = gain / scale_[i], best = i;
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

    std::size_t n_ = 0;
    std::span<const double> covariance_, h_, lower_, upper_, c_;
    std::vector<double> w_, centre_, gradient_, step_, ones_, deviation_, scale_, ridges_, seen_;
    std::vector<Bound> at_;
    std::vector<std::size_t> free_;
    RidgeFactor factor_;
    NullSpace null_;
    bool null_is_known_ = false, singular_ = false;
};

}  // namespace openquant
