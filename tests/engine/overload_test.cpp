// Ten times more rows than the engine can work on: what went in came out or was counted, and memory stays flat.
// OPENQUANT_OVERLOAD_SECONDS says for how long, 1 by default.
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <thread>
#include "catch.hpp"

#include "openquant/engine/engine_loop.hpp"
#include "openquant/engine/graph.hpp"

namespace openquant::testing {

namespace {

using Clock = std::chrono::steady_clock;
constexpr std::size_t symbols = 5;
constexpr auto per_row = std::chrono::microseconds(10);

/// A sink that takes its time over every row, and keeps count and each symbol's last price.
class SlowSink final : public Node {
public:
    SlowSink() { inputs.resize(1); }
    std::uint64_t rows = 0;
    std::vector<double> last = std::vector<double>(symbols, 0.0);

    std::string signature() const override { return "SlowSink"; }
    std::vector<NodeInput> declared() const override { return {{"prices", &event_type<Price>(), true}}; }
    void prepare(int) override {}
    void process(const SymbolTable&) override {
        const Stream& in = *inputs[0];
        const auto* prices = reinterpret_cast<const double*>(in.columns[1].data);
        for (std::size_t row = 0; row < in.rows; ++row, ++rows) {
            for (const auto until = Clock::now() + per_row; Clock::now() < until;) {}
            last[in.symbols[row]] = prices[row];
        }
    }
    void flush(const SymbolTable&, std::uint64_t&) override {}
    void save(Writer&) const override {}
    void load(Reader&, std::size_t) override {}
    void adopt() override {}
};

/// Counts the rows that the source reports as let go.
class LostSink final : public Node {
public:
    LostSink() { inputs.resize(1); }
    std::uint64_t lost = 0;

    std::string signature() const override { return "LostSink"; }
    std::vector<NodeInput> declared() const override { return {{"breaks", &event_type<Continuity>(), true}}; }
    void prepare(int) override {}
    void process(const SymbolTable&) override {
        const auto* counts = reinterpret_cast<const std::uint64_t*>(inputs[0]->columns[3].data);
        for (std::size_t row = 0; row < inputs[0]->rows; ++row) lost += counts[row];
    }
    void flush(const SymbolTable&, std::uint64_t&) override {}
    void save(Writer&) const override {}
    void load(Reader&, std::size_t) override {}
    void adopt() override {}
};

double resident_mb() {
    std::ifstream file("/proc/self/statm");
    double total = 0.0, resident = 0.0;
    file >> total >> resident;
    return resident * 4096.0 / 1e6;
}

double seconds_of_overload() {
    const char* told = std::getenv("OPENQUANT_OVERLOAD_SECONDS");
    return told ? std::atof(told) : 1.0;
}

}  // namespace

TEST_CASE("overload at ten times the engine's rate: in is out and drops, the last values are true, memory is flat") {
    for (const Overflow policy : {Overflow::block, Overflow::drop_oldest, Overflow::conflate}) {
        Graph graph;
        const Port prices = graph.source<Price>("prices");
        auto slow = std::make_unique<SlowSink>();
        auto lost = std::make_unique<LostSink>();
        const SlowSink& out = *slow;
        const LostSink& told = *lost;
        graph.add_node(std::move(slow), {prices});
        graph.add_node(std::move(lost), {prices.continuity()});
        graph.live().start({.capacity = 4096, .overflow = policy});
        auto& inlet = static_cast<Inlet<Price>&>(graph.sources()[0]->inlet());
        Inlet<Price>::Producer producer(inlet);
        std::vector<std::uint32_t> codes;
        for (std::size_t s = 0; s < symbols; ++s) codes.push_back(inlet.code("S" + std::to_string(s)));

        std::uint64_t offered = 0;
        std::vector<double> last(symbols, 0.0);
        std::vector<Inlet<Price>::Row> batch;
        double before = 0.0;
        const auto start = Clock::now();
        const double seconds = seconds_of_overload();
        for (double elapsed = 0.0; elapsed < seconds; elapsed = std::chrono::duration<double>(Clock::now() - start).count()) {
            // As many as are due at ten rows for each that the engine can take; fewer if it makes us wait.
            const auto due = static_cast<std::uint64_t>(elapsed * 10.0 * 1e9 / static_cast<double>(std::chrono::nanoseconds(per_row).count()));
            batch.clear();
            for (; offered + batch.size() < due && batch.size() < 256;) {
                const std::size_t s = (offered + batch.size()) % symbols;
                last[s] = 1.0 + static_cast<double>(offered + batch.size());
                batch.push_back({codes[s], {1, last[s]}});
            }
            if (producer.push(batch) != batch.size()) FAIL("the inlet closed");
            offered += batch.size();
            if (before == 0.0 && elapsed > seconds / 4) before = resident_mb();
        }
        const double growth = resident_mb() - before;
        graph.live().stop();

        CAPTURE(static_cast<int>(policy), offered, out.rows, inlet.dropped(), growth);
        CHECK(inlet.pushed() == offered);
        CHECK(out.rows + inlet.dropped() == offered);
        CHECK(growth < 4.0);
        std::vector<double> seen(symbols, 0.0);  // ids go by what was taken first, and the oldest rows may have been let go
        for (std::size_t id = 0; id < graph.symbols().size(); ++id)
            seen[static_cast<std::size_t>(graph.symbols().name(static_cast<SymbolId>(id))[1] - '0')] = out.last[id];
        CHECK(seen == last);
        if (policy == Overflow::block) {
            CHECK(inlet.dropped() == 0);
        } else {
            CHECK(inlet.dropped() > offered / 2);
        }
        CHECK(told.lost == (policy == Overflow::drop_oldest ? inlet.dropped() : 0));
    }
}

}  // namespace openquant::testing
