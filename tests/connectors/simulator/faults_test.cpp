// What arrives under each fault is what the simulator says it did.
#include <algorithm>

#include "captures.hpp"
#include "catch.hpp"

namespace openquant::testing {

namespace {

constexpr const char* btc = "/stream?streams=btcusdt@trade";

std::int64_t id_of(const std::string& frame) {
    const std::size_t at = frame.find(R"("t":)");
    return at == std::string::npos || frame.back() != '}' ? 0 : std::stoll(frame.substr(at + 4));  // 0: garbled
}

/// Ids until `last` has come, or the connection ended.
std::vector<std::int64_t> ids_until(Client& client, std::int64_t last) {
    std::vector<std::int64_t> out;
    while (out.empty() || out.back() != last) {
        const auto frame = client.read();
        if (!frame) break;
        out.push_back(id_of(*frame));
    }
    return out;
}

std::string listed(const Simulator& simulator) {
    std::string out;
    for (const Injected& i : simulator.injected())
        out += std::string(fault_kind_names[static_cast<std::size_t>(i.kind)]) + " " + i.symbol + " " + std::to_string(i.id) + " " + std::to_string(i.count) +
               "; ";
    return out;
}

using Ids = std::vector<std::int64_t>;

}  // namespace

TEST_CASE("Trades lost, repeated, swapped and garbled") {
    const auto [faults, ids, list] = GENERATE(table<std::string, Ids, std::string>({
        {"gap:3:2", {1000, 1001, 1002, 1005, 1008}, "gap BTCUSDT 1003 2; gap BTCUSDT 1006 2; "},
        {"duplicate:3",
         {1000, 1001, 1002, 1002, 1003, 1004, 1005, 1005, 1006, 1007, 1008, 1008},
         "duplicate BTCUSDT 1002 1; duplicate BTCUSDT 1005 1; duplicate BTCUSDT 1008 1; "},
        {"reorder:4", {1000, 1001, 1002, 1004, 1003, 1005, 1006, 1008, 1007}, "reorder BTCUSDT 1003 1; reorder BTCUSDT 1007 1; "},
        {"corrupt:4",
         {1000, 1001, 1002, 0, 1004, 1005, 1006, 0, 1008},
         "corrupt BTCUSDT 1003 1; gap BTCUSDT 1003 1; corrupt BTCUSDT 1007 1; gap BTCUSDT 1007 1; "},
    }));
    Simulator simulator = simulate(some_trades(9), fast("binance", faults));
    simulator.start();
    Client client(simulator.port(), btc);
    Ids got;
    while (got.size() < ids.size()) got.push_back(id_of(client.read().value()));
    CHECK(got == ids);
    CHECK(listed(simulator) == list);
}

TEST_CASE("A loss beside another is one loss, as its reader will see it") {
    Simulator simulator = simulate(some_trades(9), fast("binance", "gap:3:2,corrupt:6"));
    simulator.start();
    Client client(simulator.port(), btc);
    CHECK(ids_until(client, 1'008) == Ids{1'000, 1'001, 1'002, 0, 1'008});
    CHECK(listed(simulator) == "corrupt BTCUSDT 1005 1; gap BTCUSDT 1003 5; ");
    CHECK(simulator.stats().injected[static_cast<std::size_t>(FaultKind::corrupt)] == 1);
}

TEST_CASE("Faults of trades that nobody follows are not listed") {
    Simulator simulator = simulate(some_trades(8, {"BTCUSDT", "ETHUSDT"}), fast("binance", "duplicate:2"));
    simulator.start();
    Client client(simulator.port(), btc);
    CHECK(ids_until(client, 1'003) == Ids{1'000, 1'001, 1'002, 1'003});
    CHECK(listed(simulator).empty());
}

TEST_CASE("A cut line: nothing lost before it, the market further on after it, once only") {
    Simulator simulator = simulate(some_trades(10), fast("binance", "disconnect:4:3"));
    simulator.start();
    {
        Client client(simulator.port(), btc);
        CHECK(ids_until(client, 0) == Ids{1'000, 1'001, 1'002, 1'003});
        CHECK(client.close_code() == 0);
    }
    Client client(simulator.port(), btc);
    CHECK(ids_until(client, 0) == Ids{1'007});  // the eighth trade is followed by the second cut
    CHECK(listed(simulator) == "disconnect  1003 1; missed BTCUSDT 1004 3; disconnect  1007 1; ");
    Client last(simulator.port(), btc);
    CHECK(eventually([&] { return simulator.stats().clients == 1; }));
}

TEST_CASE("The 24 h close is announced, and clean") {
    Simulator simulator = simulate(some_trades(5), fast("binance", "close:3"));
    simulator.start();
    Client client(simulator.port(), btc);
    for (int i = 0; i < 3; ++i) CHECK(id_of(client.read().value()) == 1'000 + i);
    CHECK(client.read() == R"({"stream":"!serverShutdown","data":{"e":"serverShutdown","E":1723161255124}})");
    CHECK_FALSE(client.read());
    CHECK(client.close_code() == 1001);
    Client again(simulator.port(), btc);
    CHECK(ids_until(again, 1'004) == Ids{1'003, 1'004});
    CHECK(listed(simulator) == "close  1002 1; ");
}

TEST_CASE("A stall is silent, and loses nothing") {
    SimulatorOptions options = fast("coinbase", "stall:3:600");
    options.heartbeat_every = std::chrono::milliseconds(5);
    Simulator simulator = simulate(some_trades(5), options);
    simulator.start();
    Client client(simulator.port(), "/");
    client.send(R"({"type":"subscribe","product_ids":["BTC-USDT"],"channels":["heartbeat","matches"]})");
    client.read_until(R"("trade_id":1002,)");
    auto before = std::chrono::steady_clock::now();
    std::chrono::steady_clock::duration silence{};  // the longest: a heartbeat may come before it
    for (std::string text; text.find(R"("trade_id":1004,)") == std::string::npos;) {
        text = client.read().value();
        const auto now = std::chrono::steady_clock::now();
        silence = std::max(silence, now - before), before = now;
    }
    CHECK(silence > std::chrono::milliseconds(100));
    CHECK(listed(simulator) == "stall  1002 600; ");
}

TEST_CASE("A frame that drips in byte by byte is whole in the end") {
    const auto trades = some_trades(6);
    Simulator simulator = simulate(trades, fast("binance", "drip:3:600"));
    simulator.start();
    Client client(simulator.port(), btc);
    auto before = std::chrono::steady_clock::now();
    for (std::size_t i = 0; i < trades.size(); ++i) {
        CHECK(client.read() == combined(trades[i]));
        const auto now = std::chrono::steady_clock::now();
        if (i == 3) CHECK(now - before > std::chrono::milliseconds(100));
        before = now;
    }
    CHECK(listed(simulator) == "drip  1002 600; drip  1005 600; ");
}

TEST_CASE("Each connection has faults of its own where each has its own market") {
    SimulatorOptions options = fast("binance", "gap:3:1,disconnect:5");
    options.restart_per_connection = true;
    Simulator simulator = simulate(some_trades(9), options);
    simulator.start();
    for (int i = 0; i < 2; ++i) {
        Client client(simulator.port(), btc);
        CHECK(ids_until(client, 0) == Ids{1'000, 1'001, 1'002, 1'004});
    }
    CHECK(listed(simulator) == "gap BTCUSDT 1003 1; disconnect  1004 1; gap BTCUSDT 1003 1; disconnect  1004 1; ");
}

TEST_CASE("Coinbase Advanced: lost messages are missing from the sequence") {
    Simulator simulator = simulate(some_trades(8), fast("coinbase_advanced", "gap:3:2"));
    simulator.start();
    Client client(simulator.port(), "/");
    client.send(R"({"type":"subscribe","channel":"market_trades","product_ids":["BTC-USDT"]})");
    const auto messages = client.collect("market_trades\",\"client", 2);
    REQUIRE(messages.size() == 2);
    CHECK_THAT(messages[0], Catch::Contains(R"("sequence_num":1,)") && Catch::Contains("1002"));
    CHECK_THAT(messages[1], Catch::Contains(R"("sequence_num":4,)") && Catch::Contains("1005"));
}

}  // namespace openquant::testing
