// Each venue's handshake, subscription, refusals, frames, snapshot and heartbeat, against the trades of the capture.
#include <simdjson.h>

#include <cstdlib>
#include <filesystem>
#include <iostream>

#include "captures.hpp"
#include "catch.hpp"
#include "openquant/connectors/simulator/served_venue.hpp"
#include "openquant/engine/timestamps.hpp"
#include "openquant/replay/text_file.hpp"

namespace openquant::testing {

namespace dom = simdjson::dom;

namespace {

struct Json {
    dom::parser parser;
    dom::element root;
    explicit Json(const std::string& text) { root = parser.parse(text); }
};
std::string text(dom::element e, std::string_view key) { return std::string(std::string_view(e[key])); }

/// Messages of trades until `n` trades have come, as the elements that each holds.
template <class Each>
void each_trade(Client& client, const std::string& word, std::size_t n, std::size_t most, std::string_view list, Each each) {
    for (std::size_t seen = 0; seen < n;) {
        const Json json(client.read_until(word));
        const dom::array trades = json.root[list];
        REQUIRE(trades.size() <= most);
        for (const dom::element trade : trades) each(json.root, trade, seen++);
    }
}

std::string iso(std::int64_t ms) { return iso_us(ms * 1'000'000); }

}  // namespace

TEST_CASE("Pieces of rendered trades") {
    CHECK(split_symbol("BTCUSDT", "-") == "BTC-USDT");
    CHECK(split_symbol("ETHBTC", "/") == "ETH/BTC");
    CHECK(split_symbol("BAND-GBP", "/") == "BAND/GBP");
    CHECK(split_symbol("XYZ", "/") == "XYZ");
    CHECK(iso_us(1'723'161'256'322'000'000) == "2024-08-08T23:54:16.322000Z");
    CHECK(iso_us(1'723'161'256'000'000'999) == "2024-08-08T23:54:16.000000Z");
    CHECK(uuid_of("BTCUSDT", 7) == uuid_of("BTCUSDT", 7));
    CHECK(uuid_of("BTCUSDT", 7) != uuid_of("BTCUSDT", 8));
    CHECK(uuid_of("BTCUSDT", 7) != uuid_of("ETHUSDT", 7));
    CHECK(uuid_of("BTCUSDT", 7).size() == 36);
    CHECK(json_text("a\"\\\n") == R"("a\"\\")");
}

TEST_CASE("Binance: combined and raw, by URL and in band, frames as recorded") {
    const auto trades = some_trades(40, {"BTCUSDT", "ETHUSDT"});
    SimulatorOptions options = fast("binance");
    options.restart_per_connection = true;
    Simulator simulator = simulate(trades, options);
    simulator.start();
    const std::uint16_t port = simulator.port();
    SECTION("combined, by URL") {
        Client client(port, "/stream?streams=btcusdt@trade/ethusdt@trade&timeUnit=MILLISECOND");
        for (const Traded& t : trades) CHECK(client.read() == combined(t));
    }
    SECTION("raw, by URL, of one stream") {
        Client client(port, "/ws/ethusdt@trade");
        for (std::size_t i = 1; i < trades.size(); i += 2) CHECK(client.read() == payload(trades[i]));
    }
    SECTION("below the futures' paths") {
        Client client(port, "/market/stream?streams=btcusdt@trade");
        CHECK(client.read() == combined(trades[0]));
    }
    SECTION("in band") {
        Client client(port, "/ws");
        client.send(R"({"method":"SUBSCRIBE","params":["ethusdt@trade","nothing@trade"],"id":7})");
        CHECK(client.read() == R"({"result":null,"id":7})");
        CHECK(client.read() == payload(trades[1]));
        client.send(R"({"method":"LIST_SUBSCRIPTIONS","id":"x"})");
        CHECK(client.read_until("result") == R"({"result":["ethusdt@trade","nothing@trade"],"id":"x"})");
        client.send(R"({"method":"UNSUBSCRIBE","params":["ethusdt@trade"],"id":8})");
        CHECK(client.read_until("result") == R"({"result":null,"id":8})");
    }
    SECTION("other channels than trades") {
        Client client(port, "/stream");
        client.send(R"({"method":"SUBSCRIBE","params":["btcusdt@bookTicker"],"id":1})");
        CHECK(client.read() == R"({"result":null,"id":1})");
        CHECK(client.read_until("bookTicker") == R"({"stream":"btcusdt@bookTicker","data":{"e":"bookTicker","s":"BTCUSDT","b":"61800.20","B":"2.507"}})");
    }
    SECTION("refusals") {
        Client client(port, "/ws");
        for (const char* bad : {"garbage", "[]", R"({"id":1})", R"({"method":"JUMP","id":1})", R"({"method":"SUBSCRIBE","id":1})",
                                R"({"method":"SUBSCRIBE","params":["no stream"],"id":1})", R"({"method":"SUBSCRIBE","params":[5],"id":1})"}) {
            client.send(bad);
            CHECK_THAT(client.read().value(), Catch::Contains(R"({"error":{"code":)"));
        }
        CHECK_THROWS(Client(port, "/nowhere"));
        CHECK_THROWS(Client(port, "/ws/btcusdt"));
    }
}

TEST_CASE("Pings of the server and of the client") {
    SimulatorOptions options = fast("binance");
    options.ping_every = std::chrono::milliseconds(10);
    Simulator simulator = simulate(some_trades(3), options);
    simulator.start();
    Client client(simulator.port(), "/ws");
    client.ping("are you there");
    CHECK(eventually([&] {
        client.send(R"({"method":"LIST_SUBSCRIPTIONS","id":1})");
        return client.read() && client.pings() >= 3;  // each was answered, or the server would have closed
    }));
    CHECK(client.pong() == "are you there");
    SECTION("a client that does not answer is closed") {
        CHECK(eventually([&] { return simulator.stats().clients == 0; }));
        while (client.read()) {}
        CHECK(client.close_code() == 1008);
    }
}

TEST_CASE("Coinbase Exchange: last matches, matches with the maker's side, heartbeats") {
    const auto trades = some_trades(30, {"BTCUSD", "ETHUSD"});
    SimulatorOptions options = fast("coinbase");
    options.heartbeat_every = std::chrono::milliseconds(20);
    Simulator simulator = simulate(trades, options);
    simulator.start();
    Client client(simulator.port(), "/");
    for (const char* bad :
         {"{", R"({"type":"x"})", R"({"type":"subscribe"})", R"({"type":"subscribe","channels":["matches"]})",
          R"({"type":"subscribe","product_ids":["BTC-USD"],"channels":["level9"]})", R"({"type":"subscribe","product_ids":["FOO-USD"],"channels":["matches"]})",
          R"({"type":"subscribe","product_ids":[],"channels":[5]})"}) {
        client.send(bad);
        CHECK_THAT(client.read().value(), Catch::Contains(R"("type":"error")"));
    }
    client.send(R"({"type":"subscribe","product_ids":["BTC-USD","ETH-USD"],"channels":["matches",{"name":"heartbeat","product_ids":["ETH-USD"]}]})");
    CHECK(client.read() ==
          R"({"type":"subscriptions","channels":[{"name":"matches","product_ids":["BTC-USD","ETH-USD"]},{"name":"heartbeat","product_ids":["ETH-USD"]}]})");
    for (const Traded& t : trades) {
        const Json json(client.read_until(R"("match")"));
        CHECK(text(json.root, "product_id") == t.symbol.substr(0, 3) + "-USD");
        CHECK(std::int64_t(json.root["trade_id"]) == t.id);
        CHECK(text(json.root, "price") == t.price);
        CHECK(text(json.root, "size") == t.size);
        CHECK(text(json.root, "side") == (t.buyer_is_maker ? "buy" : "sell"));
        CHECK(text(json.root, "time") == iso(t.ms));
    }
    const Json beat(client.read_until(R"("last_trade_id":1014)"));
    CHECK(text(beat.root, "product_id") == "ETH-USD");
    SECTION("a client that comes later is told the last trade of each product") {
        Client other(simulator.port(), "/");
        other.send(R"({"type":"subscribe","product_ids":["BTC-USD","ETH-USD"],"channels":["matches"]})");
        for (const std::size_t i : {28, 29}) {
            const Json json(other.read().value());
            CHECK(text(json.root, "type") == "last_match");
            CHECK(text(json.root, "price") == trades[i].price);
        }
        CHECK_THAT(other.read().value(), Catch::Contains("subscriptions"));
    }
}

TEST_CASE("Coinbase: a client that does not subscribe is closed") {
    SimulatorOptions options = fast("coinbase_advanced");
    options.subscribe_within = std::chrono::milliseconds(30);
    options.heartbeat_every = std::chrono::milliseconds(10);
    Simulator simulator = simulate(some_trades(3), options);
    simulator.start();
    Client quiet(simulator.port(), "/"), heard(simulator.port(), "/");
    heard.send(R"({"type":"subscribe","channel":"heartbeats"})");
    CHECK_FALSE(quiet.read());
    CHECK(quiet.close_code() == 1008);
    CHECK_THAT(heard.read_until(R"("channel":"heartbeats")"), Catch::Contains("heartbeat_counter"));
}

TEST_CASE("Coinbase Advanced: one sequence over all channels, snapshots newest first, the maker's side") {
    const auto trades = some_trades(700);
    SimulatorOptions options = fast("coinbase_advanced");
    options.heartbeat_every = std::chrono::milliseconds(5);
    Simulator simulator = simulate(trades, options);
    simulator.start();
    Client client(simulator.port(), "/");
    for (const char* bad : {"x", R"({"type":"subscribe","channel":"level9"})", R"({"type":"subscribe","channel":"market_trades"})",
                            R"({"type":"subscribe","channel":"market_trades","product_ids":["FOO-USD"]})"}) {
        client.send(bad);
        CHECK_THAT(client.read().value(), Catch::Contains(R"("type":"error")"));
    }
    client.send(R"({"type":"subscribe","channel":"heartbeats"})");
    client.send(R"({"type":"subscribe","channel":"market_trades","product_ids":["BTC-USDT"]})");
    std::int64_t sequence = 0;
    std::size_t seen = 0;
    for (int beats = 0; seen < trades.size() || beats < 2;) {
        const Json json(client.read().value());
        CHECK(std::int64_t(json.root["sequence_num"]) == sequence++);
        const std::string channel = text(json.root, "channel");
        beats += channel == "heartbeats";
        if (channel != "market_trades") continue;
        CHECK(text(json.root["events"].at(0), "type") == "update");
        for (const dom::element e : dom::array(json.root["events"].at(0)["trades"])) {
            const Traded& t = trades[seen++];
            CHECK(text(e, "trade_id") == std::to_string(t.id));
            CHECK(text(e, "product_id") == "BTC-USDT");
            CHECK(text(e, "price") == t.price);
            CHECK(text(e, "size") == t.size);
            CHECK(text(e, "side") == (t.buyer_is_maker ? "BUY" : "SELL"));
            CHECK(text(e, "time") == iso(t.ms));
        }
    }
    Client other(simulator.port(), "/");
    other.send(R"({"type":"subscribe","channel":"market_trades","product_ids":["BTC-USDT"]})");
    CHECK_THAT(other.read().value(), Catch::Contains(R"("subscriptions":{"market_trades":["BTC-USDT"]})"));
    const Json snapshot(other.read().value());
    CHECK(text(snapshot.root["events"].at(0), "type") == "snapshot");
    const dom::array past = snapshot.root["events"].at(0)["trades"];
    REQUIRE(past.size() == 100);
    CHECK(text(past.at(0), "trade_id") == "1699");
    CHECK(text(past.at(99), "trade_id") == "1600");
}

TEST_CASE("Kraken: status, acks, numbers as recorded, snapshot of 50, pong, heartbeats when idle") {
    const auto trades = some_trades(200, {"BTCUSDT", "ETHUSDT"});
    SimulatorOptions options = fast("kraken");
    options.heartbeat_every = std::chrono::milliseconds(10);
    options.batch = 7;
    Simulator simulator = simulate(trades, options);
    simulator.start();
    Client client(simulator.port(), "/v2");
    CHECK_THAT(client.read().value(), Catch::Contains(R"("channel":"status")"));
    client.send(R"({"method":"ping","req_id":42})");
    CHECK_THAT(client.read().value(), Catch::Contains(R"({"method":"pong","req_id":42,"time_in":")"));
    for (const char* bad :
         {"x", R"({"req_id":1})", R"({"method":"jump"})", R"({"method":"subscribe","params":{"channel":"book","symbol":["BTC/USDT"]}})",
          R"({"method":"subscribe","params":{"channel":"trade"}})", R"({"method":"subscribe","params":{"channel":"trade","symbol":["FOO/USD"]}})",
          R"({"method":"unsubscribe","params":{"channel":"trade","symbol":["BTC/USDT"]}})"}) {
        client.send(bad);
        CHECK_THAT(client.read().value(), Catch::Contains(R"("success":false)"));
    }
    client.send(R"({"method":"subscribe","params":{"channel":"trade","symbol":["BTC/USDT","ETH/USDT"],"snapshot":true},"req_id":1})");
    for (const char* symbol : {"BTC/USDT", "ETH/USDT"})
        CHECK_THAT(client.read().value(),
                   Catch::Contains(R"("req_id":1,"result":{"channel":"trade","snapshot":true,"symbol":")" + std::string(symbol) + R"("},"success":true)"));
    each_trade(client, R"("type":"update")", trades.size(), 7, "data", [&](dom::element, dom::element e, std::size_t i) {
        const Traded& t = trades[i];
        CHECK(text(e, "symbol") == t.symbol.substr(0, 3) + "/USDT");
        CHECK(std::int64_t(e["trade_id"]) == t.id);
        CHECK(simdjson::minify(e).find(R"("side":")" + std::string(t.buyer_is_maker ? "sell" : "buy")) != std::string::npos);
        CHECK(double(e["price"]) == std::stod(t.price));
        CHECK(double(e["qty"]) == std::stod(t.size));
        CHECK(text(e, "timestamp") == iso(t.ms));
    });
    CHECK(client.read() == R"({"channel":"heartbeat"})");
    Client other(simulator.port(), "/v2");
    other.send(R"({"method":"subscribe","params":{"channel":"trade","symbol":["ETH/USDT"]}})");
    const std::string whole = other.read_until(R"("type":"snapshot")");
    CHECK(whole.find(R"("price":)" + trades.back().price + R"(,"qty":)" + trades.back().size + ",") != std::string::npos);  // the very digits
    const Json snapshot(whole);
    const dom::array past = snapshot.root["data"];
    REQUIRE(past.size() == 50);
    CHECK(std::int64_t(past.at(0)["trade_id"]) == 1'050);
    CHECK(std::int64_t(past.at(49)["trade_id"]) == 1'099);
    other.send(R"({"method":"unsubscribe","params":{"channel":"trade","symbol":["ETH/USDT"]}})");
    CHECK_THAT(other.read_until("unsubscribe"), Catch::Contains(R"("success":true)"));
    CHECK_THROWS(Client(simulator.port(), "/v1"));
}

TEST_CASE("Bybit: topics, pongs, several trades in a message, the taker's side") {
    const auto trades = some_trades(3'000);
    SimulatorOptions options = fast("bybit_spot");
    Simulator simulator = simulate(trades, options);
    simulator.start();
    CHECK_THROWS(Client(simulator.port(), "/v5/public/linear"));
    Client client(simulator.port(), "/v5/public/spot");
    client.send(R"({"op":"ping","req_id":"9"})");
    CHECK(client.read() == R"({"success":true,"ret_msg":"pong","conn_id":"simulator","req_id":"9","op":"ping"})");
    for (const char* bad : {"x", R"({"op":"jump"})", R"({"op":"subscribe"})", R"({"op":"subscribe","args":["publicTrade.FOO"]})",
                            R"({"op":"subscribe","args":["tickers.BTCUSDT"]})", R"({"op":"subscribe","args":[1]})",
                            R"({"op":"subscribe","args":["a","a","a","a","a","a","a","a","a","a","a"]})"}) {
        client.send(bad);
        CHECK_THAT(client.read().value(), Catch::Contains(R"({"success":false)"));
    }
    client.send(R"({"op":"subscribe","args":["publicTrade.BTCUSDT"],"req_id":"1"})");
    CHECK(client.read() == R"({"success":true,"ret_msg":"subscribe","conn_id":"simulator","req_id":"1","op":"subscribe"})");
    std::size_t most = 0;
    each_trade(client, "topic", trades.size(), 1'024, "data", [&](dom::element root, dom::element e, std::size_t i) {
        const Traded& t = trades[i];
        if (text(root, "topic") != "publicTrade.BTCUSDT" || text(e, "i") != uuid_of("BTCUSDT", t.id) || text(e, "p") != t.price || text(e, "v") != t.size ||
            text(e, "S") != (t.buyer_is_maker ? "Sell" : "Buy") || std::int64_t(e["T"]) != t.ms || std::int64_t(root["ts"]) < t.ms)
            FAIL_CHECK("trade " << i << " is " << simdjson::minify(e));
        most = std::max(most, dom::array(root["data"]).size());
    });
    CHECK(most == 1'024);
}

TEST_CASE("Lines: all trades to whoever connects") {
    const auto trades = some_trades(20);
    Simulator simulator = simulate(trades, fast("ndjson"));
    simulator.start();
    CHECK(simulator.url() == "tcp://127.0.0.1:" + std::to_string(simulator.port()));
    RawClient client(simulator.port());
    const std::string all = client.read_while([](const std::string& so_far) { return std::count(so_far.begin(), so_far.end(), '\n') < 20; });
    CHECK(all.substr(0, all.find('\n')) ==
          R"({"ts":1723161256322000000,"symbol":"BTCUSDT","price":61800.10,"size":0.010,"side":"sell","id":1000,"ts_publish":1723161256322000000})");
}

TEST_CASE("The Coinbase recording, as it was") {
    const char* given = std::getenv("OPENQUANT_RECORDINGS");
    const std::string path = std::string(given ? given : OPENQUANT_RECORDINGS) + "/coinbase_matches_recording.gz";
    if (!std::filesystem::exists(path)) {
        std::cout << "skipped: no recording at " << path << "; OPENQUANT_RECORDINGS names the folder\n";
        return;
    }
    std::vector<std::string> recorded;
    TextFile file(path), again(path);
    std::string products;
    for (std::string_view line; file.next(line);) {
        const auto frame = capture_line(line);
        if (!frame || frame->frame.find("match\",") == std::string_view::npos) continue;
        recorded.emplace_back(frame->frame);
        if (frame->frame.find("last_match") == std::string_view::npos) continue;
        const Json json(recorded.back());
        products += (products.empty() ? "\"" : ",\"") + text(json.root, "product_id") + "\"";
    }
    REQUIRE(recorded.size() == 107);
    Simulator simulator(
        path, [&](std::string_view& line) { return again.next(line); }, fast("coinbase"));
    CHECK(simulator.stats().trades == 97);
    simulator.start();
    Client client(simulator.port(), "/");
    client.send(R"({"type":"subscribe","product_ids":[)" + products + R"(],"channels":["matches"]})");
    CHECK_THAT(client.read().value(), Catch::Contains("subscriptions"));
    for (const std::string& frame : recorded) CHECK(client.read() == frame);
}

}  // namespace openquant::testing
