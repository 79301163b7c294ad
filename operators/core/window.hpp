// Sliding windows whose total forgets exactly: it is only ever joined from parts that lie within the window. A total tells its
// rows from an origin, which is a row of the window too (moments.hpp).
#pragma once

#include <algorithm>
#include <cstdint>
#include <tuple>
#include <vector>

#include "openquant/operators/core/schema.hpp"

namespace openquant {

/// The last w rows in O(1) per row, whatever w, and no row dearer than another. The stream is cut into blocks of h = w / 2
/// rows. A window is the end of one block, all of the next, and the beginning of the current one: while a block fills, the
/// ends of the block before it are added up backwards, one a row, and so are ready when they are needed. A row that comes
/// takes the place of the one that is added up, and the new end that of one no longer needed: blocks fill forth and back in turn.
template <class Total>
class RowWindow {
    using Sample = typename Total::Sample;

public:
    /// Takes a row; true if the window of w rows is full, and then `total` is of it.
    bool add(const Sample& x, std::size_t w) {
        if (w == 1) [[unlikely]] {
            rows_ = 1, origin_ = x, total_ = Total::of(x, x);
            return true;
        }
        const std::size_t h = w / 2;
        if (at_ == h) [[unlikely]]
            turn();
        if (slots_.empty()) [[unlikely]]
            std::vector<Slot>(h).swap(slots_);  // not resize: it would take our address, and keep all of this in memory
        const std::size_t i = at_++;
        Slot* const slot = &slots_[back_ ? h - 1 - i : i];
        if (i == 0) next_origin_ = x;
        const Total one = Total::of(x, next_origin_);
        beginning_ = i == 0 ? one : beginning_ + one;
        rows_ += rows_ < w;
        if (rows_ > h) [[likely]] {
            since_ = since_ + Total::of(x, origin_);
            const bool odd = (w & 1) != 0;
            if (rows_ == w) total_ = odd ? slot->end + since_ : i + 1 < h ? slot[back_ ? -1 : 1].end + since_ : since_;
            const Total last = Total::of(slot->x, next_origin_), end = i == 0 ? last : last + end_;
            end_ = end, slot->end = end;
        }
        slot->x = x;
        return rows_ == w;
    }
    /// Asks for the memory of the slots that the next row will need.
    [[gnu::always_inline]] void fetch() const noexcept {
        if (slots_.empty()) return;
        const std::size_t last = slots_.size() - 1, i = std::min<std::size_t>(at_, last);
        __builtin_prefetch(&slots_[back_ ? last - i : i]);
        __builtin_prefetch(&slots_[back_ ? std::max(last - i, std::size_t{1}) - 1 : std::min(i + 1, last)]);
    }
    const Total& total() const noexcept { return total_; }
    const Sample& origin() const noexcept { return origin_; }
    std::size_t rows() const noexcept { return rows_; }

    static auto state(auto& self) {
        return std::tie(self.slots_, self.origin_, self.next_origin_, self.beginning_, self.since_, self.end_, self.total_, self.at_, self.rows_, self.back_);
    }
    bool operator==(const RowWindow&) const = default;

private:
    struct Slot {
        Sample x{};
        Total end{};
        static auto state(auto& self) { return std::tie(self.x, self.end); }
        bool operator==(const Slot&) const = default;
    };
    void turn() noexcept {
        origin_ = next_origin_, since_ = beginning_;
        at_ = 0, back_ = !back_;
    }

    std::vector<Slot> slots_;
    Sample origin_{}, next_origin_{};        // the first rows of the middle block and of the current one
    Total beginning_{}, since_{}, total_{};  // of the current block, told from its own origin; of the middle and the current one; of all
    Total end_{};                            // the newest of the ends
    std::uint64_t at_ = 0, rows_ = 0;        // in the current block; in the window
    bool back_ = false;
};

/// The rows of the last `ns`, that is with a time in (now - ns, now]: two stacks, O(1) per row on average.
template <class Total>
class TimeWindow {
    using Sample = typename Total::Sample;

public:
    /// More rows than this are not kept: the oldest goes early, and is counted.
    static constexpr std::size_t max_rows = 1 << 20;
    std::uint64_t refused() const noexcept { return refused_; }

    [[gnu::noinline]] void add(std::int64_t ts, Sample x, std::int64_t ns) {
        now_ = std::max(now_, ts);
        while (!empty() && oldest() <= now_ - ns) drop_oldest(x);
        if (rows() == max_rows) drop_oldest(x), ++refused_;
        if (back_.empty()) origin_ = x;
        const Total one = Total::of(x, origin_);
        back_total_ = back_.empty() ? one : back_total_ + one;
        back_.push_back({now_, x});
        total_ = front_.empty() ? back_total_ : front_.back().total + back_total_;
    }
    const Total& total() const noexcept { return total_; }
    const Sample& origin() const noexcept { return origin_; }
    std::size_t rows() const noexcept { return front_.size() + back_.size(); }

    static auto state(auto& self) { return std::tie(self.front_, self.back_, self.origin_, self.back_total_, self.total_, self.now_, self.refused_); }
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
    /// Where the back becomes the front, its rows are told from `origin`, the row that comes: it will be the back's first.
    void drop_oldest(const Sample& origin) {
        if (front_.empty()) {
            for (auto row = back_.rbegin(); row != back_.rend(); ++row) {
                const Total one = Total::of(row->x, origin);
                front_.push_back({row->ts, front_.empty() ? one : one + front_.back().total});
            }
            back_.clear();
        }
        front_.pop_back();
    }

    std::vector<End> front_;  // oldest last, each with the total from it on
    std::vector<Row> back_;   // newest last
    Sample origin_{};         // the back's first row
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
        if (ns == 0) [[likely]]
            return by_rows_.add(x, static_cast<std::size_t>(rows));
        if (!timed()) std::vector<TimeWindow<Total>>(1).swap(by_time_);
        by_time_[0].add(ts, x, ns);
        return true;
    }
    // Copies: a reference to one of the two would keep both in memory, where registers could hold a window of rows.
    Total total() const noexcept {
        if (timed()) [[unlikely]]
            return by_time_[0].total();
        return by_rows_.total();
    }
    auto origin() const noexcept {
        if (timed()) [[unlikely]]
            return by_time_[0].origin();
        return by_rows_.origin();
    }
    double n() const noexcept { return static_cast<double>(timed() ? by_time_[0].rows() : by_rows_.rows()); }
    std::uint64_t refused() const noexcept { return timed() ? by_time_[0].refused() : 0; }

    static auto state(auto& self) { return std::tie(self.by_rows_, self.by_time_); }
    bool operator==(const Window&) const = default;

private:
    bool timed() const noexcept { return !by_time_.empty(); }

    RowWindow<Total> by_rows_;
    std::vector<TimeWindow<Total>> by_time_;  // one, or none where rows are counted
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
