#include "openquant/operators/rolling_allocator.hpp"

#include "catch.hpp"

#include "plain_portfolios.hpp"
#include "refusal.hpp"

namespace openquant::testing {

namespace {

struct Share {
    SymbolId symbol;
    Weight weight;
    bool operator==(const Share&) const = default;
};

struct Run {
    RollingAllocator op;

    std::vector<Share> operator()(SymbolId symbol, const AlignedPrice& p) {
        std::vector<Share> out;
        op.update(p, symbol, [&](SymbolId s, const Weight& w) { out.push_back({s, w}); });
        return out;
    }
    /// A row of all symbols, the i-th being 10 + i; only its last price may make a portfolio.
    std::vector<Share> row(std::int64_t ts, std::span<const double> prices) {
        std::vector<Share> out;
        for (std::size_t i = 0; i < prices.size(); ++i) {
            CHECK(out.empty());
            out = (*this)(static_cast<SymbolId>(10 + i), {ts, prices[i], static_cast<std::int64_t>(i), static_cast<std::int64_t>(prices.size())});
        }
        return out;
    }
};

void check_run(const RollingAllocator& op, const std::vector<double>& prices, std::size_t n) {
    INFO(signature(op));
    Run run{op};
    const std::size_t rows = prices.size() / n, window = static_cast<std::size_t>(op.window);
    std::uint64_t refused = 0;
    for (std::size_t t = 0; t < rows; ++t) {
        const auto ts = static_cast<std::int64_t>(t / 3);
        const auto out = run.row(ts, std::span(prices).subspan(t * n, n));
        std::vector<Share> expected;
        if (t + 1 >= window && (t + 1 - window) % static_cast<std::size_t>(op.every) == 0) {
            Allocator allocator;
            const std::vector<double> last(prices.begin() + static_cast<std::ptrdiff_t>((t + 1 - window) * n),
                                           prices.begin() + static_cast<std::ptrdiff_t>((t + 1) * n));
            const auto status = allocator.allocate(last, n, op.lower, op.upper, {op.method, op.returns, op.risk_free_rate, op.periods_per_year});
            const Portfolio& best = allocator.portfolio();
            const bool refuses = status > AllocationStatus::no_excess_return, riskless = best.risk == 0.0;
            refused += refuses;
            for (std::size_t i = 0; i < n && !refuses; ++i)
                expected.push_back({static_cast<SymbolId>(10 + i), {ts, best.weights[i], best.risk, best.mean, riskless ? 0.0 : best.sharpe, riskless}});
        }
        if (!(out == expected)) FAIL_CHECK("row " << t << " differs from an allocation of its window");
    }
    CHECK(run.op.refused() == refused);
}

}  // namespace

TEST_CASE("rolling allocator: worked example") {
    // Returns +10 %, -10 % and 0, +20 %: both variances 0.02, means 0 and 10 %, covariance -0.02.
    Run run{{.method = AllocationMethod::inverse_variance, .window = 3, .every = 2, .periods_per_year = 2.0}};
    CHECK(run.row(1, std::vector{100.0, 100.0}).empty());
    CHECK(run.row(2, std::vector{110.0, 100.0}).empty());
    const auto out = run.row(3, std::vector{99.0, 120.0});
    REQUIRE(out.size() == 2);
    CHECK((out[0].symbol == 10 && out[1].symbol == 11));
    for (const auto& [symbol, w] : out) {
        CHECK(w.ts == 3);
        CHECK(w.weight == Approx(0.5).epsilon(1e-12));
        CHECK(w.portfolio_risk == 0.0);  // they cancel
        CHECK(w.portfolio_return == Approx(0.1));
        CHECK((w.riskless && w.portfolio_sharpe == 0.0));
    }
    CHECK(run.row(4, std::vector{99.0, 120.0}).empty());
    CHECK(run.row(5, std::vector{99.0, 132.0}).empty());
    CHECK(run.op.refused() == 1);  // the first stands still over the last three rows
}

TEST_CASE("rolling allocator: an allocation of each window, to the bit") {
    Random random(1);
    for (const auto method : {AllocationMethod::inverse_variance, AllocationMethod::min_vol, AllocationMethod::max_sharpe})
        for (const auto& [n, window, every] : {std::tuple{1, 3, 1}, {3, 20, 1}, {5, 7, 4}, {8, 30, 50}, {12, 6, 3}})
            for (const bool bounded : {false, true}) {
                const auto size = static_cast<std::size_t>(n);
                check_run({.method = method,
                           .window = window,
                           .every = every,
                           .lower = bounded ? -0.5 : 0.0,
                           .upper = bounded ? 0.7 : 1.0,
                           .returns = bounded ? ReturnKind::log : ReturnKind::simple,
                           .risk_free_rate = bounded ? 0.02 : 0.0},
                          random_prices(random, 120, size, bounded ? 0.3 : 0.0), size);
            }
}

TEST_CASE("rolling allocator: flat prices, falling prices, bounds that no portfolio meets") {
    std::vector<double> flat(60, 7.0), falling;
    for (int t = 0; t < 60; ++t) falling.push_back(1e8 - t - 3 * (t % 2) * (t % 3));
    for (const auto method : {AllocationMethod::inverse_variance, AllocationMethod::min_vol, AllocationMethod::max_sharpe}) {
        check_run({.method = method, .window = 5}, flat, 2);
        check_run({.method = method, .window = 5, .every = 2}, falling, 2);
        check_run({.method = method, .window = 5, .upper = 0.3}, falling, 2);
    }
}

TEST_CASE("rolling allocator: a jump of 1e6 leaves no trace once it has left") {
    Random random(2);
    std::vector<double> prices = random_prices(random, 90, 3);
    prices[40 * 3 + 1] *= 1e6;
    for (const auto method : {AllocationMethod::min_vol, AllocationMethod::max_sharpe}) check_run({.method = method, .window = 10}, prices, 3);
    Run run{{.method = AllocationMethod::max_sharpe, .window = 10}}, clean = run;
    for (std::size_t t = 0; t < 90; ++t) {
        std::vector<double> row(prices.begin() + static_cast<std::ptrdiff_t>(3 * t), prices.begin() + static_cast<std::ptrdiff_t>(3 * t + 3));
        const auto got = run.row(static_cast<std::int64_t>(t), row);
        for (const auto& [symbol, w] : got) CHECK((std::isfinite(w.weight) && std::isfinite(w.portfolio_risk) && std::isfinite(w.portfolio_sharpe)));
        if (t == 40) row[1] /= 1e6;
        const auto want = clean.row(static_cast<std::int64_t>(t), row);
        if (t >= 51) CHECK(got == want);
    }
}

TEST_CASE("rolling allocator: an incomplete row is refused and counted") {
    Run run{{.method = AllocationMethod::min_vol, .window = 3}}, whole = run;
    const auto feed = [&](std::int64_t index, std::int64_t of, double price) { return run(static_cast<SymbolId>(10 + index), {5, price, index, of}); };
    CHECK(feed(1, 3, 1.0).empty());  // before any row
    CHECK(run.op.refused() == 1);
    const std::vector<std::vector<double>> rows{{100, 50, 20}, {101, 50, 21}, {99, 53, 20}};
    for (const auto& row : rows) {
        CHECK(whole.row(5, row).size() == (&row == &rows.back() ? 3 : 0));
        feed(0, 3, 1.0), feed(1, 3, 2.0);  // ends early: the next row begins
        feed(0, 3, 1.0), feed(2, 3, 2.0);  // skips one
        run.row(5, row);
    }
    CHECK(run.op.refused() == 1 + 3 * 4);
    const std::vector<double> next{102, 55, 22};
    CHECK(run.row(6, next) == whole.row(6, next));
}

TEST_CASE("rolling allocator: another cross-section starts anew") {
    Random random(3);
    const std::vector<double> two = random_prices(random, 10, 2), three = random_prices(random, 10, 3);
    Run run{{.method = AllocationMethod::min_vol, .window = 4}}, fresh = run;
    for (std::size_t t = 0; t < 10; ++t) CHECK(run.row(1, std::span(two).subspan(2 * t, 2)).size() == (t >= 3 ? 2 : 0));
    for (std::size_t t = 0; t < 10; ++t) {
        const auto row = std::span(three).subspan(3 * t, 3);
        const auto out = run.row(2, row);
        CHECK(out.size() == (t >= 3 ? 3 : 0));
        CHECK(out == fresh.row(2, row));
    }
    CHECK(run.op.refused() == 0);
    CHECK(says(refusal([] { check(RollingAllocator{.lower = 0.5, .upper = 0.4}); }), {"RollingAllocator", "lower = 0.5", "upper = 0.4"}));
}

}  // namespace openquant::testing
