// Every operator of the catalogue, alone and as a node of a replayed graph, in nanoseconds per input row.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>

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

template <class Op>
void bare(benchmark::State& state) {
    const testing::Script script = testing::script_of<Op>(7, rows_per_input);
    std::size_t emitted = 0;
    for (auto _ : state) {
        Op op = testing::example<Op>();
        testing::drive(op, script, 0, script.size(), [&](const auto&) { ++emitted; });
        benchmark::DoNotOptimize(emitted);
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
            op.update(std::get<Price>(row), [&](const auto&) { ++emitted; });
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
