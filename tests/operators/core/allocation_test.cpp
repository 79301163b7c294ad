#include "openquant/operators/core/allocation.hpp"

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

}  // namespace openquant::testing
