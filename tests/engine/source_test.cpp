// What a source says of its rows: refusals by kind, gaps, repeats, late rows, and breaks that a reader reports.
#include <cmath>
#include <deque>
#include <set>
#include "catch.hpp"

#include "openquant/operators/dollar_bars.hpp"
#include "openquant/operators/rolling_covariance.hpp"
#include "openquant/operators/time_bars.hpp"
#include "twin.hpp"

namespace openquant::testing {

namespace {

Trade trade(std::int64_t ts, std::uint64_t id, double price = 1.0, double size = 1.0) {
    Trade t;
    t.ts = ts, t.id = id, t.price = price, t.size = size;
    return t;
}

/// Replays trades through a bare source.
struct Run {
    Graph graph;
    Table *rows, *breaks;
    Run(const Recording& recording, std::size_t chunk = 100) {
        const Port port = graph.source<Trade>("trades");
        rows = &graph.collect(port), breaks = &graph.collect(port.continuity());
        std::vector<std::pair<std::string, std::unique_ptr<Feed>>> feeds;
        feeds.emplace_back("trades", feed_of(recording));
        replay(graph, std::move(feeds), {.chunk = chunk});
    }
    std::uint64_t rejected(Fault fault) const { return graph.sources()[0]->rejected[static_cast<std::size_t>(fault)]; }
};

std::vector<Continuity> breaks_of(const std::vector<Trade>& trades, IdKind ids = IdKind::dense) {
    return Run(recording_of(trades, "X", ids)).breaks->as<Continuity>();
}

}  // namespace

TEST_CASE("a hole in dense ids is a gap, reported before the row that revealed it") {
    const std::vector<Trade> trades{trade(1, 10), trade(2, 11), trade(3, 15), trade(4, 16)};
    CHECK((breaks_of(trades) == std::vector{Continuity{3, Break::gap, 12, 3}}));
    CHECK(breaks_of(trades, IdKind::monotonic).empty());
    CHECK(breaks_of(trades, IdKind::unknown).empty());
}

TEST_CASE("a repeated row is dropped, counted and reported") {
    const Run run(recording_of<Trade>({trade(1, 10), trade(2, 11), trade(3, 11), trade(4, 10), trade(5, 12)}, "X", IdKind::dense));
    CHECK(run.rows->rows() == 3);
    CHECK(run.rejected(Fault::duplicate) == 2);
    CHECK((run.breaks->as<Continuity>() == std::vector{Continuity{3, Break::duplicate, 11, 1}, Continuity{4, Break::duplicate, 10, 1}}));
}

TEST_CASE("a missing row that comes after all, and one whose time steps back, are kept and flagged late") {
    const Run run(recording_of<Trade>({trade(5, 10), trade(6, 13), trade(7, 11), trade(3, 14)}, "X", IdKind::dense));
    const auto rows = run.rows->as<Trade>();
    REQUIRE(rows.size() == 4);
    CHECK((rows[1].flags == 0 && rows[2].flags == flag_late && rows[3].flags == flag_late));
    CHECK(
        (run.breaks->as<Continuity>() == std::vector{Continuity{6, Break::gap, 11, 2}, Continuity{7, Break::late, 11, 1}, Continuity{3, Break::late, 14, 1}}));
}

TEST_CASE("ids and times are judged by symbol") {
    Recording both = recording_of<Trade>({trade(5, 10), trade(4, 99), trade(6, 11), trade(4, 100)}, "X", IdKind::dense);
    both.ticks[1].symbol = both.ticks[3].symbol = "Y";
    CHECK(Run(both).breaks->rows() == 0);
}

TEST_CASE("rows are refused by kind, whole, and the rest goes on") {
    auto bad = [](auto change) {
        Trade t = trade(5, 0);
        change(t);
        return t;
    };
    Recording recording =
        recording_of<Trade>({trade(1, 0), bad([](Trade& t) { t.price = -1; }), bad([](Trade& t) { t.price = std::nan(""); }), bad([](Trade& t) { t.size = 0; }),
                             bad([](Trade& t) { t.side = 3; }), bad([](Trade& t) { t.ts = -1; }), trade(6, 0), trade(7, 0)},
                            "X");
    recording.ticks.back().symbol.clear();
    for (const std::size_t chunk : {1, 3, 100}) {
        const Run run(recording, chunk);
        CHECK(run.rows->rows() == 2);
        CHECK(run.rejected(Fault::price) == 2);
        CHECK(run.rejected(Fault::size) == 1);
        CHECK(run.rejected(Fault::side) == 1);
        CHECK(run.rejected(Fault::timestamp) == 1);
        CHECK(run.rejected(Fault::null) == 1);
        CHECK(run.graph.sources()[0]->rejected_total() == 6);
        CHECK(run.graph.sources()[0]->accepted == 2);
    }
}

TEST_CASE("a disconnect concerns every symbol's bar under construction, and stands before the row it was read with") {
    Recording recording = recording_of<Trade>({trade(1, 0), trade(2, 0), trade(3, 0), trade(4, 0), trade(5, 0)});
    recording.ticks[1].symbol = recording.ticks[3].symbol = "ETHUSDT";
    recording.breaks.push_back({2, every_name, {2, Break::disconnect, 0, 0}});
    Graph graph;
    const Port port = graph.source<Trade>("trades");
    Table& bars = graph.collect(graph.add(DollarBars{.dollar_value_per_bar = 2.0}, port));
    Table& breaks = graph.collect(port.continuity());
    std::vector<std::pair<std::string, std::unique_ptr<Feed>>> feeds;
    feeds.emplace_back("trades", feed_of(recording));
    replay(graph, std::move(feeds), {.chunk = 2});
    const auto out = bars.as<Bar>();
    REQUIRE(out.size() == 2);
    CHECK((out[0].gap && out[1].gap));
    const auto contents = breaks.contents();
    CHECK((contents.rows() == 1 && contents.symbols[0] == every_symbol));
}

TEST_CASE("a loss that a connector knows of is reported once: not again by the row that shows it, and its rows may come late") {
    Recording recording = recording_of<Trade>({trade(1, 10), trade(2, 14), trade(3, 12), trade(4, 20), trade(5, 21)}, "X", IdKind::dense);
    const auto lost = [&](std::size_t before, std::int64_t ts, std::uint64_t id, std::uint64_t count) {
        recording.breaks.push_back({before, "X", {ts, Break::gap, id, count}});
    };
    lost(1, 2, 11, 3);  // then 14 comes, and 12 after all
    lost(3, 3, 11, 3);  // known
    lost(3, 3, 15, 2);  // then 20 comes: 17 to 19 are missing, too
    lost(5, 6, 21, 4);  // 21 has come
    const std::vector<Continuity> expected{
        {2, Break::gap, 11, 3}, {3, Break::late, 12, 1}, {3, Break::gap, 15, 2}, {4, Break::gap, 17, 3}, {6, Break::gap, 22, 3}};
    for (const std::size_t chunk : {1, 2, 100}) {
        const Run run(recording, chunk);
        CHECK(run.rows->rows() == 5);
        CHECK((run.breaks->as<Continuity>() == expected));
    }
    Twin twin;
    twin.source(recording);
    check_against_reference(twin);
}

TEST_CASE("a loss reported of ids that are not dense is passed on as it is told") {
    Recording recording = recording_of<Trade>({trade(1, 10), trade(2, 14)}, "X", IdKind::monotonic);
    for (int i = 0; i < 2; ++i) recording.breaks.push_back({1, "X", {2, Break::gap, 11, 3}});
    CHECK((Run(recording).breaks->as<Continuity>() == std::vector<Continuity>(2, {2, Break::gap, 11, 3})));
}

TEST_CASE("a clock under the name * speaks to every symbol met by then, another one to its own") {
    constexpr std::int64_t s = 1'000'000'000;
    Recording trades = recording_of<Trade>({trade(1 * s, 0), trade(2 * s, 0)}, "A");
    trades.ticks[1].symbol = "B";
    trades.ticks.push_back({"C", trade(40 * s, 0)});
    Recording clock = recording_of<Clock>({{15 * s}, {35 * s}}, every_name);
    clock.ticks[0].symbol = "B";
    Twin twin;
    const auto clocks = twin.source(clock), source = twin.source(trades);
    const auto bars = twin.add(operator_case(TimeBars{.interval_ns = 10 * s, .partial = false}), {std::nullopt, source, clocks});
    check_against_reference(twin);
    const auto& out = twin.reference()[bars];
    CHECK((out.symbols == std::vector<std::string>{"B", "A"}));
}

TEST_CASE("an absent optional column reads as its default, and equals the same column given") {
    const std::vector<std::string> names{"X"};
    const std::uint32_t codes[] = {0, 0, 0};
    const std::int64_t ts[] = {1, 2, 3};
    const double price[] = {1.0, 2.0, 3.0}, size[] = {1.0, 1.0, 1.0};
    const std::int8_t side[] = {0, 0, 0};
    const auto run = [&](bool with_side, std::size_t chunk) {
        Graph graph;
        Table& rows = graph.collect(graph.source<Trade>("trades"));
        Batch batch;
        batch.rows = 3;
        batch.columns.resize(event_type<Trade>().fields.size());
        batch.columns[0].data = reinterpret_cast<const std::byte*>(ts);
        batch.columns[1].data = reinterpret_cast<const std::byte*>(price);
        batch.columns[2].data = reinterpret_cast<const std::byte*>(size);
        if (with_side) batch.columns[3].data = reinterpret_cast<const std::byte*>(side);
        batch.codes = {codes};
        batch.names = &names;
        std::vector<std::pair<std::string, std::unique_ptr<Feed>>> feeds;
        feeds.emplace_back("trades", std::make_unique<ColumnsFeed>(event_type<Trade>(), batch, nullptr));
        replay(graph, std::move(feeds), {.chunk = chunk});
        return rows.as<Trade>();
    };
    const auto expected = run(true, 100);
    CHECK((expected[2] == trade(3, 0, 3.0)));
    for (const std::size_t chunk : {1, 2, 100}) CHECK((run(false, chunk) == expected));
}

TEST_CASE("id tracker: the first id, ranges filled from both ends and from the middle") {
    using Verdict = IdTracker::Verdict;
    IdTracker t;
    const auto judge = [&](std::uint64_t id) { return t.judge(IdKind::dense, id).verdict; };
    CHECK(judge(0) == Verdict::next);  // no id says nothing
    CHECK(judge(100) == Verdict::next);
    const auto gap = t.judge(IdKind::dense, 111);
    CHECK((gap.verdict == Verdict::gap && gap.first_missing == 101 && gap.missing == 10));
    for (const std::uint64_t id : {105, 101, 110, 104, 106}) CHECK(judge(id) == Verdict::late);
    for (const std::uint64_t id : {105, 101, 110, 104, 106, 100, 111}) CHECK(judge(id) == Verdict::duplicate);
    for (const std::uint64_t id : {102, 103, 107, 108, 109}) CHECK(judge(id) == Verdict::late);
    for (std::uint64_t id = 101; id <= 111; ++id) CHECK(judge(id) == Verdict::duplicate);
    CHECK(judge(112) == Verdict::next);
}

TEST_CASE("id tracker: what is known to be missing before a row shows it") {
    using Verdict = IdTracker::Verdict;
    IdTracker t;
    CHECK(t.miss(IdKind::dense, 5).verdict == Verdict::next);  // of no row yet
    t.judge(IdKind::dense, 10);
    CHECK(t.miss(IdKind::monotonic, 15).verdict == Verdict::next);
    CHECK(t.miss(IdKind::dense, 10).verdict == Verdict::next);
    const auto gap = t.miss(IdKind::dense, 12);
    CHECK((gap.verdict == Verdict::gap && gap.first_missing == 11 && gap.missing == 2));
    CHECK(t.miss(IdKind::dense, 12).verdict == Verdict::next);
    CHECK(t.judge(IdKind::dense, 13).verdict == Verdict::next);
    CHECK(t.judge(IdKind::dense, 12).verdict == Verdict::late);
    CHECK(t.judge(IdKind::dense, 12).verdict == Verdict::duplicate);
}

TEST_CASE("id tracker: rows older than the first are late, not repeated, and what lies between may still come") {
    using Verdict = IdTracker::Verdict;
    IdTracker t;
    const auto judge = [&](std::uint64_t id, bool snapshot = false) { return t.judge(IdKind::dense, id, snapshot).verdict; };
    CHECK(judge(100) == Verdict::next);
    CHECK(judge(90, true) == Verdict::overlap);  // a snapshot reaches back to what is not wanted
    CHECK(judge(97) == Verdict::late);
    for (const std::uint64_t id : {97, 100}) CHECK(judge(id) == Verdict::duplicate);
    for (const std::uint64_t id : {99, 98}) CHECK(judge(id) == Verdict::late);
    for (const std::uint64_t id : {98, 99}) CHECK(judge(id) == Verdict::duplicate);
    constexpr std::uint64_t most = ~std::uint64_t{0};
    CHECK(judge(most) == Verdict::gap);
    CHECK(judge(most - 1) == Verdict::late);
    CHECK(judge(most - 1) == Verdict::duplicate);
    CHECK(judge(most) == Verdict::duplicate);
}

TEST_CASE("rows that are sound for long and then are not come out the same whether they are lent or copied") {
    // Every fault and every step back stands alone in a few hundred sound rows, so that blocks, chunks and batches cut them in every way.
    // In a panel each symbol's rows come by themselves, some hundred of them, and time steps back where another's begin.
    const auto recording = [](std::uint64_t seed, std::size_t rows, std::int64_t step, bool panel, IdKind ids) {
        Recording out{&event_type<Trade>(), ids, {}, {}};
        Random random(seed);
        const std::string names[] = {"B", "A", "C", "D"};
        std::size_t told[4] = {}, of = 0, left = 0;
        std::uint64_t last[4] = {};
        for (std::size_t i = 0; i < rows; ++i) {
            if (panel && left-- == 0) of = random.below(4), left = random.below(600);
            else if (!panel) of = i < rows / 2 ? i / 300 % 2 : random.below(3);
            const std::size_t at = panel ? told[of]++ : i;
            Trade t = trade(static_cast<std::int64_t>(1'000 + at) * step, ++last[of], random.uniform(1.0, 2.0), random.uniform(1.0, 2.0));
            std::string symbol = names[of];
            switch (random.below(400)) {
                case 0: t.price = -1.0; break;
                case 1: t.size = std::nan(""); break;
                case 2: t.ts -= 700 * step; break;
                case 3: symbol.clear(); break;
                case 4: t.id = last[of] += 3; break;                                          // a gap
                case 5: t.id = last[of] -= last[of] > 1; break;                               // a row again
                case 6: t.id = 1 + last[of] / 2; break;                                       // an old one
                case 7: t.id = 0; break;                                                      // none
                case 8: t.flags = flag_snapshot, t.id = last[of] -= 1 + last[of] / 8; break;  // from here on again
                default: break;
            }
            out.ticks.push_back({symbol, t});
        }
        return out;
    };
    const auto run = [](const Recording& a, const Recording* b, std::size_t chunk, std::size_t per_batch) {
        Graph graph;
        const Port first = graph.source<Trade>("a"), second = graph.source<Trade>("b");
        const std::vector<const Table*> tables{&graph.collect(first), &graph.collect(first.continuity()), &graph.collect(second),
                                               &graph.collect(graph.add(RollingCovariance{.window = 5}, first, second)),
                                               &graph.collect(graph.add(DollarBars{.dollar_value_per_bar = 40.0}, first))};
        std::vector<std::pair<std::string, std::unique_ptr<Feed>>> feeds;
        feeds.emplace_back("a", feed_of(a, per_batch));
        if (b) feeds.emplace_back("b", feed_of(*b, per_batch));
        replay(graph, std::move(feeds), {.chunk = chunk});
        Outputs out;
        for (const Table* table : tables) out.push_back(collected(*table, graph.symbols()));
        return out;
    };
    for (const auto& [panel, ids] : {std::pair{false, IdKind::unknown},
                                     {true, IdKind::unknown},
                                     {false, IdKind::dense},
                                     {true, IdKind::dense},
                                     {true, IdKind::monotonic},
                                     {true, IdKind::opaque}}) {
        const Recording a = recording(1, 6'000, 1'000, panel, ids), b = recording(2, 4'000, 1'700, panel, ids);
        for (const Recording* other : {static_cast<const Recording*>(nullptr), &b}) {
            const Outputs plain = run(a, other, 1, 1);
            REQUIRE(plain[0].rows() > (ids == IdKind::unknown ? 5'900 : 3'000));
            REQUIRE(plain[1].rows() > 5);
            for (const std::size_t chunk : {1, 7, 128, 1'000, 4'096, 100'000})
                for (const std::size_t per_batch : {1, 300, 1'000'000}) CHECK(difference(run(a, other, chunk, per_batch), plain) == "");
        }
    }
}

TEST_CASE("a code without a name is refused, whatever the rows' ids") {
    for (const IdKind ids : {IdKind::unknown, IdKind::dense, IdKind::opaque}) {
        Graph graph;
        graph.collect(graph.source<Trade>("trades"));
        const std::vector<std::string> names{"X"};
        Rows<Trade> rows;
        for (std::uint64_t i = 1; i <= 100; ++i) rows.append(i < 50 ? 0 : 1, trade(static_cast<std::int64_t>(i), i));
        Batch batch;
        batch.offer(rows, names, new_dictionary());
        batch.ids = ids;
        std::vector<std::pair<std::string, std::unique_ptr<Feed>>> feeds;
        feeds.emplace_back("trades", std::make_unique<ColumnsFeed>(event_type<Trade>(), std::move(batch), nullptr));
        CHECK_THROWS_WITH(replay(graph, std::move(feeds), {.chunk = 30}), "a row has symbol code 1, but only 1 names are given");
    }
}

TEST_CASE("names are looked for as codes are met") {
    struct Finder final : NameFinder {
        std::vector<std::string> names;
        std::vector<std::uint32_t> asked;
        void find(std::uint32_t code) override {
            asked.push_back(code);
            if (code < 90) names.resize(std::max<std::size_t>(names.size(), code + 1)), names[code] = "S" + std::to_string(code);
        }
        void find_all() override { FAIL("only who records asks for all"); }
    };
    for (const IdKind ids : {IdKind::unknown, IdKind::dense}) {
        for (const std::uint32_t last : {2u, 90u}) {
            Finder finder;
            Rows<Trade> rows;
            for (std::uint64_t i = 0; i < 3'000; ++i) rows.append(i < 1'000 ? 7 : i < 2'500 ? 5 : last, trade(static_cast<std::int64_t>(i), 1 + i));
            Batch batch;
            batch.offer(rows, finder.names, new_dictionary());
            batch.finder = &finder;
            batch.ids = ids;
            Graph graph;
            const Table& table = graph.collect(graph.source<Trade>("trades"));
            std::vector<std::pair<std::string, std::unique_ptr<Feed>>> feeds;
            feeds.emplace_back("trades", std::make_unique<ColumnsFeed>(event_type<Trade>(), std::move(batch), nullptr));
            if (last == 2) replay(graph, std::move(feeds), {.chunk = 300});
            else CHECK_THROWS_WITH(replay(graph, std::move(feeds), {.chunk = 300}), "a row has symbol code 90, but only 8 names are given");
            CHECK((finder.asked == std::vector<std::uint32_t>{7, 5, last}));
            const auto symbols = table.contents();
            REQUIRE(symbols.rows() >= 2'400);
            for (std::size_t i = 0; i < symbols.rows(); ++i) REQUIRE(symbols.names[symbols.symbols[i]] == (i < 1'000 ? "S7" : i < 2'500 ? "S5" : "S2"));
        }
    }
}

TEST_CASE("id tracker: of more gaps than it remembers the oldest counts as repeated") {
    IdTracker t;
    for (std::uint64_t id = 2; id <= 2 + 2 * 65; id += 2) t.judge(IdKind::dense, id);
    CHECK(t.judge(IdKind::dense, 3).verdict == IdTracker::Verdict::duplicate);
    CHECK(t.judge(IdKind::dense, 5).verdict == IdTracker::Verdict::late);
    CHECK(t.judge(IdKind::dense, 131).verdict == IdTracker::Verdict::late);
}

TEST_CASE("id tracker: rising ids know repeats of the last and lateness, unknown ones nothing") {
    IdTracker t;
    const auto judge = [&](IdKind kind, std::uint64_t id) { return t.judge(kind, id).verdict; };
    CHECK(judge(IdKind::monotonic, 5) == IdTracker::Verdict::next);
    CHECK(judge(IdKind::monotonic, 50) == IdTracker::Verdict::next);
    CHECK(judge(IdKind::monotonic, 50) == IdTracker::Verdict::duplicate);
    CHECK(judge(IdKind::monotonic, 7) == IdTracker::Verdict::late);
    CHECK(judge(IdKind::unknown, 50) == IdTracker::Verdict::next);
}

TEST_CASE("id tracker: opaque ids know repeats among the last 65,536, as a plain list does") {
    IdTracker t;
    std::deque<std::uint64_t> recent;
    Random random(11);
    std::size_t repeats = 0;
    std::set<std::uint64_t> there;
    for (int i = 0; i < 300'000; ++i) {
        const std::uint64_t id = 1 + random.below(140'000) * 0x9e3779b97f4a7c15u % 100'000'007;
        const bool known = there.contains(id);
        if (!known) recent.push_back(id), there.insert(id);
        if (recent.size() > RecentIds::capacity) there.erase(recent.front()), recent.pop_front();
        if ((t.judge(IdKind::opaque, id).verdict == IdTracker::Verdict::duplicate) != known) FAIL("row " << i);
        repeats += known;
    }
    CHECK((repeats > 60'000 && repeats < 240'000));
}

TEST_CASE("id tracker: what a snapshot or the feed after a hand-over repeats is an overlap, not a fault") {
    using Verdict = IdTracker::Verdict;
    for (const IdKind kind : {IdKind::opaque, IdKind::dense, IdKind::monotonic}) {
        IdTracker t;
        for (std::uint64_t id = 10; id <= 20; ++id) t.judge(kind, id);
        CHECK(t.judge(kind, 20).verdict == Verdict::duplicate);
        CHECK(t.judge(kind, 20, true).verdict == Verdict::overlap);
        t.hand_over();
        CHECK(t.judge(kind, 20).verdict == Verdict::overlap);
        CHECK(t.judge(kind, 21).verdict == Verdict::next);
        CHECK(t.judge(kind, 21).verdict == Verdict::duplicate);
    }
    IdTracker t;
    t.judge(IdKind::dense, 10);
    t.judge(IdKind::dense, 15);
    t.hand_over();
    CHECK(t.judge(IdKind::dense, 12).verdict == Verdict::late);  // it was lost, and comes after all
    CHECK(t.judge(IdKind::dense, 12).verdict == Verdict::overlap);
}

}  // namespace openquant::testing
