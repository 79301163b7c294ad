#include "openquant/replay/replay.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <thread>

namespace openquant {

using Clock = std::chrono::steady_clock;
constexpr std::int64_t any_time = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t not_loaded = std::numeric_limits<std::int64_t>::min();

Replay::Replay(Graph& graph, std::vector<std::pair<std::string, std::unique_ptr<Feed>>> feeds, ReplayOptions options) : graph_(graph), options_(options) {
    if (options.speed != 0.0 && !(options.speed > 0.0 && std::isfinite(options.speed)))
        throw std::invalid_argument("replay: speed = " + text_of(options.speed) + " is out of range; it must be > 0 (times real time)");
    if (options_.chunk == 0) options_.chunk = default_chunk;
    for (auto& given : feeds) {
        const auto& [name, feed] = given;
        const std::size_t source = graph.source_index(name);
        const EventType& wanted = *graph.sources()[source]->rows.type;
        if (&feed->type() != &wanted)
            throw std::invalid_argument("source '" + name + "' takes " + std::string(wanted.name) + " rows, but was given " + std::string(feed->type().name));
        for (const Lane& lane : lanes_)
            if (lane.source == source) throw std::invalid_argument("source '" + name + "' is given twice");
        lanes_.push_back({source, std::move(given.second), {}, 0, true});
    }
    std::sort(lanes_.begin(), lanes_.end(), [](const Lane& a, const Lane& b) { return a.source < b.source; });
    running_ = std::make_unique<Graph::Running>(graph);
}

void Replay::run() {
    while (!run_for(std::chrono::hours(1))) {}
}

bool Replay::run_for(std::chrono::milliseconds budget) {
    const auto deadline = Clock::now() + budget;
    while (!done_ && !stopped_) {
        const auto now = Clock::now();
        if (now >= deadline) return false;
        if (paused_) {
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
            started_ = false;  // the pace starts anew where it was paused
            continue;
        }
        const std::int64_t until = due(now);
        if (until == any_time || next_time() <= until || next_time() == any_time) {
            if (chunk(options_.chunk, until) == 0 && next_time() == any_time) finish();
            continue;
        }
        const auto wait = std::chrono::nanoseconds(static_cast<std::int64_t>(std::min(2e7, static_cast<double>(next_time() - until) / options_.speed)));
        std::this_thread::sleep_for(std::min<Clock::duration>(wait, deadline - now));
    }
    if (stopped_ && !done_) finish();
    return true;
}

bool Replay::step(std::size_t rows) {
    for (std::size_t left = rows; left > 0 && !done_;) {
        const std::size_t n = chunk(std::min(left, options_.chunk), any_time);
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
        graph_.sources()[lane.source]->open(lane.batch);
        if (lane.batch.rows == 0) graph_.take(lane.source, 0, 0);  // breaks alone
    }
    return lane.open;
}

std::int64_t Replay::merge_time(const Lane& lane, std::size_t row) const {
    const Source& source = *graph_.sources()[lane.source];
    return source.valid(row) ? std::max(source.latest(), source.time(row)) : source.latest();
}

std::size_t Replay::chunk(std::size_t limit, std::int64_t until) {
    graph_.begin_chunk();
    std::vector<Lane*> open;
    for (Lane& lane : lanes_)
        if (load(lane)) open.push_back(&lane);
    std::size_t taken = 0;
    if (open.size() == 1) {
        Lane& lane = *open[0];
        taken = std::min(limit, lane.batch.rows - lane.at);
        if (until != any_time) {
            std::size_t due = 0;
            while (due < taken && merge_time(lane, lane.at + due) <= until) ++due;
            taken = due;
        }
        if (taken > 0) graph_.take_all(lane.source, lane.at, lane.at + taken);
        lane.at += taken;
    } else if (open.size() > 1) {
        taken = merge(open, limit, until);
    }
    graph_.run_chunk();
    rows_ += taken;
    return taken;
}

/// Row by row from the lane whose time is earliest; ties go to the source that was declared first.
std::size_t Replay::merge(std::vector<Lane*>& open, std::size_t limit, std::int64_t until) {
    std::size_t taken = 0;
    while (taken < limit && !open.empty()) {
        std::size_t first = 0;
        std::int64_t earliest = any_time, next = any_time;
        for (std::size_t i = 0; i < open.size(); ++i) {
            const std::int64_t t = merge_time(*open[i], open[i]->at);
            if (t < earliest || i == 0) next = i == 0 ? any_time : earliest, earliest = t, first = i;
            else next = std::min(next, t);
        }
        if (earliest > until) break;
        Lane& lane = *open[first];
        // As long as this lane stays strictly ahead of the others its rows go together.
        do {
            graph_.take(lane.source, lane.at, lane.at + 1);
            ++lane.at, ++taken;
        } while (taken < limit && lane.at < lane.batch.rows && merge_time(lane, lane.at) < next && merge_time(lane, lane.at) <= until);
        if (!load(lane)) open.erase(open.begin() + static_cast<std::ptrdiff_t>(first));
    }
    return taken;
}

/// Event time up to which rows are due at `now`.
std::int64_t Replay::due(Clock::time_point now) {
    if (options_.speed == 0.0) return any_time;
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
