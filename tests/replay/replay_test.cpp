// The merge of several feeds by time, and the pace. No clock is asserted on: what may happen is bounded by event time.
#include <thread>
#include "catch.hpp"

#include "openquant/operators/cusum_filter.hpp"
#include "openquant/operators/dollar_bars.hpp"
#include "test_operators.hpp"
#include "twin.hpp"

namespace openquant::testing {

namespace {

using Feeds = std::vector<std::pair<std::string, std::unique_ptr<Feed>>>;
using namespace std::chrono_literals;

/// Two sources of events, merged by one node: side tells the source, time the row.
struct Merged {
    Graph graph;
    Port left = graph.source<Event>("left"), right = graph.source<Event>("right");
    Table& table = graph.collect(graph.add(Interleave{}, left, right));

    std::string order(const std::vector<std::int64_t>& l, const std::vector<std::int64_t>& r, std::size_t chunk, bool swapped = false) {
        const auto recording = [](const std::vector<std::int64_t>& times, double side) {
            std::vector<Event> rows;
            for (const auto ts : times) rows.push_back({ts, side, 1.0});
            return recording_of(rows);
        };
        Feeds feeds;
        feeds.emplace_back("left", feed_of(recording(l, -1.0), 2));
        feeds.emplace_back("right", feed_of(recording(r, 1.0), 3));
        if (swapped) std::swap(feeds[0], feeds[1]);
        replay(graph, std::move(feeds), {.chunk = chunk, .flush = false});
        std::string out;
        const auto rows = table.as<Event>();
        for (std::size_t i = 0; i < rows.size(); i += 2) out += (rows[i].side < 0 ? "l" : "r") + std::to_string(rows[i].ts) + " ";
        return out;
    }
};

std::string merged(const std::vector<std::int64_t>& l, const std::vector<std::int64_t>& r) {
    const std::string out = Merged().order(l, r, 1);
    for (const std::size_t chunk : {std::size_t{2}, std::size_t{3}, std::size_t{100}}) CHECK(Merged().order(l, r, chunk, chunk == 3) == out);
    return out;
}

/// One source of prices at the given times.
struct Paced {
    Graph graph;
    Table& table = graph.collect(graph.source<Price>("prices"));
    Feeds feeds(const std::vector<std::int64_t>& times) const {
        std::vector<Price> rows;
        for (const auto ts : times) rows.push_back({ts, 1.0});
        Feeds out;
        out.emplace_back("prices", feed_of(recording_of(rows)));
        return out;
    }
};

constexpr std::int64_t hour = 3'600'000'000'000;

}  // namespace

TEST_CASE("sources merge by time; ties go by the order of the sources, then of the rows") {
    CHECK(merged({1, 4, 6}, {2, 3, 5}) == "l1 r2 r3 l4 r5 l6 ");
    CHECK(merged({1, 2, 2, 3}, {2, 2, 3}) == "l1 l2 l2 r2 r2 l3 r3 ");
    CHECK(merged({}, {1, 2}) == "r1 r2 ");
    CHECK(merged({9}, {1, 2, 3, 4}) == "r1 r2 r3 r4 l9 ");
}

TEST_CASE("a source whose time steps back merges by its running maximum") {
    CHECK(merged({5, 1, 6}, {2, 5, 6}) == "r2 l5 l1 r5 l6 r6 ");
    CHECK(merged({5, 5, 1, 1}, {4, 2, 5, 7}) == "r4 r2 l5 l5 l1 l1 r5 r7 ");
}

TEST_CASE("a row that will be refused takes no part in the order of time") { CHECK(merged({-1, 5, -1, 7}, {6, -1, 8}) == "l5 r6 l7 r8 "); }

TEST_CASE("the running maximum goes on over replays") {
    Merged m;
    m.order({5}, {}, 10);
    CHECK(m.order({1, 6}, {2, 3, 7}, 10) == "l5 r2 r3 l1 l6 r7 ");
}

TEST_CASE("replays in step: as many rows as asked, whatever the pace, and false at the end") {
    Paced p;
    Replay replay(p.graph, p.feeds({1, 2, 3, 4 * hour, 5 * hour}), {.speed = 1.0});
    CHECK(replay.step());
    CHECK(p.table.rows() == 1);
    CHECK(replay.step(3));
    CHECK(p.table.rows() == 4);
    CHECK(replay.rows() == 4);
    CHECK_FALSE(replay.step(10));
    CHECK(p.table.rows() == 5);
    CHECK(replay.done());
    CHECK_FALSE(replay.step());
    CHECK(replay.progress() == 1.0);
}

TEST_CASE("a chunk grows with the symbols, within bounds") {
    Graph graph;
    graph.collect(graph.source<Price>("prices"));
    CHECK(graph.chunk_rows(0) == 4096);
    Recording many{&event_type<Price>(), IdKind::unknown, {}, {}};
    for (int i = 0; i < 20'000; ++i) many.ticks.push_back({"S" + std::to_string(i), Price{i, 1.0}});
    Feeds feeds;
    feeds.emplace_back("prices", feed_of(many));
    Replay replay(graph, std::move(feeds));
    CHECK(replay.step(2'000));
    CHECK(graph.chunk_rows(0) == 8'000);
    CHECK(!replay.step(20'000));
    CHECK(graph.chunk_rows(0) == 65'536);
}

TEST_CASE("at a pace, no row comes before its time") {
    Paced p;
    Replay replay(p.graph, p.feeds({1, 1, 2, 24 * hour, 25 * hour}), {.chunk = 2, .speed = 1.0});
    CHECK_FALSE(replay.run_for(30ms));
    CHECK(p.table.rows() == 3);  // the fourth is due in a day
    CHECK_FALSE(replay.done());
    CHECK(replay.progress() < 1.0);
    CHECK(replay.step(1));
    CHECK(p.table.rows() == 4);
    CHECK(replay.run_for(10s));  // the pace starts anew from where it stands: the row after a step is due at once
    CHECK(p.table.rows() == 5);
}

TEST_CASE("at a pace, sources that end in the same chunk end the replay") {
    Merged m;
    const auto rows = recording_of(std::vector<Event>{{1, 1.0, 1.0}, {2, 1.0, 1.0}});
    Feeds feeds;
    feeds.emplace_back("left", feed_of(rows));
    feeds.emplace_back("right", feed_of(rows));
    Replay replay(m.graph, std::move(feeds), {.speed = 1e9});
    CHECK(replay.run_for(10s));
    CHECK(replay.rows() == 4);
}

TEST_CASE("a fast pace gives the outputs of no pace") {
    Twin twin;
    const auto first = twin.source(generate(event_type<Trade>(), 1, 2'000));
    const auto second = twin.source(generate(event_type<Price>(), 2, 2'000));
    twin.add(operator_case(DollarBars{.dollar_value_per_bar = 1e6, .partial = true}), {std::nullopt, first});
    twin.add(operator_case(CusumFilter{.threshold = 0.002}), {std::nullopt, second});
    const auto built = twin.build();
    Replay replay(built->graph, twin.feeds(100), {.chunk = 13, .speed = 1e4});
    replay.run();
    CHECK(difference(built->outputs(), twin.reference()) == "");
}

TEST_CASE("a paused replay gives nothing until it is resumed") {
    Paced p;
    Replay replay(p.graph, p.feeds({1, 2, 3}));
    replay.pause();
    CHECK(replay.paused());
    CHECK_FALSE(replay.run_for(10ms));
    CHECK(p.table.rows() == 0);
    replay.step(1);
    CHECK(p.table.rows() == 1);
    replay.resume();
    CHECK(replay.run_for(10s));
    CHECK(p.table.rows() == 3);
}

TEST_CASE("a replay is stopped from another thread, without a flush, and lets go of the graph") {
    Graph graph;
    const Port trades = graph.source<Trade>("trades");
    Table& bars = graph.collect(graph.add(DollarBars{.partial = true}, trades));
    std::vector<Trade> rows(2);
    rows[0].ts = 1, rows[1].ts = 24 * hour;
    for (Trade& t : rows) t.price = t.size = 1.0;
    Feeds feeds;
    feeds.emplace_back("trades", feed_of(recording_of(rows)));
    Replay replay(graph, std::move(feeds), {.speed = 1.0});
    std::thread stopper([&] {
        while (replay.rows() == 0) std::this_thread::yield();
        replay.stop();
    });
    replay.run();
    stopper.join();
    CHECK(replay.done());
    CHECK(replay.rows() == 1);
    CHECK(bars.rows() == 0);
    CHECK_NOTHROW(Replay(graph, {}).run());
    CHECK(bars.rows() == 1);  // this one flushed
}

TEST_CASE("rows refused by reader and source are counted together") {
    Paced p;
    Replay replay(p.graph, p.feeds({1, -1, 3}));
    replay.run();
    CHECK(replay.rejected()[static_cast<std::size_t>(Fault::timestamp)] == 1);
    CHECK(replay.rows() == 3);
    CHECK(p.table.rows() == 2);
}

}  // namespace openquant::testing
