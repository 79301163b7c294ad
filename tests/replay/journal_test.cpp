// A journal: replayed it gives the bytes of the session that was recorded. How it is read when damaged is in journal_damage_test.
#include <future>
#include <numeric>
#include <thread>
#include "catch.hpp"

#include "openquant/engine/engine_loop.hpp"
#include "openquant/operators/cusum_filter.hpp"
#include "openquant/operators/dollar_bars.hpp"
#include "refusal.hpp"
#include "replay/journal.hpp"
#include "test_operators.hpp"

namespace openquant::testing {

namespace {

/// Trades and prices, bars and events of them, and the breaks of both.
struct Market {
    Recording trades = generate(event_type<Trade>(), 6, 6'000), prices = generate(event_type<Price>(), 7, 3'000);
    Twin twin;

    Market() {
        const auto t = twin.source(trades), p = twin.source(prices);
        const auto bar = twin.add(operator_case(DollarBars{.dollar_value_per_bar = 1e6, .remainder = Remainder::split, .partial = true}), {std::nullopt, t});
        twin.add(operator_case(CusumFilter{.threshold = 0.002}), {std::nullopt, bar});
        twin.add(operator_case(CusumFilter{.threshold = 0.002}), {std::nullopt, p});
        twin.add(operator_case(BreakCounter{}), {t + 1});
    }
};

template <class E>
Inlet<E>& inlet_of(Graph& graph, std::size_t source) {
    return static_cast<Inlet<E>&>(graph.sources()[source]->inlet());
}

/// Pushes rows [begin, end), each symbol's ids of a kind of its own, with a disconnection now and then.
template <class E>
void push(Graph& graph, std::size_t source, const Recording& recording, std::size_t begin, std::size_t end) {
    auto& inlet = inlet_of<E>(graph, source);
    typename Inlet<E>::Producer producer(inlet);
    for (std::size_t i = begin; i < end; ++i) {
        const auto& [symbol, row] = recording.ticks[i];
        const auto kind = static_cast<IdKind>(symbol.back() % 4);
        if (i % 1'000 == 500)
            producer.report(i % 2'000 == 500 ? every_symbol : inlet.code(symbol, kind), {static_cast<std::int64_t>(i), Break::disconnect, 0, 0});
        producer.push(inlet.code(symbol, kind), std::get<E>(row));
    }
}

constexpr Overflow policies[] = {Overflow::block, Overflow::drop_oldest, Overflow::conflate};

/// Notes what a graph is told.
struct Spy : Recorder {
    std::vector<std::vector<bool>> absent;  // by batch, by field
    std::vector<std::uint64_t> rows;
    void taken(std::size_t, const Batch& batch, std::size_t begin, std::size_t end) override {
        rows.push_back(end - begin);
        auto& fields = absent.emplace_back();
        for (const auto& column : batch.columns) fields.push_back(!column.data);
    }
    void chunk_begins() override {}
    void flushed() override {}
    void handed_over() override {}
    void restored(const std::vector<std::uint8_t>&) override {}
};

}  // namespace

TEST_CASE_METHOD(Market, "a live session of several producers is replayed to the bit, under every policy") {
    for (const Overflow policy : policies) {
        const TemporaryFolder folder;
        const auto built = twin.build();
        JournalWriter writer(folder.path(), built->graph, {10'000});
        built->graph.live().open({.capacity = policy == Overflow::block ? 8'000u : 300u, .overflow = policy});
        push<Trade>(built->graph, 0, trades, 0, 1'000);  // more than there is room for, unless it blocks
        built->graph.live().start();
        {
            std::jthread first([&] { push<Trade>(built->graph, 0, trades, 1'000, 4'000); });
            std::jthread second([&] { push<Trade>(built->graph, 0, trades, 4'000, 5'000); });
            std::jthread third([&] { push<Price>(built->graph, 1, prices, 0, 3'000); });
        }
        built->graph.live().between_chunks([&] { built->graph.hand_over(); });
        push<Trade>(built->graph, 0, trades, 4'800, 6'000);
        built->graph.live().stop();
        writer.close();
        CHECK((inlet_of<Trade>(built->graph, 0).dropped() > 0) == (policy != Overflow::block));
        const Seen session = seen(*built);
        CHECK(session.outputs[1].rows() > 3);
        if (policy == Overflow::block) {  // how much others keep is a matter of timing
            CHECK(std::accumulate(session.rejected[0].begin(), session.rejected[0].end(), 0ull) > 0);
            CHECK(segments(folder.path()) > 1);
        }
        CHECK(difference_of_replays(twin, folder.path(), session) == "");
    }
}

TEST_CASE_METHOD(Market, "a recorded replay of several sources is replayed to the bit, however it was cut") {
    for (const std::size_t chunk : {1, 7, 4'096, 1'000'000}) {
        const TemporaryFolder folder;
        const auto built = twin.build();
        JournalWriter writer(folder.path() + "/new/folder", built->graph);
        replay(built->graph, twin.feeds(97), {.chunk = chunk});
        writer.close();
        CHECK(difference(built->outputs(), twin.reference()) == "");
        CHECK(difference_of_replays(twin, writer.folder(), seen(*built)) == "");
    }
}

TEST_CASE("breaks keep their place among the rows of a slice") {
    Recording recording = generate(event_type<Price>(), 3, 200);
    for (std::size_t before = 0; before <= 200; before += 5)
        for (int i = 0; i < 3; ++i) recording.breaks.push_back({before, i == 0 ? "*" : recording.ticks[0].symbol, {1, Break::gap, before, 1}});
    Twin twin;
    twin.source(recording);
    for (const std::size_t chunk : {1, 3, 5, 200}) {
        const TemporaryFolder folder;
        const auto built = twin.build();
        JournalWriter writer(folder.path(), built->graph);
        replay(built->graph, twin.feeds(10), {.chunk = chunk});
        writer.close();
        CHECK(built->outputs()[1].rows() >= 123);
        CHECK(difference_of_replays(twin, folder.path(), seen(*built)) == "");
    }
}

TEST_CASE("more breaks and rows than one record holds") {
    std::vector<Price> rows(150'000);
    for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = {static_cast<std::int64_t>(i), 1.0 + static_cast<double>(i)};
    Recording recording = recording_of(rows);
    for (std::size_t i = 0; i < 150'000; ++i) recording.breaks.push_back({i < 70'000 ? 10 : i, "*", {1, Break::gap, i, 1}});
    Twin twin;
    twin.source(recording);
    const TemporaryFolder folder;
    const auto built = twin.build();
    JournalWriter writer(folder.path(), built->graph);
    replay(built->graph, twin.feeds(), {.chunk = 1'000'000});
    writer.close();
    CHECK(built->outputs()[1].rows() == 150'000);
    CHECK(difference(replayed(twin, folder.path()), seen(*built)) == "");
}

TEST_CASE("absent columns stay absent, and one value for all rows stays that") {
    const std::int64_t ts[] = {1, 2, 3};
    const double price[] = {1.0, 2.0, 3.0}, size[] = {1.0, 1.0, 1.0};
    const std::int8_t sell = -1;
    const std::uint32_t codes[] = {0, 1, 0};
    const std::vector<std::string> names = {"B", "A"};
    Batch batch;
    batch.columns.resize(event_type<Trade>().fields.size());
    const auto set = [&](const char* field, const void* data, std::size_t mask = ~std::size_t{0}) {
        batch.columns[static_cast<std::size_t>(event_type<Trade>().find(field))] = {static_cast<const std::byte*>(data), mask};
    };
    set("ts", ts), set("price", price), set("size", size), set("side", &sell, 0);
    batch.rows = 3, batch.codes = {codes}, batch.names = &names, batch.dictionary = new_dictionary();
    Twin twin;
    twin.source(recording_of(std::vector<Trade>{}));
    const TemporaryFolder folder;
    const auto built = twin.build();
    JournalWriter writer(folder.path(), built->graph);
    std::vector<std::pair<std::string, std::unique_ptr<Feed>>> feeds;
    feeds.emplace_back(built->graph.sources()[0]->name, std::make_unique<ColumnsFeed>(event_type<Trade>(), batch, nullptr));
    replay(built->graph, std::move(feeds), {.chunk = 2});
    writer.close();

    const auto again = twin.build();
    Spy spy;
    again->graph.record(&spy);
    JournalReplay(again->graph, folder.path()).run();
    CHECK(difference(seen(*again), seen(*built)) == "");
    REQUIRE(spy.absent.size() == 2);
    for (std::size_t i = 0; i < batch.columns.size(); ++i)
        for (const auto& absent : spy.absent) CHECK(absent[i] == !batch.columns[i].data);
}

TEST_CASE_METHOD(Market, "a recording that begins on a graph that has run brings its snapshot") {
    const std::size_t half = twin.rows() / 2;
    const auto built = twin.build();
    replay(built->graph, twin.feeds(0, half), {.chunk = 1'000, .flush = false});
    for (Table* table : built->tables) table->clear();
    const TemporaryFolder folder;
    {
        const JournalWriter writer(folder.path(), built->graph);
        replay(built->graph, twin.feeds(half, twin.rows()), {.chunk = 100});
    }
    const auto again = twin.build();
    JournalReplay(again->graph, folder.path()).run();
    CHECK(difference(again->outputs(), built->outputs()) == "");
    CHECK(again->graph.position() == built->graph.position());
    CHECK(again->graph.symbols().names() == built->graph.symbols().names());

    // As history of another recording, which has to hold that snapshot too.
    const TemporaryFolder second;
    const auto third = twin.build();
    {
        const JournalWriter writer(second.path(), third->graph);
        JournalReplay(third->graph, folder.path(), {.end_streams = false}).run();
        CHECK(says(refusal([&] { third->graph.restore(built->graph.snapshot()); }), {"is being recorded", "before the recording begins"}));
    }
    const auto fourth = twin.build();
    JournalReplay(fourth->graph, second.path()).run();
    CHECK(difference(seen(*fourth), seen(*third)) == "");

    Market other;
    other.twin.add(operator_case(BreakCounter{}), {1});
    CHECK(says(refusal([&] { JournalReplay(other.twin.build()->graph, folder.path()); }), {"snapshot is of another graph"}));
}

TEST_CASE_METHOD(Market, "streams end as they did in the recording, unless told otherwise") {
    for (const bool ended : {true, false}) {
        const TemporaryFolder folder;
        const auto built = twin.build();
        JournalWriter writer(folder.path(), built->graph);
        for (std::size_t part = 0; part < 3; ++part) {  // three sessions in one recording
            built->graph.live().start();
            push<Trade>(built->graph, 0, trades, part * 2'000, (part + 1) * 2'000);
            built->graph.live().stop(part < 2 || ended);
        }
        writer.close();
        const Seen session = seen(*built);
        CHECK(difference(replayed(twin, folder.path()), session) == "");
        CHECK(difference(replayed(twin, folder.path(), {.end_streams = ended}), session) == "");
        const Seen otherwise = replayed(twin, folder.path(), {.end_streams = !ended});
        CHECK(difference(otherwise, session) != "");
        CHECK((ended ? not_a_prefix(otherwise.outputs, session.outputs) : not_a_prefix(session.outputs, otherwise.outputs)) == "");
    }
}

TEST_CASE_METHOD(Market, "a journal is history from which a live session goes on, itself recorded") {
    const TemporaryFolder first, second;
    const auto whole = twin.build(), past = twin.build(), live = twin.build();
    const auto feed = [&](Graph& graph, std::size_t begin, std::size_t end, bool flush) {
        graph.live().start();
        push<Trade>(graph, 0, trades, begin, end);
        graph.live().stop(flush);
    };
    feed(whole->graph, 0, 4'000, false);
    whole->graph.hand_over();
    feed(whole->graph, 3'500, 6'000, true);
    {
        const JournalWriter writer(first.path(), past->graph);
        feed(past->graph, 0, 4'000, true);
    }
    const JournalWriter writer(second.path(), live->graph);
    JournalReplay history(live->graph, first.path(), {.end_streams = false});
    history.run();
    CHECK(history.closed());
    CHECK(history.torn_bytes() == 0);
    live->graph.hand_over();
    feed(live->graph, 3'500, 6'000, true);
    CHECK(difference(seen(*live), seen(*whole)) == "");
    CHECK(live->graph.sources()[0]->rejected[static_cast<std::size_t>(Fault::overlap)] > 0);
    CHECK(difference(replayed(twin, second.path()), seen(*whole)) == "");  // not closed yet: what was worked on is there
}

TEST_CASE("history whose ids nobody judged is judged when it is said of what kind they are") {
    Recording trades = generate(event_type<Trade>(), 6, 1'000);
    Twin judged, plain;
    judged.source(trades);
    trades.ids = IdKind::unknown;
    plain.source(trades);
    const TemporaryFolder folder;
    const auto built = plain.build();
    {
        const JournalWriter writer(folder.path(), built->graph);
        replay(built->graph, plain.feeds(), {.chunk = 100});
    }
    CHECK(difference(replayed(plain, folder.path()), seen(*built)) == "");
    const Seen again = replayed(plain, folder.path(), {.chunk = 7, .end_streams = {}, .ids = {{built->graph.sources()[0]->name, IdKind::dense}}});
    CHECK(difference(again.outputs, judged.reference()) == "");
    CHECK(difference(again, seen(*built)) != "");
}

TEST_CASE_METHOD(Market, "a replay of a journal is run, stepped, paused and stopped") {
    const TemporaryFolder folder;
    {
        const auto built = twin.build();
        const JournalWriter writer(folder.path(), built->graph, {20'000});
        replay(built->graph, twin.feeds(500), {.chunk = 500});
    }
    using namespace std::chrono_literals;
    const auto built = twin.build();
    JournalReplay replay(built->graph, folder.path());
    CHECK(replay.step(3));
    CHECK(replay.rows() == 3);
    CHECK(built->outputs()[0].rows() + built->outputs()[2].rows() <= 3);
    replay.pause();
    CHECK_FALSE(replay.run_for(5ms));
    CHECK(replay.rows() == 3);
    replay.resume();
    CHECK(replay.progress() < 1.0);
    CHECK_THROWS_AS(Replay(built->graph, {}), std::invalid_argument);  // it holds the graph
    CHECK(replay.run_for(60s));
    CHECK(replay.done());
    CHECK_FALSE(replay.step());
    CHECK(replay.rows() == twin.rows());
    CHECK(replay.progress() == 1.0);
    CHECK(difference(built->outputs(), twin.reference()) == "");
    CHECK(replay.rejected() == [&] {
        Rejections total{};
        for (const auto& source : built->graph.sources())
            for (std::size_t i = 0; i < total.size(); ++i) total[i] += source->rejected[i];
        return total;
    }());

    const auto stopped = twin.build();
    JournalReplay cut(stopped->graph, folder.path());
    cut.step(1'000);
    cut.stop();
    cut.run();
    CHECK(cut.done());
    CHECK(cut.rows() == 1'000);
    CHECK_NOTHROW(Replay(stopped->graph, {}).run());
}

TEST_CASE_METHOD(Market, "a folder and a graph are recorded once at a time") {
    const TemporaryFolder folder;
    const auto built = twin.build(), other = twin.build();
    JournalWriter writer(folder.path(), built->graph);
    CHECK(says(refusal([&] { JournalWriter(folder.path(), other->graph); }), {folder.path(), "holds a journal already", "another folder"}));
    CHECK(says(refusal([&] { JournalWriter(folder.path() + "/b", built->graph); }), {"recorded already"}));
    built->graph.live().start();
    CHECK(says(refusal([&] { writer.close(); }), {"already running"}));
    CHECK(says(refusal([&] { JournalWriter(folder.path() + "/c", built->graph); }), {"already running"}));
    built->graph.live().stop();
    writer.close();
    writer.close();
    CHECK(says(refusal([&] { JournalWriter(folder.path(), built->graph); }), {"holds a journal already"}));
    CHECK(says(refusal([&] { JournalWriter(folder.path() + "/d", built->graph, {0}); }), {"segment_bytes = 0"}));
    const JournalWriter again(folder.path() + "/e", built->graph);  // what was refused left nothing attached
}

TEST_CASE("a journal of another graph is refused by name") {
    const TemporaryFolder folder;
    Graph recorded;
    recorded.source<Trade>("trades", IdKind::dense);
    recorded.source<Clock>("clock");
    { const JournalWriter writer(folder.path(), recorded); }
    const auto sources = journal_sources(folder.path());
    REQUIRE(sources.size() == 2);
    CHECK((sources[0].name == "trades" && sources[0].type == "Trade" && sources[0].ids == IdKind::dense));
    CHECK((sources[1].name == "clock" && sources[1].type == "Clock" && sources[1].ids == IdKind::unknown));
    const auto refused = [&](auto&& build) {
        Graph graph;
        build(graph);
        return refusal([&] { JournalReplay(graph, folder.path()).run(); });
    };
    CHECK(says(refused([](Graph& g) { g.source<Trade>("trades", IdKind::dense); }), {"another graph", "source 'clock' of Clock rows", "lacks"}));
    CHECK(says(refused([](Graph& g) { g.source<Trade>("trades"), g.source<Clock>("clock"); }), {"'trades'", "dense ids", "unknown ids"}));
    CHECK(says(refused([](Graph& g) { g.source<Price>("trades", IdKind::dense), g.source<Clock>("clock"); }), {"'trades'", "Trade rows", "Price rows"}));
    CHECK(refused([](Graph& g) { g.source<Clock>("clock"), g.source<Quote>("more"), g.source<Trade>("trades", IdKind::dense); }) == "");
}

}  // namespace openquant::testing
