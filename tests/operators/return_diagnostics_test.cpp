#include "openquant/operators/return_diagnostics.hpp"

#include "catch.hpp"

#include "random.hpp"

namespace openquant::testing {

namespace {

Diagnostics diagnose(const std::vector<std::pair<SymbolId, double>>& prices) {
    ReturnDiagnostics op;
    Diagnostics out;
    std::int64_t ts = 0;
    for (const auto& [symbol, price] : prices) op.update(Price{++ts, price}, symbol, [](auto, const auto&) {});
    op.flush([&](SymbolId, const Diagnostics& d) { out = d; });
    return out;
}

long double correlation(const std::vector<long double>& x, const std::vector<long double>& y) {
    const auto n = static_cast<long double>(x.size());
    long double mx = 0, my = 0, xx = 0, yy = 0, xy = 0;
    for (std::size_t i = 0; i < x.size(); ++i) mx += x[i] / n, my += y[i] / n;
    for (std::size_t i = 0; i < x.size(); ++i) xx += (x[i] - mx) * (x[i] - mx), yy += (y[i] - my) * (y[i] - my), xy += (x[i] - mx) * (y[i] - my);
    return xy / std::sqrt(xx * yy);
}

}  // namespace

TEST_CASE("return diagnostics: worked example") {
    const Diagnostics d = diagnose({{0, 100.0}, {0, 150.0}, {0, 75.0}, {0, 112.5}});  // returns 0.5, -0.5, 0.5
    CHECK((d.n_prices == 4 && d.n_returns == 3 && d.ts == 4));
    CHECK(d.return_std == Approx(std::sqrt(1.0 / 3.0)));
    CHECK(d.lag1_return_autocorr == Approx(-1.0));                   // pairs (0.5, -0.5), (-0.5, 0.5)
    CHECK((d.has_std && d.has_autocorr && !d.has_sq_autocorr));      // squares do not vary
    CHECK(d.jarque_bera == Approx(3.0 / 6.0 * (0.5 + 2.25 / 4.0)));  // skewness -1/sqrt 2, kurtosis 1.5
}

TEST_CASE("return diagnostics: the definition, pooled over symbols whose pairs never cross") {
    Random random(4);
    std::vector<std::pair<SymbolId, double>> prices;
    std::vector<std::vector<long double>> of(3);
    for (int i = 0; i < 900; ++i) {
        const auto symbol = static_cast<SymbolId>(random.below(3));
        const double price = (symbol == 1 ? 1e8 : 10.0) * random.uniform(0.9, 1.2) * (random.chance(0.01) ? 3.0 : 1.0);
        prices.emplace_back(symbol, price);
        of[symbol].push_back(price);
    }
    std::vector<long double> all, before, after, sq_before, sq_after;
    for (const auto& path : of) {
        std::vector<long double> r;
        for (std::size_t i = 1; i < path.size(); ++i) r.push_back(path[i] / path[i - 1] - 1);
        all.insert(all.end(), r.begin(), r.end());
        for (std::size_t i = 1; i < r.size(); ++i)
            before.push_back(r[i - 1]), after.push_back(r[i]), sq_before.push_back(r[i - 1] * r[i - 1]), sq_after.push_back(r[i] * r[i]);
    }
    const auto n = static_cast<long double>(all.size());
    long double mean = 0, m2 = 0, m3 = 0, m4 = 0;
    for (const auto r : all) mean += r / n;
    for (const auto r : all) {
        const auto d = r - mean;
        m2 += d * d, m3 += d * d * d, m4 += d * d * d * d;
    }
    const long double s = m3 / n / std::pow(m2 / n, 1.5L), k = m4 / n / (m2 / n * m2 / n) - 3;
    const Diagnostics d = diagnose(prices);
    CHECK(d.n_returns == static_cast<std::int64_t>(all.size()));
    CHECK(d.return_std == Approx(static_cast<double>(std::sqrt(m2 / (n - 1)))).epsilon(1e-12));
    CHECK(d.lag1_return_autocorr == Approx(static_cast<double>(correlation(before, after))).epsilon(1e-10));
    CHECK(d.lag1_sq_return_autocorr == Approx(static_cast<double>(correlation(sq_before, sq_after))).epsilon(1e-10));
    CHECK(d.jarque_bera == Approx(static_cast<double>(n / 6 * (s * s + k * k / 4))).epsilon(1e-10));
}

TEST_CASE("return diagnostics: what is not defined has no flag") {
    const Diagnostics none = diagnose({{0, 1.0}});
    CHECK((none.n_prices == 1 && none.n_returns == 0 && !none.has_std && !none.has_autocorr && !none.has_jarque_bera));
    const Diagnostics flat = diagnose({{0, 5.0}, {0, 5.0}, {0, 5.0}, {0, 5.0}});
    CHECK((flat.has_std && flat.return_std == 0.0 && !flat.has_autocorr && !flat.has_sq_autocorr && !flat.has_jarque_bera));
    const Diagnostics huge = diagnose({{0, smallest}, {0, largest}, {0, smallest}, {0, largest}});
    CHECK((huge.n_returns == 3 && std::isfinite(huge.return_std) && std::isfinite(huge.jarque_bera)));
    ReturnDiagnostics empty;
    bool emitted = false;
    empty.flush([&](SymbolId, const Diagnostics&) { emitted = true; });
    CHECK_FALSE(emitted);
}

}  // namespace openquant::testing
