// Every operator of the catalogue, alone and as a node of a replayed graph, in nanoseconds per input row.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <tuple>
#include <vector>

#include "cases.hpp"
#include "openquant/replay/replay.hpp"
#include "script.hpp"

namespace openquant {
namespace {

constexpr std::size_t rows_per_input = 200'000;

/// One clean recording per declared input of Op.
template <class Op>
std::vector<testing::Recording> recordings() {
    std::vector<testing::Recording> out;
    for_each_input<Op>([&](auto index, auto in) {
        out.push_back(testing::generate(event_type<typename decltype(in)::Type>(), 7 + index.value, rows_per_input, {.dirty = false}));
    });
    return out;
}

/// The rows of every input as an operator in a node meets them: by type, without a graph around them.
template <class Op>
class Feeder {
public:
    explicit Feeder(const testing::Script& script) {
        for (const auto& [input, row] : script) {
            order_.push_back(static_cast<std::uint8_t>(input));
            for_each_input<Op>([&](auto index, auto in) {
                if (index.value == input) std::get<index.value>(rows_).push_back(std::get<typename decltype(in)::Type>(row));
            });
        }
    }
    void feed(Op& op, auto&& emit) const {
        if constexpr (requires { op.meet(SymbolId{0}, "MID"); }) op.meet(0, "MID");
        std::array<std::size_t, input_count<Op>> at{};
        for (const std::uint8_t input : order_)
            for_each_input<Op>([&](auto index, auto) {
                if (index.value != input) return;
                const auto& row = std::get<index.value>(rows_)[at[index.value]++];
                if constexpr (Op::schema().scope == Scope::keyed) deliver<index.value>(op, row, emit);
                else deliver<index.value>(op, row, SymbolId{0}, [&](SymbolId, const auto& out) { emit(out); });
            });
    }

private:
    template <std::size_t... I>
    static auto make(std::index_sequence<I...>) {
        return std::tuple<std::vector<typename InputOf<Op, I>::Type>...>{};
    }
    decltype(make(std::make_index_sequence<input_count<Op>>{})) rows_;
    std::vector<std::uint8_t> order_;
};

template <class Op>
void bare(benchmark::State& state) {
    const testing::Script script = testing::script_of<Op>(7, rows_per_input);
    const Feeder<Op> feeder(script);
    for (auto _ : state) {
        Op op = testing::example<Op>();
        feeder.feed(op, [](const auto& row) { benchmark::DoNotOptimize(row); });
    }
    state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * script.size()));
}

template <class Op>
void in_graph(benchmark::State& state) {
    const auto inputs = recordings<Op>();
    std::size_t rows = 0;
    for (auto _ : state) {
        state.PauseTiming();
        Graph graph;
        std::vector<Named> ports;
        std::vector<std::pair<std::string, std::unique_ptr<Feed>>> feeds;
        for_each_input<Op>([&](auto index, auto in) {
            const std::string name(in.name);
            ports.push_back({name, graph.source<typename decltype(in)::Type>(name)});
            feeds.emplace_back(name, testing::feed_of(inputs[index.value]));
            rows += inputs[index.value].ticks.size();
        });
        graph.collect(graph.add_node(std::make_unique<OperatorNode<Op>>(testing::example<Op>()), {}, ports));
        Replay replay(graph, std::move(feeds));
        state.ResumeTiming();
        replay.run();
    }
    state.SetItemsProcessed(static_cast<std::int64_t>(rows));
}

/// Time of single updates, the clock's own included, in nanoseconds.
void z_score_latency(benchmark::State& state) {
    const testing::Script script = testing::script_of<ZScoreFilter>(7, rows_per_input);
    std::vector<double> times;
    for (auto _ : state) {
        ZScoreFilter op{.mean_window = state.range(0), .std_window = state.range(0)};
        std::size_t emitted = 0;
        for (const auto& [input, row] : script) {
            const auto before = std::chrono::steady_clock::now();
            op.update(std::get<Value>(row), [&](const auto&) { ++emitted; });
            times.push_back(std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - before).count());
        }
        benchmark::DoNotOptimize(emitted);
    }
    std::sort(times.begin(), times.end());
    for (const auto& [name, share] : {std::pair{"p50_ns", 0.5}, {"p99_ns", 0.99}, {"p99.9_ns", 0.999}})
        state.counters[name] = times[static_cast<std::size_t>(share * static_cast<double>(times.size() - 1))];
}

template <class... Ops>
void register_all(Types<Ops...>) {
    const auto add = [](std::string name, auto* function) { benchmark::RegisterBenchmark(name.c_str(), function)->Unit(benchmark::kMillisecond); };
    ((add(std::string(Ops::schema().name) + "/bare", &bare<Ops>), add(std::string(Ops::schema().name) + "/in_graph", &in_graph<Ops>)), ...);
}

}  // namespace
}  // namespace openquant

int main(int argc, char** argv) {
    openquant::register_all(openquant::Catalogue{});
    benchmark::RegisterBenchmark("ZScoreFilter/latency_of_window", &openquant::z_score_latency)
        ->Arg(100)
        ->Arg(1'000)
        ->Arg(100'000)
        ->Unit(benchmark::kMillisecond);
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
    benchmark::RunSpecifiedBenchmarks();
}
