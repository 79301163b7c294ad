#pragma once

#include <cmath>
#include <vector>

#include "openquant/operators/core/events.hpp"
#include "openquant/operators/core/moments.hpp"
#include "openquant/operators/core/window.hpp"

namespace openquant {

/// On which side of the mean a value stands out.
enum class ZSide : std::int8_t { upper, lower, both };
inline constexpr std::string_view z_side_names[] = {"upper", "lower", "both"};
constexpr Names names_of(ZSide) { return z_side_names; }

/// Z-score filter: emits an event at a value at least `threshold` rolling standard deviations (ddof 1) from its rolling mean,
/// both over windows that end with it; nothing while the deviation is 0. In a window of w the largest z is (w - 1) / sqrt(w).
struct ZScoreFilter {
    std::int64_t mean_window = 100, std_window = 100;
    double threshold = 2.0;
    ZSide side = ZSide::upper;

    RowWindow<Squares> std_{};
    std::vector<RowWindow<Sum>> mean_{};  // one, or none where both windows are the same: of thousands of symbols each line of memory counts

    static constexpr auto schema() {
        using Self = ZScoreFilter;
        constexpr auto most = static_cast<double>(max_window);
        return schema_of<Event>("ZScoreFilter", "Emits an event at a value that many rolling deviations from its rolling mean.",
                                "z = (p - mean) / std; at most (w - 1) / sqrt(w) in a window of w (Shiffler 1988)",
                                inputs(input<Value>("values", "what to watch: prices of trades or bars, or a spread, which may be negative")),
                                parameters(parameter("mean_window", &Self::mean_window, between(1, most), "rows", "rows in the mean"),
                                           parameter("std_window", &Self::std_window, between(2, most), "rows", "rows in the standard deviation"),
                                           parameter("threshold", &Self::threshold, above(0.0), "standard deviations", "distance that makes an event"),
                                           parameter("side", &Self::side, "upper: above the mean, an event of side +1; lower: below it, side -1; both")));
    }

    void update(const Value& v, auto&& emit) noexcept {
        const bool same = mean_window == std_window;
        const bool std_full = std_.add(v.value, static_cast<std::size_t>(std_window));
        if (!same && mean_.empty()) [[unlikely]]
            std::vector<RowWindow<Sum>>(1).swap(mean_);
        const bool mean_full = same || mean_[0].add(v.value, static_cast<std::size_t>(mean_window));
        if (!mean_full || !std_full) return;
        const auto m = static_cast<double>(mean_window), n = static_cast<double>(std_window);
        const double distance = same ? std_.total().sum.distance(n, std_.origin(), v.value) : mean_[0].total().distance(m, mean_[0].origin(), v.value);
        const double spread = std_.total().spread(n);
        // (p - mean) / std = (distance / m) / sqrt(spread / (n (n - 1))), squared: no row pays for a quotient or a root.
        // One comparison, for a branch on each part of it would be mispredicted: what lies on the other side is negative here.
        const double least = threshold * m, bound = least * least * spread;
        const double outwards = side == ZSide::both ? std::abs(distance) : side == ZSide::upper ? distance : -distance;
        if (bound > 0.0 && outwards * std::abs(distance) * (n * (n - 1.0)) >= bound) emit(Event{v.ts, std::copysign(1.0, distance), v.value});
    }

    static auto state(auto& self) { return std::tie(self.std_, self.mean_); }
    bool operator==(const ZScoreFilter&) const = default;
};

}  // namespace openquant
