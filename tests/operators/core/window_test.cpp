#include "openquant/operators/core/window.hpp"

#include "catch.hpp"

#include "openquant/operators/core/archive.hpp"
#include "random.hpp"

namespace openquant::testing {

namespace {

/// The numbered rows it is the total of, and the row they are told from; counts every join, and whether each was of neighbours, the
/// older on the left, told from the same row.
struct Counted {
    struct Sample {
        std::int64_t row = 0, x = 0;
        static auto state(auto& self) { return std::tie(self.row, self.x); }
        bool operator==(const Sample&) const = default;
    };
    std::int64_t first = 0, last = -1, sum = 0, origin = 0;

    static inline std::size_t joins = 0, strangers = 0;

    static Counted of(const Sample& s, const Sample& origin) noexcept { return {s.row, s.row, s.x, origin.row}; }
    friend Counted operator+(const Counted& a, const Counted& b) noexcept {
        ++joins;
        strangers += a.last + 1 != b.first || a.origin != b.origin;
        return {a.first, b.last, a.sum + b.sum, a.origin};
    }
    static auto state(auto& self) { return std::tie(self.first, self.last, self.sum, self.origin); }
    bool operator==(const Counted&) const = default;
};

/// Whether a window's total is that of rows [first, last], told from a row among them.
bool right(const auto& window, const std::vector<Counted::Sample>& rows, std::size_t first, std::size_t last) {
    std::int64_t sum = 0;
    for (std::size_t i = first; i <= last; ++i) sum += rows[i].x;
    const std::int64_t origin = window.origin().row;
    return window.total() == Counted{rows[first].row, rows[last].row, sum, origin} && rows[first].row <= origin && origin <= rows[last].row;
}

std::vector<Counted::Sample> numbers(std::uint64_t seed, std::int64_t n) {
    Random random(seed);
    std::vector<Counted::Sample> out;
    for (std::int64_t i = 0; i < n; ++i) out.push_back({i, static_cast<std::int64_t>(random.below(2'000'001)) - 1'000'000});
    return out;
}

/// Every total, and the most joins that one row needed.
std::size_t check_rows(std::size_t window, std::int64_t n) {
    const auto rows = numbers(window, n);
    RowWindow<Counted> totals;
    std::size_t most = 0;
    Counted::strangers = 0;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        Counted::joins = 0;
        const bool full = totals.add(rows[i], window);
        most = std::max(most, Counted::joins);
        if (full != (i + 1 >= window)) FAIL("window " << window << " at row " << i << ": full is " << full);
        if (full && !right(totals, rows, i + 1 - window, i)) FAIL("window " << window << ": wrong total at row " << i);
    }
    CHECK(Counted::strangers == 0);
    return most;
}

}  // namespace

TEST_CASE("a window of rows is the sum of its rows, and no row of it is dear") {
    for (std::size_t window = 1; window <= 40; ++window) {
        CAPTURE(window);
        CHECK(check_rows(window, 500) <= 4);
    }
    for (const std::size_t window : {99, 100, 1'000, 1'001}) {
        CAPTURE(window);
        CHECK(check_rows(window, 6'000) <= 4);
    }
}

TEST_CASE("a window of rows that never fills has no total") {
    RowWindow<Counted> totals;
    bool full = false;
    for (const auto& row : numbers(1, 9'999)) full |= totals.add(row, 10'000);
    CHECK_FALSE(full);
}

TEST_CASE("a window of time is the sum of its rows, at a few joins a row") {
    for (const std::int64_t ns : {1, 2, 3, 10, 50, 1'000, 1'000'000'000}) {
        const auto rows = numbers(2, 5'000);
        Random random(3);
        TimeWindow<Counted> totals;
        std::vector<std::int64_t> times;
        std::int64_t ts = 0, now = 0;
        std::size_t first = 0;
        Counted::joins = Counted::strangers = 0;
        for (std::size_t i = 0; i < rows.size(); ++i) {
            ts += static_cast<std::int64_t>(random.below(random.chance(0.01) ? 100 : 3));
            const std::int64_t of_row = random.chance(0.1) ? std::max<std::int64_t>(0, ts - 30) : ts;
            now = std::max(now, of_row);
            times.push_back(now);
            while (times[first] <= now - ns) ++first;
            totals.add(of_row, rows[i], ns);
            if (!right(totals, rows, first, i)) FAIL("window_ns " << ns << ": wrong total at row " << i);
        }
        CAPTURE(ns, Counted::joins);
        CHECK(Counted::strangers == 0);
        CHECK(Counted::joins <= 3 * rows.size());
        CHECK(totals.refused() == 0);
    }
}

TEST_CASE("a window of time keeps a limited number of rows, and counts the others") {
    constexpr std::int64_t most = TimeWindow<Counted>::max_rows, more = 1'000;
    TimeWindow<Counted> totals;
    for (std::int64_t i = 0; i < most + more; ++i) totals.add(5, {i, 1}, 1);
    CHECK((totals.total() == Counted{more, most + more - 1, most, totals.origin().row}));
    CHECK(totals.rows() == most);
    CHECK(totals.refused() == more);
    totals.add(6, {most + more, 1}, 1);  // the others have left of themselves
    CHECK((totals.total() == Counted{most + more, most + more, 1, most + more}));
    CHECK(totals.rows() == 1);
    CHECK(totals.refused() == more);
}

TEST_CASE("a window is by rows or by time, and its copy by snapshot goes on the same") {
    for (const std::int64_t ns : {0, 7}) {
        Window<Counted> window;
        const auto rows = numbers(4, 300);
        for (std::size_t i = 0; i < 200; ++i) CHECK(window.add(rows[i].row, rows[i], 10, ns) == (ns > 0 || i >= 9));
        CHECK(right(window, rows, ns > 0 ? 193 : 190, 199));
        CHECK(window.n() == (ns > 0 ? 7.0 : 10.0));
        Writer writer;
        writer.put(window);
        Window<Counted> copy;
        Reader(writer.bytes).get(copy);
        CHECK((copy == window));
        for (std::size_t i = 200; i < 300; ++i) window.add(rows[i].row, rows[i], 10, ns), copy.add(rows[i].row, rows[i], 10, ns);
        CHECK((copy == window));
        CHECK(right(copy, rows, ns > 0 ? 293 : 290, 299));
    }
}

}  // namespace openquant::testing
