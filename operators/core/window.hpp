// Sliding windows whose total forgets exactly: it is only ever joined from parts that lie within the window.
#pragma once

#include <algorithm>
#include <cstdint>
#include <tuple>
#include <vector>

#include "openquant/operators/core/schema.hpp"

namespace openquant {

/// The last w rows in O(1) per row, whatever w, and no row dearer than another. The stream is cut into blocks of h = w / 2
/// rows. A window is the end of one block, all of the next, and the beginning of the current one: while a block fills, the
/// ends of the block before it are added up backwards, one a row, and so are ready when they are needed.
template <class Total>
class RowWindow {
    using Sample = typename Total::Sample;

public:
    /// Takes a row; true if the window of w rows is full, and then `total` is of it.
    bool add(const Sample& x, std::size_t w) {
        const std::size_t h = std::max<std::size_t>(1, w / 2);
        if (current_.empty()) current_.resize(h), middle_.resize(h), ends_.resize(h), middle_ends_.resize(h);
        const std::size_t i = at_++;
        const Total one = Total::of(x);
        current_[i] = x;
        beginning_ = i == 0 ? one : beginning_ + one;
        if (blocks_ > 0) {
            const std::size_t back = h - 1 - i;
            const Total last = Total::of(middle_[back]);
            middle_ends_[back] = i == 0 ? last : last + middle_ends_[back + 1];
        }
        const bool full = ++rows_ >= w;
        if (full) {
            const std::size_t first = i + 1 + 2 * h - w;  // of the oldest block; w is 2 h or 2 h + 1
            total_ = w == 1 ? one : first < h ? ends_[first] + middle_total_ + beginning_ : middle_total_ + beginning_;
        }
        if (at_ == h) turn();
        return full;
    }
    const Total& total() const noexcept { return total_; }

    static auto state(auto& self) {
        return std::tie(self.current_, self.middle_, self.ends_, self.middle_ends_, self.beginning_, self.middle_total_, self.total_, self.at_, self.rows_,
                        self.blocks_);
    }
    bool operator==(const RowWindow&) const = default;

private:
    void turn() {
        middle_total_ = beginning_;
        std::swap(ends_, middle_ends_);
        std::swap(middle_, current_);
        at_ = 0;
        ++blocks_;
    }

    std::vector<Sample> current_, middle_;
    std::vector<Total> ends_, middle_ends_;  // of the oldest block, and of the middle one as far as they are known
    Total beginning_{}, middle_total_{}, total_{};
    std::uint64_t at_ = 0, rows_ = 0, blocks_ = 0;
};

/// The rows of the last `ns`, that is with a time in (now - ns, now]: two stacks, O(1) per row on average.
template <class Total>
class TimeWindow {
    using Sample = typename Total::Sample;

public:
    /// More rows than this are not kept: the oldest goes early, and is counted.
    static constexpr std::size_t max_rows = 1 << 20;
    std::uint64_t refused() const noexcept { return refused_; }

    void add(std::int64_t ts, const Sample& x, std::int64_t ns) {
        now_ = std::max(now_, ts);
        while (!empty() && oldest() <= now_ - ns) drop_oldest();
        if (front_.size() + back_.size() == max_rows) drop_oldest(), ++refused_;
        const Total one = Total::of(x);
        back_total_ = back_.empty() ? one : back_total_ + one;
        back_.push_back({now_, x});
        total_ = front_.empty() ? back_total_ : front_.back().total + back_total_;
    }
    const Total& total() const noexcept { return total_; }

    static auto state(auto& self) { return std::tie(self.front_, self.back_, self.back_total_, self.total_, self.now_, self.refused_); }
    bool operator==(const TimeWindow&) const = default;

private:
    struct Row {
        std::int64_t ts = 0;
        Sample x{};
        static auto state(auto& self) { return std::tie(self.ts, self.x); }
        bool operator==(const Row&) const = default;
    };
    struct End {
        std::int64_t ts = 0;
        Total total{};
        static auto state(auto& self) { return std::tie(self.ts, self.total); }
        bool operator==(const End&) const = default;
    };
    bool empty() const noexcept { return front_.empty() && back_.empty(); }
    std::int64_t oldest() const noexcept { return front_.empty() ? back_.front().ts : front_.back().ts; }
    void drop_oldest() {
        if (front_.empty()) {
            for (auto row = back_.rbegin(); row != back_.rend(); ++row) {
                const Total one = Total::of(row->x);
                front_.push_back({row->ts, front_.empty() ? one : one + front_.back().total});
            }
            back_.clear();
        }
        front_.pop_back();
    }

    std::vector<End> front_;  // oldest last, each with the total from it on
    std::vector<Row> back_;   // newest last
    Total back_total_{}, total_{};
    std::int64_t now_ = 0;
    std::uint64_t refused_ = 0;
};

/// By rows, or by time where `ns` is not 0.
template <class Total>
class Window {
public:
    /// Takes a row; true if `total` is of a full window. A window of time is full at once.
    bool add(std::int64_t ts, const typename Total::Sample& x, std::int64_t rows, std::int64_t ns) {
        if (ns == 0) return by_rows_.add(x, static_cast<std::size_t>(rows));
        by_time_.add(ts, x, ns);
        timed_ = true;
        return true;
    }
    const Total& total() const noexcept { return timed_ ? by_time_.total() : by_rows_.total(); }
    std::uint64_t refused() const noexcept { return by_time_.refused(); }

    static auto state(auto& self) { return std::tie(self.by_rows_, self.by_time_, self.timed_); }
    bool operator==(const Window&) const = default;

private:
    RowWindow<Total> by_rows_;
    TimeWindow<Total> by_time_;
    bool timed_ = false;
};

inline constexpr std::int64_t max_window = 10'000'000;

/// The two parameters of every rolling operator.
template <class Op>
constexpr auto window_parameter(std::int64_t least) {
    return parameter("window", &Op::window, between(static_cast<double>(least), static_cast<double>(max_window)), "rows",
                     "rows in the window; nothing comes out before it is full");
}
template <class Op>
constexpr auto window_ns_parameter() {
    return parameter("window_ns", &Op::window_ns, at_least(0), "ns", "a window of this time instead, (now - window_ns, now]; 0: by rows");
}

}  // namespace openquant
