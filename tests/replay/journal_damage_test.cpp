// Journals that were cut short or damaged: a torn end is left out and told, anything else is refused with file and offset.
#include <sys/resource.h>

#include <csignal>
#include "catch.hpp"

#include "openquant/engine/engine_loop.hpp"
#include "openquant/operators/dollar_bars.hpp"
#include "refusal.hpp"
#include "replay/journal.hpp"
#include "test_operators.hpp"

namespace openquant::testing {

namespace {

/// A small recording, to be damaged.
struct Recorded {
    TemporaryFolder folder, damaged;
    Twin twin;
    Seen session;

    explicit Recorded(std::uint64_t segment_bytes = 1 << 20, std::size_t rows = 40) {
        const auto trades = twin.source(generate(event_type<Trade>(), 6, rows));
        twin.add(operator_case(DollarBars{.dollar_value_per_bar = 1e5}), {std::nullopt, trades});
        const auto built = twin.build();
        JournalWriter writer(folder.path(), built->graph, {segment_bytes});
        replay(built->graph, twin.feeds(5), {.chunk = 5});
        writer.close();
        session = seen(*built);
        std::filesystem::copy(folder.path(), damaged.path());
    }
    std::string first() const { return segment(damaged.path(), 1); }
    void write(const std::string& path, const std::string& content) const { std::ofstream(path, std::ios::binary | std::ios::trunc) << content; }

    struct Result {
        std::string refused;
        std::uint64_t torn = 0, rows = 0;
        bool closed = false;
    };
    /// What a replay of the damaged journal says; what it gave must be a beginning of what was recorded.
    Result result() const {
        const auto built = twin.build();
        Result out;
        out.refused = refusal([&] {
            JournalReplay replay(built->graph, damaged.path(), {.end_streams = false});
            replay.run();
            out = {{}, replay.torn_bytes(), replay.rows(), replay.closed()};
        });
        CHECK(not_a_prefix(built->outputs(), session.outputs) == "");
        return out;
    }
};

/// Where the records of a segment end, its prefix and its list of sources first.
std::vector<std::size_t> ends_of_records(const std::string& content) {
    std::vector<std::size_t> out;
    for (std::size_t at = sizeof(journal::Prefix); at + sizeof(journal::Header) <= content.size();) {
        journal::Header header;
        std::memcpy(&header, content.data() + at, sizeof header);
        out.push_back(at += sizeof header + journal::padded(header.length));
    }
    return out;
}

/// In small chunks; returns the error that ended it.
std::string live_session(Twin::Built& built, const Recording& trades) {
    built.graph.live().start({.capacity = 50});
    auto& inlet = static_cast<Inlet<Trade>&>(built.graph.sources()[0]->inlet());
    {
        Inlet<Trade>::Producer producer(inlet);
        for (const Tick& tick : trades.ticks)
            if (!producer.push(inlet.code(tick.symbol), std::get<Trade>(tick.row))) break;
    }
    try {
        built.graph.live().stop();
    } catch (const std::runtime_error& e) { return e.what(); }
    return {};
}

}  // namespace

TEST_CASE_METHOD(Recorded, "cut short at every offset, a journal is read up to its last sound record") {
    const std::string whole = content_of(first());
    const auto ends = ends_of_records(whole);
    REQUIRE(ends.size() > 10);
    std::uint64_t rows = 0;
    for (std::size_t size = 0; size < whole.size(); ++size) {
        write(first(), whole.substr(0, size));
        const Result got = result();
        if (size < ends[0]) {
            CHECK(says(got.refused, {first(), "cut short before its first record"}));
            continue;
        }
        const std::size_t sound = *(std::upper_bound(ends.begin(), ends.end(), size) - 1);
        CHECK(got.refused == "");
        CHECK(got.torn == size - sound);
        CHECK_FALSE(got.closed);
        CHECK(got.rows >= rows);
        rows = got.rows;
    }
    CHECK(rows == twin.rows());
}

TEST_CASE_METHOD(Recorded, "a tail that nobody wrote is torn off as well") {
    const std::string whole = content_of(first());
    const auto ends = ends_of_records(whole);
    for (const std::string& tail : {std::string(1'000, '\0'), std::string(777, 'x'), whole.substr(ends[0] + 3, 100)}) {
        write(first(), whole.substr(0, ends[5]) + tail);
        CHECK(result().refused == "");
        CHECK(result().torn == tail.size());
    }
}

TEST_CASE_METHOD(Recorded, "a byte changed anywhere is noticed: torn off behind the last sound record, refused before") {
    const std::string whole = content_of(first());
    const auto ends = ends_of_records(whole);
    const std::size_t last = ends[ends.size() - 2];
    for (std::size_t at = 0; at < whole.size(); ++at) {
        std::string changed = whole;
        changed[at] = static_cast<char>(changed[at] ^ (1 << at % 8));
        write(first(), changed);
        const Result got = result();
        if (at >= last) CHECK(got.torn == whole.size() - last);
        else CHECK(says(got.refused, {first(), "byte "}));
    }
}

TEST_CASE("damage before the last segment is refused, wherever it is") {
    const Recorded recorded(300);
    const int n = static_cast<int>(segments(recorded.folder.path()));
    REQUIRE(n > 4);
    const std::string second = segment(recorded.damaged.path(), 2), whole = content_of(second);
    for (std::size_t at = 0; at < whole.size(); ++at) {
        std::string changed = whole;
        changed[at] = static_cast<char>(changed[at] ^ 0x10);
        recorded.write(second, changed);
        CHECK(says(recorded.result().refused, {second, "byte "}));
        recorded.write(second, whole.substr(0, at));
        CHECK(says(recorded.result().refused, {second, "byte "}));
    }
    recorded.write(second, whole + std::string(16, '\0'));
    CHECK(says(recorded.result().refused, {second, "damaged"}));
    recorded.write(second, content_of(segment(recorded.damaged.path(), 3)));
    CHECK(says(recorded.result().refused, {second, "it says that it is segment 3"}));
    std::filesystem::remove(second);
    CHECK(says(recorded.result().refused, {recorded.damaged.path(), "incomplete", "00000002.oqj"}));
    recorded.write(second, whole);

    const std::string last = segment(recorded.damaged.path(), n);
    for (const std::string& begun : {std::string(), std::string("oqj"), std::string(500, '\0'), content_of(last).substr(0, 40)}) {  // a crash as it was begun
        recorded.write(last, begun);
        CHECK(recorded.result().refused == "");
    }
    std::filesystem::remove(segment(recorded.damaged.path(), 1));
    CHECK(says(recorded.result().refused, {"incomplete", "00000001.oqj"}));
}

TEST_CASE("journals damaged at random neither crash the reader nor pass for others") {
    const Recorded recorded(2'000, 300);
    const std::string path = segment(recorded.damaged.path(), static_cast<int>(segments(recorded.damaged.path())) - 1), whole = content_of(path);
    Random random(11);
    for (int round = 0; round < 500; ++round) {
        recorded.write(path, mutated(whole, random));
        recorded.result();
    }
}

TEST_CASE_METHOD(Recorded, "what is no journal is refused in words") {
    const auto refused = [&](const std::string& path) { return refusal([&] { journal_sources(path); }); };
    CHECK_THROWS_WITH(journal_sources(folder.path() + "/none"), Catch::Contains("no such folder"));
    CHECK(says(refused(first()), {first(), "not the folder of a journal"}));
    const TemporaryFolder empty;
    empty.write("readme.txt", "nothing");
    empty.write("1.oqj", "nothing");
    CHECK(says(refused(empty.path()), {empty.path(), "holds no journal", "00000001.oqj"}));
    empty.write("00000001.oqj", "ts,price,size\n1,2,3\n");
    CHECK(says(refused(empty.path()), {"not a segment of a journal"}));
    std::string newer = content_of(first());
    newer[8] = 9;
    write(first(), newer);
    CHECK(says(refused(damaged.path()), {"version 9", "reads version 1"}));
    CHECK(journal_sources(folder.path()).size() == 1);
}

TEST_CASE("a disk that is full ends the session, says why, and leaves what was written readable") {
    const TemporaryFolder folder;
    Twin twin;
    const Recording trades = generate(event_type<Trade>(), 6, 5'000);
    twin.source(trades);
    const auto built = twin.build();
    JournalWriter writer(folder.path(), built->graph);
    rlimit before{};
    getrlimit(RLIMIT_FSIZE, &before);
    const auto handler = std::signal(SIGXFSZ, SIG_IGN);
    const rlimit small{50'001, before.rlim_max};
    setrlimit(RLIMIT_FSIZE, &small);
    std::string error = live_session(*built, trades), again;
    setrlimit(RLIMIT_FSIZE, &before);
    std::signal(SIGXFSZ, handler);
    CHECK(says(error, {segment(folder.path(), 1), "cannot be written", "File too large"}));
    try {
        Replay(built->graph, twin.feeds()).run();
    } catch (const std::runtime_error& e) { again = e.what(); }
    CHECK(says(again, {segment(folder.path(), 1), "could not be written before", "another folder"}));
    CHECK_NOTHROW(writer.close());

    const auto readable = twin.build();
    JournalReplay replay(readable->graph, folder.path());
    replay.run();
    CHECK_FALSE(replay.closed());
    CHECK(std::filesystem::file_size(segment(folder.path(), 1)) == 50'001);
    CHECK(not_a_prefix(built->outputs(), readable->outputs()) == "");
    CHECK(readable->tables[0]->rows() > 100);
    const auto unhindered = twin.build();
    CHECK(live_session(*unhindered, trades) == "");
    CHECK(not_a_prefix(readable->outputs(), unhindered->outputs()) == "");
}

TEST_CASE("what a failing node was told is in the journal") {
    const TemporaryFolder folder;
    const auto build = [](Graph& graph, Table*& table) {
        const Port prices = graph.source<Price>("prices");
        table = &graph.collect(prices);
        graph.add(Failing{.at = 10}, prices);
    };
    Graph graph, again;
    Table *table = nullptr, *read = nullptr;
    build(graph, table), build(again, read);
    {
        const JournalWriter writer(folder.path(), graph);
        std::vector<std::pair<std::string, std::unique_ptr<Feed>>> feeds;
        feeds.emplace_back("prices", feed_of(generate(event_type<Price>(), 1, 100)));
        CHECK_THROWS_WITH(Replay(graph, std::move(feeds), {.chunk = 4}).run(), Catch::Contains("the tenth price"));
    }
    JournalReplay replay(again, folder.path(), {.chunk = 4});
    CHECK_THROWS_WITH(replay.run(), Catch::Contains("the tenth price"));
    CHECK(read->rows() == table->rows());
}

}  // namespace openquant::testing
