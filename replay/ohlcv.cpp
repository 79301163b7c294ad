#include "openquant/replay/ohlcv.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>
#include <utility>

#include "openquant/engine/timestamps.hpp"

namespace openquant {

namespace {

constexpr std::int64_t hour_ns = 3'600'000'000'000, day_ns = 24 * hour_ns;

__extension__ using Wide = unsigned __int128;  // four times a step of 584 years

constexpr std::int64_t floor_div(std::int64_t a, std::int64_t b) { return a / b - (a % b < 0); }

void check(const OhlcvColumns& columns) {
    const std::size_t n = columns.rows();
    bool same = columns.ts_readable.size() == n && columns.code.size() == n;
    for (const auto& field : columns.fields) same = same && (field.size() == n || (&field == &columns.fields.back() && field.empty()));
    if (!same) throw std::invalid_argument("OHLCV columns must have the same length");
    if (n >= Calendar::missing) throw std::invalid_argument("OHLCV rows: " + std::to_string(n) + " are more than 2^32 - 2");
}

/// 1 where every column could be read; counts what could not.
std::vector<std::uint8_t> readable(const OhlcvColumns& columns, SortedRows& out) {
    const std::size_t n = columns.rows();
    std::vector<std::uint8_t> ok(n);
    std::uint64_t read_ts = 0, read_symbols = 0, sound = 0;
    for (std::size_t i = 0; i < n; ++i) {
        const std::uint8_t t = columns.ts_readable[i], s = columns.code[i] < columns.names.size();
        read_ts += t, read_symbols += s;
        ok[i] = t & s;
    }
    out.nulls[0] = n - read_ts, out.nulls[1] = n - read_symbols;
    for (std::size_t f = 0; f < columns.fields.size(); ++f) {
        if (columns.fields[f].empty()) continue;
        const double* const x = columns.fields[f].data();
        std::uint64_t read = 0;
        for (std::size_t i = 0; i < n; ++i) {
            const std::uint8_t r = std::isfinite(x[i]);
            read += r;
            ok[i] &= r;
        }
        out.nulls[2 + f] = n - read;
    }
    for (const std::uint8_t o : ok) sound += o;
    out.dropped = n - sound;
    return ok;
}

/// Position of each used code among the names in order; 0 for those that no row has.
std::vector<std::uint32_t> ranks(const OhlcvColumns& columns, std::span<const std::uint32_t> rows) {
    std::vector<std::uint32_t> rank(columns.names.size()), used;
    for (const std::uint32_t row : rows)
        if (const std::uint32_t code = columns.code[row]; !std::exchange(rank[code], 1)) used.push_back(code);
    std::sort(used.begin(), used.end(), [&](std::uint32_t a, std::uint32_t b) { return columns.names[a] < columns.names[b]; });
    for (std::size_t i = 0; i < used.size(); ++i) rank[used[i]] = static_cast<std::uint32_t>(i);
    return rank;
}

/// Rows of one symbol by time; equal times stay in the order of their row numbers.
void sort_by_time(const OhlcvColumns& columns, std::span<std::uint32_t> rows) {
    const auto by_time = [&](std::uint32_t a, std::uint32_t b) { return columns.ts[a] < columns.ts[b]; };
    if (std::is_sorted(rows.begin(), rows.end(), by_time)) return;
    std::vector<std::pair<std::int64_t, std::uint32_t>> keys;
    keys.reserve(rows.size());
    for (const std::uint32_t row : rows) keys.emplace_back(columns.ts[row], row);
    std::sort(keys.begin(), keys.end());
    for (std::size_t i = 0; i < keys.size(); ++i) rows[i] = keys[i].second;
}

bool same_key(const OhlcvColumns& columns, std::uint32_t a, std::uint32_t b) { return columns.code[a] == columns.code[b] && columns.ts[a] == columns.ts[b]; }

/// Calls `symbol(begin, end)` for the positions of each symbol in `sorted`.
void each_symbol(const OhlcvColumns& columns, std::span<const std::uint32_t> sorted, auto&& symbol) {
    for (std::size_t begin = 0, end = 0; begin < sorted.size(); begin = end) {
        while (end < sorted.size() && columns.code[sorted[end]] == columns.code[sorted[begin]]) ++end;
        symbol(begin, end);
    }
}

/// Saturdays and Sundays (UTC) before `t`, in ns from a fixed Saturday.
std::int64_t weekend_until(std::int64_t t) {
    const std::int64_t day = floor_div(t, day_ns) - 2;  // 1970-01-03 was a Saturday
    const std::int64_t week = floor_div(day, 7), weekday = day - 7 * week;
    const std::int64_t of_day = t % day_ns < 0 ? t % day_ns + day_ns : t % day_ns;
    return 2 * week * day_ns + (weekday >= 2 ? 2 * day_ns : weekday * day_ns + of_day);
}

struct Step {
    std::int64_t from, to;
    std::uint64_t length() const { return static_cast<std::uint64_t>(to) - static_cast<std::uint64_t>(from); }
};

/// Twice the median, exactly; reorders `lengths`, of which there must be one.
Wide twice_median(std::vector<std::uint64_t>& lengths) {
    const auto middle = lengths.begin() + static_cast<std::ptrdiff_t>(lengths.size() / 2);
    std::nth_element(lengths.begin(), middle, lengths.end());
    return Wide{*middle} + (lengths.size() % 2 ? *middle : *std::max_element(lengths.begin(), middle));
}

std::uint64_t gaps_of(std::span<const Step> steps, Wide median2) {
    const bool daily = median2 >= 46 * Wide{hour_ns} && median2 <= 50 * Wide{hour_ns};  // an hour for clocks that change
    std::uint64_t gaps = 0;
    for (const Step& s : steps) {
        if (Wide{4} * s.length() <= 3 * median2) continue;
        const auto weekend = daily ? static_cast<std::uint64_t>(weekend_until(s.to) - weekend_until(s.from)) : 0;
        gaps += Wide{4} * (s.length() - weekend) > 3 * median2;
    }
    return gaps;
}

std::uint64_t count_gaps(const OhlcvColumns& columns, std::span<const std::uint32_t> sorted) {
    std::vector<Step> steps;
    std::vector<std::size_t> ends;
    steps.reserve(sorted.size());
    each_symbol(columns, sorted, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin + 1; i < end; ++i)
            if (const Step step{columns.ts[sorted[i - 1]], columns.ts[sorted[i]]}; step.from != step.to) steps.push_back(step);
        ends.push_back(steps.size());
    });
    std::vector<std::uint64_t> lengths;
    const auto median2_of = [&](std::span<const Step> some) {
        lengths.clear();
        for (const Step& s : some) lengths.push_back(s.length());
        return twice_median(lengths);
    };
    std::optional<Wide> of_all;
    std::uint64_t gaps = 0;
    std::size_t begin = 0;
    for (const std::size_t end : ends) {
        const auto own = std::span<const Step>(steps).subspan(begin, end - begin);
        begin = end;
        if (own.empty()) continue;
        if (own.size() < 3 && !of_all) of_all = median2_of(steps);
        gaps += gaps_of(own, own.size() < 3 ? *of_all : median2_of(own));
    }
    return gaps;
}

}  // namespace

SortedRows readable_sorted(const OhlcvColumns& columns) {
    check(columns);
    SortedRows out;
    const std::vector<std::uint8_t> ok = readable(columns, out);
    out.rows.reserve(columns.rows() - out.dropped);
    for (std::size_t i = 0; i < ok.size(); ++i)
        if (ok[i]) out.rows.push_back(static_cast<std::uint32_t>(i));

    const std::vector<std::uint32_t> rank = ranks(columns, out.rows);
    const auto rank_of = [&](std::uint32_t row) { return rank[columns.code[row]]; };
    const auto before = [&](std::uint32_t a, std::uint32_t b) {
        const std::uint32_t first = rank_of(a), second = rank_of(b);
        return first != second ? first < second : columns.ts[a] < columns.ts[b];
    };
    if (std::is_sorted(out.rows.begin(), out.rows.end(), before)) return out;

    std::vector<std::size_t> at(columns.names.size() + 1);
    for (const std::uint32_t row : out.rows) ++at[rank_of(row) + 1];
    std::partial_sum(at.begin(), at.end(), at.begin());
    std::vector<std::uint32_t> by_symbol(out.rows.size());
    for (const std::uint32_t row : out.rows) by_symbol[at[rank_of(row)]++] = row;
    std::size_t begin = 0;
    for (const std::size_t end : at) {
        sort_by_time(columns, std::span(by_symbol).subspan(begin, end - begin));
        begin = end;
    }
    out.rows = std::move(by_symbol);
    return out;
}

std::uint64_t deduplicate(const OhlcvColumns& columns, std::vector<std::uint32_t>& sorted, Keep keep) {
    std::size_t kept = 0;
    for (const std::uint32_t row : sorted) {
        if (kept == 0 || !same_key(columns, sorted[kept - 1], row)) {
            sorted[kept++] = row;
        } else if (keep == Keep::last) {
            sorted[kept - 1] = row;
        }
    }
    const std::uint64_t removed = sorted.size() - kept;
    sorted.resize(kept);
    return removed;
}

OhlcvQuality quality(const OhlcvColumns& columns, std::span<const std::uint32_t> sorted) {
    OhlcvQuality out;
    out.rows = sorted.size();
    each_symbol(columns, sorted, [&](std::size_t begin, std::size_t end) {
        ++out.symbols;
        const std::int64_t first = columns.ts[sorted[begin]], last = columns.ts[sorted[end - 1]];
        out.ts_min = std::min(first, out.ts_min.value_or(first));
        out.ts_max = std::max(last, out.ts_max.value_or(last));
        for (std::size_t i = begin + 1; i < end; ++i) out.duplicate_keys += columns.ts[sorted[i]] == columns.ts[sorted[i - 1]];
    });
    const auto& [open, high, low, close, volume, adj_close] = columns.fields;
    for (const std::uint32_t row : sorted) out.violations += high[row] < low[row] || close[row] < low[row] || close[row] > high[row] || volume[row] < 0;
    out.gaps = count_gaps(columns, sorted);
    return out;
}

Calendar align_to_calendar(const OhlcvColumns& columns, std::span<const std::uint32_t> sorted, std::int64_t interval_ns) {
    if (interval_ns <= 0) throw std::invalid_argument("interval_ns = " + std::to_string(interval_ns) + " must be > 0");
    const auto window = [&](std::size_t i) { return floor_div(columns.ts[sorted[i]], interval_ns); };
    constexpr std::uint64_t most_counted = std::uint64_t{1} << 62;
    std::uint64_t rows = 0;
    each_symbol(columns, sorted, [&](std::size_t begin, std::size_t end) {
        if (window(begin) < std::numeric_limits<std::int64_t>::min() / interval_ns)
            throw std::invalid_argument("the window of " + text_from_ns(columns.ts[sorted[begin]]) + " starts before 1678; use a shorter interval");
        const auto steps = static_cast<std::uint64_t>(window(end - 1)) - static_cast<std::uint64_t>(window(begin));
        rows = std::min(rows + std::min(steps, most_counted) + 1, most_counted);
    });
    if (rows > Calendar::max_rows)
        throw std::invalid_argument("the calendar would have " + std::to_string(rows) + " rows, more than " + std::to_string(Calendar::max_rows) +
                                    "; use a longer interval, or fewer symbols or a shorter span at a time");
    Calendar out;
    out.ts.resize(rows), out.code.resize(rows), out.row.assign(rows, Calendar::missing);
    std::size_t at = 0;
    each_symbol(columns, sorted, [&](std::size_t begin, std::size_t end) {
        const std::int64_t first = window(begin), last = window(end - 1);
        for (std::size_t i = begin; i < end; ++i) out.row[at + static_cast<std::size_t>(window(i) - first)] = sorted[i];
        for (std::int64_t steps = 0; steps <= last - first; ++steps, ++at) {
            out.ts[at] = (first + steps) * interval_ns;
            out.code[at] = columns.code[sorted[begin]];
        }
    });
    return out;
}

}  // namespace openquant
