#include "openquant/replay/journal_replay.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <thread>

namespace openquant {

using namespace journal;
using Monotonic = std::chrono::steady_clock;

namespace {

constexpr std::size_t records_per_chunk = 4096;
constexpr std::size_t large = 256;  // rows of a record that are handed on where they are

std::string source_text(const std::string& name, std::string_view type, IdKind ids) {
    return "source '" + name + "' of " + std::string(type) + " rows with " + std::string(id_kind_names[static_cast<std::size_t>(ids)]) + " ids";
}

bool same_fields(const StoredSource& stored, const EventType& type) {
    return std::equal(stored.fields.begin(), stored.fields.end(), type.fields.begin(), type.fields.end(),
                      [](const StoredSource::Field& a, const FieldInfo& b) { return a.name == b.name && a.kind == static_cast<std::uint8_t>(b.kind); });
}

template <class T>
T read(const std::byte* from) {
    T out;
    std::memcpy(&out, from, sizeof out);
    return out;
}

}  // namespace

JournalReplay::JournalReplay(Graph& graph, const std::string& folder, JournalReplayOptions options)
    : graph_(graph), options_(std::move(options)), reader_(folder) {
    match_sources();
    bool unread = reader_.next(record_);
    if (unread && record_.type == Type::snapshot) {
        const auto* bytes = reinterpret_cast<const std::uint8_t*>(record_.payload.data());
        graph_.restore({bytes, bytes + record_.payload.size()});
        unread = false;
    }
    running_ = std::make_unique<Graph::Running>(graph);
    if (unread) prepare();
}

void JournalReplay::match_sources() {
    for (const StoredSource& stored : reader_.sources()) {
        const auto& ours = graph_.sources();
        const std::string theirs = source_text(stored.name, stored.type, static_cast<IdKind>(stored.ids));
        const auto at = std::find_if(ours.begin(), ours.end(), [&](const auto& source) { return source->name == stored.name; });
        if (at == ours.end()) throw std::invalid_argument("the journal is of another graph: it has a " + theirs + ", which this one lacks");
        const EventType& type = *(*at)->rows.type;
        if (type.name != stored.type || static_cast<std::uint8_t>((*at)->ids) != stored.ids)
            throw std::invalid_argument("the journal is of another graph: it has a " + theirs + " where this one has a " +
                                        source_text(stored.name, type.name, (*at)->ids));
        if (!same_fields(stored, type)) throw std::invalid_argument("the journal's " + stored.type + " rows have other fields than those of this openquant");
        Lane& lane = lanes_.emplace_back();
        lane.source = static_cast<std::size_t>(at - ours.begin());
        if (const auto said = options_.ids.find(stored.name); said != options_.ids.end()) lane.ids = said->second;
        lane.places = places(type);
        lane.batch.columns.resize(type.fields.size());
    }
    for (Lane& lane : lanes_) lane.batch.names = &lane.names, lane.batch.dictionary = new_dictionary();
}

void JournalReplay::run() {
    while (!run_for(std::chrono::hours(1))) {}
}

bool JournalReplay::run_for(std::chrono::milliseconds budget) {
    const auto deadline = Monotonic::now() + budget;
    while (!done_ && !stopped_) {
        if (Monotonic::now() >= deadline) return false;
        if (paused_) std::this_thread::sleep_for(std::chrono::milliseconds(1));
        else chunk(std::numeric_limits<std::size_t>::max());
    }
    if (stopped_) finish();
    return true;
}

bool JournalReplay::step(std::size_t rows) {
    for (std::size_t left = rows; left > 0 && !done_;) left -= chunk(left);
    return !done_;
}

Rejections JournalReplay::rejected() const {
    Rejections total{};
    for (const Lane& lane : lanes_)
        for (std::size_t i = 0; i < total.size(); ++i) total[i] += graph_.sources()[lane.source]->rejected[i];
    return total;
}

/// Makes sure that there is a record to work on. False at the end.
bool JournalReplay::load() {
    while (!loaded_ && reader_.next(record_)) prepare();
    return loaded_;
}

/// Names are kept, rows opened on their source; rows and marks are then to be worked on.
void JournalReplay::prepare() {
    if (record_.type == Type::names || record_.type == Type::rows) {
        if (record_.source >= lanes_.size()) reader_.refuse("it is of a source that the journal does not have");
        Lane& lane = lanes_[record_.source];
        if (record_.type == Type::names) return read_names(lane);
        read_rows(lane);
        graph_.sources()[lane.source]->open(lane.batch);
        at_ = 0;
    }
    loaded_ = true;
}

void JournalReplay::read_names(Lane& lane) {
    StoredNames stored;
    try {
        Reader(reinterpret_cast<const std::uint8_t*>(record_.payload.data()), record_.payload.size()).get(stored);
    } catch (const std::invalid_argument&) { reader_.refuse("its names make no sense"); }
    if (stored.first == 0) {
        lane.names.clear(), lane.kinds.clear();
        lane.batch.dictionary = new_dictionary();
    }
    if (stored.first != lane.names.size() || stored.kinds.size() != stored.names.size()) reader_.refuse("its names do not go on where those before ended");
    for (std::string& name : stored.names) lane.names.push_back(std::move(name));
    for (const std::uint8_t kind : stored.kinds) {
        if (kind > static_cast<std::uint8_t>(IdKind::dense)) reader_.refuse("a name has ids of no known kind");
        lane.kinds.push_back(static_cast<IdKind>(kind));
    }
    const bool any = std::any_of(lane.kinds.begin(), lane.kinds.end(), [](IdKind kind) { return kind != IdKind::unknown; });
    lane.batch.kinds = any ? &lane.kinds : nullptr;
}

/// The record as a batch of columns that lie where they were read.
void JournalReplay::read_rows(Lane& lane) {
    const std::size_t fields = lane.batch.columns.size(), head = sizeof(RowCounts) + padded(fields);
    if (record_.payload.size() < head) reader_.refuse("its rows are cut short");
    const std::byte* from = record_.payload.data();
    const auto counts = read<RowCounts>(from);
    const std::byte* const presences = from + sizeof counts;
    const auto presence = [&](const Place& place) { return place.field == fields ? Presence::whole : static_cast<Presence>(presences[place.field]); };
    std::uint64_t length = head + std::uint64_t{counts.breaks} * sizeof(StoredBreak);
    for (const Place& place : lane.places) {
        if (presence(place) > Presence::repeated || (counts.rows > 0 && place.required && presence(place) != Presence::whole))
            reader_.refuse("its rows lack a column that they must have");
        length += place.size(presence(place), counts.rows);
    }
    if (length != record_.payload.size()) reader_.refuse("its rows are not as long as they say");

    Batch& batch = lane.batch;
    batch.rows = counts.rows;
    batch.ids = record_.ids == IdKind::unknown ? lane.ids : record_.ids;
    batch.breaks.clear();
    from += head;
    for (std::uint32_t i = 0; i < counts.breaks; ++i, from += sizeof(StoredBreak)) {
        const auto b = read<StoredBreak>(from);
        if (b.before > counts.rows || b.kind >= std::size(break_names)) reader_.refuse("it reports a break that makes no sense");
        batch.breaks.push_back({b.before, b.code, {b.ts, static_cast<Break>(b.kind), b.id, b.count}});
    }
    for (const Place& place : lane.places) {
        const Presence how = presence(place);
        const std::size_t mask = how == Presence::repeated ? 0 : ~std::size_t{0};
        if (place.field == fields) batch.codes = {reinterpret_cast<const std::uint32_t*>(from)};
        else batch.columns[place.field] = how == Presence::absent ? Column<std::byte>{} : Column<std::byte>{from, mask};
        from += place.size(how, counts.rows);
    }
}

/// What stands between chunks. An end of the streams waits for what follows it, for the last one may be unwanted.
void JournalReplay::mark() {
    if (record_.type != Type::flush && record_.type != Type::hand_over) reader_.refuse("a snapshot stands in the midst of the recording");
    if (std::exchange(end_, record_.type == Type::flush)) graph_.flush();
    if (record_.type == Type::hand_over) graph_.hand_over();
    loaded_ = false;
}

/// Takes a chunk's rows, up to `most`, and runs them; returns how many. Ends the replay at the end of the journal.
std::size_t JournalReplay::chunk(std::size_t most) {
    const std::size_t limit = std::min(most, graph_.chunk_rows(options_.chunk));
    while (load() && record_.type != Type::rows) mark();
    if (!loaded_) return finish(), 0;
    if (std::exchange(end_, false)) graph_.flush();
    graph_.begin_chunk();
    std::size_t taken = 0;
    bool more = true;
    for (std::size_t records = 0; more && records < records_per_chunk && load() && record_.type == Type::rows; ++records) {
        const Lane& lane = lanes_[record_.source];
        const std::size_t rows = std::min(limit - taken, lane.batch.rows - at_);
        const bool alone = records == 0 && rows >= large;
        if (alone) graph_.borrow(lane.source, at_, at_ + rows);
        else graph_.take(lane.source, at_, at_ + rows);
        taken += rows, at_ += rows;
        loaded_ = at_ < lane.batch.rows;
        more = taken < limit && !alone;  // what lies where it was read must stay there until it has run
    }
    graph_.run_chunk();
    rows_ += taken;
    progress_ = reader_.progress();
    return taken;
}

void JournalReplay::finish() {
    if (done_.exchange(true)) return;
    if (options_.end_streams.value_or(end_) && !stopped_) graph_.flush();
    progress_ = reader_.progress();
    running_.reset();
}

}  // namespace openquant
