#include "twin.hpp"

#include <cmath>
#include <cstring>
#include "catch.hpp"

namespace openquant::testing {

namespace {

std::string source_name(std::size_t i) { return "source_" + std::to_string(i); }

template <class T>
std::string cell_text(const std::vector<std::byte>& column, std::size_t row) {
    T x;
    std::memcpy(&x, column.data() + row * sizeof x, sizeof x);
    if constexpr (std::is_same_v<T, double>) return text_of(x);
    else return std::to_string(x);
}

std::string row_text(const Collected& c, std::size_t row) {
    if (row >= c.rows()) return "nothing";
    std::string out = c.symbols[row];
    for (std::size_t i = 0; i < c.columns.size(); ++i) {
        const FieldInfo& field = c.type->fields[i];
        out += " " + std::string(field.name) + "=";
        if (field.kind == Kind::f64) out += cell_text<double>(c.columns[i], row);
        else if (width(field.kind) == 8) out += cell_text<std::int64_t>(c.columns[i], row);
        else if (width(field.kind) == 4) out += cell_text<std::uint32_t>(c.columns[i], row);
        else out += cell_text<std::int8_t>(c.columns[i], row);
    }
    return out;
}

bool same_row(const Collected& a, const Collected& b, std::size_t row) {
    if (a.symbols[row] != b.symbols[row]) return false;
    for (std::size_t i = 0; i < a.columns.size(); ++i) {
        const std::size_t bytes = width(a.type->fields[i].kind);
        if (std::memcmp(a.columns[i].data() + row * bytes, b.columns[i].data() + row * bytes, bytes) != 0) return false;
    }
    return true;
}

std::string compare(const Outputs& a, const Outputs& b, bool prefix) {
    if (a.size() != b.size()) return "different numbers of streams";
    for (std::size_t s = 0; s < a.size(); ++s) {
        if (a[s].type != b[s].type) return "stream " + std::to_string(s) + " has another type";
        const std::size_t common = std::min(a[s].rows(), b[s].rows());
        for (std::size_t row = 0; row < std::max(common, prefix ? a[s].rows() : std::max(a[s].rows(), b[s].rows())); ++row)
            if (row >= common || !same_row(a[s], b[s], row))
                return "stream " + std::to_string(s) + " (" + std::string(a[s].type->name) + ") row " + std::to_string(row) + ": " + row_text(a[s], row) +
                       "\n  but expected " + row_text(b[s], row);
    }
    return {};
}

}  // namespace

Collected collected(const EventType& type, const std::vector<Tick>& ticks) {
    Collected out{&type, {}, std::vector<std::vector<std::byte>>(type.fields.size())};
    for (const Tick& tick : ticks) {
        out.symbols.push_back(tick.symbol);
        std::visit(
            [&]<class E>(const E& e) {
                for_each_field<E>([&](auto index, auto f) {
                    const auto* bytes = reinterpret_cast<const std::byte*>(&(e.*(f.member)));
                    out.columns[index.value].insert(out.columns[index.value].end(), bytes, bytes + sizeof(e.*(f.member)));
                });
            },
            tick.row);
    }
    return out;
}

Collected collected(const Table& table, const SymbolTable& symbols) {
    const Table::Contents contents = table.contents();
    Collected out{contents.type, {}, {}};
    for (const auto& column : contents.columns) out.columns.emplace_back(column.begin(), column.end());
    for (const SymbolId id : contents.symbols) out.symbols.push_back(id == every_symbol ? every_name : symbols.name(id));
    return out;
}

void append(Outputs& to, const Outputs& more) {
    for (std::size_t s = 0; s < to.size(); ++s) {
        to[s].symbols.insert(to[s].symbols.end(), more[s].symbols.begin(), more[s].symbols.end());
        for (std::size_t i = 0; i < to[s].columns.size(); ++i)
            to[s].columns[i].insert(to[s].columns[i].end(), more[s].columns[i].begin(), more[s].columns[i].end());
    }
}

std::string difference(const Outputs& a, const Outputs& b) { return compare(a, b, false); }
std::string not_a_prefix(const Outputs& a, const Outputs& b) { return compare(a, b, true); }

std::string not_finite(const Outputs& outputs) {
    for (const Collected& c : outputs)
        for (std::size_t i = 0; i < c.columns.size(); ++i) {
            if (c.type->fields[i].kind != Kind::f64) continue;
            for (std::size_t row = 0; row < c.rows(); ++row) {
                double x;
                std::memcpy(&x, c.columns[i].data() + row * sizeof x, sizeof x);
                if (!std::isfinite(x)) return row_text(c, row);
            }
        }
    return {};
}

std::size_t total_rows(const Outputs& outputs) {
    std::size_t n = 0;
    for (const Collected& c : outputs) n += c.rows();
    return n;
}

std::size_t Twin::source(Recording recording) {
    if (!added_.empty()) throw std::logic_error("twin: sources come first");
    const std::size_t stream = streams_.size();
    streams_.push_back(recording.type);
    streams_.push_back(&event_type<Continuity>());
    source_of_.push_back(recordings_.size());
    source_of_.push_back(std::nullopt);
    recordings_.push_back(std::move(recording));
    return stream;
}

std::size_t Twin::add(const OperatorCase& op, std::vector<std::optional<std::size_t>> inputs) {
    if (inputs.size() != op.inputs.size()) throw std::logic_error("twin: one entry for each input of " + op.signature);
    std::optional<std::size_t> breaks;
    for (const auto& in : inputs)
        if (in && source_of_[*in]) breaks = *in + 1;
    for (std::size_t i = 0; i < inputs.size(); ++i)
        if (!inputs[i] && op.inputs[i].type == &event_type<Continuity>()) inputs[i] = breaks;
    added_.push_back({op, std::move(inputs)});
    streams_.push_back(op.output);
    source_of_.push_back(std::nullopt);
    return streams_.size() - 1;
}

std::unique_ptr<Twin::Built> Twin::build() const {
    auto built = std::make_unique<Built>();
    std::vector<Port> ports;
    for (std::size_t i = 0; i < recordings_.size(); ++i) {
        const Port port = with_type(*recordings_[i].type, [&]<class E>() { return built->graph.source<E>(source_name(i)); });
        ports.push_back(port);
        ports.push_back(port.continuity());
    }
    for (const Added& a : added_) {
        std::vector<Named> named;
        for (std::size_t i = 0; i < a.inputs.size(); ++i)
            if (a.inputs[i]) named.push_back({std::string(a.op.inputs[i].name), ports[*a.inputs[i]]});
        ports.push_back(built->graph.add_node(a.op.node(), {}, named));
    }
    for (const Port& port : ports) built->tables.push_back(&built->graph.collect(port));
    return built;
}

Outputs Twin::Built::outputs() const {
    Outputs out;
    for (const Table* table : tables) out.push_back(collected(*table, graph.symbols()));
    return out;
}

std::vector<std::pair<std::string, std::unique_ptr<Feed>>> Twin::feeds(std::size_t per_batch) const {
    std::vector<std::pair<std::string, std::unique_ptr<Feed>>> out;
    for (std::size_t i = 0; i < recordings_.size(); ++i) out.emplace_back(source_name(i), feed_of(recordings_[i], per_batch));
    return out;
}

std::vector<std::pair<std::string, std::unique_ptr<Feed>>> Twin::feeds(std::size_t begin, std::size_t end) const {
    std::vector<std::size_t> from(recordings_.size()), to(recordings_.size());
    const auto& order = expected().order;
    for (std::size_t i = 0; i < end; ++i) ++(i < begin ? from : to)[order[i]];
    std::vector<std::pair<std::string, std::unique_ptr<Feed>>> out;
    for (std::size_t i = 0; i < recordings_.size(); ++i) out.emplace_back(source_name(i), feed_of(recordings_[i], from[i], from[i] + to[i]));
    return out;
}

Outputs Twin::run(const RunOptions& options) const {
    const auto built = build();
    replay(built->graph, feeds(options.per_batch), options);
    return built->outputs();
}

const Twin::Expected& Twin::expected() const {
    if (expected_) return *expected_;
    Reference plain;
    for (const Recording& r : recordings_) plain.add_source(r.ids);
    for (const Added& a : added_) {
        std::vector<bool> wired;
        for (const auto& in : a.inputs) wired.push_back(in.has_value());
        plain.add(a.op.plain(wired), a.inputs);
    }
    plain.replay(recordings_);
    plain.flush();
    expected_.emplace();
    expected_->order = plain.order();
    for (std::size_t s = 0; s < streams_.size(); ++s) expected_->outputs.push_back(collected(*streams_[s], plain.rows(s)));
    return *expected_;
}

const Outputs& Twin::reference() const { return expected().outputs; }

std::size_t Twin::rows() const {
    std::size_t n = 0;
    for (const Recording& r : recordings_) n += r.ticks.size();
    return n;
}

void replay(Graph& graph, std::vector<std::pair<std::string, std::unique_ptr<Feed>>> feeds, const RunOptions& options) {
    Replay replay(graph, std::move(feeds), {options.chunk, 0.0, options.flush});
    if (options.chunk != 0) return replay.run();
    Random random(options.seed);
    while (replay.step(1 + random.below(random.chance(0.5) ? 8 : 2000))) {}
}

void check_against_reference(const Twin& twin) {
    const Outputs& expected = twin.reference();
    for (const std::size_t chunk : {std::size_t{1}, std::size_t{7}, std::size_t{1024}, std::size_t{1} << 30})
        CHECK(difference(twin.run({.chunk = chunk}), expected) == "");
    CHECK(difference(twin.run({.chunk = 0, .seed = 7, .per_batch = 97}), expected) == "");
}

}  // namespace openquant::testing
