// Where rows enter the graph: judged, given symbol ids and positions, and shown as streams of rows and of continuity.
#pragma once

#include <array>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "openquant/engine/continuity.hpp"
#include "openquant/engine/stream.hpp"
#include "openquant/engine/symbols.hpp"

namespace openquant {

class InletBase;

/// A break that a reader or connector reports, just before row `before` of its batch.
struct BatchBreak {
    std::size_t before = 0;
    std::uint32_t code = 0;  // symbol code, or every_symbol
    Continuity row;
};

/// Finds names as they are asked for, where to look for all of them at once would take long.
class NameFinder {
public:
    virtual ~NameFinder() = default;
    /// Sees to it that the code of a row has its name among the batch's.
    virtual void find(std::uint32_t code) = 0;
    virtual void find_all() = 0;
};

/// Rows offered to a source: borrowed columns by field of its type, null where an optional one is absent, and symbols as
/// codes into `names`. Columns that are there have a value for each row.
struct Batch {
    static constexpr std::uint32_t no_symbol = 0xffffffff;  // a row without a symbol: refused

    std::size_t rows = 0;
    std::vector<Column<std::byte>> columns;
    Column<std::uint32_t> codes;
    const std::vector<std::string>* names = nullptr;  // may grow from batch to batch of one dictionary
    NameFinder* finder = nullptr;                     // of names that are not there yet
    std::uint64_t dictionary = 0;                     // another number: codes start anew
    IdKind ids = IdKind::unknown;                     // of all rows, unless `kinds` says it by code
    const std::vector<IdKind>* kinds = nullptr;       // beside `names`
    std::vector<BatchBreak> breaks;

    /// The name of a row's code. Throws std::invalid_argument where it has none.
    const std::string& name(std::uint32_t code) const;
    IdKind kind(std::uint32_t code) const { return kinds && (*kinds)[code] != IdKind::unknown ? (*kinds)[code] : ids; }

    /// Offers rows that their owner leaves as they are until the next batch.
    template <class E>
    void offer(const Rows<E>& given) {
        Stream shown;
        given.show(shown);
        rows = shown.rows;
        columns = std::move(shown.columns);
        codes = shown.symbols;
    }
    template <class E>
    void offer(const Rows<E>& given, const std::vector<std::string>& given_names, std::uint64_t given_dictionary) {
        offer(given);
        names = &given_names;
        dictionary = given_dictionary;
    }
};

/// Numbers for Batch::dictionary, unique in the process.
std::uint64_t new_dictionary();

using Rejections = std::array<std::uint64_t, fault_count>;

class Source {
public:
    Source(std::string name, const EventType& type, IdKind ids);
    virtual ~Source();

    std::string name;
    Stream rows, continuity;
    IdKind ids;  // judges rows of which their batch does not say more
    std::uint64_t accepted = 0;
    std::int64_t earliest = std::numeric_limits<std::int64_t>::max();  // time of any row kept
    Rejections rejected{};

    std::uint64_t rejected_total() const;
    /// Latest time of any sound row so far, one refused as a duplicate included: sources merge by this running maximum.
    std::int64_t latest() const { return memory_.max_ts; }

    /// Takes rows of `batch` until the next `open`.
    virtual void open(const Batch& batch) = 0;
    const Batch& batch() const { return batch_; }
    /// Running maximum, from `latest` on, of the times of rows `begin` to `begin + out.size()` of the batch; the time of a row
    /// that will be refused for what it says itself means nothing.
    virtual void merge_times(std::size_t begin, std::int64_t latest, std::span<std::int64_t> out) = 0;

    virtual void begin_chunk() = 0;
    /// The next rows of the batch, [begin, end); each that is kept takes the next position. With `stays`, they stay where they
    /// are until the chunk has run: then they are lent rather than copied as long as nothing has to be refused, flagged or reported.
    virtual void take(std::size_t begin, std::size_t end, bool stays, SymbolTable& symbols, std::uint64_t& position) = 0;
    virtual void end_chunk() = 0;

    virtual InletBase& inlet() = 0;

    /// What was taken so far is history that a live feed may repeat.
    void hand_over() {
        for (IdTracker& tracker : memory_.ids) tracker.hand_over();
    }
    void save(Writer& out) const { out.put(memory_); }
    void load(Reader& in) {
        in.get(staged_);
        bool sound = staged_.ids.size() == staged_.last_ts.size();
        for (IdTracker& tracker : staged_.ids) sound = sound && tracker.adopt();
        if (!sound) throw std::invalid_argument("snapshot is damaged: what it knows of the ids of source '" + name + "' makes no sense");
    }
    virtual void adopt() { memory_ = std::move(staged_); }

protected:
    /// What is remembered of a source between chunks, by symbol id.
    struct Memory {
        std::vector<std::int64_t> last_ts;
        std::vector<IdTracker> ids;
        std::int64_t max_ts = std::numeric_limits<std::int64_t>::min();
        static auto state(auto& self) { return std::tie(self.last_ts, self.ids, self.max_ts); }
    };
    Memory memory_;
    Batch batch_;

private:
    Memory staged_;
};

}  // namespace openquant
