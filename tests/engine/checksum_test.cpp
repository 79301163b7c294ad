// The checksum sink: the same for the same stream in any chunks, another for any other.
#include <cmath>
#include <set>
#include "catch.hpp"

#include "twin.hpp"

namespace openquant::testing {

namespace {

/// Checksums of the rows and of the breaks of a source.
std::pair<std::uint64_t, std::uint64_t> sums(const Recording& recording, std::size_t chunk) {
    return with_type(*recording.type, [&]<class E>() {
        Graph graph;
        const Port port = graph.source<E>("source");
        const Checksum &rows = graph.checksum(port), &breaks = graph.checksum(port.continuity());
        const Table& table = graph.collect(port);
        std::vector<std::pair<std::string, std::unique_ptr<Feed>>> feeds;
        feeds.emplace_back("source", feed_of(recording));
        replay(graph, std::move(feeds), {.chunk = chunk});
        REQUIRE(rows.rows() == table.rows());
        return std::pair{rows.value(), breaks.value()};
    });
}

}  // namespace

TEST_CASE("checksums do not depend on chunks, and differ between streams") {
    std::set<std::uint64_t> seen;
    for (const EventType* type : {&event_type<Value>(), &event_type<Trade>(), &event_type<Bar>(), &event_type<Continuity>(), &event_type<Clock>()})
        for (const bool dirty : {false, true})
            for (const std::uint64_t seed : {1, 2}) {
                const Recording recording = generate(*type, seed, 3'000, {.dirty = dirty});
                const auto whole = sums(recording, 1 << 20);
                for (const std::size_t chunk : {1, 7, 1024}) CHECK(sums(recording, chunk) == whole);
                CHECK(seen.insert(whole.first).second);
            }
}

TEST_CASE("checksums change with any value, symbol or order of rows") {
    const std::vector<Value> rows{{1, 1.0}, {2, 2.0}, {3, 1.0}, {3, -1.0}};
    const std::uint64_t plain = sums(recording_of(rows, "X"), 1).first;
    std::set<std::uint64_t> seen{plain};
    for (std::size_t i = 0; i < rows.size(); ++i) {
        auto later = rows, larger = rows;
        later[i].ts += 100, larger[i].value = std::nextafter(rows[i].value, 10.0);
        std::sort(later.begin(), later.end(), [](const Value& a, const Value& b) { return a.ts < b.ts; });
        CHECK(seen.insert(sums(recording_of(later, "X"), 2).first).second);
        CHECK(seen.insert(sums(recording_of(larger, "X"), 2).first).second);
        Recording other = recording_of(rows, "X");
        other.ticks[i].symbol = "Y";
        if (i > 0) CHECK(seen.insert(sums(other, 2).first).second);  // the first symbol to be met is number 0, whatever its name
    }
    auto swapped = rows;
    std::swap(swapped[2], swapped[3]);
    CHECK(seen.insert(sums(recording_of(swapped, "X"), 2).first).second);
    auto shorter = rows;
    shorter.pop_back();
    CHECK(seen.insert(sums(recording_of(shorter, "X"), 2).first).second);
}

}  // namespace openquant::testing
