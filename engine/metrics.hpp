// Always-on figures of one node: counts of every row, time on every 256th call and on every call of 256 rows or more.
#pragma once

#include <array>
#include <bit>
#include <chrono>
#include <cstdint>

namespace openquant {

/// Counts of durations in buckets that grow by a quarter of a power of two: at most 25 % wide.
class TimeHistogram {
public:
    void add(std::uint64_t ns) noexcept { ++counts_[bucket(ns)], ++total_; }
    std::uint64_t count() const noexcept { return total_; }

    /// Upper edge of the bucket in which the share `q` of all durations is reached; 0 if there are none.
    std::uint64_t quantile(double q) const noexcept {
        if (total_ == 0) return 0;
        const double wanted = q * static_cast<double>(total_);
        std::uint64_t seen = 0;
        for (std::size_t i = 0; i < counts_.size(); ++i) {
            seen += counts_[i];
            if (seen > 0 && static_cast<double>(seen) >= wanted) return upper_edge(i);
        }
        return upper_edge(counts_.size() - 1);
    }

private:
    static std::size_t bucket(std::uint64_t ns) noexcept {
        if (ns < 4) return static_cast<std::size_t>(ns);
        const int power = static_cast<int>(std::bit_width(ns)) - 1;
        return static_cast<std::size_t>(power - 1) * 4 + ((ns >> (power - 2)) & 3);
    }
    static std::uint64_t upper_edge(std::size_t bucket) noexcept {
        if (bucket < 4) return bucket;
        const int power = static_cast<int>(bucket / 4) + 1;
        return ((std::uint64_t{4} + bucket % 4 + 1) << (power - 2)) - 1;
    }
    std::array<std::uint64_t, 256> counts_{};
    std::uint64_t total_ = 0;
};

struct Metrics {
    std::uint64_t calls = 0, rows_in = 0, rows_out = 0;
    std::uint64_t timed_rows = 0, timed_ns = 0;
    TimeHistogram call_ns;

    /// Runs `work` on a call of `rows` input rows, timed or not.
    void measure([[maybe_unused]] std::uint64_t rows, auto&& work) {
#ifdef OPENQUANT_WITHOUT_METRICS  // only bench/engine is built so too, to tell what they cost
        work();
#else
        rows_in += rows;
        if ((calls++ & 255) != 0 && rows < 256) [[likely]]
            return work();
        const auto start = std::chrono::steady_clock::now();
        work();
        const auto ns = static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now() - start).count());
        call_ns.add(ns);
        timed_rows += rows;
        timed_ns += ns;
#endif
    }
};

}  // namespace openquant
