// Replays a file of trades through dollar bars and prints them: replay FILE [DOLLARS_PER_BAR]
#include <cstdio>
#include <cstdlib>
#include <openquant/operators/catalogue.hpp>
#include <openquant/replay/replay.hpp>

int main(int argc, char** argv) {
    using namespace openquant;
    if (argc < 2) {
        std::fprintf(stderr, "usage: replay FILE [DOLLARS_PER_BAR]\n");
        return 2;
    }
    try {
        Graph graph;
        const Port trades = graph.source<Trade>("trades");
        const Port bars = graph.add(DollarBars{.dollar_value_per_bar = argc > 2 ? std::atof(argv[2]) : 1e6}, trades);
        const Table& table = graph.collect(bars);

        std::vector<std::pair<std::string, std::unique_ptr<Feed>>> feeds;
        feeds.emplace_back("trades", open_trades(argv[1]));
        Replay(graph, std::move(feeds)).run();

        for (const Bar& bar : table.as<Bar>())
            std::printf("%lld open %.2f high %.2f low %.2f close %.2f volume %.4f trades %lld\n", static_cast<long long>(bar.ts), bar.open, bar.high, bar.low,
                        bar.close, bar.volume, static_cast<long long>(bar.n_obs));
    } catch (const std::exception& error) {
        std::fprintf(stderr, "replay: %s\n", error.what());
        return 2;
    }
}
