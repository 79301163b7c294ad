#pragma once

#include <algorithm>
#include <optional>

#include "openquant/operators/core/events.hpp"
#include "openquant/operators/core/math.hpp"
#include "openquant/operators/core/schema.hpp"

namespace openquant {

/// Symmetric CUSUM filter (AFML 2.5.2.1): emits an event when the log price has drifted by more than the threshold.
struct CusumFilter {
    double threshold = 0.01;

    double up_ = 0.0, down_ = 0.0;
    std::optional<double> last_{};

    static constexpr auto schema() {
        return schema_of<Event>("CusumFilter", "Emits an event when the log price has drifted by more than the threshold.", "AFML 2.5.2.1",
                                inputs(input<Price>("prices", "prices to watch: trades or bars")),
                                parameters(parameter("threshold", &CusumFilter::threshold, above(0.0), "log return", "drift that makes an event; strict")));
    }

    void update(const Price& p, auto&& emit) noexcept {
        const double r = last_ ? det::log(p.price / *last_) : 0.0;
        last_ = p.price;
        up_ = std::max(0.0, up_ + r);
        down_ = std::min(0.0, down_ + r);
        if (down_ < -threshold) {
            down_ = 0.0;
            emit(Event{p.ts, -1.0, p.price});
        } else if (up_ > threshold) {
            up_ = 0.0;
            emit(Event{p.ts, 1.0, p.price});
        }
    }

    static auto state(auto& self) { return std::tie(self.up_, self.down_, self.last_); }
    bool operator==(const CusumFilter&) const = default;
};

}  // namespace openquant
