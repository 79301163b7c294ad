#include "openquant/engine/graph.hpp"

#include <algorithm>
#include <stdexcept>

#include "openquant/engine/engine_loop.hpp"

namespace openquant {

namespace {

/// "TripleBarrier(pt=1.0)" -> "triple_barrier"
std::string snake_case(std::string_view signature) {
    std::string out;
    for (const char c : signature.substr(0, signature.find('('))) {
        if (c >= 'A' && c <= 'Z') out += (out.empty() ? "" : "_") + std::string(1, static_cast<char>(c - 'A' + 'a'));
        else out += c;
    }
    return out;
}

std::string input_list(const std::vector<NodeInput>& declared) {
    std::string out;
    for (const auto& in : declared)
        out += (out.empty() ? "" : ", ") + std::string(in.name) + ": " + std::string(in.type->name) + (in.required ? "" : " (optional)");
    return out;
}

void refuse_if_silent(const Port& port, const char* sink) {
    if (!port.stream || !port.stream->type) throw std::invalid_argument(std::string(sink) + ": this node emits nothing");
}

}  // namespace

Port Port::continuity() const {
    if (!breaks) throw std::invalid_argument("'" + stream->name + "' is not a source: only a source has a continuity port");
    return {graph, breaks, nullptr};
}

Graph::Graph() : loop_(std::make_unique<EngineLoop>(*this)) {}
Graph::~Graph() = default;

Port Graph::add_source(std::unique_ptr<Source> source) {
    refuse_if_sealed();
    source->name = unique_name(source->name, "source");
    const Port port{this, &source->rows, &source->continuity};
    sources_.push_back(std::move(source));
    return port;
}

Port Graph::add_node(std::unique_ptr<Node> node, const std::vector<Port>& ports, const std::vector<Named>& named, std::string name) {
    refuse_if_sealed();
    wire(*node, ports, named);
    node->name = unique_name(std::move(name), snake_case(node->signature()));
    node->output.name = node->name;
    for (const Stream* in : node->inputs)
        if (in) node->output.depth = std::max(node->output.depth, in->depth);
    node->output.depth += node->fans_out();
    const Port port{this, &node->output, nullptr};
    nodes_.push_back(std::move(node));
    return port;
}

Table& Graph::collect(Port port, std::string name, std::size_t capacity, bool positions) {
    refuse_if_silent(port, "collect");
    auto table = std::make_unique<Table>(port.type(), capacity, positions);
    Table& out = *table;
    add_node(std::move(table), {port}, {}, std::move(name));
    return out;
}

Checksum& Graph::checksum(Port port, std::string name) {
    refuse_if_silent(port, "checksum");
    auto sink = std::make_unique<Checksum>(port.type());
    Checksum& out = *sink;
    add_node(std::move(sink), {port}, {}, std::move(name));
    return out;
}

void Graph::wire(Node& node, const std::vector<Port>& ports, const std::vector<Named>& named) const {
    const auto declared = node.declared();
    const std::string who = snake_case(node.signature());
    std::vector<const Port*> given(declared.size(), nullptr);
    std::size_t next = 0;
    for (const bool required : {true, false})
        for (std::size_t i = 0; i < declared.size() && next < ports.size(); ++i)
            if (declared[i].required == required) given[i] = &ports[next++];
    if (next < ports.size()) throw std::invalid_argument(who + ": " + std::to_string(ports.size()) + " inputs given, but it takes " + input_list(declared));
    for (const auto& [input, port] : named) {
        const auto at = std::find_if(declared.begin(), declared.end(), [&](const auto& d) { return d.name == input; });
        if (at == declared.end()) throw std::invalid_argument(who + " has no input '" + input + "'; it takes " + input_list(declared));
        auto& slot = given[static_cast<std::size_t>(at - declared.begin())];
        if (slot) throw std::invalid_argument(who + ": input '" + input + "' is given twice");
        slot = &port;
    }
    const Stream* breaks = nullptr;
    for (std::size_t i = 0; i < declared.size(); ++i) {
        const auto& want = declared[i];
        if (!given[i]) {
            if (want.required) throw std::invalid_argument(who + ": input '" + std::string(want.name) + "' is missing; it takes " + input_list(declared));
            continue;
        }
        const Port& port = *given[i];
        if (port.graph != this) throw std::invalid_argument(who + ": input '" + std::string(want.name) + "' comes from another graph");
        if (!port.stream->type || !port.type().readable_as(*want.type))
            throw std::invalid_argument(who + ": input '" + std::string(want.name) + "' takes " + std::string(want.type->name) + ", but '" + port.stream->name +
                                        "' gives " + std::string(port.stream->type ? port.type().name : "nothing"));
        node.inputs[i] = port.stream;
        if (port.breaks) breaks = port.breaks;
    }
    for (std::size_t i = 0; i < declared.size(); ++i)
        if (!node.inputs[i] && declared[i].type == &event_type<Continuity>()) node.inputs[i] = breaks;
}

std::string Graph::unique_name(std::string wanted, std::string_view kind) const {
    const auto taken = [&](std::string_view name) {
        return std::any_of(sources_.begin(), sources_.end(), [&](const auto& s) { return s->name == name; }) ||
               std::any_of(nodes_.begin(), nodes_.end(), [&](const auto& n) { return n->name == name; });
    };
    if (!wanted.empty()) {
        if (taken(wanted)) throw std::invalid_argument("the graph already has a node named '" + wanted + "'");
        return wanted;
    }
    std::string name(kind);
    for (int i = 2; taken(name); ++i) name = std::string(kind) + "_" + std::to_string(i);
    return name;
}

void Graph::refuse_if_sealed() const {
    if (sealed_) throw std::invalid_argument("the graph has already run: build all of it before the first replay, start or restore");
}

void Graph::seal() {
    if (sealed_) return;
    if (sources_.empty()) throw std::invalid_argument("the graph has no source: add one with source(name, type)");
    int depth = 1;
    for (const auto& node : nodes_) depth = std::max(depth, node->output.depth);
    if (depth > 16) throw std::invalid_argument("the graph nests " + std::to_string(depth) + " nodes that emit several rows for one; at most 16");
    for (const auto& node : nodes_) {
        node->prepare(std::min(32, 128 / depth));
        std::vector<const Stream*> wired = node->inputs;
        std::erase(wired, nullptr);
        steps_.push_back({node.get(), wired.size() == 1 ? wired[0] : nullptr});
    }
    sealed_ = true;
}

void Graph::begin_chunk() {
    for (const auto& source : sources_) source->begin_chunk();
}

void Graph::take(std::size_t source, std::size_t begin, std::size_t end) {
    if (recorder_) recorder_->taken(source, sources_[source]->batch(), begin, end);
    sources_[source]->take(begin, end, false, symbols_, position_);
}

void Graph::borrow(std::size_t source, std::size_t begin, std::size_t end) {
    if (recorder_) recorder_->taken(source, sources_[source]->batch(), begin, end);
    sources_[source]->take(begin, end, true, symbols_, position_);
}

void Graph::run_chunk() {
    if (recorder_) recorder_->chunk_begins();
    for (const auto& source : sources_) source->end_chunk();
    for (const auto& [node, only_input] : steps_) {
        const std::size_t rows = only_input ? only_input->rows : node->rows_in();
        if (rows == 0) {
            node->output.rows = 0;
            continue;
        }
        node->metrics.measure(rows, [&] { node->process(symbols_); });
        node->metrics.rows_out += node->output.rows;
    }
}

void Graph::flush() {
    if (recorder_) recorder_->flushed();
    begin_chunk();
    for (const auto& source : sources_) source->end_chunk();
    for (const auto& node : nodes_) {
        node->metrics.measure(node->rows_in(), [&] {
            node->process(symbols_);
            node->flush(symbols_, position_);
        });
        node->metrics.rows_out += node->output.rows;
    }
}

void Graph::hand_over() {
    if (recorder_) recorder_->handed_over();
    for (const auto& source : sources_) source->hand_over();
}

void Graph::record(Recorder* recorder) {
    const Running running(*this);
    if (recorder && recorder_ && recorder_ != recorder) throw std::invalid_argument("the graph is recorded already: close that recording first");
    recorder_ = recorder;
}

std::size_t Graph::source_index(std::string_view name) const {
    std::string known;
    for (std::size_t i = 0; i < sources_.size(); ++i) {
        if (sources_[i]->name == name) return i;
        known += (known.empty() ? "'" : ", '") + sources_[i]->name + "'";
    }
    throw std::invalid_argument("the graph has no source '" + std::string(name) + "'; it has " + (known.empty() ? "none" : known));
}

Graph::Running::Running(Graph& graph) : graph_(graph) {
    if (graph.running_.exchange(true)) throw std::invalid_argument("the graph is already running: stop it, or finish its replay, first");
    try {
        graph.seal();
    } catch (...) {
        graph.running_ = false;
        throw;
    }
}

Graph::Running::~Running() { graph_.running_ = false; }

}  // namespace openquant
