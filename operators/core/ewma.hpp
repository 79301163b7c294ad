// Exponentially weighted moments, bias-corrected; the newest value has weight 1 and every step back multiplies by a decay.
#pragma once

#include <cmath>
#include <tuple>

namespace openquant {

/// Decay of pandas' `span`: alpha = 2 / (span + 1).
constexpr double decay_of_span(double span) noexcept { return 1.0 - 2.0 / (span + 1.0); }

class EwmaMoments {
public:
    double mean() const noexcept { return mean_; }
    double weight() const noexcept { return weight_; }

    /// The decayed past and the new value are merged as two groups (West 1979).
    void add(double x, double decay) noexcept {
        const double past = weight_ * decay;
        weight_ = past + 1.0;
        squared_weight_ = squared_weight_ * decay * decay + 1.0;
        const double difference = x - mean_;
        mean_ += difference / weight_;
        variance_ = past / weight_ * (variance_ + difference * difference / weight_);
    }

    /// Unbiased; 0 where the past is forgotten at once, for one value has no deviation.
    double deviation() const noexcept {
        const double total = weight_ * weight_;
        return total > squared_weight_ ? std::sqrt(total / (total - squared_weight_) * variance_) : 0.0;
    }

    static auto state(auto& self) { return std::tie(self.mean_, self.variance_, self.weight_, self.squared_weight_); }
    bool operator==(const EwmaMoments&) const = default;

private:
    double mean_ = 0.0, variance_ = 0.0;          // weighted mean and biased variance so far
    double weight_ = 0.0, squared_weight_ = 0.0;  // sums of the weights and of their squares
};

class EwmaAverage {
public:
    bool empty() const noexcept { return weight_ == 0.0; }
    double mean() const noexcept { return mean_; }

    void add(double x, double decay) noexcept {
        weight_ = weight_ * decay + 1.0;
        mean_ += (x - mean_) / weight_;
    }

    static auto state(auto& self) { return std::tie(self.mean_, self.weight_); }
    bool operator==(const EwmaAverage&) const = default;

private:
    double mean_ = 0.0, weight_ = 0.0;
};

}  // namespace openquant
