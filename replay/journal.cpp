#include "openquant/replay/journal.hpp"

#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>  // the CRC

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <stdexcept>

namespace openquant {

using namespace journal;

std::uint32_t journal::crc(const std::byte* data, std::size_t size) {
    return static_cast<std::uint32_t>(crc32_z(0, reinterpret_cast<const Bytef*>(data), size));
}

namespace {

constexpr std::size_t rows_per_record = 1 << 16, breaks_per_record = 1 << 16;
constexpr std::size_t full_buffer = 1 << 20;  // written even before the chunk is whole

bool holds_journal(const std::string& folder) {
    const auto files = std::filesystem::directory_iterator(folder);
    return std::any_of(begin(files), end(files), [](const auto& file) { return file.path().extension() == ".oqj"; });
}
std::invalid_argument taken_folder(const std::string& folder) {
    return std::invalid_argument("'" + folder + "' holds a journal already: record into another folder");
}

void force_folder(const std::string& folder) {
    if (const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); fd >= 0) ::fsync(fd), ::close(fd);
}

std::vector<std::uint8_t> stored_sources(const Graph& graph) {
    std::vector<StoredSource> out;
    for (const auto& source : graph.sources()) {
        const EventType& type = *source->rows.type;
        out.push_back({source->name, std::string(type.name), static_cast<std::uint8_t>(source->ids), {}});
        for (const FieldInfo& field : type.fields) out.back().fields.push_back({std::string(field.name), static_cast<std::uint8_t>(field.kind)});
    }
    Writer bytes;
    bytes.put(out);
    return std::move(bytes.bytes);
}

/// As the source reports breaks: those before one of the rows, and at the end of its batch those behind the last.
bool due(const Batch& batch, std::size_t at, std::size_t end) {
    return at < batch.breaks.size() && (end == batch.rows ? batch.breaks[at].before <= end : batch.breaks[at].before < end);
}

}  // namespace

JournalWriter::JournalWriter(std::string folder, Graph& graph, const JournalOptions& options)
    : folder_(std::move(folder)), graph_(&graph), options_(options), buffer_(2 * full_buffer) {
    if (options.segment_bytes == 0 || options.segment_bytes > largest_segment)
        throw std::invalid_argument("record: segment_bytes = " + std::to_string(options.segment_bytes) + " is out of range; it must be in [1, " +
                                    std::to_string(largest_segment) + "]");
    graph.record(this);
    try {
        begin(graph);
    } catch (...) {
        graph.record(nullptr);
        if (file_ >= 0) ::close(file_);
        if (segment_ > 0) ::unlink(path_.c_str());
        throw;
    }
}

void JournalWriter::begin(Graph& graph) {
    std::error_code error;
    std::filesystem::create_directories(folder_, error);
    if (error) throw std::runtime_error("cannot make the folder '" + folder_ + "': " + error.message());
    if (holds_journal(folder_)) throw taken_folder(folder_);
    for (const auto& source : graph.sources()) lanes_.push_back({places(*source->rows.type), source->rows.type->fields.size()});
    sources_ = stored_sources(graph);
    open_segment();
    begun_ = graph.position() > 0;
    if (begun_) put_bytes(Type::snapshot, 0, graph.snapshot());
    write();
}

JournalWriter::~JournalWriter() {
    try {
        close();
    } catch (...) {  // nobody is left to tell
    }
    if (file_ >= 0) ::close(file_);
}

void JournalWriter::close() {
    if (closed_) return;
    graph_->record(nullptr);
    closed_ = true;
    if (!failed_) end_segment(Type::closed);
}

void JournalWriter::taken(std::size_t source, const Batch& batch, std::size_t begin, std::size_t end) {
    refuse_if_failed();
    begun_ = true;
    Lane& lane = lanes_[source];
    if (begin == 0) lane.next_break = 0;
    put_names(source, batch);
    while (begin < end || due(batch, lane.next_break, end)) {
        begin = put_rows(source, batch, begin, std::min(end, begin + rows_per_record));
        if (used_ >= full_buffer) write_out();
    }
}

void JournalWriter::flushed() {
    begun_ = true;
    put_mark(Type::flush);
    write_out();
}

void JournalWriter::handed_over() {
    begun_ = true;
    put_mark(Type::hand_over);
    write_out();
}

/// Such as by the replay of a journal that begins with a snapshot, as history.
void JournalWriter::restored(const std::vector<std::uint8_t>& snapshot) {
    refuse_if_failed();
    if (begun_) throw std::invalid_argument("the graph is being recorded, and has taken in rows: restore it before the recording begins");
    begun_ = true;
    put_bytes(Type::snapshot, 0, snapshot);
    write_out();
}

/// Those names of the batch's dictionary that are not written yet.
void JournalWriter::put_names(std::size_t source, const Batch& batch) {
    if (!batch.names) return;
    if (batch.finder) batch.finder->find_all();  // none may follow that were left out
    Lane& lane = lanes_[source];
    const bool kinds = batch.kinds != nullptr;
    if (batch.dictionary != lane.dictionary || kinds != lane.kinds) lane.names = 0;
    lane.dictionary = batch.dictionary, lane.kinds = kinds;
    const std::size_t size = batch.names->size();
    if (lane.names >= size) return;
    StoredNames stored{lane.names, {batch.names->begin() + static_cast<std::ptrdiff_t>(lane.names), batch.names->end()}, {}};
    for (; lane.names < size; ++lane.names) stored.kinds.push_back(static_cast<std::uint8_t>(kinds ? (*batch.kinds)[lane.names] : IdKind::unknown));
    names_.bytes.clear();
    names_.put(stored);
    put_bytes(Type::names, source, names_.bytes);
}

/// A record of rows [begin, end) and the breaks among them, or as far as it may be full of breaks; returns where it ends.
std::size_t JournalWriter::put_rows(std::size_t source, const Batch& batch, std::size_t begin, std::size_t end) {
    Lane& lane = lanes_[source];
    std::size_t last = lane.next_break;
    while (last - lane.next_break < breaks_per_record && due(batch, last, end)) ++last;
    if (due(batch, last, end)) end = std::max(begin, batch.breaks[last].before);
    const std::size_t rows = end - begin;
    const auto presence = [&](const Place& place) {
        if (rows == 0) return Presence::absent;
        if (place.required) return Presence::whole;
        const auto& column = batch.columns[place.field];
        return !column.data ? Presence::absent : column.mask == 0 ? Presence::repeated : Presence::whole;
    };
    std::uint64_t length = sizeof(RowCounts) + padded(lane.fields) + (last - lane.next_break) * sizeof(StoredBreak);
    for (const Place& place : lane.places) length += place.size(presence(place), rows);

    std::byte* const payload = put(Type::rows, source, batch.ids, length);
    const RowCounts counts{static_cast<std::uint32_t>(rows), static_cast<std::uint32_t>(last - lane.next_break)};
    std::memcpy(payload, &counts, sizeof counts);
    std::byte* const presences = payload + sizeof counts;
    std::memset(presences, 0, padded(lane.fields));
    std::byte* out = presences + padded(lane.fields);
    for (; lane.next_break < last; ++lane.next_break, out += sizeof(StoredBreak)) {
        const auto& [before, code, row] = batch.breaks[lane.next_break];
        const StoredBreak stored{
            static_cast<std::uint32_t>(std::clamp(before, begin, end) - begin), code, row.ts, row.id, row.count, static_cast<std::uint64_t>(row.kind)};
        std::memcpy(out, &stored, sizeof stored);
    }
    for (const Place& place : lane.places) {
        const bool codes = place.field == lane.fields;
        const Presence how = presence(place);
        const std::size_t size = place.size(how, rows);
        if (!codes) presences[place.field] = static_cast<std::byte>(how);
        if (size == 0) continue;
        if (codes && batch.codes.mask == 0) {
            for (std::size_t row = 0; row < rows; ++row) std::memcpy(out + row * place.width, batch.codes.data, place.width);
        } else {
            const std::byte* from = codes ? reinterpret_cast<const std::byte*>(batch.codes.data) : batch.columns[place.field].data;
            std::memcpy(out, how == Presence::repeated ? from : from + begin * place.width, size);
        }
        out += size;
    }
    seal(payload);
    return end;
}

/// Room for a record behind its header, which `seal` completes.
std::byte* JournalWriter::put(Type type, std::size_t source, IdKind ids, std::uint64_t length) {
    if (length > largest_record) fail("cannot be written", EFBIG);
    const std::size_t size = padded(length), wanted = used_ + sizeof(Header) + size;
    if (wanted > buffer_.size()) buffer_.resize(std::max(wanted, 2 * buffer_.size()));
    const Header header{static_cast<std::uint32_t>(length), type, static_cast<std::uint8_t>(ids), static_cast<std::uint16_t>(source), 0, 0};
    std::memcpy(buffer_.data() + used_, &header, sizeof header);
    used_ = wanted;
    std::byte* const payload = buffer_.data() + used_ - size;
    std::memset(payload + length, 0, size - length);
    return payload;
}

void JournalWriter::seal(std::byte* payload) {
    Header header;
    std::memcpy(&header, payload - sizeof header, sizeof header);
    header.crc = crc(payload, padded(header.length));
    header.check = check_of(header);
    std::memcpy(payload - sizeof header, &header, sizeof header);
}

void JournalWriter::put_bytes(Type type, std::size_t source, const std::vector<std::uint8_t>& bytes) {
    std::byte* const payload = put(type, source, IdKind::unknown, bytes.size());
    std::memcpy(payload, bytes.data(), bytes.size());
    seal(payload);
}

void JournalWriter::put_mark(Type type) {
    refuse_if_failed();
    seal(put(type, 0, IdKind::unknown, 0));
}

/// The next file, which nobody else may have made. Called when nothing waits to be written.
void JournalWriter::open_segment() {
    path_ = folder_ + "/" + segment_name(segment_ + 1);
    file_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0644);
    failed_ = file_ < 0;
    if (failed_ && errno == EEXIST) throw taken_folder(folder_);
    if (failed_) fail("cannot be made", errno);
    segment_size_ = 0;
    const Prefix prefix{magic, version, ++segment_};
    std::memcpy(buffer_.data(), &prefix, sizeof prefix);
    used_ = sizeof prefix;
    put_bytes(Type::sources, 0, sources_);
    write();
}

void JournalWriter::end_segment(Type mark) {
    put_mark(mark);
    write();
    if (::fsync(file_) != 0) fail("cannot be forced to the disk", errno);
    if (::close(std::exchange(file_, -1)) != 0) fail("cannot be closed", errno);
    force_folder(folder_);
}

void JournalWriter::write_out() {
    refuse_if_failed();
    write();
    if (segment_size_ < options_.segment_bytes) return;
    end_segment(Type::end);
    open_segment();
}

void JournalWriter::write() {
    const std::byte* data = buffer_.data();
    for (std::size_t left = std::exchange(used_, 0); left > 0;) {
        const ssize_t n = ::write(file_, data, left);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) fail("cannot be written", errno);
        data += n, left -= static_cast<std::size_t>(n);
        segment_size_ += static_cast<std::uint64_t>(n);
    }
}

void JournalWriter::refuse_if_failed() const {
    if (failed_) throw std::runtime_error("journal '" + path_ + "' could not be written before: close it and record into another folder");
}

void JournalWriter::fail(const std::string& what, int reason) {
    failed_ = true;
    if (file_ >= 0) ::close(std::exchange(file_, -1));
    throw std::runtime_error("journal '" + path_ + "' " + what + ": " + std::strerror(reason));
}

}  // namespace openquant
