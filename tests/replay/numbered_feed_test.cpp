// Numbers at the times 0, 1, 2, ...: the same rows as columns with those times, over every border of its batches.
#include <numeric>
#include "catch.hpp"

#include "openquant/engine/graph.hpp"
#include "openquant/replay/numbered_feed.hpp"
#include "openquant/replay/replay.hpp"
#include "refusal.hpp"

namespace openquant::testing {

namespace {

std::vector<Price> replayed(const std::vector<double>& values, std::size_t first) {
    Graph graph;
    Table& table = graph.collect(graph.source<Price>("prices"));
    std::vector<std::pair<std::string, std::unique_ptr<Feed>>> feeds;
    feeds.emplace_back("prices", std::make_unique<NumberedFeed>(event_type<Price>(), values, first, "X", nullptr));
    Replay(graph, std::move(feeds)).run();
    if (!values.empty() && first < values.size()) CHECK(graph.symbols().names() == std::vector<std::string>{"X"});
    return table.as<Price>();
}

}  // namespace

TEST_CASE("a numbered feed gives every number at its place as time") {
    for (const std::size_t n : {0, 1, 4'095, 4'096, 4'097, 10'000})
        for (const std::size_t first : {0, 1, 5'000}) {
            std::vector<double> values(n);
            std::iota(values.begin(), values.end(), 0.5);
            std::vector<Price> wanted;
            for (std::size_t i = first; i < n; ++i) wanted.push_back({static_cast<std::int64_t>(i), values[i]});
            CHECK(replayed(values, first) == wanted);
        }
}

TEST_CASE("a numbered feed is of a type of a time and a number") {
    CHECK(refusal([] { NumberedFeed(event_type<Trade>(), {}, 0, "X", nullptr); }) == "Trade rows are not a time and a number");
}

}  // namespace openquant::testing
