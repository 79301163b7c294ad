// The summing sink: what a stream said, as one number, for runs whose rows are compared and not kept.
#pragma once

#include <vector>

#include "openquant/engine/node.hpp"

namespace openquant {

/// A checksum of every row so far, its symbol's id and its place in the stream, whatever the chunks: products of 64 bits folded to
/// 64 as in wyhash (Wang Yi 2019), added up. It tells two streams apart; it is no proof against someone who wants it to agree.
class Checksum final : public Node {
public:
    explicit Checksum(const EventType& type);

    std::uint64_t value() const { return sum_; }
    std::uint64_t rows() const { return rows_; }
    const EventType& type() const { return *type_; }

    std::string signature() const override { return "Checksum"; }
    std::vector<NodeInput> declared() const override { return {{"rows", type_, true}}; }
    void prepare(int) override {}
    void process(const SymbolTable&) override;
    void flush(const SymbolTable&, std::uint64_t&) override {}
    void save(Writer&) const override {}  // what was summed up is the user's, not the graph's state
    void load(Reader&, std::size_t) override {}
    void adopt() override {}

private:
    void add_row(const Stream& in);
    void add_rows(const Stream& in);
    void add_rows(const Stream& in, std::size_t begin, std::size_t end);

    const EventType* type_;
    std::vector<std::uint8_t> widths_;  // of a cell, by column
    std::uint64_t sum_ = 0, rows_ = 0;
};

}  // namespace openquant
