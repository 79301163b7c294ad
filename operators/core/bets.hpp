// Scalar bet-size formulas (AFML 10.3), shared by the operators and by the calls that need no stream.
#pragma once

#include <algorithm>
#include <cmath>

#include "openquant/operators/core/math.hpp"

namespace openquant {

/// z = (p - 1/K) / sqrt(p (1 - p)); size = side * (2 Phi(z) - 1), and 2 Phi(z) - 1 = erf(z / sqrt 2). AFML snippet 10.1.
inline double bet_signal(double prob, double num_classes, double side) noexcept {
    const double spread = std::sqrt(prob * (1.0 - prob));
    if (spread == 0.0) return prob < 0.5 ? -side : side;
    constexpr double sqrt_half = 0x1.6a09e667f3bcdp-1;
    return side * det::erf((prob - 1.0 / num_classes) / spread * sqrt_half);
}

/// Nearest multiple of `step`, ties to even, within [-1, 1]. AFML snippet 10.3.
inline double discrete_signal(double signal, double step) noexcept {
    return std::clamp(std::nearbyint(signal / step) * step, -1.0, 1.0) + 0.0;  // + 0.0: no negative zero
}

}  // namespace openquant
