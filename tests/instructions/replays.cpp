// Fixed replays whose instructions tests/instructions/gate.py counts: `instructions` lists them, `instructions NAME` runs one. Only what
// `counted` does is counted: rows are made and graphs are built before.
#include <cstdio>
#include <fstream>
#include <functional>
#include <string_view>

#include "openquant/operators.hpp"
#include "openquant/operators/core/random.hpp"
#include "openquant/replay/replay.hpp"

namespace openquant {
namespace {

constexpr std::int64_t start = 1'700'000'000'000'000'000, millisecond = 1'000'000;

/// Rows of several symbols in turn, offered at once.
template <class E>
struct Made {
    Rows<E> rows;
    std::vector<std::string> names;
    std::uint64_t dictionary = new_dictionary();

    std::unique_ptr<Feed> feed() const {
        Batch batch;
        batch.offer(rows, names, dictionary);
        return std::make_unique<ColumnsFeed>(event_type<E>(), std::move(batch), nullptr);
    }
};

/// A walk of prices, with sizes worth 0 to 2,000.
template <class E>
std::shared_ptr<const Made<E>> made(std::size_t rows, std::vector<std::string> names = {"BTCUSDT"}) {
    auto out = std::make_shared<Made<E>>();
    out->names = std::move(names);
    std::vector<double> prices(out->names.size(), 100.0);
    Xoshiro random(7);
    for (std::size_t i = 0; i < rows; ++i) {
        const std::size_t symbol = i % prices.size();
        const double price = prices[symbol] *= 1.0 + 0.002 * (random.unit() - 0.5);
        E e;
        e.ts = start + static_cast<std::int64_t>(i) * millisecond;
        e.price = price;
        if constexpr (requires { e.size; }) e.size = 2'000.0 * random.unit() / price, e.side = random.unit() < 0.5 ? std::int8_t{-1} : std::int8_t{1};
        out->rows.append(static_cast<SymbolId>(symbol), e);
    }
    return out;
}

/// The same walk with each symbol's rows by themselves, as a frame that is sorted by symbol has them.
std::shared_ptr<const Made<Trade>> panel(std::size_t rows, std::vector<std::string> names) {
    const std::size_t symbols = names.size(), each = rows / symbols;
    const auto walk = made<Trade>(rows, std::move(names));
    auto out = std::make_shared<Made<Trade>>();
    out->names = walk->names;
    Stream shown;
    walk->rows.show(shown);
    const RowView<Trade> view(shown.columns);
    for (std::size_t symbol = 0; symbol < symbols; ++symbol)
        for (std::size_t i = 0; i < each; ++i) out->rows.append(static_cast<SymbolId>(symbol), view[i * symbols + symbol]);
    return out;
}

/// Events at every tenth of `rows` prices, by a source of their own.
std::shared_ptr<const Made<Event>> events(std::size_t rows) {
    auto out = std::make_shared<Made<Event>>();
    out->names = {"BTCUSDT"};
    for (std::size_t i = 5; i < rows; i += 10) out->rows.append(0, {start + static_cast<std::int64_t>(i) * millisecond, 1.0, 100.0});
    return out;
}

/// What is counted; it returns how many rows came out.
using Work = std::function<std::size_t()>;
using Feeds = std::vector<std::pair<std::string, std::unique_ptr<Feed>>>;

/// A graph on trades or prices, replayed in chunks of `chunk` rows; 0: as the engine likes.
template <class E>
Work replayed(std::shared_ptr<const Made<E>> rows, std::size_t chunk, auto&& build) {
    auto graph = std::make_shared<Graph>();
    Table& table = graph->collect(build(*graph, graph->template source<E>("rows")));
    return [=, &table] {
        Feeds feeds;
        feeds.emplace_back("rows", rows->feed());
        Replay(*graph, std::move(feeds), {.chunk = chunk}).run();
        return table.rows();
    };
}

Work collected() {
    return replayed(made<Trade>(100'000), 0, [](Graph&, Port trades) { return trades; });
}

Work dollar_bars(std::shared_ptr<const Made<Trade>> rows) {
    return replayed(std::move(rows), 0, [](Graph& graph, Port trades) { return graph.add(DollarBars{.dollar_value_per_bar = 1e5}, trades); });
}

/// Averages and a deviation that nobody collects, and events of the last two nodes.
Work chain(std::size_t rows, std::size_t chunk) {
    return replayed(made<Price>(rows), chunk, [](Graph& graph, Port prices) {
        graph.add(EwmaMean{.span = 50.0}, prices);
        graph.add(RollingMean{.window = 100}, prices);
        graph.add(RollingStd{.window = 100}, prices);
        graph.collect(graph.add(ZScoreFilter{.mean_window = 100, .std_window = 100}, prices));
        return graph.add(CusumFilter{.threshold = 0.005}, prices);
    });
}

Work triple_barrier() {
    constexpr std::size_t rows = 100'000;
    auto graph = std::make_shared<Graph>();
    const Port prices = graph->source<Price>("prices"), labeled = graph->source<Event>("events");
    Table& table = graph->collect(graph->add(TripleBarrier{.target = 0.005, .max_bars = 200}, prices, labeled));
    return [=, &table, closes = made<Price>(rows), at = events(rows)] {
        Feeds feeds;
        feeds.emplace_back("prices", closes->feed());
        feeds.emplace_back("events", at->feed());
        Replay(*graph, std::move(feeds)).run();
        return table.rows();
    };
}

/// Trades that a producer pushes one by one, each drained at once, as on a quiet market.
Work inlet() {
    auto graph = std::make_shared<Graph>();
    Table& table = graph->collect(graph->add(DollarBars{.dollar_value_per_bar = 1e5}, graph->source<Trade>("rows")));
    return [=, &table, rows = made<Trade>(20'000)] {
        static Doorbell bell;
        Source& source = *graph->sources()[0];
        auto& inlet = dynamic_cast<Inlet<Trade>&>(source.inlet());
        inlet.open({}, &bell);
        Inlet<Trade>::Producer producer(inlet);
        const std::uint32_t code = inlet.code("BTCUSDT");
        const Graph::Running running(*graph);
        Stream shown;
        rows->rows.show(shown);
        const RowView<Trade> view(shown.columns);
        Batch batch;
        for (std::size_t i = 0; i < shown.rows; ++i) {
            producer.push(code, view[i]);
            graph->begin_chunk();
            if (inlet.drain(source, 4096, batch)) graph->borrow(0, 0, batch.rows);
            graph->run_chunk();
        }
        inlet.close();
        return table.rows();
    };
}

/// Trades of a file in the folder where this runs, into a graph that keeps a bar of every thousand.
Work file(const std::string& path, const std::function<void(std::ofstream&, std::size_t, const Trade&)>& write) {
    {
        std::ofstream out(path);
        Stream shown;
        const auto rows = made<Trade>(50'000);
        rows->rows.show(shown);
        const RowView<Trade> view(shown.columns);
        for (std::size_t i = 0; i < shown.rows; ++i) write(out, i, view[i]);
    }
    auto graph = std::make_shared<Graph>();
    Table& table = graph->collect(graph->add(TickBars{.ticks_per_bar = 1'000}, graph->source<Trade>("rows")));
    return [=, &table] {
        Feeds feeds;
        feeds.emplace_back("rows", open_trades(path));
        Replay(*graph, std::move(feeds)).run();
        return table.rows();
    };
}

std::string decimal(double x, int digits) {
    char text[32];
    return {text, static_cast<std::size_t>(std::snprintf(text, sizeof text, "%.*f", digits, x))};
}

/// Binance's spot aggTrades.
Work csv() {
    return file("BTCUSDT-aggTrades.csv", [](std::ofstream& out, std::size_t i, const Trade& t) {
        out << 3'000'000'000 + i << ',' << decimal(t.price, 8) << ',' << decimal(t.size, 8) << ',' << 4'000'000'000 + i << ',' << 4'000'000'000 + i << ','
            << t.ts / millisecond << ',' << (t.side < 0 ? "True" : "False") << ",True\n";
    });
}

Work json_lines() {
    return file("trades.jsonl", [](std::ofstream& out, std::size_t i, const Trade& t) {
        out << R"({"ts":)" << t.ts << R"(,"symbol":"BTCUSDT","price":)" << decimal(t.price, 2) << R"(,"size":)" << decimal(t.size, 5) << R"(,"side":)"
            << (t.side < 0 ? "-1" : "1") << R"(,"id":)" << 4'000'000'000 + i << "}\n";
    });
}

const std::pair<std::string_view, std::function<Work()>> replays[] = {
    {"collected", collected},
    {"dollar_bars",
     [] {
         return dollar_bars(made<Trade>(100'000, {"BTCUSDT", "ETHUSDT", "SOLUSDT"}));
     }},
    {"dollar_bars_of_a_panel",
     [] {
         return dollar_bars(panel(100'000, {"BTCUSDT", "ETHUSDT", "SOLUSDT", "XRPUSDT"}));
     }},
    {"chain", [] { return chain(50'000, 0); }},
    {"chain_row_by_row", [] { return chain(10'000, 1); }},
    {"triple_barrier", triple_barrier},
    {"inlet_row_by_row", inlet},
    {"csv", csv},
    {"json_lines", json_lines},
};

}  // namespace
}  // namespace openquant

extern "C" [[gnu::noinline]] std::size_t counted(const openquant::Work& work) { return work(); }

int main(int argc, char** argv) {
    for (const auto& [name, prepare] : openquant::replays) {
        if (argc == 1) std::printf("%s\n", std::string(name).c_str());
        if (argc == 2 && name == argv[1]) return counted(prepare()) == 0;
    }
    return argc != 1;
}
