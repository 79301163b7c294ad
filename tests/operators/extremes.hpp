// Rows at the limits of what a market may say, and whether what comes of them is still a number.
#pragma once

#include <cmath>
#include <type_traits>
#include <vector>

#include "openquant/operators/core/events.hpp"
#include "random.hpp"

namespace openquant::testing {

template <class E>
bool all_finite(const E& row) {
    bool finite = true;
    for_each_field<E>([&](auto, auto f) {
        if constexpr (std::is_same_v<typename decltype(f)::Type, double>) finite &= std::isfinite(row.*(f.member));
    });
    return finite;
}
template <class E>
bool all_finite(const std::vector<E>& rows) {
    for (const E& row : rows)
        if (!all_finite(row)) return false;
    return true;
}

inline double extreme_value(Random& random) {
    const double values[] = {smallest, largest, 1.0, 0.1};
    return values[random.below(4)];
}

inline std::vector<Trade> extreme_trades(std::uint64_t seed, std::size_t n) {
    Random random(seed);
    std::vector<Trade> out(n);
    for (std::size_t i = 0; i < n; ++i) {
        out[i].ts = static_cast<std::int64_t>(i), out[i].price = extreme_value(random), out[i].size = extreme_value(random);
        out[i].side = static_cast<std::int8_t>(static_cast<int>(random.below(3)) - 1);
    }
    return out;
}

}  // namespace openquant::testing
