// Runs an operator over chunks: gathers rows from columns, calls the inlined `update`, appends what it emits.
#pragma once

#include <array>
#include <cassert>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <vector>

#include "openquant/engine/fetch.hpp"
#include "openquant/engine/node.hpp"
#include "openquant/engine/turns.hpp"

namespace openquant {

template <class Op>
class OperatorNode final : public Node {
    using Out = OutputOf<Op>;
    static constexpr bool keyed = Op::schema().scope == Scope::keyed;
    static constexpr bool may_fan_out = requires(const Op& op) { op.fans_out(); };

    template <std::size_t... I>
    static auto no_places(std::index_sequence<I...>) {
        return std::tuple<Places<typename InputOf<Op, I>::Type>...>{};
    }
    template <std::size_t... I>
    static auto no_views(std::index_sequence<I...>) {
        return std::tuple<std::optional<RowView<typename InputOf<Op, I>::Type>>...>{};
    }

public:
    explicit OperatorNode(const Op& op) : prototype_(op) {
        check(op);
        inputs.resize(input_count<Op>);
        output.type = &event_type<Out>();
    }

    std::string signature() const override { return openquant::signature(prototype_); }
    Scope scope() const override { return Op::schema().scope; }
    bool fans_out() const override {
        if constexpr (may_fan_out) return prototype_.fans_out();
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
        fans_out_ = fans_out();
        for_each_input<Op>([&](auto index, auto in) {
            using In = typename decltype(in)::Type;
            const Stream* stream = inputs[index.value];
            if (stream) std::get<index.value>(places_) = places_in<In>(*stream->type);
            if constexpr (requires { prototype_.wired(in.name, true); }) prototype_.wired(in.name, stream != nullptr);
        });
        if constexpr (requires { prototype_.prepare(); }) prototype_.prepare();
        operators_.assign(keyed ? 0 : 1, prototype_);
        rows_.reserve(1);
        show();
    }

    void process(const SymbolTable& symbols) override {
        if constexpr (keyed)
            if (plain() && run_one()) return;
        run_chunk(symbols);
    }

    void flush(const SymbolTable& symbols, std::uint64_t& next_position) override {
        own_keys();
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
    void adopt() override { operators_ = std::move(staged_), caused_ = 0, met_ = 0, known_ = 0; }

private:
    [[gnu::noinline]] void run_chunk(const SymbolTable& symbols) {
        begin(symbols);
        if constexpr (input_count<Op> == 1) {
            alone<0>();
        } else {
            const std::size_t only = only_input();
            if (only == inputs.size()) merge();
            else
                for_each_input<Op>([&](auto index, auto) {
                    if (index.value == only) alone<index.value>();
                });
        }
        finish();
    }
    void begin(const SymbolTable& symbols) {
        rows_.clear();
        positions_.clear();
        subs_.clear();
        like_ = nullptr;
        overflow_ = false;
        if (keyed && operators_.size() < symbols.size()) [[unlikely]]
            operators_.resize(symbols.size(), prototype_);
        known_ = operators_.size();
        if constexpr (requires { operators_[0].meet(SymbolId{}, std::string_view{}); })
            for (; met_ < symbols.size(); ++met_) operators_[0].meet(static_cast<SymbolId>(met_), symbols.name(static_cast<SymbolId>(met_)));
        symbols_ = &symbols;
    }
    void show() {
        rows_.show(output);
        own_symbols_ = output.symbols;
        shown_ = rows_.capacity();
    }
    void finish() {
        if (overflow_)
            throw std::overflow_error("node '" + name + "' emitted more rows for one row than this graph can order (2^" + std::to_string(digit_bits_) +
                                      "); make its parameters coarser or nest fewer nodes");
        if (rows_.capacity() != shown_) show();
        output.rows = rows_.size();
        output.symbols = like_ ? like_->symbols : own_symbols_;
        output.keys = like_ ? like_->keys : Keys{positions_.data(), output.depth > 0 ? subs_.data() : nullptr, 0};
    }

    /// The one input that has rows; their number where several do, or none.
    [[gnu::always_inline]] std::size_t only_input() const {
        if constexpr (input_count<Op> == 1) return 0;
        std::size_t only = inputs.size(), with_rows = 0;
        for (std::size_t i = 0; i < inputs.size(); ++i)
            if (inputs[i] && inputs[i]->rows > 0) only = i, ++with_rows;
        return with_rows == 1 ? only : inputs.size();
    }

    /// Keyed, and no row causes more than one.
    bool plain() const { return keyed && !(may_fan_out && fans_out_); }

    /// The only input with rows. Where each of them caused one, the output has the very keys and symbols of the input.
    template <std::size_t I>
    [[gnu::always_inline]] void alone() {
        const Stream& in = *inputs[I];
        if constexpr (!keyed || may_fan_out)
            if (!plain()) return run_any<I>(0, in.rows);
        if constexpr (keyed) {
            const std::size_t end = run_plain<I>(0, in.rows);
            if (rows_.size() == in.rows) return void(like_ = &in);
            note_causes(in, 0, 0);
            if (end < in.rows) run<I>(end, in.rows);
        }
    }

    /// Feeds rows [begin, end) of input I.
    template <std::size_t I>
    [[gnu::noinline]] void run(std::size_t begin, std::size_t end) {
        if constexpr (!keyed || may_fan_out)
            if (!plain()) return run_any<I>(begin, end);
        if constexpr (keyed)
            while (begin < end) {
                const std::size_t before = rows_.size(), first = begin;
                begin = run_plain<I>(begin, end);
                note_causes(*inputs[I], first, before);
                if (begin < end) broadcast<I>(begin++);
            }
    }

    /// Rows [begin, end) of a keyed operator that emits at most one row for one: which row caused it is all that is noted beside.
    /// Ends at a row that speaks of its whole source, and returns where.
    template <std::size_t I>
    std::size_t run_plain(std::size_t begin, std::size_t end) {
        const Stream& in = *inputs[I];
        rows_.reserve(rows_.size() + (end - begin));
        if (causes_.size() < end - begin) causes_.resize(end - begin);
        return RowView<typename InputOf<Op, I>::Type>(in, std::get<I>(places_)).with_present([&](auto present) {
            return in.symbols.mask != 0 ? run_symbols<I, present.value>(begin, end) : run_symbol<I, present.value>(begin, end);
        });
    }

    /// What rows cause, appended with all that it takes in registers.
    struct Caused {
        typename Rows<Out>::Tail tail;
        std::uint32_t* cause;
        std::size_t begin;

        explicit Caused(OperatorNode& node, std::size_t begin_) : tail(node.rows_.tail()), cause(node.causes_.data()), begin(begin_) {}
        template <std::size_t I, Present present>
        [[gnu::always_inline]] void feed(Op& op, const auto& view, std::size_t row) {
            [[maybe_unused]] const std::uint32_t* const before = cause;
            deliver<I>(
                op, view.template at<present>(row), [&](const Out& out) __attribute__((always_inline)) {
                    assert(cause == before && "an operator that emits several rows for one declares fans_out");
                    *cause++ = static_cast<std::uint32_t>(row - begin);
                    tail.append(out);
                });
        }
    };

    std::size_t finished(const Caused& caused, std::size_t row) {
        rows_.resume(caused.tail);
        return row;
    }

    // Flattened: an update that is not inlined would see its row through memory. Each makes its own view: one that is handed in stays in
    // memory, and every row would read from there where its columns are.
    template <std::size_t I, Present present>
    [[gnu::flatten, gnu::noinline]] std::size_t run_symbols(std::size_t begin, std::size_t end) {
        const Stream& in = *inputs[I];
        const RowView<typename InputOf<Op, I>::Type> view(in, std::get<I>(places_));
        const SymbolId* const symbols = in.symbols.data;
        Op* const operators = operators_.data();
        const std::size_t known = operators_.size();
        Caused caused(*this, begin);
        std::size_t row = begin;
        for (const std::size_t fetched = known < many_symbols ? row : std::max(row + far, end) - far; row < fetched && symbols[row] < known; ++row) {
            fetch_ahead(symbols + row, known);
            caused.template feed<I, present>(operators[symbols[row]], view, row);
        }
        const Ahead ahead = in.ahead.once();
        while (row < end)
            for (const std::size_t stop = ahead.ask(row, end); row < stop; ++row) {
                if (symbols[row] >= known) [[unlikely]]
                    return finished(caused, row);
                caused.template feed<I, present>(operators[symbols[row]], view, row);
            }
        return finished(caused, row);
    }
    template <std::size_t I, Present present>
    [[gnu::flatten, gnu::noinline]] std::size_t run_symbol(std::size_t begin, std::size_t end) {
        const Stream& in = *inputs[I];
        if (in.symbols[0] >= operators_.size()) return begin;
        const RowView<typename InputOf<Op, I>::Type> view(in, std::get<I>(places_));
        Op& kept = operators_[in.symbols[0]];
        Caused caused(*this, begin);
        std::size_t row = begin;
        if (end - begin >= long_run) {  // its state can stay in registers
            Op op = std::move(kept);
            const Ahead ahead = in.ahead.once();
            while (row < end)
                for (const std::size_t stop = ahead.ask(row, end); row < stop; ++row) caused.template feed<I, present>(op, view, row);
            kept = std::move(op);
        } else {
            for (; row < end; ++row) caused.template feed<I, present>(kept, view, row);
        }
        return finished(caused, row);
    }

    /// Many symbols' states lie far away: each is asked for some rows before it is needed, and then what it keeps elsewhere.
    [[gnu::always_inline]] void fetch_ahead(const SymbolId* symbols, std::size_t known) const {
        const auto state_of = [&](SymbolId symbol) { return operators_.data() + std::min<std::size_t>(symbol, known - 1); };
        const Op* const state = state_of(symbols[far]);
        fetch(state, state + 1);
        fetch_kept(*state_of(symbols[far / 2]));
    }

    /// All of `process` where it is about one row of one input, which is most of what a quiet feed has; false where it is not.
    [[gnu::always_inline]] bool run_one() {
        const std::size_t only = only_input();
        bool ran = false;
        for_each_input<Op>([&](auto index, auto) __attribute__((always_inline)) { ran = ran || (index.value == only && run_one<index.value>()); });
        return ran;
    }
    template <std::size_t I>
    [[gnu::always_inline]] bool run_one() {
        const Stream& in = *inputs[I];
        if (in.rows != 1 || in.symbols[0] >= known_) return false;
        take_one<I>();
        return true;
    }
    template <std::size_t I>
    [[gnu::flatten]] void take_one() {
        const Stream& in = *inputs[I];
        std::size_t emitted = 0;
        deliver<I>(operators_[in.symbols[0]], RowView<typename InputOf<Op, I>::Type>(in, std::get<I>(places_))[0],
                   [&](const Out& out) { rows_.put(emitted++, out); });
        assert(emitted < 2 && "an operator that emits several rows for one declares fans_out");
        rows_.resize(emitted);
        like_ = &in;
        output.rows = emitted;
        output.symbols = in.symbols;
        output.keys = in.keys;
    }

    /// Keys and symbols of the rows from `before` on, which rows of `in` from `first` on have caused.
    void note_causes(const Stream& in, std::size_t first, std::size_t before) {
        const std::size_t n = rows_.size() - before;
        positions_.resize(before + n);
        if (output.depth > 0) subs_.resize(before + n);
        SymbolId* const symbols = rows_.symbols();
        for (std::size_t i = 0; i < n; ++i) {
            const std::size_t row = first + causes_[i];
            const Key key = in.keys[row];
            symbols[before + i] = in.symbols[row];
            positions_[before + i] = key.position;
            if (output.depth > 0) subs_[before + i] = key.sub;
        }
    }

    /// Keys and symbols that were the input's become rows of our own, for others to follow them.
    void own_keys() {
        if (!like_) return;
        causes_.resize(std::max(causes_.size(), rows_.size()));
        std::iota(causes_.begin(), causes_.begin() + static_cast<std::ptrdiff_t>(rows_.size()), 0u);
        note_causes(*like_, 0, 0);
        like_ = nullptr;
    }

    void append(Key key, SymbolId symbol, const Out& row) {
        rows_.append(symbol, row);
        positions_.push_back(key.position);
        if (output.depth > 0) subs_.push_back(key.sub);
    }
    /// A digit numbers the rows of one key, whichever input or row they come by.
    void append_caused(Key key, SymbolId symbol, const Out& row) {
        if (fans_out_) {
            if (key != last_cause_) last_cause_ = key, caused_ = 0;
            overflow_ |= (caused_ >> digit_bits_) != 0;
            key.sub |= Sub{caused_++} << (128 - digit_bits_ * output.depth);
        }
        append(key, symbol, row);
    }

    /// Rows [begin, end) of any operator.
    template <std::size_t I>
    [[gnu::flatten]] void run_any(std::size_t begin, std::size_t end) {
        feed_each<I>(RowView<typename InputOf<Op, I>::Type>(*inputs[I], std::get<I>(places_)), begin, end);
    }
    template <std::size_t I>
    [[gnu::always_inline]] void feed_each(const RowView<typename InputOf<Op, I>::Type>& view, std::size_t begin, std::size_t end) {
        const Stream& in = *inputs[I];
        for (std::size_t row = begin; row < end; ++row) {
            const SymbolId symbol = in.symbols[row];
            if constexpr (!keyed) deliver<I>(operators_[0], view[row], symbol, [&](SymbolId s, const Out& out) { append_caused(in.keys[row], s, out); });
            else if (symbol < operators_.size()) deliver<I>(operators_[symbol], view[row], [&](const Out& out) { append_caused(in.keys[row], symbol, out); });
            else broadcast<I>(row);
        }
    }

    /// Hands a row that speaks of its whole source to every symbol met before it.
    template <std::size_t I>
    [[gnu::noinline]] void broadcast(std::size_t row) {
        const Stream& in = *inputs[I];
        const auto e = RowView<typename InputOf<Op, I>::Type>(in, std::get<I>(places_))[row];
        for (const SymbolId symbol : symbols_->by_name(in.keys[row].position))
            deliver<I>(operators_[symbol], e, [&](const Out& out) { append_caused(in.keys[row], symbol, out); });
    }

    /// Feeds all inputs in the order of (key, input).
    void merge() {
        const bool by_sub = std::any_of(inputs.begin(), inputs.end(), [](const Stream* in) { return in && in->rows > 0 && in->keys.sub; });
        by_sub ? merge_by_key() : merge_by_position();
    }
    void merge_by_key() {
        constexpr std::size_t n = input_count<Op>;
        std::array<std::size_t, n> at{};
        const auto next = [&](std::size_t i) { return inputs[i]->keys[at[i]]; };
        for (;;) {
            std::size_t first = n, second = n;
            for (std::size_t i = 0; i < n; ++i) {
                if (!inputs[i] || at[i] == inputs[i]->rows) continue;
                if (first == n || next(i) < next(first)) second = first, first = i;
                else if (second == n || next(i) < next(second)) second = i;
            }
            if (first == n) return;
            const std::size_t begin = at[first], rows = inputs[first]->rows;
            at[first] = second == n ? rows : inputs[first]->keys.first_beyond(begin + 1, rows, next(second), first < second);
            for_each_input<Op>([&](auto index, auto) {
                if (index.value == first) run<index.value>(begin, at[first]);
            });
        }
    }
    /// Where inputs alternate they take turns of a row or two, of which nobody can foresee how many they will be: so the next row is
    /// looked at only when it is its turn.
    [[gnu::flatten, gnu::noinline]] void merge_by_position() {
        std::array<Turns, input_count<Op>> turns;
        auto views = no_views(std::make_index_sequence<input_count<Op>>{});
        for_each_input<Op>([&](auto index, auto) {
            const Stream* const in = inputs[index.value];
            if (!in || in->rows == 0) return;
            turns[index.value] = Turns(*in);
            std::get<index.value>(views).emplace(*in, std::get<index.value>(places_));
        });
        for (;;) {
            std::size_t first = 0;
            for (std::size_t i = 1; i < turns.size(); ++i)
                if (turns[i].next() < turns[first].next()) first = i;
            if (turns[first].next() == Turns::none) return;
            for_each_input<Op>([&](auto index, auto) {
                if (index.value != first) return;
                std::uint64_t others = Turns::none;  // position at which it is another's turn
                for (std::size_t i = 0; i < turns.size(); ++i)
                    if (i != index.value) others = std::min(others, turns[i].next() + (index.value < i));
                feed_until<index.value>(*std::get<index.value>(views), turns[index.value], others);
            });
        }
    }
    template <std::size_t I>
    [[gnu::always_inline]] void feed_until(const RowView<typename InputOf<Op, I>::Type>& view, Turns& turns, std::uint64_t others) {
        const std::size_t begin = turns.row();
        while (turns.next() < others) {
            const std::size_t row = turns.row();
            if (row - begin == long_run) {
                const std::size_t end = turns.end(others);
                run<I>(row, end);
                return turns.go_to(end);
            }
            feed_each<I>(view, row, row + 1);
            turns.go_to(row + 1);
        }
    }

    static constexpr std::size_t long_run = 16;
    static constexpr std::size_t many_symbols = 512, far = 12;  // rows

    Op prototype_;
    std::vector<Op> operators_, staged_;
    std::size_t known_ = 0;                                                    // symbols that have one, as of the last chunk of several rows
    decltype(no_places(std::make_index_sequence<input_count<Op>>{})) places_;  // of the inputs' fields in their columns
    Rows<Out> rows_;
    std::vector<std::uint32_t> causes_;  // of the rows that a run emitted: rows from its first on
    std::vector<std::uint64_t> positions_;
    std::vector<Sub> subs_;
    const Stream* like_ = nullptr;  // whose keys and symbols the output has
    Column<SymbolId> own_symbols_;
    std::size_t shown_ = 0;  // capacity of the rows whose columns the output shows
    const SymbolTable* symbols_ = nullptr;
    std::size_t met_ = 0;  // symbols whose names a cross-sectional operator was told
    int digit_bits_ = 32;
    bool fans_out_ = false;
    Key last_cause_;
    std::uint64_t caused_ = 0;
    std::uint64_t refused_before_ = 0;
    bool overflow_ = false;
};

}  // namespace openquant
