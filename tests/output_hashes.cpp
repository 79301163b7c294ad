// Prints one hash per operator, setting and graph. Built for several instruction sets, whose outputs must be the same bytes.
#include <cstdio>
#include <map>
#include <string>

#include "cases.hpp"
#include "openquant/engine/graph.hpp"
#include "openquant/operators/core/bets.hpp"
#include "openquant/operators/core/math.hpp"
#include "openquant/operators/core/sampling.hpp"
#include "openquant/replay/replay.hpp"
#include "openquant/replay/synthetic.hpp"
#include "streams.hpp"

namespace openquant::testing {

namespace {

/// FNV-1a.
class Hash {
public:
    void add(const void* data, std::size_t size) {
        const auto* bytes = static_cast<const unsigned char*>(data);
        for (std::size_t i = 0; i < size; ++i) value_ = (value_ ^ bytes[i]) * 0x100000001b3;
    }
    void add(const Table& table, const SymbolTable& symbols) {
        const auto contents = table.contents();
        for (const auto& column : contents.columns) add(column.data(), column.size());
        for (const SymbolId id : contents.symbols) add(symbols.name(id).data(), symbols.name(id).size());
    }
    unsigned long long value() const { return value_; }

private:
    std::uint64_t value_ = 0xcbf29ce484222325;
};

using Feeds = std::vector<std::pair<std::string, std::unique_ptr<Feed>>>;

void run_and_print(const std::string& what, Graph& graph, Feeds feeds, const Table& table) {
    Replay(graph, std::move(feeds), {.chunk = 257}).run();
    Hash hash;
    hash.add(table, graph.symbols());
    std::printf("%016llx %zu rows %s\n", hash.value(), table.rows(), what.c_str());
}

template <class Op>
void print_operator(const Op& op) {
    Graph graph;
    Feeds feeds;
    std::vector<Named> named;
    for_each_input<Op>([&](auto index, auto in) {
        using In = typename decltype(in)::Type;
        const std::string name(in.name);
        named.push_back({name, graph.source<In>(name)});
        feeds.emplace_back(name, feed_of(generate(event_type<In>(), 900 + index.value, 3'000)));
    });
    auto node = std::make_unique<OperatorNode<Op>>(op);
    const std::string what = node->signature();
    const Table& table = graph.collect(graph.add_node(std::move(node), {}, named));
    run_and_print(what, graph, std::move(feeds), table);
}

void print_trading_graph(Remainder remainder) {
    Graph graph;
    const Port trades = graph.source<Trade>("trades");
    const Port bars = graph.add(DollarBars{.dollar_value_per_bar = 5e5, .remainder = remainder}, trades);
    const Port events = graph.add(CusumFilter{.threshold = 0.003}, bars);
    const Port volatility = graph.add(EwmaVolatility{.span = 30.0}, bars);
    const Port labels = graph.add(TripleBarrier{.max_bars = 30, .use_side = true}, bars, events, volatility);
    const Port predictions = graph.add(WinRate{}, labels, events);
    const Port signals = graph.add(BetSizer{.step_size = 0.0}, predictions, events);
    const Table& table = graph.collect(graph.add(StrategyReturns{}, bars, signals));
    Feeds feeds;
    feeds.emplace_back("trades", feed_of(generate(event_type<Trade>(), 1, 50'000)));
    run_and_print("the trading graph, " + std::string(remainder_names[static_cast<std::size_t>(remainder)]), graph, std::move(feeds), table);
}

void print_functions() {
    Hash hash;
    Random random(5);
    for (int i = 0; i < 200'000; ++i) {
        const double values[] = {det::log(random.uniform(0.0, 2.0)), det::log(random.uniform(0.0, 1e9)), det::erf(random.uniform(-6.0, 6.0))};
        hash.add(values, sizeof values);
    }
    std::printf("%016llx log and erf\n", hash.value());
}

/// What batch calls compute without a stream.
void print_kernels() {
    Hash powers, market, draws;
    Random random(6);
    for (int i = 0; i < 100'000; ++i) {
        const double bets[] = {power_bet(random.uniform(0.0, 8.0), random.uniform(-1.0, 1.0)), sigmoid_bet(random.uniform(0.1, 9.0), random.normal())};
        powers.add(bets, sizeof bets);
    }
    std::printf("%016llx bet sizes\n", powers.value());
    const SyntheticMarket made = synthetic_market(5'000, 7, 42);
    for (const auto* column : {&made.close, &made.prob, &made.side, &made.assets}) market.add(column->data(), column->size() * sizeof(double));
    std::printf("%016llx synthetic market\n", market.value());
    LabelRuns labels;
    for (int i = 0; i < 500; ++i) {
        const auto begin = static_cast<std::int64_t>(random.below(2'000));
        const Run run{begin, begin + 1 + static_cast<std::int64_t>(random.below(100))};
        labels.add(std::span(&run, 1));
    }
    SequentialBootstrap bootstrap(labels, 42);
    for (int i = 0; i < 2'000; ++i) {
        const std::size_t label = bootstrap.draw();
        draws.add(&label, sizeof label);
    }
    std::printf("%016llx sequential bootstrap\n", draws.value());
}

}  // namespace

}  // namespace openquant::testing

int main() {
    using namespace openquant::testing;
    for_each_operator([]<class Op>() {
        for (const Op& op : settings<Op>(2)) print_operator(op);
    });
    for (const auto remainder : {openquant::Remainder::reset, openquant::Remainder::carry, openquant::Remainder::split}) print_trading_graph(remainder);
    print_functions();
    print_kernels();
}
