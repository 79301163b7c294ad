#pragma once

#include <algorithm>
#include <bit>

#include "openquant/engine/column_checks.hpp"
#include "openquant/engine/inlet.hpp"
#include "openquant/engine/source.hpp"

namespace openquant {

template <class E>
class TypedSource final : public Source {
public:
    static_assert(std::get<0>(E::fields()).name == "ts", "the first field of an event is its time");

    TypedSource(std::string name_, IdKind ids_) : Source(std::move(name_), event_type<E>(), ids_) { rows.columns.resize(field_count<E>); }

    void open(const Batch& batch) override {
        if (batch.dictionary != dictionary_ || !batch.names) forget_codes(), dictionary_ = batch.dictionary;
        batch_ = batch;
        next_break_ = 0;
        filled_ = FilledColumns<E>(batch.columns);
        view_.emplace(filled_.columns);
        if (batch_.ids == IdKind::unknown) batch_.ids = ids;
        row_ids_ = batch_.kinds || batch_.ids != IdKind::unknown ? id_column() : nullptr;
        one_by_one_ = std::is_same_v<E, Clock> || !batch_.breaks.empty() || (row_ids_ && batch_.rows < shortest_run);
        taken_ = sound_until_ = unsound_until_ = equal_from_ = 0;
        note_cells();
    }
    void merge_times(std::size_t begin, std::int64_t latest, std::span<std::int64_t> out) override {
        const std::size_t end = begin + out.size();
        if (!one_by_one_) examine(end);
        std::size_t row = begin;
        const std::size_t examined = std::min(end, sound_until_);
        for (; row < examined && time(row) < latest; ++row) out[row - begin] = latest;
        for (; row < examined; ++row) out[row - begin] = time(row);
        if (row > begin) latest = out[row - begin - 1];
        for (; row < end; ++row) {
            const E e = (*view_)[row];
            const bool sound = fault_of(e) == Fault::none && batch_.codes[row] != Batch::no_symbol;
            out[row - begin] = latest = sound ? std::max(latest, e.ts) : latest;
        }
    }

    void begin_chunk() override {
        copied_.clear(), positions_.clear();
        breaks_.clear(), break_positions_.clear();
        lent_ = 0;
    }

    void take(std::size_t begin, std::size_t end, bool stays, SymbolTable& symbols, std::uint64_t& position) override {
        if (one_by_one_) {
            copy_lent();
            take_one_by_one(begin, end, symbols, position);
            if (end == batch_.rows) report_breaks(end, symbols, position);
            taken_ = end;
            return;
        }
        while (begin < end) {
            examine(end);
            const bool sound = begin < sound_until_;
            const std::size_t stop = std::min(end, sound ? sound_until_ : unsound_until_);
            if (sound && stays && copied_.size() == 0) {
                lend(begin, stop, symbols, position);
                if (row_ids_) take_ids(begin, stop);
            } else {
                copy_lent();
                take_one_by_one(begin, stop, symbols, position);
                if (!sound && stop == unsound_until_) sound_until_ = equal_from_ = stop;
            }
            taken_ = begin = stop;
        }
    }

    void end_chunk() override {
        if (breaks_.size() > 0 || continuity.rows > 0 || continuity.columns.empty()) {
            breaks_.show(continuity);
            continuity.keys = {break_positions_.data(), nullptr, 0};
        }
        rows.ahead.drop();
        if (lent_ > 0) return show_lent();
        copied_.show(rows);
        rows.keys = {positions_.data(), nullptr, 0};
    }

    InletBase& inlet() override { return inlet_; }

    void adopt() override {
        Source::adopt();
        forget_codes();  // symbols may have other ids now
    }

private:
    static constexpr bool has_ids = requires(E e) { e.id; } && !std::is_same_v<E, Continuity>;  // whose id is of the rows it speaks of
    static constexpr std::size_t shortest_run = 16;                                             // of one symbol, to be looked at by itself

    const std::uint64_t* id_column() const {
        const std::uint64_t* out = nullptr;
        if constexpr (has_ids)
            for_each_field<E>([&](auto index, auto f) {
                if constexpr (std::is_same_v<typename decltype(f)::Type, std::uint64_t>)
                    if (const auto& column = view_->template column<index.value>(); f.name == "id" && column.mask != 0) out = column.data;
            });
        return out;
    }
    std::int64_t time(std::size_t row) const { return view_->template column<0>().data[row]; }

    void take_one_by_one(std::size_t begin, std::size_t end, SymbolTable& symbols, std::uint64_t& position) {
        for (std::size_t row = begin; row < end; ++row) {
            if (next_break_ < batch_.breaks.size()) report_breaks(row, symbols, position);
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
    }

    /// A clock's row under the name * is kept for every symbol.
    bool for_all(const E& e, std::uint32_t code, std::uint64_t& position) {
        if constexpr (std::is_same_v<E, Clock>) {
            if (batch_.name(code) != "*") return false;
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

    /// Looks ahead to `end`, or to the first block with something to refuse, or where a symbol's time may step back: until then none's
    /// does, and no row has to be changed. This is most of what a sound row costs here, so it goes column by column, and every
    /// loop can be vectorised; in blocks so short that memory brings the next block of one column while the others are checked.
    void examine(std::size_t end) {
        if (sound_until_ < end && unsound_until_ <= sound_until_) look_ahead(end);
    }
    [[gnu::noinline]] void look_ahead(std::size_t end) {
        constexpr std::size_t block = 128;
        while (sound_until_ < end) {
            const std::size_t begin = sound_until_;
            std::size_t stop = std::min(begin + block, batch_.rows);
            bool equal = all_equal(begin, stop), rises = in_order(begin, stop);
            if (!equal && !rises)
                if (const std::size_t run = end_of_code(begin, stop); run - begin >= shortest_run) stop = run, equal = true, rises = in_order(begin, run);
            const bool named = equal ? batch_.codes[begin] < most_codes : all_below(most_codes, begin, stop);
            const bool counts_up = !row_ids_ || (equal && checks::count_up(row_ids_ + begin, stop - begin));
            if (named && rises && counts_up && (time(begin) < least_time(begin, equal) || !expects(begin))) {
                if (begin > taken_) return;  // what came before is taken first
                rises = false;
            }
            if (!named || !rises || !counts_up || !sound_values(begin, stop)) {
                unsound_until_ = stop;
                return;
            }
            if (equal_from_ < begin && batch_.codes[equal_from_] != batch_.codes[begin]) equal_from_ = begin;
            if (!equal) equal_from_ = stop;
            sound_until_ = stop;
        }
    }
    /// From which time on no symbol's steps back at row `begin`, up to which all are sound. Before the newest time of all there are
    /// rows of one symbol only, as in a panel that is sorted by symbol.
    std::int64_t least_time(std::size_t begin, bool equal) const {
        if (begin == taken_) return equal ? latest_of(batch_.codes[begin]) : memory_.max_ts;
        const std::int64_t before = time(begin - 1);
        return before >= memory_.max_ts || (equal && batch_.codes[begin] == batch_.codes[begin - 1]) ? before : memory_.max_ts;
    }
    std::int64_t latest_of(std::uint32_t code) const {
        const SymbolId symbol = met(code);
        return symbol == every_symbol ? std::numeric_limits<std::int64_t>::min() : memory_.last_ts[symbol];
    }
    /// The symbol of a code; `every_symbol` where it has not been met.
    SymbolId met(std::uint32_t code) const { return code < ids_of_code_.size() ? ids_of_code_[code] : every_symbol; }
    /// Whether the id at row `begin`, up to which all are sound, is the next of its symbol.
    bool expects(std::size_t begin) const {
        if (!row_ids_) return true;
        const std::uint32_t code = batch_.codes[begin];
        const std::uint64_t id = row_ids_[begin];
        if (begin > taken_) return batch_.codes[begin - 1] == code && id != 0 && id == row_ids_[begin - 1] + 1;
        if (code >= batch_.names->size()) return false;  // to be told of where rows are taken one by one
        const SymbolId symbol = met(code);
        return (symbol == every_symbol ? IdTracker() : memory_.ids[symbol]).expects(batch_.kind(code), id);
    }
    void take_ids(std::size_t begin, std::size_t end) {
        const std::uint32_t code = batch_.codes[begin];
        memory_.ids[ids_of_code_[code]].take(batch_.kind(code), row_ids_[begin], row_ids_[end - 1]);
    }
    std::size_t end_of_code(std::size_t begin, std::size_t end) const {
        std::size_t row = begin + 1;
        while (row < end && batch_.codes[row] == batch_.codes[begin]) ++row;
        return row;
    }
    bool sound_values(std::size_t begin, std::size_t end) const {
        bool ok = true;
        for_each_field<E>([&](auto index, auto f) {
            const auto column = view_->template column<index.value>();
            if (index.value > 0 && column.mask != 0 && f.fault != Fault::none) ok = ok && all_sound(f, column.data + begin, end - begin);
        });
        return ok;
    }
    bool all_equal(std::size_t begin, std::size_t end) const { return batch_.codes.mask == 0 || checks::all_equal(batch_.codes.data + begin, end - begin); }
    bool all_below(std::uint32_t limit, std::size_t begin, std::size_t end) const {
        return batch_.codes.mask == 0 ? batch_.codes[0] < limit : checks::all_below(batch_.codes.data + begin, end - begin, limit);
    }
    /// Sound times that never step back.
    bool in_order(std::size_t begin, std::size_t end) const {
        const std::int64_t* const ts = view_->template column<0>().data;
        return checks::in_order(ts + begin, end - begin) && std::get<0>(E::fields()).sound(ts[end - 1]);
    }
    template <class T>
    static bool all_sound(const Field<E, T>& f, const T* column, std::size_t n) {
        if constexpr (std::is_same_v<T, double> || std::is_same_v<T, std::int64_t>) {
            return checks::all_within(column, n, f.low, f.high);
        } else {
            std::uint8_t bad = 0;
            for (std::size_t i = 0; i < n; ++i) bad |= !f.sound(column[i]);
            return bad == 0;
        }
    }

    /// Rows that follow those lent already, or begin a chunk.
    [[gnu::always_inline]] void lend(std::size_t begin, std::size_t end, SymbolTable& symbols, std::uint64_t& position) {
        const std::size_t n = end - begin;
        if (lent_ == 0) {
            lent_from_ = begin;
            first_position_ = position;
        }
        if (positions_.empty() && position != first_position_ + lent_) note_positions(0, lent_, first_position_);
        if (!positions_.empty()) note_positions(lent_, lent_ + n, position);
        name(begin, end, symbols, position);
        lent_ += n;
        note_times(begin, end);
        position += n;
        earliest = std::min(earliest, time(begin));
        accepted += n;
    }
    void note_positions(std::size_t begin, std::size_t end, std::uint64_t position) {
        if (end - begin == 1) return positions_.push_back(position);
        positions_.resize(end);
        for (std::size_t i = begin; i < end; ++i) positions_[i] = position++;
    }
    /// Symbol ids of lent rows: one of all, or codes that are ids themselves as they were given in the order of first
    /// appearance, or looked up.
    [[gnu::always_inline]] void name(std::size_t begin, std::size_t end, SymbolTable& symbols, std::uint64_t position) {
        const bool equal = begin >= equal_from_ || end - begin == 1;
        const auto own = [&] { return all_below(same_codes_, begin, end); };
        if (lent_ == 0) {
            naming_ = equal ? Naming::one : own() ? Naming::own : Naming::looked_up;
            if (equal) one_ = symbol_of(batch_.codes[begin], symbols, position);
        } else if (naming_ == Naming::one ? !equal || batch_.codes[begin] != batch_.codes[lent_from_] : naming_ == Naming::own && !own()) {
            look_up(lent_from_, begin, symbols, position);
            naming_ = Naming::looked_up;
        }
        if (naming_ == Naming::looked_up) look_up(begin, end, symbols, position);
    }
    void look_up(std::size_t begin, std::size_t end, SymbolTable& symbols, std::uint64_t position) {
        symbol_ids_.resize(end - lent_from_);
        SymbolId* const out = symbol_ids_.data() + (begin - lent_from_);
        const SymbolId* map = ids_of_code_.data();
        std::size_t mapped = ids_of_code_.size();
        for (std::size_t row = begin; row < end; ++row) {
            const std::uint32_t code = batch_.codes[row];
            if (code >= mapped || map[code] == every_symbol) [[unlikely]] {
                symbol_of(code, symbols, position + (row - begin));
                map = ids_of_code_.data(), mapped = ids_of_code_.size();
            }
            out[row - begin] = map[code];
        }
    }
    Column<SymbolId> lent_symbols() const {
        if (naming_ == Naming::one) return {&one_, 0};
        return {naming_ == Naming::own ? batch_.codes.data + lent_from_ : symbol_ids_.data()};
    }
    void show_lent() {
        rows.rows = lent_;
        rows.symbols = lent_symbols();
        for_each_field<E>([&](auto index, auto f) {
            const auto& whole = filled_.columns[index.value];
            rows.columns[index.value] = {whole.mask ? whole.data + lent_from_ * sizeof(typename decltype(f)::Type) : whole.data, whole.mask};
        });
        rows.keys = {positions_.empty() ? nullptr : positions_.data(), nullptr, first_position_};
        if (lent_ >= least_ahead && lent_from_ + 2 * lent_ <= batch_.rows) rows.ahead = Ahead({cells_.data(), cells_known_}, lent_from_ + lent_);
    }
    /// Columns that are read of each row of the batch.
    void note_cells() {
        cells_known_ = 0;
        if (batch_.rows < 2 * least_ahead) return;
        const auto note = [&](const auto& column, std::size_t width) {
            if (column.mask != 0) cells_[cells_known_++] = {reinterpret_cast<const std::byte*>(column.data), width};
        };
        for_each_field<E>([&](auto index, auto f) { note(view_->template column<index.value>(), sizeof(typename decltype(f)::Type)); });
        note(batch_.codes, sizeof(std::uint32_t));
    }
    /// What was lent in this chunk becomes rows of our own, for those that follow cannot be lent.
    void copy_lent() {
        if (lent_ == 0) return;
        const auto symbols = lent_symbols();
        for (std::size_t i = 0; i < lent_; ++i) copied_.append(symbols[i], (*view_)[lent_from_ + i]);
        if (positions_.empty()) note_positions(0, lent_, first_position_);
        lent_ = 0;
    }

    /// Each symbol's latest time is that of its last row here; of few symbols from the end back, until each has been met.
    void note_times(std::size_t begin, std::size_t end) {
        memory_.max_ts = std::max(memory_.max_ts, time(end - 1));
        if (naming_ == Naming::one) {
            memory_.last_ts[one_] = time(end - 1);
            return;
        }
        const auto symbols = lent_symbols();
        if (codes_known_ > few_codes) {
            for (std::size_t row = begin; row < end; ++row) memory_.last_ts[symbols[row - lent_from_]] = time(row);
            return;
        }
        ++chunk_;
        noted_in_.resize(memory_.last_ts.size(), 0);
        std::size_t left = codes_known_;
        for (std::size_t row = end; row > begin && left > 0; --row) {
            const SymbolId symbol = symbols[row - 1 - lent_from_];
            if (noted_in_[symbol] == chunk_) continue;
            noted_in_[symbol] = chunk_;
            memory_.last_ts[symbol] = time(row - 1);
            --left;
        }
    }

    SymbolId symbol_of(std::uint32_t code, SymbolTable& symbols, std::uint64_t position) {
        const SymbolId symbol = met(code);
        if (symbol != every_symbol) [[likely]]
            return symbol;
        return meet(code, symbols, position);
    }
    [[gnu::noinline]] SymbolId meet(std::uint32_t code, SymbolTable& symbols, std::uint64_t position) {
        const SymbolId id = symbols.id(batch_.name(code), position);
        if (code >= ids_of_code_.size()) ids_of_code_.resize(batch_.names->size(), every_symbol);
        ids_of_code_[code] = id;
        remember(id + 1);
        ++codes_known_;
        while (same_codes_ < ids_of_code_.size() && ids_of_code_[same_codes_] == same_codes_) ++same_codes_;
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
        if constexpr (has_ids) {
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

    enum class Naming : std::uint8_t { one, own, looked_up };

    FilledColumns<E> filled_;
    std::optional<RowView<E>> view_;
    bool one_by_one_ = false;                 // breaks to report among the rows
    const std::uint64_t* row_ids_ = nullptr;  // ids to judge; null where there are none
    std::uint64_t dictionary_ = 0;
    std::size_t next_break_ = 0;
    // Rows of the batch: taken; from there on known to be sound, then a block that is not; and whose codes are equal up to the sound one's end.
    std::size_t taken_ = 0, sound_until_ = 0, unsound_until_ = 0, equal_from_ = 0;
    std::vector<SymbolId> ids_of_code_, symbol_ids_;
    static constexpr std::uint32_t most_codes = 1u << 31;
    static constexpr std::size_t few_codes = 64;
    static constexpr std::size_t least_ahead = 1024;  // rows of a chunk, to ask for as many that follow it
    std::uint32_t same_codes_ = 0;                    // codes below this are their own ids
    std::size_t codes_known_ = 0;
    std::uint64_t chunk_ = 0;
    std::vector<std::uint64_t> noted_in_;   // by symbol: the last chunk that noted its time
    std::size_t lent_ = 0, lent_from_ = 0;  // rows of this chunk that are lent, not copied
    std::uint64_t first_position_ = 0;      // of them; where they are not all in a row, positions_ has each
    std::array<Ahead::Cells, field_count<E> + 1> cells_{};
    std::size_t cells_known_ = 0;
    Naming naming_ = Naming::one;
    SymbolId one_ = 0;
    Rows<E> copied_;
    Rows<Continuity> breaks_;
    std::vector<std::uint64_t> positions_, break_positions_;
    Inlet<E> inlet_;
};

}  // namespace openquant
