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
        if (batch.dictionary != dictionary_ || !batch.names) forget_codes(), dictionary_ = batch.dictionary;
        batch_ = batch;
        next_break_ = 0;
        filled_ = FilledColumns<E>(batch.columns);
        view_.emplace(filled_.columns);
        if (batch_.ids == IdKind::unknown) batch_.ids = ids;
        judges_ids_ = batch_.kinds || batch_.ids != IdKind::unknown;
    }
    void merge_times(std::size_t begin, std::int64_t latest, std::span<std::int64_t> out) const override {
        for (std::size_t i = 0; i < out.size(); ++i) {
            const E e = (*view_)[begin + i];
            const bool sound = fault_of(e) == Fault::none && batch_.codes[begin + i] != Batch::no_symbol;
            out[i] = latest = sound ? std::max(latest, e.ts) : latest;
        }
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
            memory_.max_ts = std::max(memory_.max_ts, e.ts);
            if (for_all(e, batch_.codes[row], position)) continue;
            const SymbolId symbol = symbol_of(batch_.codes[row], symbols, position);
            if (judge(e, symbol, batch_.kind(batch_.codes[row]), position)) keep(e, symbol, position);
        }
        if (end == batch_.rows) report_breaks(end, symbols, position);
    }

    void take_all(std::size_t begin, std::size_t end, SymbolTable& symbols, std::uint64_t& position) override {
        if (begin == end || std::is_same_v<E, Clock> || judges_ids_ || !batch_.breaks.empty() || !clean(begin, end)) return take(begin, end, symbols, position);
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
        forget_codes();  // symbols may have other ids now
    }

private:
    std::int64_t time(std::size_t row) const { return view_->template column<0>().data[row]; }

    /// A clock's row under the name * is kept for every symbol.
    bool for_all(const E& e, std::uint32_t code, std::uint64_t& position) {
        if constexpr (std::is_same_v<E, Clock>) {
            check_code(code, *batch_.names);
            if ((*batch_.names)[code] != "*") return false;
            keep(e, every_symbol, position);
            return true;
        } else {
            return false;
        }
    }
    void keep(const E& e, SymbolId symbol, std::uint64_t& position) {
        copied_.append(symbol, e);
        positions_.push_back(position++);
        earliest = std::min(earliest, e.ts);
        ++accepted;
    }

    /// Nothing to refuse, and time never steps back: then no symbol's does, and no row has to be changed. This is most
    /// of what a sound chunk costs here, so it goes column by column, and every loop can be vectorised; in blocks so
    /// short that memory brings the next block of one column while the others are checked.
    bool clean(std::size_t begin, std::size_t end) {
        constexpr std::size_t block = 128;
        std::int64_t latest = memory_.max_ts;
        same_ = true;
        bool ok = true;
        for (std::size_t at = begin; at < end && ok; at += block) {
            const std::size_t stop = std::min(at + block, end);
            ok = clean_block(at, stop, latest);
            latest = time(stop - 1);
        }
        return ok;
    }
    bool clean_block(std::size_t begin, std::size_t end, std::int64_t latest) {
        same_ = same_ && all_below(same_codes_, begin, end);
        bool ok = (same_ || all_below(most_codes, begin, end)) && in_order(latest, begin, end);
        for_each_field<E>([&](auto index, auto f) {
            const auto column = view_->template column<index.value>();
            if (index.value > 0 && f.fault != Fault::none && column.mask != 0) ok = ok && all_sound(f, column.data + begin, end - begin);
        });
        return ok;
    }
    /// Of 2^31 or more no code is below any limit; Batch::no_symbol is among them.
    bool all_below(std::uint32_t limit, std::size_t begin, std::size_t end) const {
        const std::uint32_t* const codes = batch_.codes.data;
        std::uint32_t signs = 0;
        for (std::size_t row = begin; row < end; ++row) signs |= (limit - 1 - codes[row]) | codes[row];
        return signs >> 31 == 0;
    }
    /// Sound times that never step back, nor behind `latest`.
    bool in_order(std::int64_t latest, std::size_t begin, std::size_t end) const {
        const std::int64_t* const ts = view_->template column<0>().data;
        auto signs = static_cast<std::uint64_t>(ts[begin]);  // of times and of their differences
        for (std::size_t row = begin + 1; row < end; ++row) {
            const auto now = static_cast<std::uint64_t>(ts[row]);
            signs |= (now - static_cast<std::uint64_t>(ts[row - 1])) | now;
        }
        return signs >> 63 == 0 && ts[begin] >= latest && std::get<0>(E::fields()).sound(ts[end - 1]);
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
        // Codes given in the order of first appearance are the ids themselves; others are looked up.
        if (!same_) look_up(begin, end, symbols, position);
        rows.rows = end - begin;
        rows.symbols = {same_ ? batch_.codes.data + begin : symbol_ids_.data()};
        rows.columns = filled_.columns;
        for (std::size_t i = 0; i < rows.columns.size(); ++i)
            if (rows.columns[i].mask) rows.columns[i].data += begin * width(rows.type->fields[i].kind);
        note_times(begin, end);
    }

    void look_up(std::size_t begin, std::size_t end, SymbolTable& symbols, std::uint64_t position) {
        symbol_ids_.resize(end - begin);
        const std::uint32_t* const codes = batch_.codes.data;
        const SymbolId* map = ids_of_code_.data();
        std::size_t mapped = ids_of_code_.size();
        SymbolId* const out = symbol_ids_.data();
        for (std::size_t row = begin; row < end; ++row) {
            const std::uint32_t code = codes[row];
            if (code >= mapped || map[code] == every_symbol) [[unlikely]] {
                symbol_of(code, symbols, position + (row - begin));
                map = ids_of_code_.data(), mapped = ids_of_code_.size();
            }
            out[row - begin] = map[code];
        }
    }

    /// Each symbol's latest time is that of its last row here; from the end back, until every symbol has been met.
    void note_times(std::size_t begin, std::size_t end) {
        memory_.max_ts = time(end - 1);
        ++chunk_;
        noted_in_.resize(memory_.last_ts.size(), 0);
        std::size_t left = codes_known_;
        for (std::size_t row = end; row > begin && left > 0; --row) {
            const SymbolId symbol = rows.symbols.data[row - 1 - begin];
            if (noted_in_[symbol] == chunk_) continue;
            noted_in_[symbol] = chunk_;
            memory_.last_ts[symbol] = time(row - 1);
            --left;
        }
    }

    SymbolId symbol_of(std::uint32_t code, SymbolTable& symbols, std::uint64_t position) {
        if (code >= ids_of_code_.size()) {
            check_code(code, *batch_.names);
            ids_of_code_.resize(batch_.names->size(), every_symbol);
        }
        SymbolId& id = ids_of_code_[code];
        if (id == every_symbol) {
            id = symbols.id((*batch_.names)[code], position);
            remember(id + 1);
            ++codes_known_;
            while (same_codes_ < ids_of_code_.size() && ids_of_code_[same_codes_] == same_codes_) ++same_codes_;
        }
        return id;
    }
    void forget_codes() {
        ids_of_code_.clear();
        same_codes_ = 0;
        codes_known_ = 0;
    }
    void remember(std::size_t symbols) {
        if (memory_.last_ts.size() >= symbols) return;
        memory_.last_ts.resize(symbols, std::numeric_limits<std::int64_t>::min());
        memory_.ids.resize(symbols);
    }

    /// False for a repeated row, which it counts. Reports breaks, and flags rows that come late.
    bool judge(E& e, SymbolId symbol, [[maybe_unused]] IdKind kind, std::uint64_t& position) {
        bool late = e.ts < memory_.last_ts[symbol];
        std::uint64_t id = 0;
        if constexpr (requires { e.id; } && !std::is_same_v<E, Continuity>) {  // its id is of the rows it speaks of
            id = e.id;
            const auto [verdict, first, missing] = memory_.ids[symbol].judge(kind, e.id, (e.flags & flag_snapshot) != 0);
            if (verdict == IdTracker::Verdict::overlap) return ++rejected[static_cast<std::size_t>(Fault::overlap)], false;
            if (verdict == IdTracker::Verdict::duplicate) {
                ++rejected[static_cast<std::size_t>(Fault::duplicate)];
                report(symbol, {e.ts, Break::duplicate, id, 1}, position);
                return false;
            }
            if (verdict == IdTracker::Verdict::gap) report(symbol, {e.ts, Break::gap, first, missing}, position);
            late |= verdict == IdTracker::Verdict::late;
        }
        memory_.last_ts[symbol] = std::max(memory_.last_ts[symbol], e.ts);
        if (late) {
            if constexpr (requires { e.flags; }) e.flags |= flag_late;
            report(symbol, {e.ts, Break::late, id, 1}, position);
        }
        return true;
    }

    void report_breaks(std::size_t row, SymbolTable& symbols, std::uint64_t& position) {
        for (; next_break_ < batch_.breaks.size() && batch_.breaks[next_break_].before <= row; ++next_break_) {
            const BatchBreak& b = batch_.breaks[next_break_];
            const SymbolId symbol = b.code == every_symbol ? every_symbol : symbol_of(b.code, symbols, position);
            if (symbol != every_symbol && b.row.kind == Break::gap) report_loss(symbol, batch_.kind(b.code), b.row, position);
            else report(symbol, b.row, position);
        }
    }
    /// A connector knows of lost rows before a later row shows it: then that row shall not report them again, nor they twice.
    void report_loss(SymbolId symbol, IdKind kind, const Continuity& told, std::uint64_t& position) {
        if (kind != IdKind::dense || told.count == 0) return report(symbol, told, position);
        const auto [verdict, first, missing] = memory_.ids[symbol].miss(kind, told.id + told.count - 1);
        if (verdict == IdTracker::Verdict::gap) report(symbol, {told.ts, Break::gap, first, missing}, position);
    }
    void report(SymbolId symbol, const Continuity& row, std::uint64_t& position) {
        breaks_.append(symbol, row);
        break_positions_.push_back(position++);
    }

    FilledColumns<E> filled_;
    std::optional<RowView<E>> view_;
    bool judges_ids_ = false;
    std::uint64_t dictionary_ = 0;
    std::size_t next_break_ = 0;
    std::vector<SymbolId> ids_of_code_, symbol_ids_;
    static constexpr std::uint32_t most_codes = 1u << 31;
    std::uint32_t same_codes_ = 0;  // codes below this are their own ids
    bool same_ = false;             // all codes of the chunk are
    std::size_t codes_known_ = 0;
    std::uint64_t chunk_ = 0;
    std::vector<std::uint64_t> noted_in_;  // by symbol: the last chunk that noted its time
    Rows<E> copied_;
    Rows<Continuity> breaks_;
    std::vector<std::uint64_t> positions_, break_positions_;
    bool borrowed_ = false;
    Inlet<E> inlet_;
};

}  // namespace openquant
