// OHLCV rows: what is readable, stable order, which duplicate stays, quality figures, the calendar; texts as times.
#include "openquant/replay/ohlcv.hpp"

#include <algorithm>
#include <limits>
#include <memory>
#include <random>

#include "catch.hpp"
#include "openquant/engine/timestamps.hpp"
#include "openquant/replay/text_times.hpp"
#include "refusal.hpp"

namespace openquant::testing {

namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN(), inf = std::numeric_limits<double>::infinity();
constexpr std::int64_t second = 1'000'000'000, day = 86'400 * second;
constexpr std::uint32_t unknown = 99;

using Rows = std::vector<std::uint32_t>;

std::int64_t at(const char* text) { return ns_from_text(text).value(); }

/// Rows of B (code 0) and A (code 1), each with open 1, high 2, low 1, close 1.5, volume 10 and adj_close 1.5 unless changed.
struct Frame {
    std::vector<std::int64_t> ts;
    std::vector<std::uint32_t> code;
    std::vector<std::string> names{"B", "A"};
    std::unique_ptr<bool[]> readable;
    std::array<std::vector<double>, OhlcvColumns::n_fields> fields;

    Frame(std::vector<std::int64_t> times, std::vector<std::uint32_t> codes)
        : ts(std::move(times)), code(std::move(codes)), readable(std::make_unique<bool[]>(ts.size())) {
        const double bar[] = {1, 2, 1, 1.5, 10, 1.5};
        for (std::size_t i = 0; i < fields.size(); ++i) fields[i].assign(ts.size(), bar[i]);
        std::fill_n(readable.get(), ts.size(), true);
    }
    explicit Frame(std::vector<std::int64_t> times) : Frame(times, std::vector<std::uint32_t>(times.size(), 0)) {}

    OhlcvColumns columns() const {
        OhlcvColumns out{ts, {readable.get(), ts.size()}, code, names, {}};
        for (std::size_t i = 0; i < fields.size(); ++i) out.fields[i] = fields[i];
        return out;
    }
    SortedRows sorted() const { return readable_sorted(columns()); }
    OhlcvQuality figures() const { return quality(columns(), sorted().rows); }
    Calendar aligned(std::int64_t interval) const { return align_to_calendar(columns(), sorted().rows, interval); }
};

}  // namespace

TEST_CASE("rows are sorted by symbol name and time; equal keys stay in input order") {
    const Frame frame({3, 1, 2, 1, 3, 1}, {0, 0, 1, 0, 1, 1});
    CHECK((frame.sorted().rows == Rows{5, 2, 4, 1, 3, 0}));  // A before B, whatever their codes
    CHECK(frame.sorted().dropped == 0);

    Rows rows = frame.sorted().rows;
    CHECK(deduplicate(frame.columns(), rows, Keep::first) == 1);
    CHECK((rows == Rows{5, 2, 4, 1, 0}));
    rows = frame.sorted().rows;
    CHECK(deduplicate(frame.columns(), rows, Keep::last) == 1);
    CHECK((rows == Rows{5, 2, 4, 3, 0}));
}

TEST_CASE("any order of rows is sorted as std::stable_sort would") {
    std::mt19937_64 random(1);
    for (const std::size_t n : {1U, 2U, 17U, 1000U}) {
        std::vector<std::int64_t> ts(n);
        std::vector<std::uint32_t> code(n);
        for (auto& t : ts) t = static_cast<std::int64_t>(random() % 50) - 25;
        for (auto& c : code) c = static_cast<std::uint32_t>(random() % 2);
        const Frame frame(ts, code);
        Rows plain(n);
        for (std::size_t i = 0; i < n; ++i) plain[i] = static_cast<std::uint32_t>(i);
        std::stable_sort(plain.begin(), plain.end(),
                         [&](std::uint32_t a, std::uint32_t b) { return std::pair(frame.names[code[a]], ts[a]) < std::pair(frame.names[code[b]], ts[b]); });
        CHECK((frame.sorted().rows == plain));
    }
}

TEST_CASE("a row with a field that could not be read is dropped and counted once, its nulls each") {
    Frame frame({0, 1, 2, 3, 4, 5, 6});
    frame.readable[0] = false;
    frame.code[1] = unknown;
    frame.fields[0][2] = nan, frame.fields[3][2] = inf;
    frame.fields[4][3] = -inf;
    frame.fields[5][4] = nan;
    const SortedRows sorted = frame.sorted();
    CHECK((sorted.rows == Rows{5, 6}));
    CHECK(sorted.dropped == 5);
    CHECK((sorted.nulls == std::array<std::uint64_t, 8>{1, 1, 1, 0, 0, 1, 1, 1}));

    OhlcvColumns columns = frame.columns();
    columns.fields.back() = {};  // adj_close is close
    CHECK((readable_sorted(columns).rows == Rows{4, 5, 6}));
    CHECK(readable_sorted(columns).nulls.back() == 0);
}

TEST_CASE("columns of different lengths are refused") {
    const Frame frame({0, 1});
    OhlcvColumns columns = frame.columns();
    columns.code = columns.code.first(1);
    CHECK(says(refusal([&] { readable_sorted(columns); }), {"same length"}));
    columns = frame.columns();
    columns.fields[2] = {};  // only adj_close may be missing
    CHECK(says(refusal([&] { readable_sorted(columns); }), {"same length"}));
}

TEST_CASE("quality figures") {
    Frame frame({5, 1, 3, 1, 2}, {0, 0, 0, 0, 1});
    frame.fields[1][0] = 0.5;  // high < low, and close above high: one row
    frame.fields[3][1] = 2.5;
    frame.fields[3][2] = 0.5;
    frame.fields[4][3] = -1;
    const OhlcvQuality q = frame.figures();
    CHECK((q.rows == 5 && q.symbols == 2 && q.duplicate_keys == 1 && q.violations == 4 && q.gaps == 0));
    CHECK((q.ts_min == 1 && q.ts_max == 5));

    const OhlcvQuality none = Frame({}).figures();
    CHECK((none.rows == 0 && none.symbols == 0 && !none.ts_min && !none.ts_max));
}

TEST_CASE("a gap is a step longer than 1.5 times the symbol's median") {
    CHECK(Frame({0, 10, 20, 35, 45}).figures().gaps == 0);      // 15 is not longer
    CHECK(Frame({0, 10, 20, 36, 46}).figures().gaps == 1);      // 16 is
    CHECK(Frame({0, 10, 10, 10, 20, 36}).figures().gaps == 1);  // equal times are no steps
    CHECK(Frame({0, 10, 20, 31, 42}).figures().gaps == 0);      // median 10.5
    CHECK(Frame({0, 10, 20, 40, 60}).figures().gaps == 0);      // median 15, 20 is not longer than 22.5
    // A's single step of 100 is measured by the steps of all symbols, B's by its own.
    CHECK(Frame({0, 10, 20, 30, 40, 0, 100}, {0, 0, 0, 0, 0, 1, 1}).figures().gaps == 1);
    CHECK(Frame({0, 100}).figures().gaps == 0);
    const std::int64_t low = std::numeric_limits<std::int64_t>::min(), high = std::numeric_limits<std::int64_t>::max();
    CHECK(Frame({low, low + 1, low + 2, low + 3, high}).figures().gaps == 1);  // a step of nearly 2^64
}

TEST_CASE("weekends are no gaps of daily data") {
    const std::int64_t friday = at("2024-01-05");
    CHECK(Frame({friday - 2 * day, friday - day, friday, friday + 3 * day, friday + 4 * day}).figures().gaps == 0);
    CHECK(Frame({friday - 2 * day, friday - day, friday, friday + 4 * day, friday + 5 * day}).figures().gaps == 1);  // a Monday is missing
    CHECK(Frame({friday - 3 * day, friday - 2 * day, friday, friday + 3 * day, friday + 4 * day, friday + 5 * day}).figures().gaps == 1);  // a Thursday is
    const std::int64_t early = at("1969-12-26");  // a Friday before the epoch
    CHECK(Frame({early - 2 * day, early - day, early, early + 3 * day, early + 4 * day}).figures().gaps == 0);
    const std::int64_t hour = 3600 * second, close = friday + 21 * hour;  // the clocks change: a step of 23 h
    CHECK(Frame({close - 2 * day, close - day, close, close + 3 * day - hour, close + 4 * day - hour}).figures().gaps == 0);
    // Hourly data keeps its weekends.
    CHECK(Frame({friday, friday + hour, friday + 2 * hour, friday + 3 * hour, friday + 3 * day}).figures().gaps == 1);
}

TEST_CASE("a calendar has a row for each window, the last row in a window wins") {
    const Frame frame({25, 0, 31, 29, 7, 12}, {0, 0, 0, 0, 1, 1});
    const Calendar c = frame.aligned(10);
    CHECK((c.ts == std::vector<std::int64_t>{0, 10, 0, 10, 20, 30}));
    CHECK((c.code == Rows{1, 1, 0, 0, 0, 0}));
    CHECK((c.row == Rows{4, 5, 1, Calendar::missing, 3, 2}));
    CHECK(Frame({}).aligned(10).ts.empty());
}

TEST_CASE("windows before 1970 start at or before their rows") {
    const Calendar c = Frame({-11, -10, 5}).aligned(10);
    CHECK((c.ts == std::vector<std::int64_t>{-20, -10, 0}));
    CHECK((c.row == Rows{0, 1, 2}));
}

TEST_CASE("a calendar at the ends of time") {
    constexpr auto last = std::numeric_limits<std::int64_t>::max();
    CHECK(Frame({last - 1, last}).aligned(1).ts == std::vector<std::int64_t>{last - 1, last});
    CHECK(says(refusal([&] { Frame({0, last, 0, last}, {0, 0, 1, 1}).aligned(1); }), {"longer interval"}));
}

TEST_CASE("a calendar that is too long or begins too early is refused") {
    const Frame frame({0, 60'000'000 * second});
    CHECK(says(refusal([&] { frame.aligned(second); }), {"60000001 rows", "50000000", "longer interval"}));
    CHECK(frame.aligned(60 * second).ts.size() == 1'000'001);
    const Frame early({at("1678-01-01")});
    CHECK(says(refusal([&] { early.aligned(100'000 * day); }), {"1678-01-01 00:00:00", "shorter interval"}));
    CHECK(early.aligned(day).ts.size() == 1);
    CHECK(says(refusal([&] { frame.aligned(0); }), {"interval_ns"}));
}

TEST_CASE("texts that are no times are unreadable; times are read to the microsecond") {
    const std::string_view texts[] = {"2024-01-31 09:30:00.0000019", "", "soon", "2024-02-30", "1969-12-31 23:59:59.9999995", "1/31/2024",
                                      "2024-01-31T01:00:00+01:00"};
    const TextTimes times = read_times(texts, Slashes::unreadable);
    CHECK((times.readable == std::vector<std::uint8_t>{1, 0, 0, 0, 1, 0, 1}));
    CHECK((times.ns[0] == at("2024-01-31 09:30:00.000001") && times.ns[4] == -1000 && times.ns[6] == at("2024-01-31")));
}

TEST_CASE("slash dates are month first only where the whole column shows it") {
    const auto first = [](std::vector<std::string_view> texts) { return read_times(texts, Slashes::dates).ns.at(0); };
    const auto refused = [](std::vector<std::string_view> texts) { return refusal([&] { read_times(texts, Slashes::dates); }); };
    CHECK(first({"1/2/2024", "01/31/2024"}) == at("2024-01-02"));
    CHECK(first({"12/31/2024 09:30:00"}) == at("2024-12-31 09:30:00"));
    CHECK(first({"12/31/2024 9:30"}) == at("2024-12-31 09:30:00"));
    CHECK(first({"12/31/2024 09:30:00.25"}) == at("2024-12-31 09:30:00.25"));
    CHECK(first({"12/31/2024T9:30+01:00"}) == at("2024-12-31 08:30:00"));
    CHECK(first({"2024/01/02"}) == at("2024-01-02"));
    CHECK(first({"2024/1/2 09:30"}) == at("2024-01-02 09:30:00"));
    CHECK(first({"2024-01-02", "", "x/y/z"}) == at("2024-01-02"));
    CHECK(says(refused({"1/2/2024", "3/4/2024"}), {"'1/2/2024' at row 0", "date_format="}));
    CHECK(says(refused({"1/31/2024", "31/1/2024"}), {"'31/1/2024' at row 1", "date_format="}));
    CHECK(says(refused({"31/1/2024"}), {"date_format="}));
    CHECK(says(refused({"1/31/24"}), {"'1/31/24'", "date_format="}));
    CHECK(says(refused({"1/2/2024 10:00"}), {"'1/2/2024 10:00'", "date_format="}));
    CHECK(says(refused({"2024/1/2", "2024/13/1"}), {"'2024/13/1' at row 1", "date_format="}));
    const std::string_view odd[] = {"1/31/2024",    "2/30/2024",       "2024/01/02/03",      "/1/2024",        "20240/1/1",         "1/31/2024x",
                                    "1/31/2024 10", "1/31/2024 24:00", "1/31/2024 10:00 AM", "1/31/2024 10:0", "1/31/2024 10:00.5", "1/31/2024 :00"};
    const auto readable = read_times(odd, Slashes::dates).readable;
    CHECK((readable[0] == 1 && std::count(readable.begin(), readable.end(), 1) == 1));
}

}  // namespace openquant::testing
