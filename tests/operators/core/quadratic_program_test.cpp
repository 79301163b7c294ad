#include "openquant/operators/core/quadratic_program.hpp"

#include "catch.hpp"

#include "plain_portfolios.hpp"

namespace openquant::testing {

namespace {

Vector solved(const PlainProgram& p) {
    const Matrix rows = p.h.transpose();  // row by row in memory
    const std::vector<double> h(rows.data(), rows.data() + rows.size()), lower = numbers(p.lower), upper = numbers(p.upper), c = numbers(p.c);
    QuadraticProgram program;
    REQUIRE(program.set(lower.size(), h, lower, upper));
    return vector_of(program.solve(c));
}

/// Of any rank from 0 to n; largest diagonal element 1.
PlainProgram random_program(Random& random, Eigen::Index n) {
    const auto rank = static_cast<Eigen::Index>(random.below(static_cast<std::size_t>(n) + 1));
    Matrix root = Matrix::Zero(n, n);
    for (Eigen::Index i = 0; i < n; ++i)
        for (Eigen::Index j = 0; j < rank; ++j) root(i, j) = random.normal();
    PlainProgram p{root * root.transpose(), Vector::Zero(n), Vector(n), Vector(n)};
    if (rank > 0) p.h /= p.h.diagonal().maxCoeff();
    const double size = random.chance(0.3) ? 0.0 : random.chance(0.5) ? 1.0 : 0.05;
    const std::size_t kind = random.below(4);
    for (Eigen::Index i = 0; i < n; ++i) {
        p.c[i] = size * random.normal();
        p.lower[i] = kind == 0 ? 0.0 : kind == 1 ? -1.0 : kind == 2 ? 0.1 : random.uniform(-1.0, 1.0 / static_cast<double>(n));
        p.upper[i] = kind == 0 ? 1.0 : kind == 1 ? 1.0 : kind == 2 ? 0.6 : std::max(p.lower[i], random.uniform(0.8 / static_cast<double>(n), 1.0));
    }
    if (p.upper.sum() < 1.0 || p.lower.sum() > 1.0) p.upper.setOnes(), p.lower.setConstant(-0.5);
    return p;
}

void check_feasible(const PlainProgram& p, const Vector& w) {
    CHECK(std::fabs(w.sum() - 1.0) < 1e-12);
    CHECK((w - p.lower).minCoeff() >= 0.0);
    CHECK((p.upper - w).minCoeff() >= 0.0);
}

}  // namespace

TEST_CASE("quadratic program: worked example") {
    // Variances 1 and 3, no correlation: the weights go as 1 : 1/3.
    PlainProgram p{Matrix::Zero(2, 2), Vector::Zero(2), Vector::Zero(2), Vector::Ones(2)};
    p.h.diagonal() << 1.0 / 3.0, 1.0;
    CHECK((solved(p) - Vector{{0.75, 0.25}}).norm() < 1e-12);
    p.upper[0] = 0.6;
    CHECK((solved(p) - Vector{{0.6, 0.4}}).norm() < 1e-15);
    // w1 / 3 - c1 = w2 with w1 + w2 = 1, c1 = 0.2: w1 = 0.9
    p.upper[0] = 1.0, p.c[0] = 0.2;
    CHECK((solved(p) - Vector{{0.9, 0.1}}).norm() < 1e-12);
}

TEST_CASE("quadratic program: every assignment of assets to their bounds tried") {
    Random random(1);
    for (int i = 0; i < 1'500; ++i) {
        const PlainProgram p = random_program(random, 1 + static_cast<Eigen::Index>(random.below(5)));
        const Vector w = solved(p), best = p.minimum();
        REQUIRE(best.size() > 0);
        CAPTURE(i, p.h, p.c.transpose(), p.lower.transpose(), p.upper.transpose(), w.transpose(), best.transpose());
        check_feasible(p, w);
        CHECK(std::fabs(p.objective(w) - p.objective(best)) < 1e-11);
        CHECK(p.residual(w) < 1e-12);
        CHECK(std::fabs(w.norm() - p.shortest(best).norm()) < 1e-6);
    }
}

TEST_CASE("quadratic program: many assets, few of them free") {
    Random random(2);
    for (const Eigen::Index n : {20, 60, 120})
        for (const bool deficient : {false, true}) {
            Matrix root(n, deficient ? n / 3 : 2 * n);
            for (double& x : root.reshaped()) x = random.normal();
            PlainProgram p{root * root.transpose(), Vector::Zero(n), Vector::Zero(n), Vector::Constant(n, 3.0 / static_cast<double>(n))};
            p.h /= p.h.diagonal().maxCoeff();
            for (double& x : p.c) x = 0.01 * random.normal();
            const Vector w = solved(p);
            CAPTURE(n, deficient);
            check_feasible(p, w);
            CHECK(p.residual(w) < 1e-12);
        }
}

TEST_CASE("quadratic program: bounds that leave one portfolio, or none") {
    const std::vector<double> h{1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.5}, c(3);
    const std::vector<double> third(3, 1.0 / 3.0), zero(3), half(3, 0.5), nearly(3, 0.3);
    QuadraticProgram program;
    for (const auto& [lower, upper] : {std::pair{zero, third}, {third, half}, {third, third}}) {
        REQUIRE(program.set(3, h, lower, upper));
        CHECK((vector_of(program.solve(c)) - vector_of(third)).norm() < 1e-15);
    }
    CHECK_FALSE(program.set(3, h, half, half));
    CHECK_FALSE(program.set(3, h, zero, nearly));
    CHECK_FALSE(program.set(3, h, half, third));
}

TEST_CASE("quadratic program: the ends of the frontier, and of scale") {
    Random random(3);
    for (int i = 0; i < 300; ++i) {
        PlainProgram p = random_program(random, 4);
        for (const double size : {1e-12, 1e-9, 1e-6, 1e6, 1e12}) {
            PlainProgram q = p;
            q.c *= size;
            const Vector w = solved(q);
            CAPTURE(i, size, q.h, q.c.transpose(), q.lower.transpose(), q.upper.transpose(), w.transpose());
            check_feasible(q, w);
            CHECK(q.residual(w) < 1e-11 * std::max(1.0, q.c.cwiseAbs().maxCoeff()));
        }
    }
}

}  // namespace openquant::testing
