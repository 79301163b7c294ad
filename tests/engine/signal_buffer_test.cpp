// The buffer that a notebook reads while an engine fills it: what it keeps, and what a reader may see meanwhile.
#include <algorithm>
#include <cmath>
#include <thread>
#include "catch.hpp"

#include "openquant/engine/engine_loop.hpp"
#include "openquant/engine/signal_buffer.hpp"
#include "random.hpp"
#include "refusal.hpp"
#include "test_operators.hpp"
#include "twin.hpp"

namespace openquant::testing {

namespace {

using Unit = SignalBuffer::Unit;

struct Kept {
    std::int64_t ts;
    double signal, side;  // NaN: none
    std::string symbol;
    bool operator==(const Kept& o) const {
        return ts == o.ts && signal == o.signal && (side == o.side || (std::isnan(side) && std::isnan(o.side))) && symbol == o.symbol;
    }
};

std::vector<Kept> rows_of(const SignalBuffer& buffer) {
    const auto contents = buffer.contents();
    const std::size_t n = contents.rows();
    std::vector<std::int64_t> ts(n);
    std::vector<double> signal(n), side(n);
    std::vector<std::uint32_t> symbol(n);
    contents.copy(ts.data(), signal.data(), side.data(), symbol.data());
    const auto names = contents.names();
    std::vector<Kept> out;
    for (std::size_t i = 0; i < n; ++i) out.push_back({ts[i], signal[i], side[i], symbol[i] == SignalBuffer::no_symbol ? "" : names.at(symbol[i])});
    return out;
}

std::uint32_t id(SignalBuffer& buffer, std::string_view name) {
    std::uint32_t out = 0;
    buffer.intern({&name, 1}, &out);
    return out;
}

/// Appends rows that say their number in every column: ts k, signal 2k, side 3k, the symbol of k % 7.
struct Numbered {
    SignalBuffer& buffer;
    std::int64_t next = 0;
    void append(std::size_t n) {
        std::vector<std::int64_t> ts;
        std::vector<double> signal, side;
        std::vector<std::uint32_t> symbol;
        for (std::size_t i = 0; i < n; ++i, ++next) {
            ts.push_back(next), signal.push_back(2.0 * static_cast<double>(next)), side.push_back(3.0 * static_cast<double>(next));
            symbol.push_back(id(buffer, name(next)));
        }
        buffer.append({n, ts.data(), signal.data(), side.data(), symbol.data()});
    }
    static std::string name(std::int64_t k) { return "S" + std::to_string(k % 7); }
};

/// Whether the rows are those numbered from `first`, each whole.
bool numbered_from(const std::vector<Kept>& rows, std::int64_t first) {
    for (const Kept& row : rows) {
        const auto k = static_cast<double>(first);
        if (!(row == Kept{first, 2.0 * k, 3.0 * k, Numbered::name(first)})) return false;
        ++first;
    }
    return true;
}

std::vector<Signal> signals(std::size_t n) {
    std::vector<Signal> out;
    for (std::size_t i = 0; i < n; ++i) out.push_back({static_cast<std::int64_t>(i), 0.75, i % 2 ? 1.0 : -1.0, static_cast<double>(i % 5) / 8.0});
    return out;
}

}  // namespace

TEST_CASE("rows come back in the order of their appends, with and without side and symbol") {
    SignalBuffer buffer;
    CHECK(rows_of(buffer).empty());
    CHECK_FALSE((buffer.contents().sides() || buffer.contents().symbols()));
    const std::int64_t ts[] = {5, 3};
    const double signal[] = {0.5, -0.5}, side[] = {1.0, -1.0};
    const std::uint32_t symbol[] = {id(buffer, "B"), id(buffer, "A")};
    buffer.append({.size = 2, .ts = ts, .signal = signal, .unit = Unit::ms});
    CHECK(buffer.contents().unit() == Unit::ms);
    buffer.append({.size = 2, .ts = ts, .signal = signal, .side = side, .unit = Unit::us});
    CHECK((buffer.contents().sides() && !buffer.contents().symbols()));
    buffer.append({.size = 2, .ts = ts, .signal = signal, .symbol = symbol, .unit = Unit::ms});
    CHECK(buffer.contents().unit() == Unit::us);
    const double none = std::nan("");
    CHECK((rows_of(buffer) ==
           std::vector<Kept>{{5, 0.5, none, ""}, {3, -0.5, none, ""}, {5, 0.5, 1.0, ""}, {3, -0.5, -1.0, ""}, {5, 0.5, none, "B"}, {3, -0.5, none, "A"}}));
    buffer.append({});
    CHECK(buffer.contents().unit() == Unit::us);
}

TEST_CASE("a capacity keeps exactly the newest rows and counts the others, whatever the appends; without one nothing goes") {
    for (const std::uint64_t capacity :
         {std::uint64_t{1}, std::uint64_t{64}, std::uint64_t{65}, std::uint64_t{1000}, std::uint64_t{20'000}, SignalBuffer::unbounded}) {
        SignalBuffer buffer(capacity);
        Numbered numbered{buffer};
        Random random(capacity);
        for (int i = 0; i < 60; ++i) {
            numbered.append(random.below(i % 10 ? 100 : 12'000));
            const auto total = static_cast<std::uint64_t>(numbered.next);
            const auto contents = buffer.contents();
            REQUIRE(contents.rows() == std::min(total, capacity));
            REQUIRE(contents.dropped() == total - contents.rows());
            if (i % 10 == 9) REQUIRE(numbered_from(rows_of(buffer), static_cast<std::int64_t>(contents.dropped())));
        }
    }
    CHECK(says(refusal([] { SignalBuffer buffer(0); }), {"capacity = 0", ">= 1"}));
}

TEST_CASE("whole segments go only when none of their rows is kept") {
    for (const std::uint64_t capacity : {1, 2, 64, 65, 129}) {
        SignalBuffer buffer(capacity);
        Numbered numbered{buffer};
        while (numbered.next < 400) {
            numbered.append(1);
            buffer.attach();  // lets go at once of what it can
            const auto rows = rows_of(buffer);
            REQUIRE(rows.size() == std::min<std::uint64_t>(capacity, static_cast<std::uint64_t>(numbered.next)));
            REQUIRE(numbered_from(rows, numbered.next - static_cast<std::int64_t>(rows.size())));
        }
    }
}

TEST_CASE("clear forgets rows and what was dropped, keeps columns and the capacity, and a reader keeps what it holds") {
    SignalBuffer buffer(100);
    Numbered numbered{buffer};
    numbered.append(250);
    const auto before = buffer.contents();
    buffer.clear();
    CHECK((buffer.contents().rows() == 0 && buffer.contents().dropped() == 0));
    CHECK((buffer.contents().sides() && buffer.contents().symbols() && buffer.contents().unit() == Unit::ns));
    numbered.append(30);
    CHECK(buffer.contents().rows() == 30);
    CHECK(numbered_from(rows_of(buffer), 250));
    numbered.append(90);
    CHECK((buffer.contents().rows() == 100 && buffer.contents().dropped() == 20));
    CHECK(numbered_from(rows_of(buffer), 270));
    CHECK((before.rows() == 100 && before.dropped() == 150));
    std::vector<std::int64_t> ts(100);
    before.copy(ts.data(), nullptr, nullptr, nullptr);
    CHECK((ts.front() == 150 && ts.back() == 249));
}

TEST_CASE("names keep their ids while many are added") {
    SignalBuffer buffer;
    std::vector<std::uint32_t> ids;
    for (int i = 0; i < 5'000; ++i) ids.push_back(id(buffer, "N" + std::to_string(i)));
    for (int i = 0; i < 5'000; i += 97) CHECK(id(buffer, "N" + std::to_string(i)) == ids[static_cast<std::size_t>(i)]);
    const auto names = buffer.contents().names();
    REQUIRE(names.size() == 5'000);
    for (std::size_t i = 0; i < names.size(); ++i) REQUIRE(names[ids[i]] == "N" + std::to_string(i));
}

TEST_CASE("attached to a graph it takes every signal's size, side and symbol, whatever the chunks") {
    const Recording recording = generate(event_type<Signal>(), 3, 500, {.dirty = false});
    for (const std::size_t chunk : {1, 7, 1000}) {
        auto buffer = std::make_shared<SignalBuffer>();
        std::vector<Kept> expected;
        {
            Graph graph;
            const Port port = graph.source<Signal>("signals");
            Table& table = graph.collect(port);
            collect(graph, port, buffer);
            CHECK(buffer->capacity() == SignalBuffer::live_capacity);
            CHECK((buffer->contents().sides() && buffer->contents().symbols() && buffer->contents().unit() == Unit::ns));
            std::vector<std::pair<std::string, std::unique_ptr<Feed>>> feeds;
            feeds.emplace_back("signals", feed_of(recording));
            replay(graph, std::move(feeds), {.chunk = chunk});
            const auto symbols = table.contents().symbols;
            const auto all = table.as<Signal>();
            for (std::size_t i = 0; i < all.size(); ++i) expected.push_back({all[i].ts, all[i].size, all[i].side, graph.symbols().name(symbols[i])});
        }
        CHECK(expected.size() == 500);
        CHECK(rows_of(*buffer) == expected);  // the graph is gone, the buffer is not
    }
}

TEST_CASE("a buffer serves several ports, refuses other rows, and keeps a capacity of its own") {
    Graph graph;
    const Port signal = graph.source<Signal>("signals"), price = graph.source<Price>("prices");
    auto buffer = std::make_shared<SignalBuffer>();
    CHECK(says(refusal([&] { collect(graph, price, buffer); }), {"signal_stream_buffer", "takes Signal", "'prices' gives Price"}));
    CHECK(buffer->capacity() == SignalBuffer::unbounded);
    collect(graph, signal, buffer, "first");
    collect(graph, signal, buffer);
    auto small = std::make_shared<SignalBuffer>(5);
    collect(graph, signal, small);
    CHECK(small->capacity() == 5);
    std::vector<std::pair<std::string, std::unique_ptr<Feed>>> feeds;
    feeds.emplace_back("signals", feed_of(recording_of(signals(10), "X")));
    replay(graph, std::move(feeds), {});
    CHECK((buffer->contents().rows() == 20 && small->contents().rows() == 5 && small->contents().dropped() == 5));
}

TEST_CASE("its content is not the graph's: a restored graph goes on with its own symbols") {
    const auto run = [](Graph& graph, const char* symbol) {
        std::vector<std::pair<std::string, std::unique_ptr<Feed>>> feeds;
        feeds.emplace_back("signals", feed_of(recording_of(signals(3), symbol)));
        replay(graph, std::move(feeds), {.flush = false});
    };
    auto buffer = std::make_shared<SignalBuffer>();
    Graph first, second;
    for (Graph* graph : {&first, &second}) collect(*graph, graph->source<Signal>("signals"), buffer);
    run(first, "A"), run(first, "B"), run(second, "C");
    second.restore(first.snapshot());  // C was its symbol 0, now it is A
    run(second, "A");
    std::string seen;
    for (const Kept& row : rows_of(*buffer)) seen += row.symbol;
    CHECK(seen == "AAABBBCCCAAA");
}

TEST_CASE("a reader sees whole rows of a prefix at any moment, while a writer appends and lets go") {
    for (const std::uint64_t capacity : {std::uint64_t{1}, std::uint64_t{100}, std::uint64_t{30'000}, SignalBuffer::unbounded}) {
        SignalBuffer buffer(capacity);
        constexpr std::int64_t total = 200'000;
        std::atomic<bool> begun{false};
        std::thread writer([&] {
            Numbered numbered{buffer};
            for (std::size_t n = 1; numbered.next < total; n = 3 * n % 4001) {
                numbered.append(std::min<std::size_t>(n, static_cast<std::size_t>(total - numbered.next)));
                begun = true;
            }
        });
        while (!begun) std::this_thread::yield();
        std::uint64_t seen = 0;
        while (seen < total) {
            const auto contents = buffer.contents();
            const std::uint64_t end = contents.dropped() + contents.rows();
            REQUIRE(end >= seen);
            REQUIRE(contents.rows() == std::min(end, capacity));
            REQUIRE((contents.sides() && contents.symbols()));
            seen = end;
            const auto first = static_cast<std::int64_t>(buffer.contents().dropped());
            const auto rows = rows_of(buffer);
            REQUIRE((rows.empty() || rows.front().ts >= first));
            if (!rows.empty()) REQUIRE(numbered_from(rows, rows.front().ts));
        }
        writer.join();
    }
}

TEST_CASE("several writers, a live graph and a clear at once lose nothing and tear nothing") {
    auto buffer = std::make_shared<SignalBuffer>();
    Graph graph;
    const Port port = graph.source<Signal>("signals");
    collect(graph, port, buffer);
    graph.live().start();
    std::vector<std::thread> threads;
    for (int w = 0; w < 3; ++w)
        threads.emplace_back([&, w] {
            const std::uint32_t symbol = id(*buffer, "W" + std::to_string(w));
            for (std::int64_t k = 0; k < 5'000; ++k) {
                const auto x = static_cast<double>(k);
                buffer->append({1, &k, &x, nullptr, &symbol});
            }
        });
    threads.emplace_back([&] {
        auto& inlet = static_cast<Inlet<Signal>&>(graph.sources()[0]->inlet());
        Inlet<Signal>::Producer producer(inlet);
        const std::uint32_t code = inlet.code("G");
        for (std::int64_t k = 0; k < 5'000; ++k) producer.push(code, {k, 0.5, 1.0, static_cast<double>(k % 8) / 8.0});
    });
    for (int i = 0; i < 50; ++i) REQUIRE(rows_of(*buffer).size() <= 20'000);
    for (auto& thread : threads) thread.join();
    graph.live().stop();
    std::map<std::string, std::int64_t> next;
    for (const Kept& row : rows_of(*buffer)) {
        REQUIRE(row.ts == next[row.symbol]++);
        REQUIRE(row.signal == (row.symbol == "G" ? static_cast<double>(row.ts % 8) / 8.0 : static_cast<double>(row.ts)));
        REQUIRE(std::isnan(row.side) == (row.symbol != "G"));
    }
    CHECK((next == std::map<std::string, std::int64_t>{{"G", 5'000}, {"W0", 5'000}, {"W1", 5'000}, {"W2", 5'000}}));

    std::thread appending([&] {
        for (std::int64_t k = 0; k < 20'000; ++k) {
            const double x = 1.0;
            buffer->append({1, &k, &x});
        }
    });
    for (int i = 0; i < 200; ++i) {
        buffer->clear();
        const auto rows = rows_of(*buffer);
        for (std::size_t r = 1; r < rows.size(); ++r) REQUIRE(rows[r].ts == rows[r - 1].ts + 1);
    }
    appending.join();
}

}  // namespace openquant::testing
