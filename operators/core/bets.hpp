// Scalar bet-size formulas (AFML chapter 10), shared by the operators and by the calls that need no stream.
#pragma once

#include <algorithm>
#include <cmath>

#include "openquant/operators/core/math.hpp"

namespace openquant {

/// z = (p - 1/K) / sqrt(p (1 - p)); size = side * (2 Phi(z) - 1), and 2 Phi(z) - 1 = erf(z / sqrt 2). AFML snippet 10.1.
inline double bet_signal(double prob, double num_classes, double side) noexcept {
    const double spread = std::sqrt(prob * (1.0 - prob));
    if (spread == 0.0) return (prob < 0.5 ? -side : side) + 0.0;  // + 0.0: no negative zero
    constexpr double sqrt_half = 0x1.6a09e667f3bcdp-1;
    return side * det::erf((prob - 1.0 / num_classes) / spread * sqrt_half) + 0.0;
}

/// Nearest multiple of `step`, ties to even, within [-1, 1]. AFML snippet 10.3.
inline double discrete_signal(double signal, double step) noexcept { return std::clamp(std::nearbyint(signal / step) * step, -1.0, 1.0) + 0.0; }

/// x / sqrt(w + x^2), w > 0, of a price's divergence x from its forecast. AFML 10.6, snippet 10.4.
inline double sigmoid_bet(double w, double x) noexcept { return x / std::sqrt(w + x * x) + 0.0; }

/// sign(x) |x|^w, |x| <= 1 and w >= 0; 0 for x = 0. AFML 10.6.
inline double power_bet(double w, double x) noexcept { return x == 0.0 ? 0.0 : std::copysign(det::pow(std::fabs(x), w), x) + 0.0; }

}  // namespace openquant
