#include "openquant/operators/net_returns.hpp"

#include "catch.hpp"

#include "emitted.hpp"
#include "random.hpp"

namespace openquant::testing {

TEST_CASE("net returns: worked example, the last return pays the exit") {
    Emitted<NetReturns> run(NetReturns{.cost_rate = 0.01});
    CHECK(run(Return{1, 0.5, 0.02, 0.01}).empty());
    CHECK((run(Return{2, -0.5, 0.02, -0.01}) == std::vector{NetReturn{1, 0.01 - 0.005, 0.005, 0.5, 0.5}}));
    CHECK((run(Return{3, -0.5, 0.0, 0.0}) == std::vector{NetReturn{2, -0.01 - 0.01, 0.01, 1.0, 1.5}}));
    CHECK((run.flush() == std::vector{NetReturn{3, -0.005, 0.005, 0.5, 2.0}}));
}

TEST_CASE("net returns: the definition; without costs nothing changes, of nothing comes nothing") {
    CHECK(Emitted<NetReturns>().flush().empty());
    Random random(2);
    for (const double rate : {0.0, 0.003}) {
        Emitted<NetReturns> run(NetReturns{.cost_rate = rate});
        std::vector<Return> rows;
        for (int i = 0; i < 500; ++i) {
            const double position = random.chance(0.7) && i > 0 ? rows.back().position : random.uniform(-1.0, 1.0);
            rows.push_back({i, position, 0.0, random.chance(0.01) ? 1e6 : 0.01 * random.normal()});
            run(rows.back());
        }
        run.flush();
        REQUIRE(run.all.size() == rows.size());
        double total = 0.0;
        for (std::size_t i = 0; i < rows.size(); ++i) {
            const double before = i > 0 ? rows[i - 1].position : 0.0, exit = i + 1 == rows.size() ? std::fabs(rows[i].position) : 0.0;
            const double turnover = std::fabs(rows[i].position - before) + exit;
            total += turnover;
            CHECK((run.all[i] == NetReturn{rows[i].ts, rows[i].strategy_return - rate * turnover, rate * turnover, turnover, total}));
        }
    }
}

TEST_CASE("net returns: what costs more than any return stays finite") {
    Emitted<NetReturns> run(NetReturns{.cost_rate = largest});
    run(Return{1, 1.0, 0.0, -largest});
    CHECK(run.flush()[0].net_return == -largest);
}

}  // namespace openquant::testing
