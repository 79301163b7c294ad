#include <zlib.h>  // checks that a snapshot is whole

#include <stdexcept>

#include "openquant/engine/graph.hpp"

namespace openquant {

namespace {

constexpr char magic[] = {'o', 'q', 's', 'n', 'a', 'p', '0', '3'};

std::uint32_t crc_of(const std::uint8_t* data, std::size_t size) { return static_cast<std::uint32_t>(crc32_z(0, data, size)); }

void check_shape(const std::vector<std::string>& saved, const std::vector<std::string>& ours) {
    for (std::size_t i = 0; i < std::max(saved.size(), ours.size()); ++i) {
        if (i >= saved.size()) throw std::invalid_argument("snapshot is of another graph: it lacks " + ours[i]);
        if (i >= ours.size()) throw std::invalid_argument("snapshot is of another graph: it has " + saved[i] + ", which this one lacks");
        if (saved[i] != ours[i]) throw std::invalid_argument("snapshot is of another graph: it has " + saved[i] + " where this one has " + ours[i]);
    }
}

}  // namespace

std::vector<std::string> Graph::input_names(const Node& node) const {
    std::vector<std::string> out;
    for (const Stream* in : node.inputs) out.push_back(in ? in->name : "-");
    return out;
}

std::vector<std::string> Graph::shape() const {
    std::vector<std::string> out;
    for (const auto& source : sources_)
        out.push_back("source " + source->name + ": " + std::string(source->rows.type->name) + " with " +
                      std::string(id_kind_names[static_cast<std::size_t>(source->ids)]) + " ids");
    for (const auto& node : nodes_) {
        std::string line = "node " + node->name + ": " + node->signature() + " of";
        for (const auto& in : input_names(*node)) line += " " + in;
        out.push_back(line);
    }
    return out;
}

std::vector<std::uint8_t> Graph::snapshot() {
    seal();
    Writer out;
    out.bytes.assign(std::begin(magic), std::end(magic));
    out.put(shape());
    symbols_.save(out);
    out.put(position_);
    for (const auto& source : sources_) source->save(out);
    for (const auto& node : nodes_) node->save(out);
    out.put(crc_of(out.bytes.data(), out.bytes.size()));
    return out.bytes;
}

void Graph::restore(const std::vector<std::uint8_t>& bytes) {
    const Running running(*this);
    const std::size_t overhead = sizeof magic + sizeof(std::uint32_t);
    if (bytes.size() < overhead || !std::equal(std::begin(magic), std::end(magic), bytes.begin()))
        throw std::invalid_argument("these bytes are not an openquant snapshot");
    const std::size_t body = bytes.size() - sizeof(std::uint32_t);
    Reader tail(bytes.data() + body, sizeof(std::uint32_t));
    if (tail.get<std::uint32_t>() != crc_of(bytes.data(), body)) throw std::invalid_argument("snapshot is cut short or damaged");

    Reader in(bytes.data() + sizeof magic, body - sizeof magic);
    check_shape(in.get<std::vector<std::string>>(), shape());
    SymbolTable symbols;
    symbols.load(in);
    const auto position = in.get<std::uint64_t>();
    for (const auto& source : sources_) source->load(in);
    for (const auto& node : nodes_) node->load(in, symbols.size());
    if (in.left() != 0) throw std::invalid_argument("snapshot is damaged: bytes are left over");

    if (recorder_) recorder_->restored(bytes);
    symbols_ = std::move(symbols);
    position_ = position;
    for (const auto& source : sources_) source->adopt();
    for (const auto& node : nodes_) node->adopt();
}

std::string Graph::to_dot() const {
    const auto quoted = [](const std::string& text) {
        std::string out = "\"";
        for (const char c : text) out += c == '"' || c == '\\' ? std::string{'\\', c} : std::string{c};
        return out + "\"";
    };
    std::string out = "digraph openquant {\n  rankdir=LR;\n  node [shape=box];\n";
    for (const auto& source : sources_)
        out += "  " + quoted(source->name) + " [shape=ellipse, label=" + quoted(source->name + ": " + std::string(source->rows.type->name)) + "];\n";
    for (const auto& node : nodes_) out += "  " + quoted(node->name) + " [label=" + quoted(node->name + ": " + node->signature()) + "];\n";
    for (const auto& node : nodes_) {
        const auto declared = node->declared();
        for (std::size_t i = 0; i < declared.size(); ++i) {
            const Stream* in = node->inputs[i];
            if (!in) continue;
            std::string from = in->name;
            if (from.ends_with(".continuity")) from.resize(from.size() - std::string_view(".continuity").size());
            out += "  " + quoted(from) + " -> " + quoted(node->name) + " [label=" + quoted(std::string(declared[i].name)) + "];\n";
        }
    }
    return out + "}\n";
}

}  // namespace openquant
