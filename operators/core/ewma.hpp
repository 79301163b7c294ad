// Exponentially weighted moments, bias-corrected; the newest value has weight 1 and every step back multiplies by a decay.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <tuple>

#include "openquant/operators/core/math.hpp"

namespace openquant {

/// Decay of pandas' `span`: alpha = 2 / (span + 1).
constexpr double decay_of_span(double span) noexcept { return 1.0 - 2.0 / (span + 1.0); }

/// Decay from one row to the next: by rows, or by time where a half life is given.
class RowDecay {
public:
    double to(std::int64_t ts, double span, std::int64_t half_life_ns) noexcept {
        if (half_life_ns == 0) [[likely]] {
            if (!(of_span_ > 0.0)) [[unlikely]]
                of_span_ = decay_of_span(span);
            return of_span_;
        }
        const std::int64_t before = now_;
        now_ = std::max(now_, ts);
        return halved(static_cast<double>(before - now_) / static_cast<double>(half_life_ns));
    }

    static auto state(auto& self) { return std::tie(self.now_, self.of_span_); }
    bool operator==(const RowDecay&) const = default;

private:
    [[gnu::noinline]] static double halved(double half_lives) noexcept { return det::exp2(half_lives); }

    std::int64_t now_ = 0;
    double of_span_ = 0.0;
};

/// The mean is kept as its distance from the newest value: that is exact where the past weighs nothing any more, and keeps a
/// small variance of large values.
class EwmaAverage {
public:
    bool empty() const noexcept { return weight_ == 0.0; }
    double mean() const noexcept { return newest_ + offset_; }

    /// The decayed past and the new value are merged as two groups (West 1979); returns the value's distance from the past.
    double add(double x, double decay) noexcept {
        const double past = weight_ * decay, back = past > 0.0 ? offset_ - (x - newest_) : 0.0;
        weight_ = past + 1.0;
        if (past != past_) past_ = past, share_ = past / weight_;
        offset_ = back * share_;
        newest_ = x;
        return -back;
    }
    double weight() const noexcept { return weight_; }
    /// The past's, of all weight.
    double share() const noexcept { return share_; }

    static auto state(auto& self) { return std::tie(self.newest_, self.offset_, self.weight_, self.past_, self.share_); }
    bool operator==(const EwmaAverage&) const = default;

private:
    double newest_ = 0.0, offset_ = 0.0, weight_ = 0.0;
    double past_ = 0.0, share_ = 0.0;  // which settle where the decay stays: then no row pays for the quotient
};

class EwmaMoments {
public:
    void add(double x, double decay) noexcept {
        const double past = average_.weight() * decay, difference = average_.add(x, decay), weight = average_.weight();
        pairs_ = pairs_ * decay * decay + 2.0 * past;
        variance_ = average_.share() * (variance_ + difference * difference / weight);
    }

    /// Unbiased; 0 where the past is forgotten at once, for one value has no deviation.
    double deviation() const noexcept { return pairs_ > 0.0 ? std::sqrt(variance_ / pairs_) * average_.weight() : 0.0; }

    static auto state(auto& self) { return std::tie(self.average_, self.variance_, self.pairs_); }
    bool operator==(const EwmaMoments&) const = default;

private:
    EwmaAverage average_;
    double variance_ = 0.0;  // biased
    double pairs_ = 0.0;     // sum of the products of two different weights
};

}  // namespace openquant
