// Trades per second from a server on loopback through a live session into dollar bars: the server writes prebuilt frames as fast as the
// session reads them. Binance sends a trade per frame, Bybit many; over plain and TLS websockets. Arguments: millions of trades per run.
#include <cstdio>
#include <cstdlib>
#include <future>
#include <string>

#include "files.hpp"
#include "loopback.hpp"
#include "openquant/connectors/live/session.hpp"
#include "openquant/engine/graph.hpp"
#include "openquant/operators/dollar_bars.hpp"

namespace openquant {
namespace {

using testing::Loopback;

constexpr std::uint64_t first_ms = 1'700'000'000'000;

std::string price(std::uint64_t id) { return std::to_string(60'000 + id % 50) + ".5"; }

std::string binance_frame(std::uint64_t id) {
    const std::string ms = std::to_string(first_ms + id / 100);
    return R"({"stream":"btcusdt@trade","data":{"e":"trade","E":)" + ms + R"(,"s":"BTCUSDT","t":)" + std::to_string(id) + R"(,"p":")" + price(id) +
           R"(","q":"0.01","T":)" + ms + R"(,"m":)" + (id % 3 ? "true" : "false") + R"(,"M":true}})";
}

std::string bybit_frame(std::uint64_t first, std::uint64_t trades) {
    const std::string ms = std::to_string(first_ms + first / 100);
    std::string out = R"({"topic":"publicTrade.BTCUSDT","type":"snapshot","ts":)" + ms + R"(,"data":[)";
    for (std::uint64_t id = first; id < first + trades; ++id) {
        char uuid[40];
        std::snprintf(uuid, sizeof uuid, "%08llx-7c1e-5d2b-9a40-%012llx", static_cast<unsigned long long>(id * 2'654'435'761u & 0xffffffff),
                      static_cast<unsigned long long>(id));
        out += (id == first ? R"({"T":)" : R"(,{"T":)") + ms + R"(,"s":"BTCUSDT","S":")" + (id % 3 ? "Sell" : "Buy") + R"(","v":"0.01","p":")" + price(id) +
               R"(","L":"PlusTick","i":")" + uuid + R"(","BT":false})";
    }
    return out + "]}";
}

/// Frames as they are on the wire.
std::string wire(std::uint64_t trades, std::uint64_t per_frame) {
    std::string out;
    for (std::uint64_t id = 1; id <= trades; id += per_frame) out += testing::text_frame(per_frame == 1 ? binance_frame(id) : bybit_frame(id, per_frame));
    return out;
}

void run(const char* what, const char* venue, std::uint64_t trades, std::uint64_t per_frame, bool tls) {
    const testing::TemporaryFolder folder;
    const testing::Certificate authority = testing::make_certificate({.names = {}});
    const std::string bytes = wire(trades, per_frame);
    std::promise<void> go;
    Loopback server(
        tls ? Loopback::Speaks::tls_websocket : Loopback::Speaks::websocket,
        [&](testing::Peer& peer) {
            go.get_future().wait();
            peer.raw(bytes);
            peer.hold();
        },
        testing::make_certificate({}, &authority));

    Graph graph;
    const Port source = graph.source<Trade>("trades");
    const Table& bars = graph.collect(graph.add(DollarBars{.dollar_value_per_bar = 1e6}, source));
    std::vector<Feeder> feeders;
    feeders.push_back({"trades", make_venue(venue, {{.symbol = "btcusdt", .channel = {}}}), server.url(), {}});
    SessionOptions options;
    options.ca_file = folder.write("ca.pem", authority.pem);
    Session session(graph, std::move(feeders), options);
    session.start();
    const auto state = [&] { return session.stats(); };
    bool ready = testing::eventually([&] { return state().connections[0].state == "open"; });
    const auto start = std::chrono::steady_clock::now();
    go.set_value();
    while (ready && !session.failed() && std::chrono::steady_clock::now() - start < std::chrono::minutes(2)) {
        if (const SessionStats now = state(); now.connections[0].trades == trades && now.sources[0].queued == 0) break;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    const double took = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    const SessionStats end = state();
    session.stop();
    std::printf("%-32s %-5s %10.0f trades/s %10.0f frames/s %8.1f MB/s   %llu trades, %zu bars, %llu malformed, %llu dropped\n", what, tls ? "TLS" : "plain",
                static_cast<double>(end.connections[0].trades) / took, static_cast<double>(end.connections[0].frames) / took,
                static_cast<double>(end.connections[0].bytes) / took / 1e6, static_cast<unsigned long long>(end.connections[0].trades), bars.rows(),
                static_cast<unsigned long long>(end.connections[0].malformed), static_cast<unsigned long long>(end.sources[0].dropped));
}

}  // namespace
}  // namespace openquant

int main(int argc, char** argv) {
    const double millions = argc > 1 ? std::atof(argv[1]) : 1.0;
    const auto trades = static_cast<std::uint64_t>(millions * 1e6) / 100 * 100;
    for (const bool tls : {false, true}) {
        openquant::run("binance, one trade per frame", "binance", trades, 1, tls);
        openquant::run("bybit, 10 trades per frame", "bybit_linear", trades, 10, tls);
        openquant::run("bybit, 100 trades per frame", "bybit_linear", trades, 100, tls);
    }
}
