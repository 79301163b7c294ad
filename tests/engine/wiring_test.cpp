// What can be wired to what, and how a graph refuses the rest.
#include "catch.hpp"

#include "openquant/engine/engine_loop.hpp"
#include "openquant/operators/cusum_filter.hpp"
#include "openquant/operators/dollar_bars.hpp"
#include "openquant/operators/triple_barrier.hpp"
#include "refusal.hpp"
#include "test_operators.hpp"
#include "twin.hpp"

namespace openquant::testing {

namespace {

struct Wired {
    Graph graph;
    Port trades = graph.source<Trade>("trades");
    Port events = graph.source<Event>("events");
};

}  // namespace

TEST_CASE_METHOD(Wired, "wiring that cannot work is refused with what was expected and what was given") {
    CHECK(says(refusal([&] { graph.add(CusumFilter{}, events); }), {"cusum_filter", "'prices'", "takes Price", "'events'", "gives Event"}));
    CHECK(says(refusal([&] { graph.add(CusumFilter{}); }), {"cusum_filter", "'prices' is missing", "prices: Price"}));
    CHECK(says(refusal([&] { graph.add(CusumFilter{}, trades, trades, trades); }), {"cusum_filter", "3 inputs given", "prices: Price"}));
    CHECK(says(refusal([&] { graph.add(CusumFilter{}, Named{"price", trades}); }), {"no input 'price'", "prices: Price"}));
    CHECK(says(refusal([&] { graph.add(CusumFilter{}, trades, Named{"prices", trades}); }), {"'prices' is given twice"}));
    CHECK(says(refusal([&] { graph.add(TripleBarrier{}, trades, events, events); }), {"'volatility'", "takes Volatility", "gives Event"}));
    Graph other;
    const Port foreign = other.source<Trade>("trades");
    CHECK(says(refusal([&] { graph.add(CusumFilter{}, foreign); }), {"'prices'", "another graph"}));
    CHECK(says(refusal([&] { graph.add(CusumFilter{}, trades).continuity(); }), {"'cusum_filter' is not a source"}));
    CHECK(graph.nodes().size() == 1);  // only the last one went in
}

TEST_CASE_METHOD(Wired, "parameters out of range are refused when the node is added") {
    CHECK(says(refusal([&] { graph.add(CusumFilter{.threshold = -1.0}, trades); }), {"CusumFilter", "threshold = -1", "> 0", "log return"}));
    CHECK(graph.nodes().empty());
}

TEST_CASE_METHOD(Wired, "names are unique; nodes without one are numbered") {
    CHECK(says(refusal([&] { graph.source<Trade>("trades"); }), {"already has a node named 'trades'"}));
    graph.add(CusumFilter{}, trades);
    graph.add(CusumFilter{}, trades);
    CHECK(graph.nodes()[0]->name == "cusum_filter");
    CHECK(graph.nodes()[1]->name == "cusum_filter_2");
    graph.collect(trades, "mine");
    CHECK(says(refusal([&] { graph.collect(trades, "mine"); }), {"'mine'"}));
    CHECK(says(refusal([&] { graph.collect(trades, "trades"); }), {"'trades'"}));
    CHECK(says(refusal([&] { graph.source_index("quotes"); }), {"no source 'quotes'", "'trades', 'events'"}));
}

TEST_CASE_METHOD(Wired, "required ports come first, then the optional ones, and an open continuity input takes its source's") {
    const Port volatility = graph.source<Volatility>("volatility");
    graph.add(TripleBarrier{}, trades, events, volatility);
    graph.add(TripleBarrier{}, trades, events, Named{"volatility", volatility});
    graph.add(TripleBarrier{}, trades, events);
    graph.add(DollarBars{}, trades);
    const auto shape = graph.shape();
    CHECK(shape[0] == "source trades: Trade with unknown ids");
    CHECK(shape[3].ends_with("of trades volatility - events"));
    CHECK(shape[4].ends_with("of trades volatility - events"));
    CHECK(shape[5].ends_with("of trades - - events"));
    CHECK(shape[6].ends_with("of trades.continuity trades"));
    CHECK(shape[6].find("dollar_bars: DollarBars(dollar_value_per_bar=5e+06, remainder=reset, partial=false)") != std::string::npos);
}

TEST_CASE_METHOD(Wired, "a graph that has run takes no more nodes") {
    graph.add(CusumFilter{}, trades);
    Replay(graph, {}).run();
    CHECK(says(refusal([&] { graph.add(CusumFilter{}, trades); }), {"already run", "before the first replay"}));
    CHECK(says(refusal([&] { graph.source<Trade>("more"); }), {"already run"}));
    CHECK(says(refusal([&] { graph.collect(trades); }), {"already run"}));
}

TEST_CASE("a graph without a source cannot run") {
    Graph graph;
    CHECK(says(refusal([&] { Replay(graph, {}); }), {"no source"}));
    CHECK(says(refusal([&] { graph.live().start(); }), {"no source"}));
    CHECK_FALSE(graph.live().running());
}

TEST_CASE_METHOD(Wired, "a replay refuses feeds that do not fit") {
    const Recording trade_rows = generate(event_type<Trade>(), 1, 10);
    const auto attempt = [&](auto... names) {
        std::vector<std::pair<std::string, std::unique_ptr<Feed>>> feeds;
        (feeds.emplace_back(names, feed_of(trade_rows)), ...);
        return refusal([&] { Replay(graph, std::move(feeds)); });
    };
    CHECK(says(attempt("quotes"), {"no source 'quotes'"}));
    CHECK(says(attempt("events"), {"'events' takes Event", "given Trade"}));
    CHECK(says(attempt("trades", "trades"), {"'trades' is given twice"}));
    for (const double speed : {-1.0, std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()})
        CHECK(says(refusal([&] { Replay(graph, {}, {.speed = speed}); }), {"speed", "> 0"}));
    const Replay running(graph, {});
    CHECK(says(refusal([&] { Replay(graph, {}); }), {"already running"}));
    CHECK(says(refusal([&] { graph.live().start(); }), {"already running"}));
    CHECK(says(refusal([&] { graph.restore({}); }), {"already running"}));
}

TEST_CASE("a graph describes itself as dot") {
    Graph graph;
    const Port trades = graph.source<Trade>("my \"trades\"");
    graph.add(DollarBars{}, trades);
    graph.collect(trades.continuity(), "breaks");
    const std::string dot = graph.to_dot();
    CHECK(says(dot, {"digraph openquant {", R"("my \"trades\"" [shape=ellipse, label="my \"trades\": Trade"];)",
                     R"("my \"trades\"" -> "dollar_bars" [label="trades"];)", R"("my \"trades\"" -> "dollar_bars" [label="continuity"];)",
                     R"("my \"trades\"" -> "breaks" [label="rows"];)"}));
    CHECK(dot.ends_with("}\n"));
}

TEST_CASE("a table tells its type, keeps its capacity and counts what it refused") {
    Graph graph;
    Table& table = graph.collect(graph.source<Price>("prices"), "few", 5);
    replay(graph,
           [] {
               std::vector<std::pair<std::string, std::unique_ptr<Feed>>> feeds;
               feeds.emplace_back("prices", feed_of(generate(event_type<Price>(), 1, 20, {.dirty = false})));
               return feeds;
           }(),
           {.chunk = 3});
    CHECK(table.rows() == 5);
    CHECK(table.refused() == 15);
    CHECK(table.as<Price>().size() == 5);
    CHECK(says(refusal([&] { table.as<Trade>(); }), {"'few' holds Price rows, not Trade"}));
    table.clear();
    CHECK(table.rows() == 0);
}

TEST_CASE("more rows for one row than the key can order: a deep graph fails by name, a shallow one does not") {
    const auto run = [](int depth, std::int64_t times) {
        Graph graph;
        Port port = graph.source<Event>("events");
        port = graph.add(Repeat{times}, port);
        for (int i = 1; i < depth; ++i) port = graph.add(Repeat{1}, port);
        std::vector<std::pair<std::string, std::unique_ptr<Feed>>> feeds;
        feeds.emplace_back("events", feed_of(generate(event_type<Event>(), 1, 3, {.dirty = false})));
        replay(graph, std::move(feeds), {.chunk = 2});
    };
    CHECK_NOTHROW(run(16, 256));
    CHECK_THROWS_WITH(run(16, 257), Catch::Contains("'repeat'") && Catch::Contains("2^8"));
    CHECK_NOTHROW(run(8, 65'536));
    CHECK_THROWS_AS(run(8, 65'537), std::overflow_error);
    CHECK_NOTHROW(run(4, 70'000));
    CHECK(says(refusal([&] { run(17, 1); }), {"nests 17", "at most 16"}));
}

TEST_CASE("metrics count calls and rows of every node, and time some of them") {
    Graph graph;
    const Port prices = graph.source<Price>("prices");
    graph.add(CusumFilter{.threshold = 1e-9}, prices);
    graph.collect(prices);
    std::vector<std::pair<std::string, std::unique_ptr<Feed>>> feeds;
    feeds.emplace_back("prices", feed_of(generate(event_type<Price>(), 1, 3'000, {.dirty = false, .symbols = 1})));
    replay(graph, std::move(feeds), {.chunk = 10, .flush = false});
    const Metrics& m = graph.nodes()[0]->metrics;
    CHECK(m.calls == 300);
    CHECK(m.rows_in == 3'000);
    CHECK(m.rows_out == 2'999);
    CHECK(m.call_ns.count() == 2);  // the first call and the 257th
    CHECK(m.timed_rows == 20);
    CHECK(m.call_ns.quantile(0.5) > 0);
    CHECK(graph.nodes()[1]->metrics.rows_in == 3'000);
    CHECK(graph.sources()[0]->accepted == 3'000);
}

TEST_CASE("a histogram of durations is at most a quarter off") {
    TimeHistogram h;
    CHECK(h.quantile(0.5) == 0);
    for (const std::uint64_t ns : {std::uint64_t{0}, std::uint64_t{3}, std::uint64_t{100}, std::uint64_t{12'345}, std::uint64_t{1} << 40, ~std::uint64_t{0}}) {
        TimeHistogram one;
        one.add(ns);
        CHECK(one.quantile(0.99) >= ns);
        CHECK(static_cast<double>(one.quantile(0.99)) <= 1.25 * static_cast<double>(ns));
    }
    for (std::uint64_t ns = 1; ns <= 1'000; ++ns) h.add(ns);
    CHECK(h.count() == 1'000);
    CHECK(h.quantile(0.5) >= 500);
    CHECK(h.quantile(0.5) <= 625);
    CHECK(h.quantile(1.0) >= 1'000);
}

}  // namespace openquant::testing
