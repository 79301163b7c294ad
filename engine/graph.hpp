// One dataflow graph: sources, operators in rank order, sinks. Owns every node; one thread runs it at a time.
#pragma once

#include <algorithm>
#include <atomic>
#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "openquant/engine/checksum.hpp"
#include "openquant/engine/operator_node.hpp"
#include "openquant/engine/recorder.hpp"
#include "openquant/engine/table.hpp"
#include "openquant/engine/typed_source.hpp"

namespace openquant {

class EngineLoop;
class Graph;

/// The output of a source or a node, to be wired to the inputs of others.
struct Port {
    const Graph* graph = nullptr;
    const Stream* stream = nullptr;
    const Stream* breaks = nullptr;  // a source's continuity stream
    const EventType& type() const { return *stream->type; }
    Port continuity() const;
};

/// A port for an input given by name, such as an optional one.
struct Named {
    std::string input;
    Port port;
};

class Graph {
public:
    Graph();
    ~Graph();
    Graph(const Graph&) = delete;
    Graph& operator=(const Graph&) = delete;

    template <class E>
    Port source(std::string name, IdKind ids = IdKind::unknown) {
        return add_source(std::make_unique<TypedSource<E>>(std::move(name), ids));
    }
    Port add_source(std::unique_ptr<Source> source);

    /// Ports fill the required inputs in their order, then the optional ones. An open continuity input takes that of the
    /// source that feeds the node, so that bars of a source know of its gaps unasked.
    template <class Op, class... Ports>
        requires requires { Op::schema(); }
    Port add(const Op& op, Ports... ports) {
        std::vector<Port> in;
        std::vector<Named> named;
        (place(ports, in, named), ...);
        return add_node(std::make_unique<OperatorNode<Op>>(op), in, named);
    }
    Port add_node(std::unique_ptr<Node> node, const std::vector<Port>& ports, const std::vector<Named>& named = {}, std::string name = {});
    Table& collect(Port port, std::string name = {}, std::size_t capacity = Table::default_capacity, bool positions = false);

    Checksum& checksum(Port port, std::string name = {});

    // Running, by one thread at a time: a replay or the engine loop.
    void begin_chunk();
    /// The next rows, [begin, end), of what is open on the source, in merged order. `take` copies them; what is lent by `borrow` stays
    /// where it is until the chunk has run, and then is of one batch of the source.
    void take(std::size_t source, std::size_t begin, std::size_t end);
    void borrow(std::size_t source, std::size_t begin, std::size_t end);
    void run_chunk();
    /// Rows of a replay's chunk: as many as are asked for, or where 0 are, as serve it best: few enough to stay in the cache, but of
    /// thousands of symbols so many that most come several times, and find there what was fetched of their states.
    std::size_t chunk_rows(std::size_t asked) const { return asked ? asked : std::clamp<std::size_t>(4 * symbols_.size(), 4096, 65536); }
    void flush();
    /// What was taken so far is history: rows that a live feed repeats are dropped as overlap, not reported as repeats.
    void hand_over();

    /// Tells a recorder, which must outlive its use here, of all that is taken in; null ends that. Not while the graph runs,
    /// and one at a time.
    void record(Recorder* recorder);

    /// State of every operator, symbols, positions and merge maxima; what sinks collected is not part of it.
    std::vector<std::uint8_t> snapshot();
    /// Refuses by name a snapshot of another shape or other parameters, and then changes nothing.
    void restore(const std::vector<std::uint8_t>& bytes);

    /// Nodes and wiring as text, one line each: what a snapshot must agree with.
    std::vector<std::string> shape() const;
    std::string to_dot() const;

    const std::vector<std::unique_ptr<Source>>& sources() const { return sources_; }
    const std::vector<std::unique_ptr<Node>>& nodes() const { return nodes_; }
    std::size_t source_index(std::string_view name) const;
    const SymbolTable& symbols() const { return symbols_; }
    std::uint64_t position() const { return position_; }
    EngineLoop& live() { return *loop_; }

    /// Held while something runs the graph; throws if something else already does.
    class Running {
    public:
        explicit Running(Graph& graph);
        ~Running();
        Running(const Running&) = delete;
        Running& operator=(const Running&) = delete;

    private:
        Graph& graph_;
    };

private:
    static void place(const Port& port, std::vector<Port>& in, std::vector<Named>&) { in.push_back(port); }
    static void place(const Named& port, std::vector<Port>&, std::vector<Named>& named) { named.push_back(port); }
    void wire(Node& node, const std::vector<Port>& ports, const std::vector<Named>& named) const;
    std::string unique_name(std::string wanted, std::string_view kind) const;
    void refuse_if_sealed() const;
    void seal();
    std::vector<std::string> input_names(const Node& node) const;

    std::vector<std::unique_ptr<Source>> sources_;
    std::vector<std::unique_ptr<Node>> nodes_;
    struct Step {
        Node* node;
        const Stream* only_input;  // null where there are several
    };
    std::vector<Step> steps_;  // of a chunk, once the graph is complete
    SymbolTable symbols_;
    std::uint64_t position_ = 0;
    Recorder* recorder_ = nullptr;
    bool sealed_ = false;
    std::atomic<bool> running_{false};
    std::unique_ptr<EngineLoop> loop_;
};

}  // namespace openquant
