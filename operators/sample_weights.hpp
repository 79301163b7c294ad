#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "openquant/operators/core/events.hpp"
#include "openquant/operators/core/schema.hpp"

namespace openquant {

/// What a weight is made of, before time decays it.
enum class WeightSource : std::int8_t { attribution, uniqueness };
inline constexpr std::string_view weight_source_names[] = {"attribution", "uniqueness"};
constexpr Names names_of(WeightSource) { return weight_source_names; }

/// Sample weights: emits, when the stream ends, one row per label in the order of their events. Each counts by the size of the
/// return that is its own (AFML snippet 4.10), or by its uniqueness, and the less the older it is (AFML snippet 4.11).
struct SampleWeights {
    WeightSource source = WeightSource::attribution;
    double oldest = 1.0;
    std::int64_t max_labels = 10'000'000;

    struct Closed {
        std::int64_t ts = 0, start_ts = 0;
        double uniqueness = 0.0, attribution = 0.0;
        static auto state(auto& self) { return std::tie(self.ts, self.start_ts, self.uniqueness, self.attribution); }
        bool operator==(const Closed&) const = default;
    };
    std::vector<Closed> labels_{};
    std::uint64_t refused_ = 0;

    static constexpr auto schema() {
        using Self = SampleWeights;
        return schema_of<SampleWeight>(
            "SampleWeights", "Emits, when the stream ends, what each label should count for when a model is fitted.", "AFML snippets 4.10 and 4.11",
            inputs(input<Label>("labels", "closed labels with their uniqueness and attribution, as TripleBarrier emits them")),
            parameters(parameter("source", &Self::source, "attribution: size of the sum of log return / open labels; uniqueness: mean of 1 / open labels"),
                       parameter("oldest", &Self::oldest, Range{.low = -1.0, .high = 1.0, .high_open = false}, "share",
                                 "factor that the oldest label approaches, linear in cumulative uniqueness; below 0 that share of the oldest count nothing"),
                       parameter("max_labels", &Self::max_labels, between(1, 1'000'000'000), "labels", "labels kept; a further one is refused and counted")));
    }
    std::uint64_t refused() const noexcept { return refused_; }

    void update(const Label& l, auto&&) {
        if (labels_.size() == static_cast<std::size_t>(max_labels)) return void(++refused_);
        labels_.push_back({l.ts, l.start_ts, l.uniqueness, l.attribution});
    }

    void flush(auto&& emit) {
        std::stable_sort(labels_.begin(), labels_.end(), [](const Closed& a, const Closed& b) { return a.start_ts < b.start_ts; });
        double total = 0.0, weights = 0.0, so_far = 0.0;
        for (const Closed& l : labels_) total += l.uniqueness;
        for (const Closed& l : labels_) weights += raw(l) * decay(so_far += l.uniqueness, total);
        const auto n = static_cast<double>(labels_.size());
        so_far = 0.0;
        for (const Closed& l : labels_) {
            const double factor = decay(so_far += l.uniqueness, total);
            emit(SampleWeight{l.ts, l.start_ts, l.uniqueness, factor, weights > 0.0 ? raw(l) * factor / weights * n : 0.0});
        }
    }

    static auto state(auto& self) { return std::tie(self.labels_, self.refused_); }
    bool operator==(const SampleWeights&) const = default;

private:
    double raw(const Closed& l) const noexcept { return source == WeightSource::attribution ? std::fabs(l.attribution) : l.uniqueness; }
    double decay(double so_far, double total) const noexcept {
        if (!(total > 0.0)) return 1.0;
        const double slope = oldest >= 0.0 ? 1.0 - oldest : 1.0 / (oldest + 1.0);
        return std::max(0.0, 1.0 + slope * (so_far / total - 1.0));
    }
};

}  // namespace openquant
