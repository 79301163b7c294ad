#include "openquant/operators/core/allocation.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include "catch.hpp"

#include "plain_portfolios.hpp"

namespace openquant::testing {

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();

struct Case {
    std::vector<double> prices;
    std::size_t n;
    Vector lower, upper;
    AllocationOptions options;
};

/// The definition, on the problem scaled so that the largest variance and the largest excess return are 1.
struct Expected {
    AllocationStatus status = AllocationStatus::optimal;
    PlainProgram program;
    Vector best;
    bool riskless = false;
};

Expected expected(const Case& p) {
    const auto n = static_cast<Eigen::Index>(p.n);
    const PlainMoments moments(p.prices, p.n, p.options.returns);
    const double scale = moments.covariance.diagonal().maxCoeff(), least = moments.covariance.diagonal().minCoeff();
    Expected out{AllocationStatus::optimal, {Matrix::Zero(n, n), Vector::Zero(n), p.lower, p.upper}, {}, false};
    PlainProgram& program = out.program;
    if (p.options.method == AllocationMethod::inverse_variance) {
        if (least <= 1e-14 * scale) return out.status = AllocationStatus::constant_asset, out;
        program.h.diagonal() = moments.covariance.diagonal() / scale;
    } else if (scale > 0.0) {
        program.h = moments.covariance / scale;
    }
    if (p.lower.sum() > 1.0 + 1e-12 || p.upper.sum() < 1.0 - 1e-12) return out.status = AllocationStatus::infeasible, out;
    out.best = program.minimum();
    const Vector excess = moments.mean.array() - p.options.risk_free_rate / p.options.periods_per_year;
    const double largest_excess = excess.cwiseAbs().maxCoeff();
    if (p.options.method == AllocationMethod::max_sharpe) {
        if (largest_excess > 0.0) program.c = excess / largest_excess;
        PlainProgram earning{Matrix::Zero(n, n), program.c, p.lower, p.upper};
        if (!(program.c.dot(earning.minimum()) > 0.0)) {
            out.status = AllocationStatus::no_excess_return;
        } else if (const auto safe = program.riskless(); safe && program.c.dot(*safe) > 1e-9) {
            out.best = *safe, out.riskless = true;
        } else {
            out.best = program.steepest().value();
        }
    }
    if (scale == 0.0 && largest_excess == 0.0) out.status = AllocationStatus::constant;
    return out;
}

/// How many ended with each status, and without risk.
using Counts = std::array<int, 6>;
constexpr std::size_t riskless = 5;

void check_allocation(const Case& p, Counts& counts) {
    const Expected want = expected(p);
    Allocator allocator;
    const AllocationStatus status = allocator.allocate(p.prices, p.n, numbers(p.lower), numbers(p.upper), p.options);
    const Vector w = vector_of(allocator.portfolio().weights);
    CAPTURE(p.n, p.prices, p.lower.transpose(), p.upper.transpose(), static_cast<int>(p.options.method), p.options.risk_free_rate, want.program.h,
            want.program.c.transpose(), want.best.transpose(), w.transpose());
    REQUIRE(static_cast<int>(status) == static_cast<int>(want.status));
    ++counts[static_cast<std::size_t>(status)];
    if (status > AllocationStatus::no_excess_return) return;
    const PlainMoments moments(p.prices, p.n, p.options.returns);
    PlainProgram program = want.program;
    CHECK(std::fabs(w.sum() - 1.0) < 1e-12);
    CHECK((w - p.lower).minCoeff() >= 0.0);
    CHECK((p.upper - w).minCoeff() >= 0.0);

    const Portfolio& got = allocator.portfolio();
    const double years = p.options.periods_per_year, variance = w.dot(moments.covariance * w), scale = moments.covariance.diagonal().maxCoeff();
    CHECK(std::fabs(got.risk * got.risk - variance * years) <= 1e-12 * scale * years);
    CHECK(std::fabs(got.mean - moments.mean.dot(w) * years) <= 1e-12 * moments.mean.cwiseAbs().maxCoeff() * years);
    const double excess = got.mean - p.options.risk_free_rate;
    CHECK(got.sharpe == (got.risk > 0.0 ? excess / got.risk : excess == 0.0 ? 0.0 : std::copysign(inf, excess)));

    const bool ratio = p.options.method == AllocationMethod::max_sharpe && status == AllocationStatus::optimal;
    if (!ratio) program.c.setZero();
    if (want.riskless) {
        ++counts[riskless];
        CHECK(got.risk == 0.0);
        CHECK(got.sharpe == inf);
        CHECK(std::fabs(want.program.c.dot(w - want.best)) < 1e-8);
    } else if (ratio) {
        CHECK(got.risk > 0.0);
        const double gap = std::fabs(program.ratio(w) / program.ratio(want.best) - 1.0);
        CHECK(gap < 1e-8);
        CHECK(program.ratio_residual(w) < 1e-9);
    } else {
        const double gap = std::fabs(program.objective(w) - program.objective(want.best));
        CHECK(gap < 1e-10);
        CHECK(program.residual(w) < 1e-9);
    }
    // Among assets that differ so much the reference cannot tell equal portfolios from nearly equal ones.
    const bool alike = (want.program.h.diagonal().array() == 0.0 || want.program.h.diagonal().array() > 1e-4).all();
    if (alike) CHECK(std::fabs(w.norm() - program.shortest(want.best).norm()) < 1e-6);
}

Case random_case(Random& random, double odd) {
    const std::size_t n = 1 + random.below(5), rows = 3 + random.below(random.chance(0.5) ? 5 : 38);
    const auto size = static_cast<Eigen::Index>(n);
    Case p{random_prices(random, rows, n, odd), n, Vector::Zero(size), Vector::Ones(size), {}};
    const std::size_t kind = random.below(5);
    if (kind == 1) p.lower.setConstant(-1.0);
    if (kind == 2) p.lower.setConstant(0.1), p.upper.setConstant(0.6);
    if (kind > 2)
        for (Eigen::Index i = 0; i < size; ++i) p.lower[i] = random.uniform(-0.5, 0.3), p.upper[i] = p.lower[i] + random.uniform(0.0, 1.0);
    p.options.method = static_cast<AllocationMethod>(random.below(3));
    p.options.returns = random.chance(0.5) ? ReturnKind::simple : ReturnKind::log;
    p.options.risk_free_rate = random.chance(0.5) ? 0.0 : random.uniform(-0.05, 0.1);
    p.options.periods_per_year = random.chance(0.5) ? 252.0 : 12.0;
    return p;
}

// ---- outliers: long double, in each asset's own units ----

using Long = long double;
using LongVector = Eigen::Matrix<Long, Eigen::Dynamic, 1>;
using LongMatrix = Eigen::Matrix<Long, Eigen::Dynamic, Eigen::Dynamic>;

struct LongMoments {
    LongMatrix centred, covariance;
    LongVector mean, deviation;

    LongMoments(const std::vector<double>& prices, std::size_t n) : centred(prices.size() / n - 1, n) {
        for (Eigen::Index t = 0; t < centred.rows(); ++t)
            for (Eigen::Index i = 0; i < centred.cols(); ++i) {
                const std::size_t k = static_cast<std::size_t>(t) * n + static_cast<std::size_t>(i);
                centred(t, i) = prices[k + n] / prices[k] - 1.0;
            }
        mean = centred.colwise().mean().transpose();
        centred.rowwise() -= mean.transpose();
        covariance = centred.transpose() * centred / static_cast<Long>(centred.rows() - 1);
        deviation = covariance.diagonal().cwiseSqrt();
    }
    Long risk(const LongVector& w) const { return (centred * w).norm() / std::sqrt(static_cast<Long>(centred.rows() - 1)); }

    /// The least variance by trying every face, each solved in x_i = deviation_i w_i.
    LongVector least_variance(Long lower, Long upper) const {
        const Eigen::Index n = mean.size();
        LongVector best;
        Eigen::Index faces = 1;
        for (Eigen::Index i = 0; i < n; ++i) faces *= 3;
        for (Eigen::Index face = 0; face < faces; ++face) {
            LongMatrix kkt = LongMatrix::Identity(n + 1, n + 1);
            LongVector right(n + 1), unit(n + 1);
            unit << deviation, 1.0L;
            right[n] = 1.0L / deviation.minCoeff();
            for (Eigen::Index i = 0, rest = face; i < n; ++i, rest /= 3) {
                kkt(n, i) = right[n] / deviation[i];
                right[i] = rest % 3 == 0 ? 0.0L : deviation[i] * (rest % 3 == 1 ? lower : upper);
                if (rest % 3 != 0) continue;
                for (Eigen::Index j = 0; j < n; ++j) kkt(i, j) = covariance(i, j) / deviation[i] / deviation[j];
                kkt(i, n) = right[n] / deviation[i];
            }
            kkt(n, n) = 0.0L;
            const LongVector x = kkt.fullPivLu().solve(right);
            if (!((kkt * x - right).norm() < 1e-15L * right.norm())) continue;
            const LongVector w = x.head(n).cwiseQuotient(deviation);
            const LongVector inside = (w.array() - lower).min(upper - w.array()) * deviation.array();
            if (inside.minCoeff() < -1e-15L * w.cwiseProduct(deviation).cwiseAbs().maxCoeff()) continue;
            if (best.size() == 0 || risk(w) < risk(best)) best = w;
        }
        return best;
    }
    /// By how much Hw - k a favours an exchange, as a share of each asset's deviation and of the largest w_i deviation_i.
    Long residual(const LongVector& w, Long k, Long lower, Long upper) const {
        const LongVector gradient = covariance * w - k * mean;
        Long most = 0.0L;
        for (Eigen::Index i = 0; i < w.size(); ++i)
            for (Eigen::Index j = 0; j < w.size(); ++j)
                if (w[i] > lower && w[j] < upper) most = std::max(most, (gradient[i] - gradient[j]) / (deviation[i] + deviation[j]));
        return most / deviation.cwiseProduct(w.cwiseAbs()).maxCoeff();
    }
};

LongVector long_vector(const std::vector<double>& v) { return vector_of(v).cast<Long>(); }

/// A day's one per cent for each asset, and one tick that is off by a factor.
std::vector<double> walk_with_outlier(double factor) {
    Random random(11);
    std::vector<double> prices(250 * 4, 100.0);
    for (std::size_t k = 4; k < prices.size(); ++k) prices[k] = prices[k - 4] * (1.0 + 0.01 * random.normal());
    prices[100 * 4 + 1] *= factor;
    return prices;
}

const std::vector<double> one_outlier{1, 1, 1, 1.1, 1e6, 1.05, 1, 1.2, 1.1, 1.2, 1.4, 1, 1.1, 1.3, 1.2};

}  // namespace

TEST_CASE("allocation: worked example") {
    const std::vector<double> prices{100, 100, 110, 100, 99, 120, 108.9, 120};
    // Returns +10 %, -10 %, +10 % and 0, +20 %, 0: means 1/30 and 1/15, variances 1/75 and 1/75, covariance -1/75
    Allocator allocator;
    const AllocationOptions options{.method = AllocationMethod::min_vol, .periods_per_year = 3.0};
    REQUIRE(allocator.allocate(prices, 2, 0.0, 1.0, options) == AllocationStatus::optimal);
    CHECK(allocator.portfolio().weights[0] == Approx(0.5).epsilon(1e-9));
    CHECK(allocator.portfolio().risk == 0.0);
    CHECK(allocator.portfolio().mean == Approx(0.15).epsilon(1e-12));
    REQUIRE(allocator.allocate(prices, 2, 0.0, 0.4, options) == AllocationStatus::infeasible);
    const std::vector<double> lower{0.0, 0.0}, upper{1.0, 0.25};
    REQUIRE(allocator.allocate(prices, 2, lower, upper, options) == AllocationStatus::optimal);
    CHECK(allocator.portfolio().weights == std::vector{0.75, 0.25});
    CHECK(allocator.portfolio().risk == Approx(0.5 * std::sqrt(3.0 / 75.0)));
    CHECK(allocator.portfolio().mean == Approx(3.0 * (0.75 / 30.0 + 0.25 / 15.0)));
    CHECK(allocator.portfolio().sharpe == Approx(allocator.portfolio().mean / allocator.portfolio().risk));
}

TEST_CASE("allocation: every assignment of assets to their bounds tried") {
    Random random(1);
    Counts counts{};
    for (int i = 0; i < 600; ++i) check_allocation(random_case(random, 0.0), counts);
    CHECK((counts[0] > 100 && counts[1] > 20 && counts[2] > 100));
}

TEST_CASE("allocation: assets that repeat others or stand still") {
    Random random(2);
    Counts counts{};
    for (int i = 0; i < 600; ++i) check_allocation(random_case(random, 0.4), counts);
    CHECK((counts[0] > 100 && counts[1] > 20 && counts[2] > 100 && counts[3] > 50));
}

TEST_CASE("allocation: three and four rows, where some portfolio has no risk") {
    Random random(3);
    Counts counts{};
    for (int i = 0; i < 300; ++i) {
        const std::size_t n = 2 + random.below(4), rows = 3 + random.below(2);
        const auto size = static_cast<Eigen::Index>(n);
        Case p{random_prices(random, rows, n), n, Vector::Zero(size), Vector::Ones(size), {}};
        if (random.chance(0.7)) p.lower.setConstant(-1.0);
        if (random.chance(0.2)) p.lower.setConstant(-10.0), p.upper.setConstant(10.0);
        p.options.risk_free_rate = random.chance(0.5) ? 0.0 : random.uniform(-1.0, 1.0);
        check_allocation(p, counts);
    }
    CHECK(counts[riskless] > 50);
}

TEST_CASE("allocation: assets a thousand and a hundred thousand times quieter than others") {
    Random random(4);
    Counts counts{};
    for (int i = 0; i < 200; ++i) {
        Case p = random_case(random, 0.0);
        for (std::size_t k = 0; k < p.n; ++k) {
            const double quiet = random.chance(0.5) ? 1.0 : random.chance(0.5) ? 1e-3 : 1e-5;
            for (std::size_t row = k; row < p.prices.size(); row += p.n) p.prices[row] = p.prices[k] + quiet * (p.prices[row] - p.prices[k]);
        }
        check_allocation(p, counts);
    }
}

TEST_CASE("allocation: two quiet assets that cancel each other, beside a loud one") {
    std::vector<double> prices;
    for (int t = 0; t < 12; ++t) {
        const double sign = t % 2 ? 1.0 : -1.0;
        prices.insert(prices.end(), {100.0 + 10.0 * ((t * 5) % 7), 100.0 * std::exp(1e-4 * t + 1e-6 * sign), 100.0 * std::exp(1e-4 * t - 2e-6 * sign)});
    }
    for (const auto method : {AllocationMethod::min_vol, AllocationMethod::max_sharpe}) {
        Allocator allocator;
        REQUIRE(allocator.allocate(prices, 3, 0.0, 0.7, {.method = method, .returns = ReturnKind::log}) == AllocationStatus::optimal);
        CHECK(allocator.portfolio().risk == 0.0);
        CHECK(std::fabs(allocator.portfolio().weights[1] - 2.0 / 3.0) < 1e-3);
    }
}

TEST_CASE("allocation: identical assets weigh the same") {
    Random random(5);
    for (const auto method : {AllocationMethod::min_vol, AllocationMethod::max_sharpe}) {
        const std::vector<double> two = random_prices(random, 30, 2);
        std::vector<double> five;
        for (std::size_t row = 0; row < 30; ++row) five.insert(five.end(), {two[2 * row], two[2 * row], two[2 * row + 1], two[2 * row], two[2 * row + 1]});
        Allocator allocator;
        allocator.allocate(five, 5, -1.0, 1.0, {.method = method});
        const auto& w = allocator.portfolio().weights;
        for (const auto& [i, k] : {std::pair{0, 1}, {0, 3}, {2, 4}}) CHECK(std::fabs(w[static_cast<std::size_t>(i)] - w[static_cast<std::size_t>(k)]) < 1e-7);
    }
}

TEST_CASE("allocation: what is refused, and a market that only falls") {
    Allocator allocator;
    const std::vector<double> flat(12, 50.0), falling{100, 100, 90, 99, 85, 90, 70, 89};
    using enum AllocationStatus;
    for (const auto method : {AllocationMethod::min_vol, AllocationMethod::max_sharpe})
        CHECK(allocator.allocate(flat, 3, 0.0, 1.0, {.method = method}) == constant);
    CHECK(allocator.allocate(flat, 3, 0.0, 1.0, {.method = AllocationMethod::inverse_variance}) == constant_asset);
    CHECK(allocator.allocate(falling, 2, 0.0, 0.4, {}) == infeasible);
    CHECK(allocator.allocate(falling, 2, 0.6, 1.0, {}) == infeasible);
    REQUIRE(allocator.allocate(falling, 2, 0.0, 1.0, {}) == no_excess_return);
    const Portfolio safest = allocator.portfolio();
    REQUIRE(allocator.allocate(falling, 2, 0.0, 1.0, {.method = AllocationMethod::min_vol}) == optimal);
    CHECK(allocator.portfolio().weights == safest.weights);
    CHECK(safest.sharpe < 0.0);
}

TEST_CASE("allocation: jumps of 1e6, extreme prices and one asset") {
    Random random(6);
    for (int i = 0; i < 300; ++i) {
        const std::size_t n = 1 + random.below(6), rows = 3 + random.below(30);
        std::vector<double> prices = random_prices(random, rows, n, 0.2);
        for (double& p : prices)
            if (random.chance(0.1)) p = random.chance(0.7) ? p * 1e6 : random.chance(0.5) ? smallest : largest;
        Allocator allocator;
        const double lower = random.chance(0.5) ? 0.0 : -10.0, upper = random.chance(0.5) ? 1.0 : 10.0;
        const auto method = static_cast<AllocationMethod>(random.below(3));
        if (allocator.allocate(prices, n, lower, upper, {.method = method, .returns = static_cast<ReturnKind>(random.below(2))}) >
            AllocationStatus::no_excess_return)
            continue;
        const Portfolio& out = allocator.portfolio();
        CAPTURE(i, n, lower, upper, prices, out.weights, out.risk, out.mean, out.sharpe);
        CHECK((std::isfinite(out.risk) && std::isfinite(out.mean) && !std::isnan(out.sharpe) && (out.risk == 0.0 || std::isfinite(out.sharpe))));
        CHECK(std::fabs(vector_of(out.weights).sum() - 1.0) < 1e-12);
        CHECK((vector_of(out.weights).minCoeff() >= lower && vector_of(out.weights).maxCoeff() <= upper));
    }
}

TEST_CASE("allocation: fifty assets over a thousand rows, and two hundred") {
    Random random(7);
    for (const auto& [n, rows] : {std::pair{50, 1000}, {200, 400}, {200, 100}})
        for (const auto method : {AllocationMethod::min_vol, AllocationMethod::max_sharpe}) {
            const auto size = static_cast<std::size_t>(n);
            Case p{random_prices(random, static_cast<std::size_t>(rows), size), size, Vector::Zero(n), Vector::Ones(n), {.method = method}};
            if (n == 50) p.lower.setConstant(-0.05), p.upper.setConstant(0.1);
            Allocator allocator;
            REQUIRE(allocator.allocate(p.prices, size, numbers(p.lower), numbers(p.upper), p.options) == AllocationStatus::optimal);
            const PlainMoments moments(p.prices, size, p.options.returns);
            PlainProgram program{moments.covariance / moments.covariance.diagonal().maxCoeff(), moments.mean / moments.mean.cwiseAbs().maxCoeff(), p.lower,
                                 p.upper};
            const Vector w = vector_of(allocator.portfolio().weights);
            if (method == AllocationMethod::min_vol) program.c.setZero();
            CAPTURE(n, rows, allocator.portfolio().risk);
            CHECK(std::fabs(w.sum() - 1.0) < 1e-12);
            CHECK((method == AllocationMethod::min_vol ? program.residual(w) : program.ratio_residual(w)) < 1e-9);
        }
}

TEST_CASE("allocation: one tick that is off leaves the others' weights and figures exact") {
    std::vector<std::vector<double>> cases{one_outlier};
    for (const double factor : {1e-10, 1e-6, 1e6, 1e7, 1e10, 1e50}) cases.push_back(walk_with_outlier(factor));
    for (const auto& prices : cases)
        for (const auto& [lower, upper] : {std::pair{0.0, 1.0}, {-1.0, 1.0}, {0.0, 0.6}, {0.05, 0.7}})
            for (const auto method : {AllocationMethod::inverse_variance, AllocationMethod::min_vol, AllocationMethod::max_sharpe}) {
                const std::size_t n = prices.size() == one_outlier.size() ? 3 : 4;
                const LongMoments moments(prices, n);
                Allocator allocator;
                const auto status = allocator.allocate(prices, n, lower, upper, {.method = method, .periods_per_year = 1.0});
                const Portfolio& got = allocator.portfolio();
                const LongVector w = long_vector(got.weights);
                CAPTURE(n, *std::max_element(prices.begin(), prices.end()), lower, upper, static_cast<int>(method), vector_of(got.weights).transpose(),
                        got.risk, got.mean);
                REQUIRE(status <= AllocationStatus::no_excess_return);
                CHECK(std::fabs(w.sum() - 1.0L) < 1e-14L);
                const Long risk = moments.risk(w), loudest = moments.deviation.maxCoeff();
                if (got.risk > 0.0) CHECK(std::fabs(got.risk / risk - 1.0L) < 1e-9L);
                else CHECK((method == AllocationMethod::max_sharpe && risk * risk <= 1e-14L * loudest * loudest));
                if (method == AllocationMethod::inverse_variance) {
                    LongMoments apart = moments;
                    apart.covariance = moments.deviation.cwiseAbs2().asDiagonal();
                    CHECK(apart.residual(w, 0.0L, lower, upper) < 1e-14L);
                } else if (method == AllocationMethod::min_vol || status == AllocationStatus::no_excess_return) {
                    const LongVector best = moments.least_variance(lower, upper);
                    CHECK((w - best).cwiseProduct(moments.deviation).norm() < 1e-9L * best.cwiseProduct(moments.deviation).norm());
                    CHECK(moments.residual(w, 0.0L, lower, upper) < 1e-13L);
                } else if (got.risk > 0.0) {
                    CHECK(moments.residual(w, risk * risk / moments.mean.dot(w), lower, upper) < 1e-11L);
                }
            }
}

TEST_CASE("allocation: inverse variances beside one 1e13 times as large, and within bounds") {
    Allocator allocator;
    REQUIRE(allocator.allocate(one_outlier, 3, 0.0, 1.0, {.method = AllocationMethod::inverse_variance}) == AllocationStatus::optimal);
    const LongVector inverse = LongMoments(one_outlier, 3).deviation.cwiseAbs2().cwiseInverse();
    for (Eigen::Index i = 0; i < 3; ++i)
        CHECK(Approx(static_cast<double>(inverse[i] / inverse.sum())).epsilon(1e-14) == allocator.portfolio().weights[static_cast<std::size_t>(i)]);
    // The first is held above what it would get, so that the second gets less than nothing.
    const std::vector<double> lower{1.5, -1.0, 0.0}, upper{2.0, 1.0, 0.0};
    REQUIRE(allocator.allocate(one_outlier, 3, lower, upper, {.method = AllocationMethod::inverse_variance}) == AllocationStatus::optimal);
    CHECK(allocator.portfolio().weights == std::vector{1.5, -0.5, 0.0});
}

TEST_CASE("allocation: of the portfolios within the tolerance of no risk the one of largest return") {
    Allocator allocator;
    REQUIRE(allocator.allocate(one_outlier, 3, 0.0, 1.0, {}) == AllocationStatus::optimal);
    const Portfolio best = allocator.portfolio();
    const LongMoments moments(one_outlier, 3);
    const Long most = 1e-7L * moments.deviation.maxCoeff();
    const LongVector w = long_vector(best.weights);
    CHECK((best.risk == 0.0 && best.sharpe == inf && best.mean > 10.98));
    CHECK(moments.risk(w) <= most);
    CHECK(moments.risk(w) > most * (1.0L - 1e-6L));
    // Inside the bounds: Hw = k a + level, k > 0
    LongMatrix pull(3, 2);
    const LongVector unit = moments.deviation.cwiseInverse();
    pull << unit.cwiseProduct(moments.mean), unit;
    const LongVector gradient = unit.cwiseProduct(moments.covariance * w), k = pull.colPivHouseholderQr().solve(gradient);
    CHECK(w.minCoeff() > 0.0L);
    CHECK(k[0] > 0.0L);
    CHECK((pull * k - gradient).norm() < 1e-10L * w.cwiseProduct(moments.deviation).norm());
}

TEST_CASE("allocation: steady growth has no risk, and what moves more than rounding has") {
    std::vector<double> steady, slight;
    for (int i = 0; i < 64; ++i) {
        steady.insert(steady.end(), {std::exp2(i / 8.0), 2.0});
        slight.insert(slight.end(), {1.0 + 1e-13 * (i % 3), 2.0 + i % 2});
    }
    Allocator allocator;
    using enum AllocationMethod;
    REQUIRE(allocator.allocate(steady, 2, 0.0, 1.0, {}) == AllocationStatus::optimal);
    CHECK(allocator.portfolio().weights == std::vector{1.0, 0.0});
    CHECK((allocator.portfolio().risk == 0.0 && allocator.portfolio().sharpe == inf));
    CHECK(allocator.allocate(steady, 2, 0.0, 1.0, {.method = inverse_variance}) == AllocationStatus::constant_asset);
    REQUIRE(allocator.allocate(slight, 2, 0.0, 1.0, {.method = inverse_variance}) == AllocationStatus::optimal);
    CHECK((allocator.portfolio().weights[0] > 1.0 - 1e-12 && allocator.portfolio().risk > 0.0));
}

TEST_CASE("allocation: cash, and a trifle of what has risk") {
    std::vector<double> prices;
    for (const auto& row : {std::pair{100.0, 1.0}, {104.0, 1.0}, {103.0, 1.0}, {110.0, 1.0}}) prices.insert(prices.end(), {row.first, row.second});
    Allocator allocator;
    REQUIRE(allocator.allocate(prices, 2, 0.0, 1.0, {}) == AllocationStatus::optimal);
    CHECK(allocator.portfolio().weights == std::vector{1.0, 0.0});
    CHECK(std::isfinite(allocator.portfolio().sharpe));
}

}  // namespace openquant::testing
