// What the graph knows of a node: streams in, a stream out, and how to run, end, save and describe it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "openquant/engine/metrics.hpp"
#include "openquant/engine/stream.hpp"
#include "openquant/engine/symbols.hpp"
#include "openquant/operators/core/archive.hpp"
#include "openquant/operators/core/schema.hpp"

namespace openquant {

struct NodeInput {
    std::string_view name;
    const EventType* type;
    bool required;
};

class Node {
public:
    virtual ~Node() = default;

    std::string name;                   // unique in its graph
    std::vector<const Stream*> inputs;  // by declared input; null where an optional one is open
    Stream output;                      // type is null for a sink
    Metrics metrics;

    /// Rows of the current chunk.
    std::size_t rows_in() const {
        std::size_t rows = 0;
        for (const Stream* in : inputs) rows += in ? in->rows : 0;
        return rows;
    }

    virtual std::string signature() const = 0;  // type and parameters, as in a snapshot's shape
    virtual std::vector<NodeInput> declared() const = 0;
    virtual Scope scope() const { return Scope::keyed; }
    virtual bool fans_out() const { return false; }
    /// False for a user's callable: the laws are promises about operators only.
    virtual bool lawful() const { return true; }
    virtual std::uint64_t refused() const { return 0; }

    /// Called once, when the graph is complete: `digit_bits` is the width of one digit of a Sub.
    virtual void prepare(int digit_bits) = 0;
    /// Consumes the inputs' rows and replaces the output's.
    virtual void process(const SymbolTable& symbols) = 0;
    /// Ends the stream: appends what remains, each row at a position of its own, and resets the state.
    virtual void flush(const SymbolTable& symbols, std::uint64_t& next_position) = 0;

    virtual void save(Writer& out) const = 0;
    /// Reads a state but does not take it over before `adopt`, so that a refused snapshot changes nothing.
    virtual void load(Reader& in, std::size_t symbols) = 0;
    virtual void adopt() = 0;
};

}  // namespace openquant
