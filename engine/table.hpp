// The collecting sink: keeps every row of a stream as columns.
#pragma once

#include <mutex>
#include <vector>

#include "openquant/engine/buffer.hpp"
#include "openquant/engine/node.hpp"

namespace openquant {

class Table final : public Node {
public:
    static constexpr std::size_t default_capacity = 1'000'000'000;

    /// With `positions`, the position of the source row that caused each row is kept too.
    Table(const EventType& type, std::size_t capacity, bool positions = false);

    /// Everything collected so far, or its next part: safe while the engine runs.
    struct Contents {
        const EventType* type = nullptr;
        std::vector<std::string> names;  // by symbol id
        Buffer<SymbolId> symbols;
        bool keeps_positions = false;
        Buffer<std::uint64_t> positions;
        std::vector<Buffer<std::byte>> columns;  // one per field
        std::size_t rows() const { return symbols.size(); }
    };
    Contents contents() const;
    /// The newest `rows` of it.
    Contents newest(std::size_t rows) const;
    /// Everything, moved out: the table is empty afterwards.
    Contents take();
    std::size_t rows() const;
    void clear();

    /// The rows as values; `E` is the type of the collected stream.
    template <class E>
    std::vector<E> as() const {
        if (type_ != &event_type<E>())
            throw std::invalid_argument("table '" + name + "' holds " + std::string(type_->name) + " rows, not " + std::string(E::name));
        const Contents all = contents();
        std::vector<E> out(all.rows());
        for_each_field<E>([&](auto index, auto f) {
            const auto* column = all.columns[index.value].data();
            using T = typename decltype(f)::Type;
            for (std::size_t row = 0; row < out.size(); ++row) std::memcpy(&(out[row].*(f.member)), column + row * sizeof(T), sizeof(T));
        });
        return out;
    }

    const EventType& type() const { return *type_; }
    bool keeps_positions() const { return positions_; }
    std::string signature() const override { return "Collect"; }
    std::vector<NodeInput> declared() const override { return {{"rows", type_, true}}; }
    std::uint64_t refused() const override { return refused_; }
    void prepare(int) override {}
    void process(const SymbolTable& symbols) override;
    void flush(const SymbolTable&, std::uint64_t&) override {}
    void save(Writer&) const override {}  // what was collected is the user's, not the graph's state
    void load(Reader&, std::size_t) override {}
    void adopt() override {}

private:
    const EventType* type_;
    std::size_t capacity_;
    bool positions_;
    std::uint64_t refused_ = 0;
    mutable std::mutex mutex_;  // between this chunk's append and a reader's look
    Contents contents_;
};

}  // namespace openquant
