// The slow executor that every graph must equal: one row at a time, smallest key first, then node rank, then input.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "openquant/operators/core/schema.hpp"
#include "streams.hpp"

namespace openquant::testing {

/// Position, then the path of fan-outs below it; a digit that is not there counts as zero.
struct PlainKey {
    std::uint64_t position = 0;
    std::vector<std::uint32_t> path;
};
bool operator<(const PlainKey& a, const PlainKey& b);
bool operator==(const PlainKey& a, const PlainKey& b);

/// Symbols in the order in which rows were first accepted.
struct PlainSymbols {
    std::map<std::string, SymbolId> ids;
    std::vector<std::string> names;
};

using PlainEmit = std::function<void(const std::string& symbol, const Row& row)>;

/// A node of the reference: an operator per symbol, or one for all.
class PlainNode {
public:
    virtual ~PlainNode() = default;
    virtual bool fans_out() const = 0;
    virtual void update(std::size_t input, const std::string& symbol, const Row& row, const PlainSymbols& symbols, const PlainEmit& emit) = 0;
    /// Ends the stream of every symbol and starts anew.
    virtual void flush(const PlainSymbols& symbols, const PlainEmit& emit) = 0;
};

/// A row as another event type, written out by hand: what can be read as a trade, a price, a value.
template <class E>
E read_as(const Row& row) {
    if (const E* same = std::get_if<E>(&row)) return *same;
    if constexpr (std::is_same_v<E, Trade>) {
        if (const auto* q = std::get_if<QuotedTrade>(&row)) return {q->ts, q->price, q->size, q->side, q->id, q->ts_publish, q->ts_recv, q->flags};
    }
    if constexpr (std::is_same_v<E, Price>) {
        if (const auto* t = std::get_if<Trade>(&row)) return {t->ts, t->price};
        if (const auto* q = std::get_if<QuotedTrade>(&row)) return {q->ts, q->price};
        if (const auto* b = std::get_if<Bar>(&row)) return {b->ts, b->close};
        if (const auto* s = std::get_if<Spread>(&row)) return {s->ts, s->mid};
        if (const auto* a = std::get_if<AlignedPrice>(&row)) return {a->ts, a->price};
        if (const auto* o = std::get_if<Ohlcv>(&row)) return {o->ts, o->close};
        if (const auto* f = std::get_if<Forecast>(&row)) return {f->ts, f->price};
    }
    if constexpr (std::is_same_v<E, Prediction>) {
        if (const auto* f = std::get_if<Forecast>(&row)) return {f->ts, f->prob, f->side};
    }
    if constexpr (std::is_same_v<E, Ohlcv>) {
        if (const auto* b = std::get_if<Bar>(&row))
            return {b->ts, b->open, b->high, b->low, b->close, b->volume, b->close, b->start_ts, b->dollar_value, b->n_obs};
    }
    if constexpr (std::is_same_v<E, Value>) {
        if (const auto* p = std::get_if<Price>(&row)) return {p->ts, p->price};
        if (const auto* t = std::get_if<Trade>(&row)) return {t->ts, t->price};
        if (const auto* q = std::get_if<QuotedTrade>(&row)) return {q->ts, q->price};
        if (const auto* b = std::get_if<Bar>(&row)) return {b->ts, b->close};
        if (const auto* s = std::get_if<Spread>(&row)) return {s->ts, s->relative};
        if (const auto* v = std::get_if<Volatility>(&row)) return {v->ts, v->volatility};
        if (const auto* r = std::get_if<Return>(&row)) return {r->ts, r->strategy_return};
        if (const auto* l = std::get_if<Label>(&row)) return {l->ts, l->ret};
        if (const auto* a = std::get_if<AlignedPrice>(&row)) return {a->ts, a->price};
        if (const auto* o = std::get_if<Ohlcv>(&row)) return {o->ts, o->close};
        if (const auto* f = std::get_if<Forecast>(&row)) return {f->ts, f->price};
        if (const auto* n = std::get_if<NetReturn>(&row)) return {n->ts, n->net_return};
        if (const auto* e = std::get_if<Equity>(&row)) return {e->ts, e->equity};
    }
    throw std::logic_error("reference: a row of the wrong type");
}

template <class Op>
class PlainOperator final : public PlainNode {
    static constexpr bool keyed = Op::schema().scope == Scope::keyed;
    using Out = OutputOf<Op>;

public:
    PlainOperator(const Op& op, const std::vector<bool>& wired) : prototype_(op) {
        for_each_input<Op>([&](auto index, auto in) {
            if constexpr (requires { prototype_.wired(in.name, true); }) prototype_.wired(in.name, wired[index.value]);
        });
    }
    bool fans_out() const override {
        if constexpr (requires { prototype_.fans_out(); }) return prototype_.fans_out();
        else return false;
    }
    void update(std::size_t input, const std::string& symbol, const Row& row, const PlainSymbols& symbols, const PlainEmit& emit) override {
        for_each_input<Op>([&](auto index, auto in) {
            if (index.value == input) give<index.value>(read_as<typename decltype(in)::Type>(row), symbol, symbols, emit);
        });
    }
    void flush(const PlainSymbols& symbols, const PlainEmit& emit) override {
        if constexpr (keyed) {
            for (const auto& [name, id] : symbols.ids)
                if constexpr (requires(Op& op, void (*out)(const Out&)) { op.flush(out); }) of(name).flush([&, who = name](const Out& out) { emit(who, out); });
        } else if constexpr (requires(Op& op, void (*out)(SymbolId, const Out&)) { op.flush(out); }) {
            of(every_name).flush([&](SymbolId s, const Out& out) { emit(symbols.names[s], out); });
        }
        operators_.clear();
    }

private:
    template <std::size_t I>
    void give(const auto& row, const std::string& symbol, const PlainSymbols& symbols, const PlainEmit& emit) {
        if constexpr (!keyed) {
            const SymbolId id = symbol == every_name ? every_symbol : symbols.ids.at(symbol);
            if constexpr (requires { prototype_.meet(id, symbol); })
                for (const auto& [name, known] : symbols.ids) of(every_name).meet(known, name);
            deliver<I>(of(every_name), row, id, [&](SymbolId s, const Out& out) { emit(symbols.names[s], out); });
        } else if (symbol == every_name) {
            for (const auto& [name, id] : symbols.ids) deliver<I>(of(name), row, [&, who = name](const Out& out) { emit(who, out); });
        } else {
            deliver<I>(of(symbol), row, [&](const Out& out) { emit(symbol, out); });
        }
    }
    Op& of(const std::string& symbol) { return operators_.try_emplace(symbol, prototype_).first->second; }

    Op prototype_;
    std::map<std::string, Op> operators_;
};

/// The reference of one graph. Streams are numbered as they are made; a source makes two: its rows, then its breaks.
class Reference {
public:
    std::size_t add_source(IdKind ids);
    std::size_t add(std::unique_ptr<PlainNode> node, std::vector<std::optional<std::size_t>> inputs);

    /// Merges the recordings, one per source in order, by running maximum of time, and delivers every row.
    void replay(const std::vector<Recording>& recordings);
    void flush();

    /// Everything that went down a stream.
    const std::vector<Tick>& rows(std::size_t stream) const { return streams_[stream].rows; }
    /// The source of each row in merged order.
    const std::vector<std::size_t>& order() const { return order_; }
    std::uint64_t rejected() const { return rejected_; }

private:
    struct Stream {
        std::size_t depth = 0;
        std::vector<std::pair<std::size_t, std::size_t>> consumers;  // node, input
        std::vector<Tick> rows;
    };
    struct Node {
        std::unique_ptr<PlainNode> node;
        std::size_t output = 0;
        std::optional<PlainKey> last;  // key of the row that last caused output, and how many it caused
        std::uint32_t caused = 0;
    };
    struct Delivery {
        PlainKey key;
        std::size_t node = 0, input = 0;
        std::uint64_t number = 0;
        Tick tick;
        bool operator<(const Delivery& other) const;
    };
    /// What is known of one symbol of a source: its latest time and which ids came or are missing.
    struct Seen {
        std::int64_t last_ts = INT64_MIN;
        std::uint64_t last_id = 0, first_id = 0;
        std::set<std::uint64_t> missing;
        std::deque<std::uint64_t> recent;  // of ids without order
    };
    struct Source {
        std::size_t rows = 0, breaks = 0;  // streams
        IdKind ids = IdKind::unknown;
        std::int64_t latest = INT64_MIN;
        std::map<std::string, Seen> seen;
        std::size_t at = 0, next_break = 0;
    };
    void take(Source& source, const Recording& recording);
    bool judge(Source& source, const Recording& recording, Tick& tick);
    void report(const Source& source, const std::string& symbol, const Continuity& row);
    void report_before(Source& source, const Recording& recording, std::size_t row);
    void push(std::size_t stream, const PlainKey& key, const Tick& tick);
    void run();
    void meet(const std::string& symbol);

    std::vector<Stream> streams_;
    std::vector<Node> nodes_;
    std::vector<Source> sources_;
    PlainSymbols symbols_;
    std::set<Delivery> waiting_;
    std::vector<std::size_t> order_;
    std::uint64_t position_ = 0, number_ = 0, rejected_ = 0;
};

}  // namespace openquant::testing
