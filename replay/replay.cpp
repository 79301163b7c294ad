#include "openquant/replay/replay.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <thread>

namespace openquant {

using Monotonic = std::chrono::steady_clock;
constexpr std::int64_t any_time = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t not_loaded = std::numeric_limits<std::int64_t>::min();
constexpr std::size_t any_number = std::numeric_limits<std::size_t>::max();

Replay::Replay(Graph& graph, std::vector<std::pair<std::string, std::unique_ptr<Feed>>> feeds, ReplayOptions options) : graph_(graph), options_(options) {
    if (options.speed != 0.0 && !(options.speed > 0.0 && std::isfinite(options.speed)))
        throw std::invalid_argument("replay: speed = " + text_of(options.speed) + " is out of range; it must be > 0 (times real time)");
    for (auto& given : feeds) {
        const auto& [name, feed] = given;
        const std::size_t source = graph.source_index(name);
        const EventType& wanted = *graph.sources()[source]->rows.type;
        if (&feed->type() != &wanted)
            throw std::invalid_argument("source '" + name + "' takes " + std::string(wanted.name) + " rows, but was given " + std::string(feed->type().name));
        for (const Lane& lane : lanes_)
            if (lane.source == source) throw std::invalid_argument("source '" + name + "' is given twice");
        lanes_.push_back({source, std::move(given.second), {}, 0, true, 0, {}});
    }
    std::sort(lanes_.begin(), lanes_.end(), [](const Lane& a, const Lane& b) { return a.source < b.source; });
    running_ = std::make_unique<Graph::Running>(graph);
}

void Replay::run() {
    while (!run_for(std::chrono::hours(1))) {}
}

bool Replay::run_for(std::chrono::milliseconds budget) {
    const auto deadline = Monotonic::now() + budget;
    while (!done_ && !stopped_) {
        const auto now = Monotonic::now();
        if (now >= deadline) return false;
        if (paused_) {
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
            started_ = false;  // the pace starts anew where it was paused
            continue;
        }
        if (options_.speed == 0.0) {
            hurry(now);
            continue;
        }
        const std::int64_t until = due(now);
        if (next_time() <= until || next_time() == any_time) {
            if (chunk(any_number, until) == 0 && next_time() == any_time) finish();
            continue;
        }
        const auto wait = std::chrono::nanoseconds(static_cast<std::int64_t>(std::min(2e7, static_cast<double>(next_time() - until) / options_.speed)));
        std::this_thread::sleep_for(std::min<Monotonic::duration>(wait, deadline - now));
    }
    if (stopped_ && !done_) finish();
    return true;
}

/// Several chunks between two looks at the clock where they are short, for a look costs as much as a chunk of one row.
void Replay::hurry(Monotonic::time_point now) {
    between_looks_ = now - looked_ < std::chrono::microseconds(50) ? std::min(2 * between_looks_, 64) : 1;
    looked_ = now;
    for (int i = 0; i < between_looks_ && !done_ && !stopped_ && !paused_; ++i)
        if (chunk(any_number, any_time) == 0 && next_time() == any_time) finish();
}

bool Replay::step(std::size_t rows) {
    for (std::size_t left = rows; left > 0 && !done_;) {
        const std::size_t n = chunk(left, any_time);
        left -= n;
        if (n == 0 && next_time() == any_time) finish();
    }
    started_ = false;
    return !done_;
}

double Replay::progress() const {
    double total = 0.0;
    for (const Lane& lane : lanes_) {
        const double in_batch = lane.batch.rows == 0 ? 1.0 : static_cast<double>(lane.at) / static_cast<double>(lane.batch.rows);
        total += lane.feed->progress() * (lane.open ? in_batch : 1.0);
    }
    return lanes_.empty() ? 1.0 : total / static_cast<double>(lanes_.size());
}

Rejections Replay::rejected() const {
    Rejections total{};
    for (const Lane& lane : lanes_)
        for (std::size_t i = 0; i < total.size(); ++i) total[i] += lane.feed->rejected[i] + graph_.sources()[lane.source]->rejected[i];
    return total;
}

/// Makes sure that the lane has a row to give; false at its end.
bool Replay::load(Lane& lane) {
    while (lane.open && lane.at == lane.batch.rows) {
        lane.at = 0;
        lane.open = lane.feed->next(lane.batch);
        if (!lane.open) {
            lane.batch.rows = 0;
            break;
        }
        lane.times.clear();
        lane.times_begin = 0;
        graph_.sources()[lane.source]->open(lane.batch);
        if (lane.batch.rows == 0) graph_.take(lane.source, 0, 0);  // breaks alone
    }
    return lane.open;
}

/// Time by which a row is merged: the running maximum of its lane. Rows are asked for in their order.
inline std::int64_t Replay::merge_time(Lane& lane, std::size_t row) {
    if (row - lane.times_begin >= lane.times.size()) [[unlikely]]
        learn_times(lane, row);
    return lane.times[row - lane.times_begin];
}

/// In blocks, for most of a batch may never be asked for.
void Replay::learn_times(Lane& lane, std::size_t row) {
    while (row >= lane.times_begin + lane.times.size()) {
        Source& source = *graph_.sources()[lane.source];
        const std::int64_t latest = lane.times.empty() ? source.latest() : lane.times.back();
        lane.times_begin += lane.times.size();
        lane.times.resize(std::min<std::size_t>(4096, lane.batch.rows - lane.times_begin));
        source.merge_times(lane.times_begin, latest, lane.times);
    }
}

/// The first row from `at` on, and at most `end`, whose time is after `until`.
inline std::size_t Replay::rows_until(Lane& lane, std::size_t at, std::size_t end, std::int64_t until) {
    std::size_t step = 1;  // galloping: the end is mostly near, and within a block times never fall
    while (at < end && merge_time(lane, at) <= until) {
        const std::size_t known = std::min(end, lane.times_begin + lane.times.size());
        const std::size_t next = std::min(known, at + step) - 1;
        if (merge_time(lane, next) <= until) {
            at = next + 1;
            step *= 2;
            continue;
        }
        const auto from = lane.times.begin() - static_cast<std::ptrdiff_t>(lane.times_begin);
        return static_cast<std::size_t>(std::upper_bound(from + static_cast<std::ptrdiff_t>(at), from + static_cast<std::ptrdiff_t>(next), until) - from);
    }
    return at;
}

std::size_t Replay::chunk(std::size_t most, std::int64_t until) {
    const std::size_t limit = std::min(most, graph_.chunk_rows(options_.chunk));
    graph_.begin_chunk();
    open_.clear();
    for (Lane& lane : lanes_)
        if (lane.at < lane.batch.rows || load(lane)) open_.push_back(&lane);
    std::size_t taken = 0;
    if (open_.size() == 1) {
        Lane& lane = *open_[0];
        taken = std::min(limit, lane.batch.rows - lane.at);
        if (until != any_time) taken = rows_until(lane, lane.at, lane.at + taken, until) - lane.at;
        if (taken > 0) graph_.borrow(lane.source, lane.at, lane.at + taken);
        lane.at += taken;
    } else if (open_.size() > 1) {
        taken = merge(limit, until);
    }
    graph_.run_chunk();
    rows_.store(rows_.load(std::memory_order_relaxed) + taken, std::memory_order_relaxed);  // one writer: no locked addition
    return taken;
}

/// In runs, each from the lane whose time is earliest, as long as it stays ahead of the others; ties go to the source that
/// was declared first. Ends early where a batch does, for the next one may lie where its rows are.
std::size_t Replay::merge(std::size_t limit, std::int64_t until) {
    std::size_t taken = 0;
    for (Lane* lane : open_) lane->next = merge_time(*lane, lane->at);
    while (taken < limit) {
        std::size_t first = 0;
        std::int64_t earliest = open_[0]->next;
        std::int64_t last = any_time;  // time up to which the first lane goes on
        for (std::size_t i = 1; i < open_.size(); ++i) {
            const std::int64_t t = open_[i]->next;
            if (t < earliest) {
                last = std::min(last, earliest - 1);
                earliest = t, first = i;
            } else {
                last = std::min(last, t);
            }
        }
        if (earliest > until) break;
        Lane& lane = *open_[first];
        const std::size_t end = rows_until(lane, lane.at + 1, lane.at + std::min(limit - taken, lane.batch.rows - lane.at), std::min(last, until));
        graph_.borrow(lane.source, lane.at, end);
        taken += end - lane.at;
        lane.at = end;
        if (lane.at == lane.batch.rows) break;
        lane.next = merge_time(lane, lane.at);
    }
    return taken;
}

/// Event time up to which rows are due at `now`.
std::int64_t Replay::due(Monotonic::time_point now) {
    if (!started_) {
        first_event_ = next_time();
        if (first_event_ == any_time || first_event_ == not_loaded) return first_event_;
        first_clock_ = now;
        started_ = true;
    }
    const double elapsed = std::chrono::duration<double, std::nano>(now - first_clock_).count() * options_.speed;
    return first_event_ + static_cast<std::int64_t>(std::min(elapsed, 9e18 - static_cast<double>(first_event_)));
}

/// Time of the next row in the merged order, `any_time` at the end of all feeds, `not_loaded` before it is known.
std::int64_t Replay::next_time() {
    std::int64_t earliest = any_time;
    for (Lane& lane : lanes_)
        if (lane.open && lane.at < lane.batch.rows) earliest = std::min(earliest, merge_time(lane, lane.at));
        else if (lane.open) return not_loaded;
    return earliest;
}

void Replay::finish() {
    if (done_.exchange(true)) return;
    if (options_.flush && !stopped_) graph_.flush();
    running_.reset();
}

}  // namespace openquant
