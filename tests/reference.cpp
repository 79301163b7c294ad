#include "reference.hpp"

#include <algorithm>
#include <tuple>

namespace openquant::testing {

namespace {

int compare(const PlainKey& a, const PlainKey& b) {
    if (a.position != b.position) return a.position < b.position ? -1 : 1;
    for (std::size_t i = 0; i < std::max(a.path.size(), b.path.size()); ++i) {
        const std::uint32_t x = i < a.path.size() ? a.path[i] : 0, y = i < b.path.size() ? b.path[i] : 0;
        if (x != y) return x < y ? -1 : 1;
    }
    return 0;
}

}  // namespace

bool operator<(const PlainKey& a, const PlainKey& b) { return compare(a, b) < 0; }
bool operator==(const PlainKey& a, const PlainKey& b) { return compare(a, b) == 0; }

bool Reference::Delivery::operator<(const Delivery& other) const {
    const int keys = compare(key, other.key);
    if (keys != 0) return keys < 0;
    return std::tie(node, input, number) < std::tie(other.node, other.input, other.number);
}

std::size_t Reference::add_source(IdKind ids) {
    const std::size_t rows = streams_.size();
    streams_.resize(rows + 2);
    Source source;
    source.rows = rows, source.breaks = rows + 1, source.ids = ids;
    sources_.push_back(std::move(source));
    return rows;
}

std::size_t Reference::add(std::unique_ptr<PlainNode> node, std::vector<std::optional<std::size_t>> inputs) {
    const std::size_t rank = nodes_.size(), output = streams_.size();
    Stream stream;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        if (!inputs[i]) continue;
        streams_[*inputs[i]].consumers.push_back({rank, i});
        stream.depth = std::max(stream.depth, streams_[*inputs[i]].depth);
    }
    stream.depth += node->fans_out();
    streams_.push_back(std::move(stream));
    nodes_.push_back({std::move(node), output, {}, 0});
    return output;
}

void Reference::replay(const std::vector<Recording>& recordings) {
    for (;;) {
        std::optional<std::size_t> first;
        std::int64_t earliest = 0;
        for (std::size_t i = 0; i < sources_.size(); ++i) {
            const Source& s = sources_[i];
            if (s.at == recordings[i].ticks.size()) continue;
            const Tick& tick = recordings[i].ticks[s.at];
            const bool valid = fault_of(tick.row) == Fault::none && !tick.symbol.empty();
            const std::int64_t time = valid ? std::max(s.latest, time_of(tick.row)) : s.latest;
            if (!first || time < earliest) first = i, earliest = time;
        }
        if (!first) break;
        order_.push_back(*first);
        take(sources_[*first], recordings[*first]);
        run();
    }
    for (Source& source : sources_) source.at = source.next_break = 0;
}

void Reference::take(Source& source, const Recording& recording) {
    report_before(source, recording, source.at);
    Tick tick = recording.ticks[source.at];
    if (fault_of(tick.row) != Fault::none || tick.symbol.empty()) {
        ++rejected_;
    } else {
        source.latest = std::max(source.latest, time_of(tick.row));
        if (tick.symbol != every_name) meet(tick.symbol);
        if (tick.symbol == every_name) push(source.rows, {position_++, {}}, tick);
        else if (judge(source, recording, tick)) push(source.rows, {position_++, {}}, tick);
        else ++rejected_;
    }
    if (++source.at == recording.ticks.size()) report_before(source, recording, source.at);
}

void Reference::report_before(Source& source, const Recording& recording, std::size_t row) {
    for (; source.next_break < recording.breaks.size() && recording.breaks[source.next_break].before <= row; ++source.next_break) {
        const ReportedBreak& b = recording.breaks[source.next_break];
        if (b.symbol != every_name) meet(b.symbol);
        const IdKind kind = recording.ids == IdKind::unknown ? source.ids : recording.ids;
        if (b.symbol == every_name || b.row.kind != Break::gap || b.row.count == 0 || kind != IdKind::dense) {
            report(source, b.symbol, b.row);
            continue;
        }
        Seen& seen = source.seen[b.symbol];
        const std::uint64_t first = seen.last_id + 1, until = b.row.id + b.row.count - 1;
        if (seen.last_id == 0 || until < first) continue;
        for (std::uint64_t gone = first; gone <= until; ++gone) seen.missing.insert(gone);
        report(source, b.symbol, {b.row.ts, Break::gap, first, until - first + 1});
        seen.last_id = until;
    }
}

/// Refuses a repeated id; reports gaps and what comes late, and flags a late trade.
bool Reference::judge(Source& source, const Recording& recording, Tick& tick) {
    Seen& seen = source.seen[tick.symbol];
    const std::int64_t ts = time_of(tick.row);
    std::uint32_t* flags = nullptr;
    std::uint64_t id = 0;
    if (auto* trade = std::get_if<Trade>(&tick.row)) flags = &trade->flags, id = trade->id;
    if (auto* trade = std::get_if<QuotedTrade>(&tick.row)) flags = &trade->flags, id = trade->id;
    const IdKind kind = recording.ids == IdKind::unknown ? source.ids : recording.ids;
    bool late = ts < seen.last_ts;
    if (kind == IdKind::opaque && id != 0) {
        auto& recent = seen.recent;
        if (std::find(recent.begin(), recent.end(), id) != recent.end()) {
            report(source, tick.symbol, {ts, Break::duplicate, id, 1});
            return false;
        }
        recent.push_back(id);
        if (recent.size() > RecentIds::capacity) recent.pop_front();
    } else if (kind != IdKind::unknown && id != 0) {
        if (seen.last_id == 0) seen.first_id = id;
        if (id < seen.first_id) {
            if (kind == IdKind::dense)
                for (std::uint64_t between = id + 1; between < seen.first_id; ++between) seen.missing.insert(between);
            seen.first_id = id;
            late = true;
        } else if (id <= seen.last_id) {
            const bool was_missing = seen.missing.erase(id) > 0;
            const bool known = kind == IdKind::monotonic ? id == seen.last_id : !was_missing;
            if (known) {
                report(source, tick.symbol, {ts, Break::duplicate, id, 1});
                return false;
            }
            late = true;
        } else {
            const std::uint64_t first = seen.last_id + 1;
            if (kind == IdKind::dense && seen.last_id != 0 && id > first) {
                for (std::uint64_t gone = first; gone < id; ++gone) seen.missing.insert(gone);
                report(source, tick.symbol, {ts, Break::gap, first, id - first});
            }
            seen.last_id = id;
        }
    }
    seen.last_ts = std::max(seen.last_ts, ts);
    if (late) {
        if (flags) *flags |= flag_late;
        report(source, tick.symbol, {ts, Break::late, id, 1});
    }
    return true;
}

void Reference::report(const Source& source, const std::string& symbol, const Continuity& row) {
    push(source.breaks, {position_++, {}}, {symbol, row});
    run();
}

void Reference::meet(const std::string& symbol) {
    if (symbols_.ids.try_emplace(symbol, static_cast<SymbolId>(symbols_.names.size())).second) symbols_.names.push_back(symbol);
}

void Reference::push(std::size_t stream, const PlainKey& key, const Tick& tick) {
    streams_[stream].rows.push_back(tick);
    for (const auto& [node, input] : streams_[stream].consumers) waiting_.insert({key, node, input, number_++, tick});
}

void Reference::run() {
    while (!waiting_.empty()) {
        const Delivery next = std::move(waiting_.extract(waiting_.begin()).value());
        Node& node = nodes_[next.node];
        const bool fans_out = node.node->fans_out();
        node.node->update(next.input, next.tick.symbol, next.tick.row, symbols_, [&](const std::string& symbol, const Row& row) {
            PlainKey key = next.key;
            if (fans_out) {
                if (!node.last || !(*node.last == next.key)) node.last = next.key, node.caused = 0;
                key.path.resize(streams_[node.output].depth - 1, 0);
                key.path.push_back(node.caused++);
            }
            push(node.output, key, {symbol, row});
        });
    }
}

void Reference::flush() {
    for (Node& node : nodes_) {
        std::vector<Tick> flushed;
        node.node->flush(symbols_, [&](const std::string& symbol, const Row& row) { flushed.push_back({symbol, row}); });
        for (const Tick& tick : flushed) {
            push(node.output, {position_++, {}}, tick);
            run();
        }
    }
}

}  // namespace openquant::testing
