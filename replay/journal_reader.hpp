// Reads a journal record by record: what is torn at its end is cut, what is damaged elsewhere is refused.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "openquant/engine/continuity.hpp"
#include "openquant/replay/journal_format.hpp"

namespace openquant {

struct JournalRecord {
    journal::Type type = journal::Type::closed;
    IdKind ids = IdKind::unknown;
    std::size_t source = 0;
    std::span<const std::byte> payload;
};

/// Holds one segment in memory at a time. Errors name the file and the offset.
class JournalReader {
public:
    /// Reads up to the first record. Throws FileMissing for a folder that is not there, and std::invalid_argument for one
    /// without a journal, for a missing segment and for a journal of another version.
    explicit JournalReader(const std::string& folder);

    const std::vector<journal::StoredSource>& sources() const { return sources_; }
    /// The next record but for those that only hold the file together; valid until the call after. False at the end. Throws
    /// std::invalid_argument for damage.
    bool next(JournalRecord& record);

    /// Bytes at the end of the last segment behind its last sound record, known at the end: a writer was stopped there.
    std::uint64_t torn_bytes() const { return torn_; }
    /// The recording was closed in order; known at the end.
    bool closed() const { return closed_; }
    /// Share of the bytes read so far, 0 to 1.
    double progress() const;
    /// The last record read makes no sense.
    [[noreturn]] void refuse(const std::string& why) const { refuse_at(offset_, why); }

private:
    void load(std::size_t segment);
    void read_beginning();
    std::optional<JournalRecord> record_at(std::size_t offset) const;
    bool sound_from(std::size_t offset) const;
    bool last() const { return segment_ + 1 == sizes_.size(); }
    void cut(std::size_t offset);
    std::string path(std::size_t segment) const;
    [[noreturn]] void refuse_at(std::size_t offset, const std::string& why) const;

    std::string folder_;
    std::vector<std::uint64_t> sizes_;  // of the segments
    std::uint64_t total_ = 0, before_ = 0;
    std::size_t segment_ = 0;
    std::vector<std::byte> bytes_;  // of the segment
    std::size_t at_ = 0, offset_ = 0;
    std::vector<journal::StoredSource> sources_;
    std::uint64_t torn_ = 0;
    bool closed_ = false, ended_ = false;
};

/// A source of a recorded graph.
struct JournalSource {
    std::string name, type;
    IdKind ids = IdKind::unknown;
};
/// The sources of the graph that was recorded. Throws as JournalReader.
std::vector<JournalSource> journal_sources(const std::string& folder);

}  // namespace openquant
