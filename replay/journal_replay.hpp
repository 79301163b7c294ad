// Replays a journal: the graph is told what the recorded one was told, in the same order, and gives the same bytes.
#pragma once

#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "openquant/engine/graph.hpp"
#include "openquant/replay/journal_reader.hpp"

namespace openquant {

struct JournalReplayOptions {
    std::size_t chunk = 0;  // rows; 0: the engine's choice. Outputs do not depend on it.
    /// Whether the streams end behind the last record. By default as they did in the recording: those of a session that was
    /// stopped ended, those of one that was killed did not. False leaves them open for what is to follow, whatever was
    /// recorded; true ends them in any case. Where a recording went on behind an end of its streams, that end is always replayed.
    std::optional<bool> end_streams = {};
    /// What ids say of whose rows the recording tells no more, by source. For history from which a live feed goes on: with it,
    /// outputs are those of a graph that judged the ids.
    std::map<std::string, IdKind> ids = {};
};

class JournalReplay {
public:
    /// A graph with the journal's sources, by name, event type and kind of ids; it may have more. If the recording began on a
    /// graph that had run, its snapshot is restored here. Throws as JournalReader, and std::invalid_argument for another graph.
    JournalReplay(Graph& graph, const std::string& folder, JournalReplayOptions options = {});

    /// To the end of the journal, or until `stop`. Throws std::invalid_argument where the journal is damaged.
    void run();
    /// As `run`, but returns false after about `budget` if there is more to do.
    bool run_for(std::chrono::milliseconds budget);
    /// The next `rows` rows at once; false if that was the end.
    bool step(std::size_t rows = 1);

    // From any thread.
    void pause() { paused_ = true; }
    void resume() { paused_ = false; }
    void stop() { stopped_ = true; }
    bool paused() const { return paused_; }
    bool done() const { return done_; }
    std::uint64_t rows() const { return rows_; }
    double progress() const { return progress_; }
    /// Rows refused so far by the sources, by kind.
    Rejections rejected() const;

    // Known when done.
    /// Bytes of a torn tail, which were left out.
    std::uint64_t torn_bytes() const { return reader_.torn_bytes(); }
    /// False for a recording that was not closed in order.
    bool closed() const { return reader_.closed(); }

private:
    struct Lane {
        std::size_t source = 0;  // of the graph
        IdKind ids = IdKind::unknown;
        std::vector<journal::Place> places;
        std::vector<std::string> names;
        std::vector<IdKind> kinds;
        Batch batch;
    };
    void match_sources();
    bool load();
    void prepare();
    void read_names(Lane& lane);
    void read_rows(Lane& lane);
    void mark();
    std::size_t chunk(std::size_t most);
    void finish();

    Graph& graph_;
    JournalReplayOptions options_;
    JournalReader reader_;
    std::vector<Lane> lanes_;  // by source of the journal
    JournalRecord record_;
    bool loaded_ = false;  // `record_` is yet to be worked on
    std::size_t at_ = 0;   // first row of it that is not taken
    bool end_ = false;     // the streams ended just before `record_`
    std::unique_ptr<Graph::Running> running_;
    std::atomic<bool> paused_{false}, stopped_{false}, done_{false};
    std::atomic<std::uint64_t> rows_{0};
    std::atomic<double> progress_{0.0};
};

}  // namespace openquant
