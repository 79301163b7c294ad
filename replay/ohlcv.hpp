// OHLCV rows of many symbols: which of them are sound, their order, the quality of what they cover, and their calendar.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace openquant {

/// Columns that someone else owns. A field that could not be read is NaN; infinity counts as such.
struct OhlcvColumns {
    static constexpr std::size_t n_fields = 6;

    std::span<const std::int64_t> ts;                      // ns UTC
    std::span<const bool> ts_readable;                     // where false, `ts` means nothing
    std::span<const std::uint32_t> code;                   // index into `names`; one beyond them is a symbol that could not be read
    std::span<const std::string> names;                    // distinct where used
    std::array<std::span<const double>, n_fields> fields;  // open, high, low, close, volume, adj_close; the last may be empty: it is close

    std::size_t rows() const { return ts.size(); }
};

enum class Keep { first, last };

/// Readable rows, sorted stably by (symbol name, ts).
struct SortedRows {
    std::vector<std::uint32_t> rows;
    std::array<std::uint64_t, 2 + OhlcvColumns::n_fields> nulls{};  // unreadable values of ts, symbol and the fields
    std::uint64_t dropped = 0;                                      // rows with at least one of them
};

/// Throws std::invalid_argument for columns of different lengths. Rows that are in order already are not sorted: O(rows).
SortedRows readable_sorted(const OhlcvColumns& columns);

/// Keeps the first or last row of each (symbol, ts) of sorted rows; how many went.
std::uint64_t deduplicate(const OhlcvColumns& columns, std::vector<std::uint32_t>& sorted, Keep keep);

struct OhlcvQuality {
    std::uint64_t rows = 0, symbols = 0;
    std::uint64_t duplicate_keys = 0;  // rows minus distinct (symbol, ts)
    std::uint64_t gaps = 0;            // steps longer than 1.5 times the symbol's median step; in daily data weekends do not count
    std::uint64_t violations = 0;      // high < low, close outside [low, high], or negative volume
    std::optional<std::int64_t> ts_min, ts_max;
};

/// Figures of sorted rows. Steps are between distinct times; a symbol of fewer than three takes the median of all symbols' steps.
OhlcvQuality quality(const OhlcvColumns& columns, std::span<const std::uint32_t> sorted);

/// One row for each window [k * interval, (k + 1) * interval) since the epoch, from each symbol's first to its last.
struct Calendar {
    static constexpr std::uint32_t missing = std::numeric_limits<std::uint32_t>::max();
    static constexpr std::uint64_t max_rows = 50'000'000;

    std::vector<std::int64_t> ts;     // the window's start
    std::vector<std::uint32_t> code;  // the symbol
    std::vector<std::uint32_t> row;   // the last row in the window, or `missing`
};

/// The calendar of sorted rows. Throws std::invalid_argument beyond `max_rows`, and for a window that starts before int64 ns.
Calendar align_to_calendar(const OhlcvColumns& columns, std::span<const std::uint32_t> sorted, std::int64_t interval_ns);

}  // namespace openquant
