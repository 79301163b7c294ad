#pragma once

#include <algorithm>
#include <bit>

#include "openquant/engine/inlet.hpp"
#include "openquant/engine/source.hpp"

namespace openquant {

template <class E>
class TypedSource final : public Source {
public:
    static_assert(std::get<0>(E::fields()).name == "ts", "the first field of an event is its time");

    TypedSource(std::string name_, IdKind ids_) : Source(std::move(name_), event_type<E>(), ids_) {}

    void open(const Batch& batch) override {
        if (batch.dictionary != dictionary_ || !batch.names) ids_of_code_.clear(), dictionary_ = batch.dictionary;
        batch_ = batch;
        next_break_ = 0;
        filled_ = FilledColumns<E>(batch.columns);
        view_.emplace(filled_.columns);
        kind_ = batch.ids == IdKind::opaque ? ids : batch.ids;
    }
    std::int64_t time(std::size_t row) const override { return (*view_)[row].ts; }
    bool valid(std::size_t row) const override {
        return fault_of((*view_)[row]) == Fault::none && batch_.codes[row] != Batch::no_symbol;
    }

    void begin_chunk() override {
        copied_.clear(), positions_.clear();
        breaks_.clear(), break_positions_.clear();
        borrowed_ = false;
    }

    void take(std::size_t begin, std::size_t end, SymbolTable& symbols, std::uint64_t& position) override {
        for (std::size_t row = begin; row < end; ++row) {
            report_breaks(row, symbols, position);
            E e = (*view_)[row];
            Fault fault = fault_of(e);
            if (batch_.codes[row] == Batch::no_symbol) fault = Fault::null;
            if (fault != Fault::none) {
                ++rejected[static_cast<std::size_t>(fault)];
                continue;
            }
            const SymbolId symbol = symbol_of(batch_.codes[row], symbols, position);
            if (!judge(e, symbol, position)) {
                ++rejected[static_cast<std::size_t>(Fault::duplicate)];
                continue;
            }
            copied_.append(symbol, e);
            positions_.push_back(position++);
            earliest = std::min(earliest, e.ts);
            ++accepted;
        }
        if (end == batch_.rows) report_breaks(end, symbols, position);
    }

    void take_all(std::size_t begin, std::size_t end, SymbolTable& symbols, std::uint64_t& position) override {
        if (begin == end || kind_ != IdKind::opaque || !batch_.breaks.empty() || !clean(begin, end))
            return take(begin, end, symbols, position);
        borrowed_ = true;
        borrow(begin, end, symbols, position);
        rows.keys = {nullptr, nullptr, position};
        position += end - begin;
        earliest = std::min(earliest, time(begin));
        accepted += end - begin;
    }

    void end_chunk() override {
        breaks_.show(continuity);
        continuity.keys = {break_positions_.data(), nullptr, 0};
        if (borrowed_) return;
        copied_.show(rows);
        rows.keys = {positions_.data(), nullptr, 0};
    }

    InletBase& inlet() override { return inlet_; }

    void adopt() override {
        Source::adopt();
        ids_of_code_.clear();  // symbols may have other ids now
    }

private:
    /// Nothing to refuse, and time never steps back: then no symbol's does, and no row has to be changed. This is most
    /// of what a sound chunk costs here, so it goes column by column, and every loop can be vectorised.
    bool clean(std::size_t begin, std::size_t end) const {
        bool ok = view_->template column<0>()[begin] >= memory_.max_ts && all_symbols_known(begin, end) && never_back(begin, end);
        for_each_field<E>([&](auto index, auto f) {
            const auto column = view_->template column<index.value>();
            if (f.fault != Fault::none && column.mask != 0) ok = ok && all_sound(f, column.data + begin, end - begin);
        });
        return ok;
    }
    bool all_symbols_known(std::size_t begin, std::size_t end) const {
        std::uint32_t unknown = 0;
        for (std::size_t row = begin; row < end; ++row) unknown |= batch_.codes.data[row] == Batch::no_symbol;
        return unknown == 0;
    }
    bool never_back(std::size_t begin, std::size_t end) const {
        const std::int64_t* const ts = view_->template column<0>().data;
        std::uint64_t signs = 0;  // of differences; times are within range, so none overflows
        for (std::size_t row = begin + 1; row < end; ++row)
            signs |= static_cast<std::uint64_t>(ts[row]) - static_cast<std::uint64_t>(ts[row - 1]);
        return signs >> 63 == 0;
    }
    template <class T>
    static bool all_sound(const Field<E, T>& f, const T* column, std::size_t n) {
        if constexpr (sizeof(T) == 8) {
            // Positive doubles are ordered as their bits; a bit pattern outside [low, high] sets a sign in one difference.
            if (f.low >= T{0}) {
                const auto low = std::bit_cast<std::uint64_t>(f.low), high = std::bit_cast<std::uint64_t>(f.high);
                std::uint64_t signs = 0;
                for (std::size_t i = 0; i < n; ++i) {
                    const auto bits = std::bit_cast<std::uint64_t>(column[i]);
                    signs |= (bits - low) | (high - bits);
                }
                if (signs >> 63 == 0) return true;
            }
        }
        std::uint8_t bad = 0;
        for (std::size_t i = 0; i < n; ++i) bad |= !f.sound(column[i]);
        return bad == 0;
    }

    void borrow(std::size_t begin, std::size_t end, SymbolTable& symbols, std::uint64_t position) {
        symbol_ids_.resize(end - begin);
        const std::int64_t* const ts = view_->template column<0>().data;
        const std::uint32_t* const codes = batch_.codes.data;
        const SymbolId* map = ids_of_code_.data();
        std::size_t mapped = ids_of_code_.size();
        std::int64_t* last_ts = memory_.last_ts.data();
        SymbolId* const ids_out = symbol_ids_.data();
        for (std::size_t row = begin; row < end; ++row) {
            const std::uint32_t code = codes[row];
            if (code >= mapped || map[code] == every_symbol) [[unlikely]] {
                symbol_of(code, symbols, position + (row - begin));
                map = ids_of_code_.data(), mapped = ids_of_code_.size(), last_ts = memory_.last_ts.data();
            }
            ids_out[row - begin] = map[code];
            last_ts[map[code]] = ts[row];
        }
        memory_.max_ts = time(end - 1);
        rows.rows = end - begin;
        rows.symbols = {symbol_ids_.data()};
        rows.columns = filled_.columns;
        for (std::size_t i = 0; i < rows.columns.size(); ++i)
            if (rows.columns[i].mask) rows.columns[i].data += begin * width(rows.type->fields[i].kind);
    }

    SymbolId symbol_of(std::uint32_t code, SymbolTable& symbols, std::uint64_t position) {
        if (code >= ids_of_code_.size()) ids_of_code_.resize(batch_.names->size(), every_symbol);
        SymbolId& id = ids_of_code_[code];
        if (id == every_symbol) id = symbols.id((*batch_.names)[code], position);
        remember(id + 1);
        return id;
    }
    void remember(std::size_t symbols) {
        if (memory_.last_ts.size() >= symbols) return;
        memory_.last_ts.resize(symbols, std::numeric_limits<std::int64_t>::min());
        memory_.ids.resize(symbols);
    }

    /// False for a repeated row. Reports gaps and rows that come late, and flags the latter.
    bool judge(E& e, SymbolId symbol, std::uint64_t& position) {
        bool late = e.ts < memory_.last_ts[symbol];
        std::uint64_t id = 0;
        if constexpr (requires { e.id; } && !std::is_same_v<E, Continuity>) {  // its id is of the rows it speaks of
            id = e.id;
            const auto [verdict, first, missing] = memory_.ids[symbol].judge(kind_, e.id);
            if (verdict == IdTracker::Verdict::duplicate) {
                report(symbol, {e.ts, Break::duplicate, id, 1}, position);
                return false;
            }
            if (verdict == IdTracker::Verdict::gap) report(symbol, {e.ts, Break::gap, first, missing}, position);
            late |= verdict == IdTracker::Verdict::late;
        }
        memory_.last_ts[symbol] = std::max(memory_.last_ts[symbol], e.ts);
        memory_.max_ts = std::max(memory_.max_ts, e.ts);
        if (late) {
            if constexpr (requires { e.flags; }) e.flags |= flag_late;
            report(symbol, {e.ts, Break::late, id, 1}, position);
        }
        return true;
    }

    void report_breaks(std::size_t row, SymbolTable& symbols, std::uint64_t& position) {
        for (; next_break_ < batch_.breaks.size() && batch_.breaks[next_break_].before <= row; ++next_break_) {
            const BatchBreak& b = batch_.breaks[next_break_];
            report(b.code == every_symbol ? every_symbol : symbol_of(b.code, symbols, position), b.row, position);
        }
    }
    void report(SymbolId symbol, const Continuity& row, std::uint64_t& position) {
        breaks_.append(symbol, row);
        break_positions_.push_back(position++);
    }

    Batch batch_;
    FilledColumns<E> filled_;
    std::optional<RowView<E>> view_;
    IdKind kind_ = IdKind::opaque;
    std::uint64_t dictionary_ = 0;
    std::size_t next_break_ = 0;
    std::vector<SymbolId> ids_of_code_, symbol_ids_;
    Rows<E> copied_;
    Rows<Continuity> breaks_;
    std::vector<std::uint64_t> positions_, break_positions_;
    bool borrowed_ = false;
    Inlet<E> inlet_;
};

}  // namespace openquant
