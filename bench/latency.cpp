// From the moment a venue's message was due to the signal that it causes: one thread plays the connector (decodes frames and pushes
// trades), the engine's thread runs the graph of the command line. Open loop: times count from the schedule, so a stall
// delays what follows it in the figures too.
//
//     latency [SECONDS]              a table at three rates
//     latency --json SECONDS TURNS   p50 and p99 at 100,000 messages a second, for bench/run.py
#include <algorithm>
#include <array>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "harness.hpp"
#include "openquant/connectors/venue.hpp"
#include "openquant/engine/engine_loop.hpp"
#include "openquant/engine/graph.hpp"
#include "openquant/engine/signal_buffer.hpp"
#include "openquant/operators.hpp"

namespace openquant {
namespace {

using Clock = std::chrono::steady_clock;

std::int64_t now_ns() { return Clock::now().time_since_epoch().count(); }

constexpr std::int64_t first_us = 1'700'000'000'000'000;  // the trades' own time: one microsecond apart, so that it numbers them

/// Notes when each row reaches it.
class Probe final : public Node {
public:
    Probe(const EventType& type, std::vector<std::int64_t>& seen) : type_(&type), seen_(seen) { inputs.resize(1); }
    std::string signature() const override { return "Probe"; }
    std::vector<NodeInput> declared() const override { return {{"rows", type_, true}}; }
    void prepare(int) override {}
    void process(const SymbolTable&) override {
        const std::int64_t now = now_ns();
        const auto* ts = reinterpret_cast<const std::int64_t*>(inputs[0]->columns[0].data);
        for (std::size_t row = 0; row < inputs[0]->rows; ++row) seen_[static_cast<std::size_t>(ts[row] / 1000 - first_us)] = now;
    }
    void flush(const SymbolTable&, std::uint64_t&) override {}
    void save(Writer&) const override {}
    void load(Reader&, std::size_t) override {}
    void adopt() override {}

private:
    const EventType* type_;
    std::vector<std::int64_t>& seen_;
};

/// When each message was due, decoded, taken by the engine, turned into a signal, and kept where a notebook reads it.
struct Times {
    explicit Times(std::size_t n) : due(n), decoded(n), taken(n), signalled(n), kept(n) {}
    std::vector<std::int64_t> due, decoded, taken, signalled, kept;
};

/// The command line's graph, on bars of one trade and events at every step of the price: each message causes a signal.
void build(Graph& graph, Times& times) {
    const Port trades = graph.source<Trade>("trades");
    graph.add_node(std::make_unique<Probe>(event_type<Trade>(), times.taken), {trades});
    const Port bars = graph.add(TickBars{.ticks_per_bar = 1}, trades);
    const Port events = graph.add(CusumFilter{.threshold = 0.0005}, bars);
    const Port volatility = graph.add(EwmaVolatility{}, bars);
    TripleBarrier barrier;
    barrier.max_bars = 20, barrier.use_side = true;
    const Port labels = graph.add(barrier, bars, events, Named{"volatility", volatility});
    const Port odds = graph.add(WinRate{}, labels, events);
    const Port signals = graph.add(BetSizer{}, odds, events);
    graph.add(StrategyReturns{}, bars, signals);
    graph.add_node(std::make_unique<Probe>(event_type<Signal>(), times.signalled), {signals});
    collect(graph, signals, std::make_shared<SignalBuffer>(100'000));
    graph.add_node(std::make_unique<Probe>(event_type<Signal>(), times.kept), {signals});
}

/// Binance's frame of message `i`; only the digits that differ are written anew.
class Frames {
public:
    Frames() { text_.resize(size_ + 64); }  // what a parser may read beyond

    std::string_view frame(std::size_t i) {
        text_[price_ + 4] = i % 2 == 0 ? '0' : '2';  // 100.0 and 100.2
        put(id_, 1'000'000'000 + i), put(time_, static_cast<std::uint64_t>(first_us) + i);
        return {text_.data(), size_};
    }

private:
    void put(std::size_t last_digit, std::uint64_t number) {
        for (; number > 0; number /= 10) text_[last_digit--] = static_cast<char>('0' + number % 10);
    }
    std::string text_ = R"({"stream":"btcusdt@trade","data":{"e":"trade","E":1723161255343,"s":"BTCUSDT","t":1000000000,"p":"100.0000","q":"0.02000000",)"
                        R"("T":1700000000000000,"m":true,"M":true}})";
    std::size_t size_ = text_.size();
    std::size_t id_ = text_.find("1000000000") + 9, price_ = text_.find("100.0000"), time_ = text_.find("1700000000000000") + 15;
};

/// Sends every message when it is due, and never earlier.
void play(Times& times, double rate, auto&& push) {
    const auto venue = make_venue("binance", {{"btcusdt", "trade"}});
    Told told;
    Frames frames;
    const std::int64_t start = now_ns() + 50'000'000;
    for (std::size_t i = 0; i < times.due.size(); ++i) {
        const std::string_view frame = frames.frame(i);
        times.due[i] = start + static_cast<std::int64_t>(static_cast<double>(i) * 1e9 / rate);
        while (now_ns() < times.due[i]) __builtin_ia32_pause();
        told.clear();
        if (venue->decode(frame, times.due[i], told) != Frame::trades || told.trades.size() != 1) std::abort();
        times.decoded[i] = now_ns();
        push(told.trades[0].trade);
    }
}

void through_inlet(Times& times, double rate, std::chrono::nanoseconds spin) {
    Graph graph;
    build(graph, times);
    auto& inlet = static_cast<Inlet<Trade>&>(graph.sources()[0]->inlet());
    graph.live().start({}, spin);
    Inlet<Trade>::Producer producer(inlet);
    std::array<Inlet<Trade>::Row, 1> row{{{inlet.code("BTCUSDT"), {}}}};
    play(times, rate, [&](const Trade& trade) {
        row[0].row = trade;
        producer.push(row);
    });
    graph.live().stop();
}

/// The same with what one would write first: a vector under a mutex, and a condition variable.
void through_mutex(Times& times, double rate) {
    Graph graph;
    build(graph, times);
    std::mutex mutex;
    std::condition_variable filled;
    std::vector<Trade> waiting;
    bool ended = false;
    std::thread engine([&] {
        const Graph::Running running(graph);
        const std::vector<std::string> names = {"BTCUSDT"};
        const std::uint64_t dictionary = new_dictionary();
        std::vector<Trade> taken;
        Rows<Trade> rows;
        Batch batch;
        for (bool last = false; !last;) {
            {
                std::unique_lock lock(mutex);
                filled.wait(lock, [&] { return ended || !waiting.empty(); });
                taken.swap(waiting);
                last = ended;
            }
            rows.clear();
            for (const Trade& trade : taken) rows.append(0, trade);
            taken.clear();
            batch.offer(rows, names, dictionary);
            graph.begin_chunk();
            graph.sources()[0]->open(batch);
            graph.take(0, 0, batch.rows);
            graph.run_chunk();
        }
    });
    play(times, rate, [&](const Trade& trade) {
        {
            const std::scoped_lock lock(mutex);
            waiting.push_back(trade);
        }
        filled.notify_one();
    });
    {
        const std::scoped_lock lock(mutex);
        ended = true;
    }
    filled.notify_one();
    engine.join();
}

/// Microseconds between two moments of every message after the first tenth, sorted.
std::vector<double> between(const std::vector<std::int64_t>& from, const std::vector<std::int64_t>& to) {
    std::vector<double> out;
    for (std::size_t i = std::max<std::size_t>(1, from.size() / 10); i < from.size(); ++i) {
        if (to[i] == 0) std::abort();  // a message without a signal
        out.push_back(static_cast<double>(to[i] - from[i]) / 1e3);
    }
    std::sort(out.begin(), out.end());
    return out;
}
double quantile(const std::vector<double>& sorted, double q) {
    return sorted[std::min(sorted.size() - 1, static_cast<std::size_t>(q * static_cast<double>(sorted.size())))];
}

void report(const char* path, double rate, const Times& t) {
    const auto all = between(t.due, t.kept);
    const double seconds = static_cast<double>(t.decoded.back() - t.due.front()) / 1e9;
    std::printf("%-22s %9.0f %9.0f | %8.2f %8.2f %8.2f %9.1f |", path, rate, static_cast<double>(t.due.size()) / seconds, quantile(all, 0.5),
                quantile(all, 0.99), quantile(all, 0.999), all.back());
    for (const auto& part : {between(t.due, t.decoded), between(t.decoded, t.taken), between(t.taken, t.signalled), between(t.signalled, t.kept)})
        std::printf(" %6.2f /%7.2f", quantile(part, 0.5), quantile(part, 0.99));
    std::printf("\n");
    std::fflush(stdout);
}

void run(double seconds) {
    std::printf("wire to signal, one way, in microseconds, from the scheduled time of each message\n");
    std::printf("%-22s %9s %9s | %8s %8s %8s %9s | p50 / p99 of the parts: %s\n", "path", "offered/s", "met/s", "p50", "p99", "p99.9", "max",
                "decode, queue and wake-up, graph, sink");
    for (const double rate : {1e3, 1e4, 1e5}) {
        const auto n = static_cast<std::size_t>(rate * seconds);
        Times inlet(n), sleeping(n), mutex(n);
        through_inlet(inlet, rate, std::chrono::seconds(10));
        report("inlet, engine spins", rate, inlet);
        through_inlet(sleeping, rate, {});
        report("inlet, engine sleeps", rate, sleeping);
        through_mutex(mutex, rate);
        report("mutex and condition", rate, mutex);
    }
}

/// Every path in turn, so that a busy moment of the machine is not one path's alone.
void run_json(double seconds, int turns) {
    constexpr double rate = 1e5;
    const auto n = static_cast<std::size_t>(rate * seconds);
    std::map<std::string, bench::Runs> p50, p99;
    for (int turn = 0; turn < turns; ++turn) {
        for (const std::string name : {bench::ours, "openquant, engine sleeps", "mutex and condition"}) {
            Times times(n);
            if (name == bench::ours) through_inlet(times, rate, std::chrono::seconds(10));
            else if (name == "mutex and condition") through_mutex(times, rate);
            else through_inlet(times, rate, {});
            const auto all = between(times.due, times.kept);
            p50[name].values.push_back(quantile(all, 0.5)), p99[name].values.push_back(quantile(all, 0.99));
        }
    }
    bench::Report report;
    for (const auto& [name, runs] : p50) report.add("wire to signal/p50", name, runs), report.add("wire to signal/p99", name, p99.at(name));
    report.print();
}

}  // namespace
}  // namespace openquant

int main(int count, char** arguments) {
    if (count == 4 && arguments[1] == std::string("--json")) openquant::run_json(std::atof(arguments[2]), std::atoi(arguments[3]));
    else openquant::run(count > 1 ? std::max(0.1, std::atof(arguments[1])) : 3.0);
}
