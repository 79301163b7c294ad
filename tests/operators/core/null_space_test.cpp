#include "openquant/operators/core/null_space.hpp"

#include "catch.hpp"

#include "plain_portfolios.hpp"

namespace openquant::testing {

TEST_CASE("null space: a projector of the right rank that takes away what H does not see") {
    Random random(1);
    for (int i = 0; i < 300; ++i) {
        const auto n = 1 + static_cast<Eigen::Index>(random.below(8)), rank = static_cast<Eigen::Index>(random.below(static_cast<std::size_t>(n) + 1));
        Matrix root(n, rank);
        for (double& x : root.reshaped()) x = random.normal();
        Vector unit(n);
        for (double& x : unit) x = random.chance(0.5) ? 1.0 : std::pow(10.0, random.uniform(-7.0, 7.0));
        const Matrix h = unit.asDiagonal() * root * root.transpose() * unit.asDiagonal();
        std::vector<double> deviation = numbers(h.diagonal().cwiseSqrt());
        for (double& d : deviation) d = d > 0.0 ? d : 1.0;
        NullSpace null;
        CAPTURE(i, h, rank, unit.transpose());
        REQUIRE(null.find({h.data(), static_cast<std::size_t>(h.size())}, deviation) == (rank < n));
        if (rank == n) continue;
        const Eigen::Map<const Matrix> p(null.projector().data(), n, n);
        CHECK(std::fabs(p.trace() - static_cast<double>(rank)) < 1e-12 * static_cast<double>(n));
        CHECK((p * p - p).norm() < 1e-12);
        CHECK((p - p.transpose()).norm() < 1e-15);
        const Vector own = Eigen::Map<const Vector>(deviation.data(), n);
        const Matrix taken = Matrix::Identity(n, n) - p, seen = own.cwiseInverse().asDiagonal() * h * taken;
        CHECK(seen.cwiseAbs().maxCoeff() < 1e-12 * own.maxCoeff());
    }
}

}  // namespace openquant::testing
