// A seeded market to try research on: the same prices, to the last bit, on every machine.
#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include "openquant/operators/core/math.hpp"
#include "openquant/operators/core/random.hpp"

namespace openquant {

struct SyntheticMarket {
    std::vector<double> close, prob, side;
    std::vector<double> assets;  // rows of one price per asset
};

namespace detail {

/// Standard normal numbers by Marsaglia's polar method.
inline double normal(Xoshiro& random) noexcept {
    for (;;) {
        const double x = 2.0 * random.unit() - 1.0, y = 2.0 * random.unit() - 1.0, square = x * x + y * y;
        if (square > 0.0 && square < 1.0) return x * std::sqrt(-2.0 * det::log(square) / square);
    }
}
inline double power_of_e(double x) noexcept { return det::exp2(x * 0x1.71547652b82fep+0); }

}  // namespace detail

/// A price whose drift lasts for a while, a model that bets on the mean of past returns alone, and assets that follow the
/// price in part. Each asset's mean log return is above 0 in the sample itself, so that a portfolio has something to choose.
inline SyntheticMarket synthetic_market(std::size_t bars, std::size_t assets, std::uint64_t seed) {
    constexpr double volatility = 8e-4, persistence = 0.97, memory = 0.9;
    Xoshiro random(seed);
    SyntheticMarket out;
    std::vector<double> returns(bars, 0.0);
    double level = 0.0, drift = 0.0, past = 0.0;
    for (std::size_t i = 0; i < bars; ++i) {
        if (i > 0) {
            drift = persistence * drift + 6e-5 * detail::normal(random);
            returns[i] = drift + volatility * detail::normal(random);
            level += returns[i];
            past = memory * past + (1.0 - memory) * returns[i];
        }
        out.close.push_back(75.0 * detail::power_of_e(level));
        const double trend = 4.0 * past / volatility;
        out.prob.push_back(0.5 + 0.35 * std::fabs(trend) / std::sqrt(1.0 + trend * trend));
        out.side.push_back(past < 0.0 ? -1.0 : 1.0);
    }
    out.assets.resize(bars * assets);
    for (std::size_t k = 0; k < assets; ++k) {
        const double beta = 0.2 + 0.8 * random.unit(), own = volatility * (0.5 + random.unit()), mean = 1e-5 * (1.0 + 3.0 * random.unit());
        const double start = 20.0 + 180.0 * random.unit();
        std::vector<double> path(bars, 0.0);
        double sum = 0.0;
        for (std::size_t i = 1; i < bars; ++i) sum += path[i] = beta * returns[i] + own * detail::normal(random);
        const double shift = mean - sum / static_cast<double>(bars - 1);
        double log_price = 0.0;
        for (std::size_t i = 0; i < bars; ++i) {
            if (i > 0) log_price += path[i] + shift;
            out.assets[i * assets + k] = start * detail::power_of_e(log_price);
        }
    }
    return out;
}

}  // namespace openquant
