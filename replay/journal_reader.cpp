#include "openquant/replay/journal_reader.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <map>
#include <stdexcept>

#include "openquant/replay/text_file.hpp"

namespace openquant {

using namespace journal;

namespace {

/// The number of a segment's file, 0 for a file that is none.
std::uint64_t segment_number(const std::string& name) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
    return error == std::errc() && name == segment_name(number) ? number : 0;
}

/// Sizes of the segments 1, 2 and so on of a folder.
std::vector<std::uint64_t> segments_of(const std::string& folder) {
    if (!std::filesystem::exists(folder)) throw FileMissing("no such folder: '" + folder + "'");
    if (!std::filesystem::is_directory(folder)) throw std::invalid_argument("'" + folder + "' is not the folder of a journal");
    std::map<std::uint64_t, std::uint64_t> found;
    for (const auto& file : std::filesystem::directory_iterator(folder))
        if (const auto number = segment_number(file.path().filename().string()); number > 0) found[number] = file.file_size();
    if (found.empty()) throw std::invalid_argument("'" + folder + "' holds no journal: it has no " + segment_name(1));
    std::vector<std::uint64_t> out;
    for (const auto& [number, size] : found) {
        if (number != out.size() + 1) throw std::invalid_argument("journal '" + folder + "' is incomplete: it has no " + segment_name(out.size() + 1));
        if (size > 3 * largest_segment) throw std::invalid_argument("'" + folder + "/" + segment_name(number) + "' is larger than any segment of a journal");
        out.push_back(size);
    }
    return out;
}

void read_file(const std::string& path, std::vector<std::byte>& out) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    std::size_t read = 0;
    ssize_t n = fd < 0 ? -1 : 0;
    while (fd >= 0 && read < out.size()) {
        n = ::read(fd, out.data() + read, out.size() - read);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) break;
        read += static_cast<std::size_t>(n);
    }
    const int reason = errno;
    if (fd >= 0) ::close(fd);
    if (n < 0) throw std::invalid_argument("cannot read '" + path + "': " + std::strerror(reason));
    out.resize(read);
}

}  // namespace

JournalReader::JournalReader(const std::string& folder) : folder_(folder), sizes_(segments_of(folder)) {
    for (const std::uint64_t size : sizes_) total_ += size;
    load(0);
    read_beginning();
    if (ended_) refuse_at(0, "nothing was recorded: it is cut short before its first record");
}

bool JournalReader::next(JournalRecord& record) {
    while (!ended_) {
        if (at_ == bytes_.size()) {
            if (!last()) refuse_at(at_, "it is cut short, and other segments follow");
            return ended_ = true, false;
        }
        const auto found = record_at(at_);
        if (!found) return cut(at_), false;
        offset_ = at_;
        at_ += sizeof(Header) + padded(found->payload.size());
        if (closed_) refuse("a record follows the end of the recording");
        switch (found->type) {
            case Type::sources: refuse("a second list of sources");
            case Type::closed: closed_ = true; continue;
            case Type::end:
                if (at_ != bytes_.size()) return cut(at_), false;
                if (last()) return ended_ = true, false;
                before_ += bytes_.size();
                load(segment_ + 1);
                read_beginning();
                continue;
            default: record = *found; return true;
        }
    }
    return false;
}

double JournalReader::progress() const { return ended_ || total_ == 0 ? 1.0 : static_cast<double>(before_ + at_) / static_cast<double>(total_); }

void JournalReader::load(std::size_t segment) {
    segment_ = segment;
    at_ = offset_ = 0;
    bytes_.resize(sizes_[segment]);
    read_file(path(segment), bytes_);
}

/// The prefix, and the sources, which must be those of the first segment.
void JournalReader::read_beginning() {
    Prefix prefix{};
    if (bytes_.size() < sizeof prefix) return cut(0);
    std::memcpy(&prefix, bytes_.data(), sizeof prefix);
    if (prefix.magic != magic) {
        if (segment_ > 0 && last() && !sound_from(0)) return cut(0);
        refuse_at(0, "it is not a segment of a journal");
    }
    if (prefix.version != version)
        refuse_at(0, "it is of version " + std::to_string(prefix.version) + ", and this openquant reads version " + std::to_string(version));
    if (prefix.segment != segment_ + 1) refuse_at(0, "it says that it is segment " + std::to_string(prefix.segment));
    const auto found = record_at(sizeof prefix);
    if (!found) return cut(sizeof prefix);
    at_ = sizeof prefix + sizeof(Header) + padded(found->payload.size());
    offset_ = sizeof prefix;
    if (found->type != Type::sources) refuse("the list of sources is missing");
    std::vector<StoredSource> sources;
    try {
        Reader in(reinterpret_cast<const std::uint8_t*>(found->payload.data()), found->payload.size());
        in.get(sources);
    } catch (const std::invalid_argument&) { refuse("the list of sources makes no sense"); }
    for (const StoredSource& source : sources)
        if (source.ids > static_cast<std::uint8_t>(IdKind::dense)) refuse("the list of sources makes no sense");
    if (segment_ > 0 && sources != sources_) refuse("its sources are not those of the first segment");
    sources_ = std::move(sources);
}

/// The record there, if it is whole and undamaged.
std::optional<JournalRecord> JournalReader::record_at(std::size_t offset) const {
    Header header;
    const std::size_t left = bytes_.size() - offset;
    if (left < sizeof header) return {};
    std::memcpy(&header, bytes_.data() + offset, sizeof header);
    if (header.check != check_of(header) || padded(header.length) > left - sizeof header) return {};
    const std::byte* const payload = bytes_.data() + offset + sizeof header;
    if (header.crc != crc(payload, padded(header.length)) || header.type > Type::closed || header.ids > static_cast<std::uint8_t>(IdKind::dense)) return {};
    return JournalRecord{header.type, static_cast<IdKind>(header.ids), header.source, {payload, header.length}};
}

bool JournalReader::sound_from(std::size_t offset) const {
    for (; offset < bytes_.size(); offset += 8)
        if (record_at(offset)) return true;
    return false;
}

/// What stands at `offset` is no record: the torn end of a journal, or damage.
void JournalReader::cut(std::size_t offset) {
    if (!last() || sound_from(offset)) refuse_at(offset, "it is damaged");
    torn_ = bytes_.size() - offset;
    at_ = bytes_.size();
    ended_ = true;
}

std::string JournalReader::path(std::size_t segment) const { return folder_ + "/" + segment_name(segment + 1); }

void JournalReader::refuse_at(std::size_t offset, const std::string& why) const {
    throw std::invalid_argument("journal '" + path(segment_) + "', byte " + std::to_string(offset) + ": " + why);
}

std::vector<JournalSource> journal_sources(const std::string& folder) {
    std::vector<JournalSource> out;
    const JournalReader reader(folder);
    for (const auto& source : reader.sources()) out.push_back({source.name, source.type, static_cast<IdKind>(source.ids)});
    return out;
}

}  // namespace openquant
