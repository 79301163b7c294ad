// Replays feeds through a graph: merges them by event time into one order, cuts chunks, keeps the pace.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "openquant/engine/graph.hpp"
#include "openquant/replay/feed.hpp"

namespace openquant {

struct ReplayOptions {
    std::size_t chunk = 0;  // rows of the merged order; 0: the engine's choice. Outputs do not depend on it.
    double speed = 0.0;     // times real time by event time; 0: as fast as possible
    bool flush = true;      // end the streams after the last row
};

class Replay {
public:
    /// Feeds by the name of their source. Throws std::invalid_argument for an unknown source or a feed of another type.
    Replay(Graph& graph, std::vector<std::pair<std::string, std::unique_ptr<Feed>>> feeds, ReplayOptions options = {});

    /// To the end of all feeds, or until `stop`.
    void run();
    /// As `run`, but returns false after about `budget` if there is more to do.
    bool run_for(std::chrono::milliseconds budget);
    /// The next `rows` rows at once, whatever the pace; false if that was the end.
    bool step(std::size_t rows = 1);

    // From any thread.
    void pause() { paused_ = true; }
    void resume() { paused_ = false; }
    void stop() { stopped_ = true; }
    bool paused() const { return paused_; }
    bool done() const { return done_; }
    std::uint64_t rows() const { return rows_; }
    double progress() const;
    /// Rows refused so far by source and reader, by kind.
    Rejections rejected() const;

private:
    struct Lane {
        std::size_t source;
        std::unique_ptr<Feed> feed;
        Batch batch;
        std::size_t at = 0;
        bool open = true;
        std::size_t times_begin = 0;      // row of the batch
        std::vector<std::int64_t> times;  // by which rows are merged, from there on
        std::int64_t next = 0;            // that of row `at`, while lanes are merged
    };
    bool load(Lane& lane);
    std::int64_t merge_time(Lane& lane, std::size_t row);
    void learn_times(Lane& lane, std::size_t row);
    std::size_t rows_until(Lane& lane, std::size_t at, std::size_t end, std::int64_t until);
    /// Takes a chunk's rows, up to `most` and none later than `until`, and runs them; returns how many.
    std::size_t chunk(std::size_t most, std::int64_t until);
    std::size_t merge(std::size_t limit, std::int64_t until);
    void hurry(std::chrono::steady_clock::time_point now);
    std::int64_t due(std::chrono::steady_clock::time_point now);
    std::int64_t next_time();
    void finish();

    Graph& graph_;
    ReplayOptions options_;
    std::vector<Lane> lanes_;
    std::vector<Lane*> open_;  // that have rows to give in this chunk
    std::unique_ptr<Graph::Running> running_;
    std::atomic<bool> paused_{false}, stopped_{false}, done_{false};
    std::atomic<std::uint64_t> rows_{0};
    bool started_ = false;
    std::int64_t first_event_ = 0;
    std::chrono::steady_clock::time_point first_clock_, looked_;
    int between_looks_ = 1;
};

}  // namespace openquant
