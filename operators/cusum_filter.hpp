#pragma once

#include <algorithm>
#include <optional>

#include "openquant/operators/core/events.hpp"
#include "openquant/operators/core/math.hpp"
#include "openquant/operators/core/schema.hpp"

namespace openquant {

/// Symmetric CUSUM filter (AFML 2.5.2.1): emits an event when the log price has drifted by more than the threshold, which is
/// a number, or follows a second input such as volatility.
struct CusumFilter {
    double threshold = 0.01, multiple = 1.0;

    double up_ = 0.0, down_ = 0.0;
    std::optional<double> last_{};
    bool scaled_ = false;  // thresholds are wired
    double wanted_ = 0.0;  // by the last of them; 0 before the first
    std::uint64_t refused_ = 0;

    static constexpr auto schema() {
        return schema_of<Event>(
            "CusumFilter", "Emits an event when the log price has drifted by more than the threshold.", "AFML 2.5.2.1",
            inputs(
                optional_input<Value>("thresholds",
                                      "log return; the last one, times `multiple`, is the threshold from the price of its own row on. Drift counts once there "
                                      "is one; one that is not above 0 is refused and counted"),
                input<Price>("prices", "prices to watch: trades or bars")),
            parameters(
                parameter("threshold", &CusumFilter::threshold, above(0.0), "log return", "drift that makes an event, strict; where no thresholds are wired"),
                parameter("multiple", &CusumFilter::multiple, above(0.0), "", "what the thresholds are multiplied by")));
    }
    void wired(std::string_view input, bool is) noexcept {
        if (input == "thresholds") scaled_ = is;
    }
    std::uint64_t refused() const noexcept { return refused_; }

    void update(const Value& v, auto&&) noexcept {
        if (v.value > 0.0) wanted_ = multiple * v.value;
        else ++refused_;
    }

    void update(const Price& p, auto&& emit) noexcept {
        const double r = last_ ? det::log(p.price / *last_) : 0.0;
        last_ = p.price;
        const double wanted = scaled_ ? wanted_ : threshold;
        if (wanted == 0.0) return;
        const double zero = p.price - p.price;  // which the compiler does not know: of a known zero it makes branches, and the signs of returns come at random
        up_ = std::max(zero, up_ + r);
        down_ = std::min(zero, down_ + r);
        if (down_ < -wanted) {
            down_ = 0.0;
            emit(Event{p.ts, -1.0, p.price});
        } else if (up_ > wanted) {
            up_ = 0.0;
            emit(Event{p.ts, 1.0, p.price});
        }
    }

    static auto state(auto& self) { return std::tie(self.up_, self.down_, self.last_, self.scaled_, self.wanted_, self.refused_); }
    bool operator==(const CusumFilter&) const = default;
};

}  // namespace openquant
