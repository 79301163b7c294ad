// How much of its bars each label has for itself, and the bootstrap that draws labels accordingly (AFML 4.4 and 4.5.3). Between
// two neighbouring edges of labels all bars are alike: work is done by such stretches, however many bars they hold.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "openquant/operators/core/random.hpp"

namespace openquant {

/// Consecutive bars [begin, end), begin < end.
struct Run {
    std::int64_t begin = 0, end = 0;
    bool operator==(const Run&) const = default;
};

/// Labels as the runs of bars that they cover, apart and in ascending order.
class LabelRuns {
public:
    std::size_t size() const noexcept { return first_.size() - 1; }
    std::span<const Run> operator[](std::size_t label) const noexcept { return std::span(runs_).subspan(first_[label], first_[label + 1] - first_[label]); }
    std::span<const Run> all() const noexcept { return runs_; }
    /// Index in all() of a label's first run.
    std::size_t first(std::size_t label) const noexcept { return first_[label]; }

    void add(std::span<const Run> runs) {
        runs_.insert(runs_.end(), runs.begin(), runs.end());
        first_.push_back(runs_.size());
    }

private:
    std::vector<Run> runs_;
    std::vector<std::size_t> first_{0};
};

/// The runs of ones in each column of a matrix by rows of `columns` zeros and ones.
inline LabelRuns runs_of_columns(std::span<const std::int8_t> cells, std::size_t columns) {
    const std::size_t rows = columns ? cells.size() / columns : 0;
    const std::vector<std::int8_t> zeros(columns, 0);
    std::vector<std::vector<Run>> found(columns);
    const std::int8_t* before = zeros.data();
    for (std::size_t row = 0; row <= rows; ++row) {
        const std::int8_t* const now = row < rows ? &cells[row * columns] : zeros.data();
        for (std::size_t i = 0; i < columns;) {
            if (i + 64 <= columns && std::memcmp(now + i, before + i, 64) == 0) {  // as nearly everywhere
                i += 64;
                continue;
            }
            for (const std::size_t end = std::min(columns, i + 64); i < end; ++i) {
                if (now[i] == before[i]) continue;
                if (now[i]) found[i].push_back({static_cast<std::int64_t>(row), 0});
                else found[i].back().end = static_cast<std::int64_t>(row);
            }
        }
        before = now;
    }
    LabelRuns labels;
    for (const auto& runs : found) labels.add(runs);
    return labels;
}

/// Each label's mean, over its bars, of 1 / shares, where a bar's shares grow with every label that is added. A mean costs a few
/// additions: sums stand ready within blocks of stretches and over whole blocks. Every label covers at least one bar.
class SharedBars {
public:
    /// `shares` of a bar before any label is added: 1 if whoever asks for a mean comes on top of those added.
    SharedBars(const LabelRuns& labels, double shares) {
        std::vector<std::int64_t> edges;
        for (const Run& run : labels.all()) edges.push_back(run.begin), edges.push_back(run.end);
        std::sort(edges.begin(), edges.end());
        edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
        const auto stretch_at = [&](std::int64_t edge) { return static_cast<std::size_t>(std::lower_bound(edges.begin(), edges.end(), edge) - edges.begin()); };
        for (std::size_t i = 0; i < labels.size(); ++i) {
            first_.push_back(labels.first(i));
            std::int64_t bars = 0;
            for (const Run& run : labels[i]) {
                spans_.push_back({stretch_at(run.begin), stretch_at(run.end)});
                bars += run.end - run.begin;
            }
            bars_.push_back(static_cast<double>(bars));
        }
        first_.push_back(spans_.size());
        measure(edges, shares);
    }

    std::size_t labels() const noexcept { return bars_.size(); }

    void add(std::size_t label) noexcept {
        for (std::size_t s = first_[label]; s < first_[label + 1]; ++s) {
            const Span span = spans_[s];
            for (std::size_t j = span.begin; j < span.end; ++j) shares_[j] += 1.0, part_[j] = bars_in_[j] / shares_[j];
            renew(span.begin, span.end);
        }
    }

    double mean(std::size_t label) const noexcept {
        double sum = 0.0;
        for (std::size_t s = first_[label]; s < first_[label + 1]; ++s) sum += sum_of(spans_[s]);
        return std::max(0.0, sum / bars_[label]);  // differences of sums may round below
    }

private:
    static constexpr std::size_t block = 256;
    struct Span {
        std::size_t begin = 0, end = 0;  // stretches
    };

    /// Stretches that no label covers count for nothing, lest a long gap should drown what follows.
    void measure(const std::vector<std::int64_t>& edges, double shares) {
        const std::size_t n = edges.empty() ? 0 : edges.size() - 1;
        std::vector<std::int64_t> change(n + 1, 0);
        for (const Span& span : spans_) ++change[span.begin], --change[span.end];
        bars_in_.assign(n, 0.0), part_.assign(n, 0.0), shares_.assign(n, 1.0);
        before_.assign(n + 1, 0.0), whole_.assign(n / block + 1, 0.0), blocks_before_.assign(n / block + 2, 0.0);
        std::int64_t covering = 0;
        for (std::size_t j = 0; j < n; ++j) {
            covering += change[j];
            if (covering == 0) continue;
            bars_in_[j] = static_cast<double>(edges[j + 1] - edges[j]), shares_[j] = shares;
            if (shares > 0.0) part_[j] = bars_in_[j] / shares;
        }
        if (n > 0) renew(0, n);
    }

    void renew(std::size_t begin, std::size_t end) noexcept {
        const std::size_t n = part_.size();
        std::size_t k = begin / block;
        for (std::size_t j = begin; j < end; ++k) {
            double sum = before_[j];
            for (const std::size_t stop = std::min(n, (k + 1) * block); j < stop; ++j) before_[j] = sum, sum += part_[j];
            whole_[k] = sum;
        }
        if (n % block != 0 && k == n / block + 1) before_[n] = whole_[k - 1];
        for (k = begin / block; k < whole_.size(); ++k) blocks_before_[k + 1] = blocks_before_[k] + whole_[k];
    }

    double sum_of(Span span) const noexcept {
        const std::size_t first = span.begin / block, last = span.end / block;
        if (first == last) return before_[span.end] - before_[span.begin];
        return (whole_[first] - before_[span.begin]) + (blocks_before_[last] - blocks_before_[first + 1]) + before_[span.end];
    }

    std::vector<std::size_t> first_;  // of each label's spans, and the end
    std::vector<Span> spans_;
    std::vector<double> bars_;                     // of each label
    std::vector<double> bars_in_, shares_, part_;  // of each stretch: part = bars / shares
    std::vector<double> before_;                   // parts before each stretch, within its block
    std::vector<double> whole_, blocks_before_;    // parts of each block, and of all blocks before it
};

/// Mean over labels of the mean over the label's bars of 1 / labels that cover the bar. AFML 4.4, snippet 4.4.
inline double average_uniqueness(const LabelRuns& labels) {
    SharedBars bars(labels, 0.0);
    for (std::size_t i = 0; i < labels.size(); ++i) bars.add(i);
    double sum = 0.0;
    for (std::size_t i = 0; i < labels.size(); ++i) sum += bars.mean(i);
    return sum / static_cast<double>(labels.size());
}

/// Draws labels with replacement, each with a probability in proportion to its mean uniqueness among those drawn so far and
/// itself. AFML 4.5.3, snippet 4.5. A draw costs the stretches it shares anew, and O(labels).
class SequentialBootstrap {
public:
    SequentialBootstrap(const LabelRuns& labels, std::uint64_t seed) : bars_(labels, 1.0), random_(seed), upto_(labels.size()) {}

    std::size_t draw() noexcept {
        double sum = 0.0;
        for (std::size_t i = 0; i < upto_.size(); ++i) upto_[i] = sum += bars_.mean(i);
        const auto at = std::upper_bound(upto_.begin(), upto_.end(), random_.unit() * sum);
        const std::size_t label = std::min(static_cast<std::size_t>(at - upto_.begin()), upto_.size() - 1);
        take(label);
        return label;
    }
    /// As if `label` had been drawn.
    void take(std::size_t label) noexcept { bars_.add(label); }

    /// Of the next draw.
    std::vector<double> probabilities() const {
        std::vector<double> out(upto_.size());
        double sum = 0.0;
        for (std::size_t i = 0; i < out.size(); ++i) sum += out[i] = bars_.mean(i);
        for (double& p : out) p /= sum;
        return out;
    }

private:
    SharedBars bars_;
    Xoshiro random_;
    std::vector<double> upto_;  // sums of weights
};

}  // namespace openquant
