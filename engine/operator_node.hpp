// Runs an operator over chunks: gathers rows from columns, calls the inlined `update`, appends what it emits.
#pragma once

#include <array>
#include <cassert>
#include <stdexcept>
#include <vector>

#include "openquant/engine/node.hpp"

namespace openquant {

template <class Op>
class OperatorNode final : public Node {
    using Out = OutputOf<Op>;
    static constexpr bool keyed = Op::schema().scope == Scope::keyed;

public:
    explicit OperatorNode(const Op& op) : prototype_(op) {
        check(op);
        inputs.resize(input_count<Op>);
        output.type = &event_type<Out>();
    }

    std::string signature() const override { return openquant::signature(prototype_); }
    Scope scope() const override { return Op::schema().scope; }
    bool fans_out() const override {
        if constexpr (requires { prototype_.fans_out(); }) return prototype_.fans_out();
        else return false;
    }
    std::vector<NodeInput> declared() const override {
        std::vector<NodeInput> out;
        for_each_input<Op>([&](auto, auto in) { out.push_back({in.name, &event_type<typename decltype(in)::Type>(), in.required}); });
        return out;
    }
    std::uint64_t refused() const override {
        std::uint64_t total = refused_before_;
        if constexpr (requires { prototype_.refused(); })
            for (const Op& op : operators_) total += op.refused();
        return total;
    }

    void prepare(int digit_bits) override {
        digit_bits_ = digit_bits;
        for_each_input<Op>([&](auto index, auto in) {
            using In = typename decltype(in)::Type;
            const Stream* stream = inputs[index.value];
            if (stream) columns_[index.value] = columns_for(event_type<In>(), *stream->type);
            if constexpr (requires { prototype_.wired(in.name, true); }) prototype_.wired(in.name, stream != nullptr);
        });
        if constexpr (requires { prototype_.prepare(); }) prototype_.prepare();
        operators_.assign(keyed ? 0 : 1, prototype_);
    }

    void process(const SymbolTable& symbols) override {
        begin(symbols);
        std::size_t with_rows = 0;
        for (const Stream* in : inputs) with_rows += in && in->rows > 0;
        if (with_rows == 1) {
            for_each_input<Op>([&](auto index, auto) {
                if (inputs[index.value] && inputs[index.value]->rows > 0) run<index.value>(0, inputs[index.value]->rows);
            });
        } else if (with_rows > 1) {
            merge();
        }
        finish();
    }

    void flush(const SymbolTable& symbols, std::uint64_t& next_position) override {
        if constexpr (keyed) {
            for (const SymbolId symbol : symbols.by_name()) {
                if constexpr (requires(Op& op, void (*emit)(const Out&)) { op.flush(emit); })
                    operators_[symbol].flush([&](const Out& row) { append({next_position++, 0}, symbol, row); });
            }
        } else if constexpr (requires(Op& op, void (*emit)(SymbolId, const Out&)) { op.flush(emit); }) {
            operators_[0].flush([&](SymbolId symbol, const Out& row) { append({next_position++, 0}, symbol, row); });
        }
        refused_before_ = refused();
        operators_.assign(operators_.size(), prototype_);
        met_ = 0;
        finish();
    }

    void save(Writer& out) const override {
        out.put(static_cast<std::uint64_t>(operators_.size()));
        for (const Op& op : operators_) out.put(op);
    }
    void load(Reader& in, std::size_t symbols) override {
        const auto n = in.get<std::uint64_t>();
        if (keyed ? n > symbols : n != 1) throw std::invalid_argument("snapshot is damaged: more operators than symbols");
        staged_.assign(n, prototype_);
        for (Op& op : staged_) in.get(op);
    }
    void adopt() override { operators_ = std::move(staged_), caused_ = 0, met_ = 0; }

private:
    void begin(const SymbolTable& symbols) {
        rows_.clear();
        positions_.clear();
        subs_.clear();
        overflow_ = false;
        if (keyed && operators_.size() < symbols.size()) operators_.resize(symbols.size(), prototype_);
        if constexpr (requires { operators_[0].meet(SymbolId{}, std::string_view{}); })
            for (; met_ < symbols.size(); ++met_) operators_[0].meet(static_cast<SymbolId>(met_), symbols.name(static_cast<SymbolId>(met_)));
        symbols_ = &symbols;
    }
    void finish() {
        if (overflow_)
            throw std::overflow_error("node '" + name + "' emitted more rows for one row than this graph can order (2^" + std::to_string(digit_bits_) +
                                      "); make its parameters coarser or nest fewer nodes");
        rows_.show(output);
        output.keys = {positions_.data(), output.depth > 0 ? subs_.data() : nullptr, 0};
    }

    [[gnu::always_inline]] void append(Key key, SymbolId symbol, const Out& row) {
        rows_.append(symbol, row);
        positions_.push_back(key.position);
        if (output.depth > 0) subs_.push_back(key.sub);
    }
    /// `count` rows came before of this update. A digit numbers the rows of one key, whichever input or row they come by.
    void append_caused(Key key, SymbolId symbol, const Out& row, [[maybe_unused]] std::size_t count) {
        if (fans_out()) {
            if (key != last_cause_) last_cause_ = key, caused_ = 0;
            overflow_ |= (caused_ >> digit_bits_) != 0;
            key.sub |= Sub{caused_++} << (128 - digit_bits_ * output.depth);
        } else {
            assert(count == 0 && "an operator that emits several rows for one declares fans_out");
        }
        append(key, symbol, row);
    }
    /// Feeds rows [begin, end) of input I. Flattened: an update that is not inlined would see its row through memory.
    template <std::size_t I>
    [[gnu::flatten]] void run(std::size_t begin, std::size_t end) {
        using In = typename InputOf<Op, I>::Type;
        const Stream& in = *inputs[I];
        const RowView<In> view(in, columns_[I]);
        const SymbolId* const symbols = in.symbols.data;
        Op* const operators = operators_.data();
        const std::size_t known = operators_.size();
        for (std::size_t row = begin; row < end; ++row) {
            const SymbolId symbol = symbols[row];
            std::size_t count = 0;
            if constexpr (!keyed) {
                deliver<I>(operators[0], view[row], symbol, [&](SymbolId s, const Out& out) { append_caused(in.keys[row], s, out, count++); });
            } else if (symbol < known) [[likely]] {
                deliver<I>(operators[symbol], view[row], [&](const Out& out) { append_caused(in.keys[row], symbol, out, count++); });
            } else {
                broadcast<I>(row);
            }
        }
    }

    /// Hands a row that speaks of its whole source to every symbol met before it.
    template <std::size_t I>
    [[gnu::noinline]] void broadcast(std::size_t row) {
        const Stream& in = *inputs[I];
        const auto e = RowView<typename InputOf<Op, I>::Type>(in, columns_[I])[row];
        for (const SymbolId symbol : symbols_->by_name(in.keys[row].position)) {
            std::size_t count = 0;
            deliver<I>(operators_[symbol], e, [&](const Out& out) { append_caused(in.keys[row], symbol, out, count++); });
        }
    }

    /// Feeds all inputs in the order of (key, input), in runs as long as one input stays ahead of the others.
    void merge() {
        constexpr std::size_t n = input_count<Op>;
        std::array<std::size_t, n> at{};
        const auto left = [&](std::size_t i) { return inputs[i] && at[i] < inputs[i]->rows; };
        for (;;) {
            std::size_t first = n, second = n;
            for (std::size_t i = 0; i < n; ++i) {
                if (!left(i)) continue;
                if (first == n || inputs[i]->keys[at[i]] < inputs[first]->keys[at[first]]) second = first, first = i;
                else if (second == n || inputs[i]->keys[at[i]] < inputs[second]->keys[at[second]]) second = i;
            }
            if (first == n) return;
            const Stream& in = *inputs[first];
            std::size_t end = at[first] + 1;
            if (second == n) {
                end = in.rows;
            } else {
                const Key limit = inputs[second]->keys[at[second]];
                while (end < in.rows && (in.keys[end] < limit || (in.keys[end] == limit && first < second))) ++end;
            }
            for_each_input<Op>([&](auto index, auto) {
                if (index.value == first) run<index.value>(at[first], end);
            });
            at[first] = end;
        }
    }

    Op prototype_;
    std::vector<Op> operators_, staged_;
    std::array<std::vector<int>, input_count<Op>> columns_;
    Rows<Out> rows_;
    std::vector<std::uint64_t> positions_;
    std::vector<Sub> subs_;
    const SymbolTable* symbols_ = nullptr;
    std::size_t met_ = 0;  // symbols whose names a cross-sectional operator was told
    int digit_bits_ = 32;
    Key last_cause_;
    std::uint64_t caused_ = 0;
    std::uint64_t refused_before_ = 0;
    bool overflow_ = false;
};

}  // namespace openquant
