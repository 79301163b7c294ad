// What the engine itself costs: streams through it, one more node, a chain of statistics, bars, many symbols, two threads. Beside
// it loops that one would write by hand for the one purpose. CPU time per event unless said; prints JSON.
//
//     engine [--rounds N] [--events N] [--only PREFIX]
#include <bit>
#include <cmath>
#include <memory>
#include <thread>

#include "harness.hpp"
#include "openquant/engine/graph.hpp"
#include "openquant/operators.hpp"
#include "openquant/operators/core/random.hpp"
#include "openquant/replay/replay.hpp"

namespace openquant::bench {
namespace {

constexpr std::size_t as_it_likes = 0, window = 100;  // rows of a chunk: as many as the engine chooses; of a window
constexpr double span = 20.0, threshold = 2.0, volume_per_bar = 100.0;

/// Rows that a feed offers without a copy, as often as wanted.
template <class E>
struct Recorded {
    std::vector<std::string> names;
    Rows<E> rows;
    std::uint64_t dictionary = new_dictionary();

    RowView<E> view() const {
        Stream stream;
        rows.show(stream);
        return RowView<E>(stream.columns);
    }
    std::vector<std::pair<std::string, std::unique_ptr<Feed>>> feeds() const {
        Batch batch;
        batch.offer(rows, names, dictionary);
        std::vector<std::pair<std::string, std::unique_ptr<Feed>>> out;
        out.emplace_back("in", std::make_unique<ColumnsFeed>(event_type<E>(), std::move(batch), nullptr));
        return out;
    }
};

std::vector<std::string> names_of(std::size_t symbols) {
    std::vector<std::string> out;
    for (std::size_t i = 0; i < symbols; ++i) out.push_back("S" + std::to_string(i));
    return out;
}

double step_of(Xoshiro& random) { return random.unit() + random.unit() + random.unit() - 1.5; }  // near enough to normal

/// A walk for each symbol, symbols in turn or at random.
Recorded<Value> values(std::size_t events, std::size_t symbols = 1) {
    Xoshiro random(1);
    Recorded<Value> out{names_of(symbols), {}};
    std::vector<double> level(symbols, 100.0);
    for (std::size_t i = 0; i < events; ++i) {
        const std::size_t symbol = symbols == 1 ? 0 : random.bits() % symbols;
        level[symbol] += 0.01 * step_of(random);
        out.rows.append(static_cast<SymbolId>(symbol), {static_cast<std::int64_t>(i) * 1000, level[symbol]});
    }
    return out;
}

Recorded<Trade> trades(std::size_t events, std::size_t symbols = 1) {
    Xoshiro random(2);
    Recorded<Trade> out{names_of(symbols), {}};
    std::vector<double> level(symbols, 100.0);
    for (std::size_t i = 0; i < events; ++i) {
        const std::size_t symbol = i < symbols ? i : random.bits() % symbols;
        level[symbol] *= 1.0 + 1e-4 * step_of(random);
        Trade trade{.ts = static_cast<std::int64_t>(i) * 1000, .price = level[symbol], .size = 2.0 * (random.unit() + 1e-3)};
        trade.side = random.bits() % 2 ? std::int8_t{1} : std::int8_t{-1};
        out.rows.append(static_cast<SymbolId>(symbol), trade);
    }
    return out;
}

template <class E>
void replay(Graph& graph, const Recorded<E>& data, std::size_t chunk = as_it_likes, bool flush = true) {
    Replay(graph, data.feeds(), {.chunk = chunk, .flush = flush}).run();
}

std::uint64_t bits_of(double x) { return std::bit_cast<std::uint64_t>(x); }
volatile std::uint64_t kept;  // so that no loop is optimised away

// Passthrough, and one more node.

void passthrough(Report& report, std::size_t events, int rounds) {
    const auto data = values(events);
    const auto through = alternate({{ours,
                                     [&] {
                                         Graph graph;
                                         const auto& sum = graph.checksum(graph.source<Value>("in"));
                                         replay(graph, data);
                                         kept = sum.value();
                                     }},
                                    {"loop",
                                     [&] {
                                         const auto rows = data.view();
                                         std::uint64_t sum = 0;
                                         for (std::size_t i = 0; i < events; ++i)
                                             sum = sum * 31 + (bits_of(rows[i].value) ^ static_cast<std::uint64_t>(rows[i].ts));
                                         kept = sum;
                                     }}},
                                   events, rounds);
    for (const auto& [name, runs] : through) report.add("passthrough/checksum", name, runs);

    const auto whole = trades(events);
    const auto collected = alternate({{ours,
                                       [&] {
                                           Graph graph;
                                           const Table& table = graph.collect(graph.source<Trade>("in"));
                                           replay(graph, whole);
                                           kept = table.rows();
                                       }}},
                                     events, rounds);
    report.add("passthrough/collected trades", ours, collected.at(ours));
}

void nodes_in_a_row(const Recorded<Value>& data, int nodes, std::size_t chunk) {
    Graph graph;
    Port port = graph.source<Value>("in");
    for (int i = 0; i < nodes; ++i) port = graph.add(EwmaMean{.span = span}, port);
    const auto& sum = graph.checksum(port);
    replay(graph, data, chunk);
    kept = sum.value();
}

void one_more_node(Report& report, std::size_t events, int rounds) {
    for (const std::size_t chunk : {as_it_likes, std::size_t{1}}) {
        const std::size_t n = chunk == 1 ? events / 5 : events;
        const auto data = values(n);
        const auto told = alternate({{"one", [&] { nodes_in_a_row(data, 1, chunk); }}, {"five", [&] { nodes_in_a_row(data, 5, chunk); }}}, n, rounds);
        report.add_difference(chunk == 1 ? "one more node/one-row chunks" : "one more node/replay", told.at("five"), told.at("one"), 4.0);
    }
}

// The chain: ewma, then mean and deviation of its last 100, and the values far from that mean.

struct Chain {
    Port mean, deviation, far;
};
Chain chain(Graph& graph) {
    const Port smooth = graph.add(EwmaMean{.span = span}, graph.source<Value>("in"));
    return {graph.add(RollingMean{.window = window}, smooth), graph.add(RollingStd{.window = window}, smooth),
            graph.add(ZScoreFilter{.mean_window = window, .std_window = window, .threshold = threshold, .side = ZSide::both}, smooth)};
}
/// Every result of the chain reaches a sink.
void run_chain(const Recorded<Value>& data, std::size_t chunk) {
    Graph graph;
    const Chain built = chain(graph);
    const auto &mean = graph.checksum(built.mean), &deviation = graph.checksum(built.deviation), &far = graph.checksum(built.far);
    replay(graph, data, chunk);
    kept = mean.value() ^ deviation.value() ^ far.value();
}

/// The same by hand: sums that are added to and subtracted from, which a bad value would poison for ever.
std::size_t fused_chain(const Recorded<Value>& data) {
    const auto rows = data.view();
    constexpr double w = static_cast<double>(window), alpha = 2.0 / (span + 1.0);
    double ring[window] = {}, sum = 0.0, squares = 0.0, weighted = 0.0, weights = 0.0;
    std::uint64_t check = 0;
    std::size_t at = 0, far = 0;
    const double origin = rows[0].value;
    for (std::size_t i = 0; i < data.rows.size(); ++i) {
        weighted = (1.0 - alpha) * weighted + (rows[i].value - origin), weights = (1.0 - alpha) * weights + 1.0;
        const double smooth = weighted / weights, leaving = ring[at];
        ring[at] = smooth, at = at + 1 == window ? 0 : at + 1;
        sum += smooth - leaving, squares += smooth * smooth - leaving * leaving;
        if (i + 1 < window) continue;
        const double mean = sum / w, deviation = std::sqrt((squares - sum * mean) / (w - 1.0)), z = (smooth - mean) / deviation;
        check = check * 31 + (bits_of(mean) ^ bits_of(deviation));
        if (std::fabs(z) >= threshold) check += bits_of(z), ++far;
    }
    kept = check;
    return far;
}

void chains(Report& report, std::size_t events, int rounds) {
    const auto data = values(events), fewer = values(events / 5);
    Graph graph;
    const Table& far = graph.collect(chain(graph).far);
    replay(graph, data);
    const auto by_hand = static_cast<double>(fused_chain(data)), by_graph = static_cast<double>(far.rows());
    require(std::fabs(by_hand - by_graph) < 1e-3 * by_graph, "the chain and the fused loop do not find the same values");

    const auto whole = alternate({{ours, [&] { run_chain(data, as_it_likes); }}, {"fused C++ loop", [&] { fused_chain(data); }}}, events, rounds);
    for (const auto& [name, runs] : whole) report.add("chain/replay", name, runs);
    report.add("chain/one-row chunks", ours, alternate({{ours, [&] { run_chain(fewer, 1); }}}, events / 5, rounds).at(ours));
}

/// The same work in both builds of this program, with the metrics of nodes and without.
void metrics(Report& report, std::size_t events, int rounds) {
    const auto data = values(events), fewer = values(events / 5);
    report.add("metrics/chunk 4096", ours, alternate({{ours, [&] { run_chain(data, as_it_likes); }}}, events, rounds).at(ours));
    report.add("metrics/chunk 1", ours, alternate({{ours, [&] { run_chain(fewer, 1); }}}, events / 5, rounds).at(ours));
}

// Volume bars, each from nothing.

/// Out of line: else what the loop keeps in registers would be kept in memory.
[[gnu::noinline]] void keep(Rows<Bar>& out, const Bar& bar) { out.append(0, bar); }

/// x or 0 without a branch, which random sides would mispredict.
double kept_if(bool wanted, double x) { return std::bit_cast<double>(bits_of(x) & (std::uint64_t{0} - wanted)); }

void fused_bars(const Recorded<Trade>& data, Rows<Bar>& out) {
    const RowView<Trade> trades = data.view();
    out.clear();
    double open = 0.0, high = 0.0, low = 0.0, volume = 0.0, dollar = 0.0, buy = 0.0, sell = 0.0;
    std::int64_t n = 0, start = 0;
    for (std::size_t i = 0; i < data.rows.size(); ++i) {
        const Trade t = trades[i];
        if (n == 0) open = high = low = t.price, start = t.ts;
        high = std::max(high, t.price), low = std::min(low, t.price);
        volume += t.size, dollar += t.price * t.size, ++n;
        buy += kept_if(t.side > 0, t.size), sell += kept_if(t.side < 0, t.size);
        if (volume < volume_per_bar) continue;
        Bar bar{.ts = t.ts, .open = open, .high = high, .low = low, .close = t.price, .volume = volume, .dollar_value = dollar};
        bar.vwap = dollar / volume, bar.buy_volume = buy, bar.sell_volume = sell, bar.start_ts = start, bar.n_obs = n;
        keep(out, bar);
        volume = dollar = buy = sell = 0.0, n = 0;
    }
}

void volume_bars(Report& report, std::size_t events, int rounds) {
    const auto data = trades(events);
    Rows<Bar> by_hand;
    std::size_t bars = 0;
    const auto told = alternate({{ours,
                                  [&] {
                                      Graph graph;
                                      const Table& table = graph.collect(graph.add(VolumeBars{.volume_per_bar = volume_per_bar}, graph.source<Trade>("in")));
                                      replay(graph, data);
                                      bars = table.rows();
                                  }},
                                 {"fused C++ loop", [&] { fused_bars(data, by_hand); }}},
                                events, rounds);
    require(bars == by_hand.size(), "the volume bars of the graph and of the fused loop differ");
    for (const auto& [name, runs] : told) report.add("volume bars/replay", name, runs);
}

// Four named operators on each of 5,000 symbols.

/// Adds the operators with a sink each; volatility, events and z-scores read the ticks themselves, or the bars.
void add_four(Graph& graph, bool of_ticks, std::vector<const Checksum*>& sums) {
    const Port ticks = graph.source<Trade>("in");
    const Port bars = graph.add(DollarBars{.dollar_value_per_bar = 1e4}, ticks), read = of_ticks ? ticks : bars;
    for (const Port port : {bars, graph.add(EwmaVolatility{}, read), graph.add(CusumFilter{.threshold = 0.01}, read), graph.add(ZScoreFilter{}, read)})
        sums.push_back(&graph.checksum(port));
}

void many_symbols(Report& report, std::size_t events, int rounds) {
    constexpr std::size_t symbols = 5'000;
    const auto first = trades(symbols, symbols), rest = trades(events, symbols);
    for (const bool of_ticks : {true, false}) {
        Runs build_ms, tick_ns;
        for (int round = 0; round <= rounds; ++round) {
            const double start = cpu_seconds();
            Graph graph;
            std::vector<const Checksum*> sums;
            add_four(graph, of_ticks, sums);
            replay(graph, first, as_it_likes, false);  // one tick of each symbol: now all of its operators are there
            const double built = cpu_seconds();
            replay(graph, rest);
            const double ended = cpu_seconds();
            for (const Checksum* sum : sums) kept = kept ^ sum->value();
            if (round == 0) continue;
            build_ms.values.push_back(1e3 * (built - start)), tick_ns.values.push_back(1e9 * (ended - built) / static_cast<double>(events));
        }
        const std::string variant = of_ticks ? ", all read ticks" : ", three read bars";
        report.add("5,000 symbols/build" + variant, ours, build_ms);
        report.add("5,000 symbols/replay" + variant, ours, tick_ns);
    }
}

// One engine thread, then two, each with half of the symbols.

constexpr std::size_t groups = 2, symbols_in_all = 8;

std::vector<Recorded<Value>> split(const Recorded<Value>& all) {
    std::vector<Recorded<Value>> out(groups);
    Stream stream;
    all.rows.show(stream);
    for (auto& group : out) group.names = all.names;
    for (std::size_t i = 0; i < stream.rows; ++i) out[stream.symbols[i] % groups].rows.append(stream.symbols[i], all.view()[i]);
    return out;
}

/// The bytes of what the chain tells of each symbol.
std::map<std::string, std::string> told_of(const Recorded<Value>& data) {
    Graph graph;
    const Chain built = chain(graph);
    const Table* tables[] = {&graph.collect(built.mean), &graph.collect(built.deviation), &graph.collect(built.far)};
    replay(graph, data);
    std::map<std::string, std::string> out;
    for (const Table* table : tables) {
        const auto contents = table->contents();
        for (std::size_t f = 0; f < contents.columns.size(); ++f) {
            const std::size_t width = contents.columns[f].size() / std::max<std::size_t>(1, contents.rows());
            for (std::size_t row = 0; row < contents.rows(); ++row)
                out[contents.names[contents.symbols[row]]].append(reinterpret_cast<const char*>(contents.columns[f].data()) + row * width, width);
        }
    }
    return out;
}

void two_threads(Report& report, std::size_t events, int rounds) {
    const auto all = values(events, symbols_in_all);
    const auto parts = split(all);
    auto apart = told_of(parts[0]);
    apart.merge(told_of(parts[1]));
    require(apart == told_of(all), "two engine threads do not tell the same as one");
    const auto both = [&] {
        std::thread other([&] { run_chain(parts[1], as_it_likes); });
        run_chain(parts[0], as_it_likes);
        other.join();
    };
    const auto told = alternate({{"one thread", [&] { run_chain(all, as_it_likes); }}, {ours, both}}, events, rounds, wall_seconds);
    for (const auto& [name, runs] : told) report.add("scale/two threads", name, runs);
}

void run(const std::string& only, std::size_t events, int rounds) {
    Report report;
    const std::pair<std::string, void (*)(Report&, std::size_t, int)> rows[] = {
        {"passthrough", passthrough}, {"one more node", one_more_node}, {"chain", chains},     {"metrics", metrics},
        {"volume bars", volume_bars}, {"5,000 symbols", many_symbols},  {"scale", two_threads}};
    for (const auto& [name, row] : rows)
        if (only.empty() ? name != "metrics" : name == only) row(report, events, rounds);
    report.print();
}

}  // namespace
}  // namespace openquant::bench

int main(int count, char** arguments) {
    std::string only;
    std::size_t events = 5'000'000;
    int rounds = 9;
    for (int i = 1; i + 1 < count; i += 2) {
        const std::string option = arguments[i];
        if (option == "--only") only = arguments[i + 1];
        else if (option == "--events") events = std::max(10'000ul, std::strtoul(arguments[i + 1], nullptr, 10));
        else if (option == "--rounds") rounds = std::max(1, std::atoi(arguments[i + 1]));
        else return std::fprintf(stderr, "unknown option %s\n", option.c_str()), 2;
    }
    openquant::bench::run(only, events, rounds);
}
