// The engine's own thread and its inlets. Where timing would matter the engine is held between two chunks.
#include <future>
#include <thread>
#include "catch.hpp"

#include "openquant/engine/engine_loop.hpp"
#include "openquant/operators/cusum_filter.hpp"
#include "openquant/operators/dollar_bars.hpp"
#include "refusal.hpp"
#include "test_operators.hpp"
#include "twin.hpp"

namespace openquant::testing {

namespace {

/// A graph that collects the prices of one inlet.
struct Live {
    Graph graph;
    Port port = graph.source<Price>("prices");
    Table& table = graph.collect(port);
    Table& breaks = graph.collect(port.continuity());
    Inlet<Price>& inlet = static_cast<Inlet<Price>&>(graph.sources()[0]->inlet());

    /// Holds the engine between two chunks while `work` runs.
    void held(auto&& work) {
        std::promise<void> reached, release;
        std::thread holder([&] {
            graph.live().between_chunks([&] {
                reached.set_value();
                release.get_future().wait();
            });
        });
        reached.get_future().wait();
        work();
        release.set_value();
        holder.join();
    }
    std::map<std::string, std::vector<double>> by_symbol() const {
        std::map<std::string, std::vector<double>> out;
        const auto symbols = table.contents().symbols;
        const auto rows = table.as<Price>();
        for (std::size_t i = 0; i < rows.size(); ++i) out[graph.symbols().name(symbols[i])].push_back(rows[i].price);
        return out;
    }
};

/// Each of `producers` threads pushes the prices 1 to n of a symbol of its own.
void push_from_threads(Inlet<Price>& inlet, int producers, int n) {
    std::vector<std::thread> threads;
    for (int p = 0; p < producers; ++p)
        threads.emplace_back([&inlet, p, n] {
            Inlet<Price>::Producer producer(inlet);
            const std::uint32_t code = inlet.code("S" + std::to_string(p));
            for (int i = 1; i <= n; ++i) producer.push(code, {1, static_cast<double>(i)});
        });
    for (auto& thread : threads) thread.join();
}

/// A sink that asks of its own engine what it cannot give meanwhile.
class Asking final : public Node {
public:
    Asking(Graph& graph, bool stops) : graph_(graph), stops_(stops) { inputs.resize(1); }
    std::string signature() const override { return "Asking"; }
    std::vector<NodeInput> declared() const override { return {{"prices", &event_type<Price>(), true}}; }
    void prepare(int) override {}
    void process(const SymbolTable&) override {
        stops_ ? graph_.live().stop() : graph_.live().between_chunks([] {});
    }
    void flush(const SymbolTable&, std::uint64_t&) override {}
    void save(Writer&) const override {}
    void load(Reader&, std::size_t) override {}
    void adopt() override {}

private:
    Graph& graph_;
    bool stops_;
};

constexpr Overflow policies[] = {Overflow::block, Overflow::drop_oldest, Overflow::conflate};

}  // namespace

TEST_CASE("a live session gives the tables of a replay") {
    const Recording recording = generate(event_type<Trade>(), 6, 30'000);
    Twin twin;
    const auto source = twin.source(recording);
    const auto bar = twin.add(operator_case(DollarBars{.dollar_value_per_bar = 1e6, .remainder = Remainder::split, .partial = true}), {std::nullopt, source});
    twin.add(operator_case(CusumFilter{.threshold = 0.002}), {std::nullopt, bar});
    const auto built = twin.build();
    built->graph.sources()[0]->ids = IdKind::dense;
    built->graph.live().start({.capacity = 500});
    auto& inlet = static_cast<Inlet<Trade>&>(built->graph.sources()[0]->inlet());
    {
        Inlet<Trade>::Producer producer(inlet);
        for (const Tick& tick : recording.ticks) producer.push(inlet.code(tick.symbol), std::get<Trade>(tick.row));
    }
    built->graph.live().stop();
    CHECK(difference(built->outputs(), twin.reference()) == "");
    CHECK(inlet.pushed() == recording.ticks.size());
    CHECK(inlet.dropped() == 0);
    CHECK(inlet.depth() == 0);
}

TEST_CASE_METHOD(Live, "several producers: each keeps its own order, and what went in came out or was counted") {
    for (const Overflow policy : policies) {
        Graph fresh;
        Live live;
        live.graph.live().start({.capacity = 16, .overflow = policy});
        push_from_threads(live.inlet, 3, 3'000);
        live.graph.live().stop();
        CHECK(live.inlet.pushed() == 9'000);
        CHECK(live.table.rows() + live.inlet.dropped() == 9'000);
        if (policy == Overflow::block) CHECK(live.inlet.dropped() == 0);
        const auto got = live.by_symbol();
        for (const auto& [symbol, prices] : got) {
            CHECK(std::is_sorted(prices.begin(), prices.end()));
            CHECK(std::adjacent_find(prices.begin(), prices.end()) == prices.end());
            if (policy != Overflow::drop_oldest) CHECK(prices.back() == 3'000.0);
        }
        if (policy != Overflow::drop_oldest) CHECK(got.size() == 3);
    }
}

TEST_CASE_METHOD(Live, "drop_oldest keeps the newest rows, counts the others and reports them as a break") {
    graph.live().start({.capacity = 10, .overflow = Overflow::drop_oldest});
    Inlet<Price>::Producer producer(inlet);
    held([&] {
        for (int i = 1; i <= 100; ++i) CHECK(producer.push(inlet.code("X"), {1, static_cast<double>(i)}));
        CHECK(inlet.depth() == 10);
    });
    graph.live().stop();
    CHECK(inlet.pushed() == 100);
    CHECK(inlet.dropped() == 90);
    CHECK((by_symbol()["X"] == std::vector<double>{91, 92, 93, 94, 95, 96, 97, 98, 99, 100}));
    CHECK((breaks.as<Continuity>() == std::vector{Continuity{0, Break::overflow, 0, 90}}));
}

TEST_CASE_METHOD(Live, "conflate keeps the newest row of each symbol") {
    graph.live().start({.overflow = Overflow::conflate});
    Inlet<Price>::Producer producer(inlet);
    held([&] {
        for (int i = 1; i <= 100; ++i)
            for (const char* symbol : {"X", "Y", "Z"}) producer.push(inlet.code(symbol), {i, static_cast<double>(i)});
        CHECK(inlet.depth() == 3);
    });
    graph.live().stop();
    CHECK(inlet.dropped() == 297);
    CHECK((by_symbol() == std::map<std::string, std::vector<double>>{{"X", {100}}, {"Y", {100}}, {"Z", {100}}}));
}

TEST_CASE_METHOD(Live, "a blocked producer waits for room and goes on") {
    graph.live().start({.capacity = 4});
    std::thread pusher;
    held([&] {
        pusher = std::thread([&] { push_from_threads(inlet, 1, 100); });
        while (inlet.depth() < 4) std::this_thread::yield();
    });
    pusher.join();
    graph.live().stop();
    CHECK(by_symbol()["S0"].size() == 100);
}

TEST_CASE_METHOD(Live, "a blocked producer is let go when the engine stops, and its row was not taken") {
    graph.live().start({.capacity = 1});
    bool second = true;
    std::promise<void> release, reached;
    std::thread holder([&] {
        graph.live().between_chunks([&] {
            reached.set_value();
            release.get_future().wait();
        });
    });
    reached.get_future().wait();
    std::thread pusher([&] {
        Inlet<Price>::Producer producer(inlet);
        CHECK(producer.push(inlet.code("X"), {1, 1.0}));
        second = producer.push(inlet.code("X"), {1, 2.0});
    });
    while (inlet.depth() < 1) std::this_thread::yield();
    inlet.close();  // as stop does first
    pusher.join();
    release.set_value();
    holder.join();
    graph.live().stop();
    CHECK_FALSE(second);
    CHECK(table.rows() == 1);
    CHECK(inlet.pushed() == 1);
}

TEST_CASE_METHOD(Live, "stop drains everything, then pushes are refused until the next start") {
    Inlet<Price>::Producer producer(inlet);
    const std::uint32_t code = inlet.code("X");
    CHECK_FALSE(producer.push(code, {1, 1.0}));  // not started
    for (int session = 1; session <= 3; ++session) {
        graph.live().start();
        for (int i = 0; i < 10'000; ++i) producer.push(code, {1, 1.0 + i});
        graph.live().stop(false);
        CHECK(table.rows() == 10'000 * static_cast<std::size_t>(session));
        CHECK_FALSE(producer.push(code, {1, 1.0}));
    }
    CHECK(inlet.pushed() == 30'000);
    graph.live().stop();  // twice does no harm
}

TEST_CASE_METHOD(Live, "breaks that a connector reports pass a full inlet and keep their place") {
    graph.live().start({.capacity = 2, .overflow = Overflow::drop_oldest});
    Inlet<Price>::Producer producer(inlet);
    held([&] {
        producer.push(inlet.code("X"), {1, 1.0});
        producer.push(inlet.code("X"), {2, 2.0});
        producer.report(every_symbol, {2, Break::disconnect, 0, 0});
        CHECK(inlet.depth() == 3);
    });
    graph.live().stop();
    CHECK(table.rows() == 2);
    CHECK((breaks.as<Continuity>() == std::vector{Continuity{2, Break::disconnect, 0, 0}}));
}

TEST_CASE_METHOD(Live, "an inlet of nothing but breaks holds up no row, keeps their order, and closes") {
    graph.live().open({.capacity = 2, .overflow = Overflow::drop_oldest});
    Inlet<Price>::Producer producer(inlet);
    for (int i = 1; i <= 50; ++i) producer.report(inlet.code("X"), {i, i % 2 ? Break::disconnect : Break::reconnect, 0, 0});
    for (int i = 1; i <= 5; ++i) CHECK(producer.push(inlet.code("X"), {i, static_cast<double>(i)}));
    CHECK((inlet.dropped() == 3 && inlet.depth() == 52));
    graph.live().start();
    graph.live().stop();
    CHECK((by_symbol()["X"] == std::vector<double>{4, 5}));
    const auto told = breaks.as<Continuity>();
    REQUIRE(told.size() == 51);
    std::int64_t last = 0;
    for (const Continuity& row : told) {
        if (row.kind == Break::overflow) continue;
        CHECK(row.ts == last + 1);
        last = row.ts;
    }
    producer.report(inlet.code("X"), {1, Break::disconnect, 0, 0});  // too late: the inlet is closed
    CHECK(inlet.depth() == 0);
}

TEST_CASE_METHOD(Live, "under conflate, rows without a symbol wait for room as others do") {
    graph.live().start({.capacity = 4, .overflow = Overflow::conflate});
    Inlet<Price>::Producer producer(inlet);
    for (int i = 0; i < 10'000; ++i) CHECK(producer.push(Batch::no_symbol, {1, 1.0}));
    graph.live().stop();
    CHECK(graph.sources()[0]->rejected_total() == 10'000);
}

TEST_CASE("a node that asks its own engine to wait for it is refused, and the session stops") {
    for (const bool stops : {true, false}) {
        Graph graph;
        graph.add_node(std::make_unique<Asking>(graph, stops), {graph.source<Price>("prices")});
        graph.live().start();
        auto& inlet = static_cast<Inlet<Price>&>(graph.sources()[0]->inlet());
        Inlet<Price>::Producer(inlet).push(inlet.code("X"), {1, 1.0});
        CHECK_THROWS_WITH(graph.live().stop(), Catch::Contains("ask from another thread"));
    }
}

TEST_CASE_METHOD(Live, "several threads may stop an engine") {
    for (int i = 0; i < 20; ++i) {
        graph.live().start();
        std::thread other([&] { graph.live().stop(false); });
        graph.live().stop(false);
        other.join();
        CHECK_FALSE(graph.live().running());
    }
}

TEST_CASE_METHOD(Live, "a batch is pushed row by row, with the symbols of its own dictionary") {
    const Recording recording = generate(event_type<Price>(), 4, 300, {.dirty = false});
    graph.live().start();
    const auto feed = feed_of(recording);
    Batch batch;
    while (feed->next(batch)) CHECK(inlet.push(batch) == 300);
    graph.live().stop();
    CHECK(table.rows() == 300);
    CHECK(difference({collected(table, graph.symbols())}, {collected(event_type<Price>(), recording.ticks)}) == "");
    CHECK(inlet.push(batch) == 0);
}

TEST_CASE_METHOD(Live, "one thing runs a graph at a time") {
    CHECK(says(refusal([&] { graph.live().start({.capacity = 0}); }), {"capacity = 0", ">= 1"}));
    graph.live().start();
    CHECK(says(refusal([&] { graph.live().start(); }), {"already running"}));
    CHECK(says(refusal([&] { Replay(graph, {}); }), {"already running"}));
    CHECK(says(refusal([&] { graph.restore({}); }), {"already running"}));
    graph.live().stop();
    CHECK_NOTHROW(Replay(graph, {}).run());
}

TEST_CASE("a node that fails stops the session; stop says why, producers are let go") {
    Graph graph;
    const Port prices = graph.source<Price>("prices");
    graph.add(Failing{.at = 10}, prices);
    graph.live().start({.capacity = 4});
    auto& inlet = static_cast<Inlet<Price>&>(graph.sources()[0]->inlet());
    Inlet<Price>::Producer producer(inlet);
    const std::uint32_t code = inlet.code("X");
    while (producer.push(code, {1, 1.0})) {}  // ends only because the engine failed
    CHECK_THROWS_WITH(graph.live().stop(), Catch::Contains("the tenth price was too much"));
    CHECK(graph.live().failed());
    CHECK_FALSE(graph.live().running());
    graph.live().stop();
}

TEST_CASE("tasks between chunks run at once without an engine, and their exceptions reach the caller") {
    Live live;
    int runs = 0;
    live.graph.live().between_chunks([&] { ++runs; });
    live.graph.live().start();
    for (int i = 0; i < 100; ++i) live.graph.live().between_chunks([&] { ++runs; });
    CHECK_THROWS_AS(live.graph.live().between_chunks([] { throw std::runtime_error("no"); }), std::runtime_error);
    live.graph.live().stop();
    live.graph.live().between_chunks([&] { ++runs; });
    CHECK(runs == 102);
}

TEST_CASE("stop flushes unless told not to, and a graph that is destroyed while live just ends") {
    for (const bool flush : {true, false}) {
        Graph graph;
        const Port trades = graph.source<Trade>("trades");
        Table& bars = graph.collect(graph.add(DollarBars{.partial = true}, trades));
        graph.live().start();
        auto& inlet = static_cast<Inlet<Trade>&>(graph.sources()[0]->inlet());
        Trade t;
        t.ts = 1, t.price = 1.0, t.size = 1.0;
        Inlet<Trade>::Producer(inlet).push(inlet.code("X"), t);
        graph.live().stop(flush);
        CHECK(bars.rows() == (flush ? 1 : 0));
    }
    Live live;
    live.graph.live().start();
    push_from_threads(live.inlet, 2, 100);
}

TEST_CASE("a table is read while the engine fills it") {
    Live live;
    live.graph.live().start();
    std::thread pusher([&] { push_from_threads(live.inlet, 2, 5'000); });
    std::size_t seen = 0;
    while (seen < 10'000) {
        const auto contents = live.table.contents();
        REQUIRE(contents.rows() >= seen);
        for (const auto& column : contents.columns) REQUIRE(column.size() == 8 * contents.rows());
        seen = contents.rows();
    }
    pusher.join();
    live.graph.live().stop();
}

}  // namespace openquant::testing
