// Snapshots that do not belong or are damaged are refused by name and change nothing.
#include "catch.hpp"

#include "openquant/engine/engine_loop.hpp"
#include "openquant/operators/cusum_filter.hpp"
#include "openquant/operators/dollar_bars.hpp"
#include "openquant/operators/triple_barrier.hpp"
#include "refusal.hpp"
#include "twin.hpp"

namespace openquant::testing {

namespace {

Twin labels_of_bars(double threshold = 0.005, double dollars = 1e6, IdKind = IdKind::unknown) {
    Twin twin;
    const auto source = twin.source(generate(event_type<Trade>(), 3, 600));
    const auto bar = twin.add(operator_case(DollarBars{.dollar_value_per_bar = dollars, .remainder = Remainder::split}), {std::nullopt, source});
    const auto event = twin.add(operator_case(CusumFilter{.threshold = threshold}), {std::nullopt, bar});
    twin.add(operator_case(TripleBarrier{}), {bar, std::nullopt, std::nullopt, event});
    return twin;
}

/// A graph that has seen the first half, and what it says when asked to restore the bytes.
struct Half {
    Twin twin = labels_of_bars();
    std::unique_ptr<Twin::Built> built = twin.build();
    Half() { replay(built->graph, twin.feeds(0, 300), {.chunk = 20, .flush = false}); }

    std::string restore(const std::vector<std::uint8_t>& bytes) {
        return refusal([&] { built->graph.restore(bytes); });
    }
};

}  // namespace

TEST_CASE_METHOD(Half, "a snapshot of other parameters or another shape is refused by name") {
    const auto snapshot_of = [](const Twin& other) { return other.build()->graph.snapshot(); };
    CHECK(says(restore(snapshot_of(labels_of_bars(0.006))),
               {"another graph", "CusumFilter(threshold=0.006, multiple=1)", "CusumFilter(threshold=0.005, multiple=1)"}));
    CHECK(says(restore(snapshot_of(labels_of_bars(0.005, 2e6))), {"dollar_value_per_bar=2e+06", "dollar_value_per_bar=1e+06"}));
    Twin shorter;
    shorter.source(generate(event_type<Trade>(), 3, 10));
    CHECK(says(restore(snapshot_of(shorter)), {"another graph", "dollar_bars"}));
    Graph other;
    other.source<Price>("source_0");
    CHECK(says(restore(other.snapshot()), {"source source_0: Price", "source source_0: Trade"}));
}

TEST_CASE_METHOD(Half, "refused snapshots leave the graph as it was") {
    const auto before = built->graph.snapshot();
    restore(labels_of_bars(0.006).build()->graph.snapshot());
    auto bytes = before;
    for (std::size_t size = 0; size < bytes.size(); size += 7)
        CHECK(says(restore({bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size)}), {"snapshot"}));
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        bytes[i] ^= 0x10;
        if (restore(bytes).empty()) FAIL_CHECK("byte " << i << " was flipped and nobody minded");
        bytes[i] ^= 0x10;
    }
    bytes.push_back(0);
    CHECK(restore(bytes) != "");
    CHECK(built->graph.snapshot() == before);
    replay(built->graph, twin.feeds(300, 600), {.chunk = 20});
    CHECK(difference(built->outputs(), twin.reference()) == "");
}

TEST_CASE_METHOD(Half, "a graph goes back to a snapshot of its own and repeats what followed") {
    const auto snapshot = built->graph.snapshot();
    const auto position = built->graph.position();
    const Outputs first_half = built->outputs();
    Outputs expected = first_half;
    for (int i = 0; i < 2; ++i) {
        replay(built->graph, twin.feeds(300, 600), {.chunk = 20});
        built->graph.restore(snapshot);
        CHECK(built->graph.position() == position);
    }
    Outputs twice = twin.reference();
    Outputs rest = twin.reference();
    for (std::size_t s = 0; s < rest.size(); ++s) {  // the second half alone
        const std::size_t n = first_half[s].rows();
        rest[s].symbols.erase(rest[s].symbols.begin(), rest[s].symbols.begin() + static_cast<std::ptrdiff_t>(n));
        for (std::size_t c = 0; c < rest[s].columns.size(); ++c) {
            auto& column = rest[s].columns[c];
            column.erase(column.begin(), column.begin() + static_cast<std::ptrdiff_t>(n * width(rest[s].type->fields[c].kind)));
        }
    }
    append(twice, rest);
    CHECK(difference(built->outputs(), twice) == "");
}

TEST_CASE("symbols that a restored graph no longer knows get new ids, also for rows of a dictionary seen before") {
    Graph graph;
    const Port prices = graph.source<Price>("prices");
    Table& events = graph.collect(graph.add(CusumFilter{.threshold = 0.01}, prices));
    const std::vector<std::string> names{"A", "B", "C"};
    const std::uint64_t dictionary = new_dictionary();
    const std::uint32_t codes[] = {0, 2, 1, 2, 1, 2};
    const std::int64_t ts[] = {1, 2, 3, 4, 5, 6};
    const double price[] = {1.0, 1.0, 1.0, 2.0, 2.0, 4.0};
    const auto give = [&](std::size_t begin, std::size_t end) {
        Batch batch;
        batch.rows = end - begin;
        batch.columns = {{reinterpret_cast<const std::byte*>(ts + begin)}, {reinterpret_cast<const std::byte*>(price + begin)}};
        batch.codes = {codes + begin};
        batch.names = &names;
        batch.dictionary = dictionary;
        std::vector<std::pair<std::string, std::unique_ptr<Feed>>> feeds;
        feeds.emplace_back("prices", std::make_unique<ColumnsFeed>(event_type<Price>(), batch, nullptr));
        replay(graph, std::move(feeds), {.chunk = 100, .flush = false});
    };
    give(0, 1);
    const auto only_a = graph.snapshot();
    give(1, 2);
    graph.restore(only_a);
    give(2, 6);  // B comes first this time
    CHECK(graph.symbols().names() == std::vector<std::string>{"A", "B", "C"});
    const Collected out = collected(events, graph.symbols());
    CHECK(out.symbols == std::vector<std::string>{"B", "C"});
}

TEST_CASE("a live graph is snapshot between chunks, and a fresh graph goes on from there to the same bytes") {
    const Recording recording = generate(event_type<Price>(), 8, 20'000, {.dirty = false});
    Twin twin;
    twin.add(operator_case(CusumFilter{.threshold = 0.003}), {std::nullopt, twin.source(recording)});
    const auto live = twin.build(), after = twin.build();
    auto& inlet = static_cast<Inlet<Price>&>(live->graph.sources()[0]->inlet());
    std::vector<std::uint8_t> snapshot;
    std::size_t position = 0;
    std::vector<std::size_t> rows_then;
    live->graph.live().start();
    Inlet<Price>::Producer producer(inlet);
    for (std::size_t i = 0; i < recording.ticks.size(); ++i) {
        REQUIRE(producer.push(inlet.code(recording.ticks[i].symbol), std::get<Price>(recording.ticks[i].row)));
        if (i != recording.ticks.size() / 2) continue;
        live->graph.live().between_chunks([&] {
            snapshot = live->graph.snapshot();
            position = live->graph.position();
            for (const Table* table : live->tables) rows_then.push_back(table->rows());
        });
    }
    live->graph.live().stop();
    CHECK(difference(live->outputs(), twin.reference()) == "");
    REQUIRE(position <= recording.ticks.size() / 2 + 1);

    after->graph.restore(snapshot);
    replay(after->graph, twin.feeds(position, recording.ticks.size()), {.chunk = 64});
    const Outputs all = live->outputs(), tail = after->outputs();
    for (std::size_t s = 0; s < all.size(); ++s) CHECK(all[s].rows() == rows_then[s] + tail[s].rows());
    CHECK(after->graph.snapshot() == live->graph.snapshot());
}

}  // namespace openquant::testing
