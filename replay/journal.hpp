// Records what a graph takes in, in order, so that a replay of it gives the same bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "openquant/engine/graph.hpp"
#include "openquant/replay/journal_format.hpp"

namespace openquant {

struct JournalOptions {
    std::uint64_t segment_bytes = 64ull << 20;  // a file that has grown to this is followed by another
};

/// Writes a journal: a folder of segments that holds all that a graph was told, from now until `close`. It is handed to the
/// operating system before the graph works on it, so a process that is killed loses nothing that it had worked on. It is
/// forced to the disk at the end of each segment and by `close` only, not record by record: a machine that loses power may
/// lose the tail. What a graph had taken in before is kept as a snapshot.
class JournalWriter final : public Recorder {
public:
    /// Begins to record the graph, which must not be running. The folder is made if it is missing. Throws
    /// std::invalid_argument if it holds a journal already, or if the graph is recorded already.
    JournalWriter(std::string folder, Graph& graph, const JournalOptions& options = {});
    /// Closes without telling of errors. The graph must still be there, and not be running.
    ~JournalWriter() override;
    JournalWriter(const JournalWriter&) = delete;

    /// Ends the recording of a graph that is not running. Throws std::runtime_error where the disk refuses.
    void close();
    bool closed() const { return closed_; }
    const std::string& folder() const { return folder_; }

    // Each throws std::runtime_error, which names the file and the reason, if something cannot be written: now or since.
    void taken(std::size_t source, const Batch& batch, std::size_t begin, std::size_t end) override;
    void chunk_begins() override { write_out(); }
    void flushed() override;
    void handed_over() override;
    void restored(const std::vector<std::uint8_t>& snapshot) override;

private:
    struct Lane {
        std::vector<journal::Place> places;
        std::size_t fields = 0;
        std::uint64_t dictionary = 0;
        std::size_t names = 0;  // of it, written so far
        bool kinds = false;     // it came with kinds
        std::size_t next_break = 0;
    };
    void begin(Graph& graph);
    void put_names(std::size_t source, const Batch& batch);
    std::size_t put_rows(std::size_t source, const Batch& batch, std::size_t begin, std::size_t end);
    std::byte* put(journal::Type type, std::size_t source, IdKind ids, std::uint64_t length);
    static void seal(std::byte* payload);
    void put_bytes(journal::Type type, std::size_t source, const std::vector<std::uint8_t>& bytes);
    void put_mark(journal::Type type);
    void open_segment();
    void end_segment(journal::Type mark);
    void write_out();
    void write();
    void refuse_if_failed() const;
    [[noreturn]] void fail(const std::string& what, int reason);

    std::string folder_, path_;
    Graph* graph_;
    JournalOptions options_;
    std::vector<Lane> lanes_;
    std::vector<std::uint8_t> sources_;  // how a segment begins
    Writer names_;                       // the last that were put
    std::vector<std::byte> buffer_;
    std::size_t used_ = 0;
    int file_ = -1;
    std::uint32_t segment_ = 0;
    std::uint64_t segment_size_ = 0;
    bool begun_ = false;  // more than the sources is written
    bool failed_ = false, closed_ = false;
};

}  // namespace openquant
