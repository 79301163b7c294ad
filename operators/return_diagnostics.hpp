#pragma once

#include <cmath>
#include <vector>

#include "openquant/operators/core/moments.hpp"
#include "openquant/operators/core/returns.hpp"
#include "openquant/operators/core/schema.hpp"

namespace openquant {

/// Distribution of returns: emits, when the stream ends, deviation, autocorrelations and Jarque-Bera statistic of the simple
/// returns of all symbols together; a pair of neighbours is always of one symbol.
struct ReturnDiagnostics {
    struct Past {
        double price = 0.0, change = 0.0;  // 0: no price yet
        bool moved = false;                // there is a return
        static auto state(auto& self) { return std::tie(self.price, self.change, self.moved); }
        bool operator==(const Past&) const = default;
    };
    std::vector<Past> past_{};  // by symbol
    CentralMoments moments_{};
    CoMoments pairs_{}, squares_{};
    std::int64_t now_ = 0, prices_ = 0;
    SymbolId last_ = 0;

    static constexpr auto schema() {
        return schema_of<Diagnostics>("ReturnDiagnostics", "Emits, when the stream ends, deviation, autocorrelations and Jarque-Bera statistic of all returns.",
                                      "AFML 2.3 exercises; Jarque and Bera (1987); moments: Pebay (2008)",
                                      inputs(input<Price>("prices", "prices of all symbols, such as bars")), parameters(), Scope::cross_sectional);
    }

    void update(const Price& p, SymbolId symbol, auto&&) {
        if (symbol >= past_.size()) past_.resize(symbol + 1);
        Past& past = past_[symbol];
        now_ = std::max(now_, p.ts);
        last_ = symbol;
        ++prices_;
        if (past.price > 0.0) {
            const double r = simple_return(p.price, past.price);
            moments_.add(r);
            if (past.moved) pairs_ = pairs_ + CoMoments::of({past.change, r}), squares_ = squares_ + CoMoments::of({past.change * past.change, r * r});
            past.change = r, past.moved = true;
        }
        past.price = p.price;
    }

    void flush(auto&& emit) {
        if (prices_ == 0) return;
        Diagnostics out{.ts = now_, .n_prices = prices_, .n_returns = static_cast<std::int64_t>(moments_.n)};
        put(out.return_std, out.has_std, moments_.n > 1.0, [&] { return std::sqrt(moments_.m2 / (moments_.n - 1.0)); });
        put(out.lag1_return_autocorr, out.has_autocorr, pairs_.moves(), [&] { return pairs_.correlation(); });
        put(out.lag1_sq_return_autocorr, out.has_sq_autocorr, squares_.moves(), [&] { return squares_.correlation(); });
        put(out.jarque_bera, out.has_jarque_bera, moments_.m2 > 0.0, [&] { return moments_.jarque_bera(); });
        emit(last_, out);
    }

    static auto state(auto& self) { return std::tie(self.past_, self.moments_, self.pairs_, self.squares_, self.now_, self.prices_, self.last_); }
    bool operator==(const ReturnDiagnostics&) const = default;

private:
    /// Returns of 1e100 have squares, and fourth powers, beyond any double: then the figure is not defined either.
    static void put(double& figure, bool& has, bool defined, auto&& value) noexcept {
        if (!defined) return;
        const double x = value();
        if (std::isfinite(x)) figure = x, has = true;
    }
};

}  // namespace openquant
