// Builds the same dataflow as a real graph and as the reference, and compares what went down every stream.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "openquant/engine/graph.hpp"
#include "openquant/replay/replay.hpp"
#include "reference.hpp"

namespace openquant::testing {

/// An operator with its parameters, ready to be put into a graph and into the reference.
struct OperatorCase {
    std::string signature;
    std::vector<NodeInput> inputs;
    bool keyed = true;
    const EventType* output = nullptr;
    std::function<std::unique_ptr<Node>()> node;
    std::function<std::unique_ptr<PlainNode>(const std::vector<bool>& wired)> plain;
};

template <class Op>
OperatorCase operator_case(const Op& op) {
    const OperatorNode<Op> node(op);
    return {node.signature(),
            node.declared(),
            node.scope() == Scope::keyed,
            node.output.type,
            [op] { return std::make_unique<OperatorNode<Op>>(op); },
            [op](const std::vector<bool>& wired) { return std::make_unique<PlainOperator<Op>>(op, wired); }};
}

/// Every operator of the catalogue under several settings.
const std::vector<OperatorCase>& catalogue_cases();

/// Every row of one stream as bytes, with the names of its symbols.
struct Collected {
    const EventType* type = nullptr;
    std::vector<std::string> symbols;
    std::vector<std::vector<std::byte>> columns;
    std::size_t rows() const { return symbols.size(); }
    bool operator==(const Collected&) const = default;
};
using Outputs = std::vector<Collected>;  // by stream

Collected collected(const EventType& type, const std::vector<Tick>& ticks);
Collected collected(const Table& table, const SymbolTable& symbols);
void append(Outputs& to, const Outputs& more);
/// Where two results first differ, in words; empty if they are the same.
std::string difference(const Outputs& a, const Outputs& b);
/// As `difference`, where `a` may have fewer rows.
std::string not_a_prefix(const Outputs& a, const Outputs& b);
std::string not_finite(const Outputs& outputs);
std::size_t total_rows(const Outputs& outputs);

struct RunOptions {
    std::size_t chunk = 0;   // 0: random sizes
    std::uint64_t seed = 1;  // of those sizes
    std::size_t per_batch = 1 << 20;
    bool flush = true;
};

class Twin {
public:
    /// The stream of a source's rows; the next number is the stream of its breaks.
    std::size_t source(Recording recording);
    /// Inputs by their declared place. An open continuity input takes that of the node's source, as in a graph.
    std::size_t add(const OperatorCase& op, std::vector<std::optional<std::size_t>> inputs);

    const EventType& type(std::size_t stream) const { return *streams_[stream]; }
    std::size_t streams() const { return streams_.size(); }

    /// A graph that collects every stream.
    struct Built {
        Graph graph;
        std::vector<Table*> tables;
        Outputs outputs() const;
    };
    std::unique_ptr<Built> build() const;
    std::vector<std::pair<std::string, std::unique_ptr<Feed>>> feeds(std::size_t per_batch = 1 << 20) const;
    /// Feeds of merged rows [begin, end) alone.
    std::vector<std::pair<std::string, std::unique_ptr<Feed>>> feeds(std::size_t begin, std::size_t end) const;

    Outputs run(const RunOptions& options) const;
    const Outputs& reference() const;
    /// Number of rows of all recordings.
    std::size_t rows() const;

private:
    struct Added {
        OperatorCase op;
        std::vector<std::optional<std::size_t>> inputs;
    };
    struct Expected {
        Outputs outputs;
        std::vector<std::size_t> order;
    };
    const Expected& expected() const;

    std::vector<Recording> recordings_;
    std::vector<Added> added_;
    std::vector<const EventType*> streams_;
    std::vector<std::optional<std::size_t>> source_of_;  // by stream, for rows of a source
    mutable std::optional<Expected> expected_;
};

/// Replays the feeds in chunks as the options say, then ends the streams or not.
void replay(Graph& graph, std::vector<std::pair<std::string, std::unique_ptr<Feed>>> feeds, const RunOptions& options);

/// The graph equals the reference at chunk sizes 1, 7, 1024, all and random.
void check_against_reference(const Twin& twin);

}  // namespace openquant::testing
