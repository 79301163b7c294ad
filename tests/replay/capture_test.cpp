// Captures of every venue: whose they are, both forms of a line, and where the recorder connected again.
#include "catch.hpp"

#include "files.hpp"
#include "refusal.hpp"
#include "twin.hpp"

namespace openquant::testing {

namespace {

constexpr std::int64_t second = 1'000'000'000;
const std::string connected = "wss://ws-feed.example.com <-> 1618677816.8434298\n";
const std::string sent = R"(wss://ws-feed.example.com <- 1618677817.020616: {"type":"subscribe","product_ids":["A-USD"],"channels":["matches"]})"
                         "\n";
const std::string ack = R"(1618677817.061845: {"type":"subscriptions","channels":[{"name":"matches","product_ids":["A-USD"]}]})"
                        "\n";

std::string match(int id, const std::string& product = "A-USD", const std::string& type = "match") {
    return R"(1618677817.25: {"type":")" + type + R"(","trade_id":)" + std::to_string(id) +
           R"(,"maker_order_id":"x","taker_order_id":"y","side":"sell","size":"0.5","price":"2.25","product_id":")" + product +
           R"(","sequence":3,"time":"2021-04-17T16:43:37.125000Z"})"
           "\n";
}
std::string heartbeat(int last) {
    return R"(1618677818.5: {"type":"heartbeat","sequence":90,"last_trade_id":)" + std::to_string(last) +
           R"(,"product_id":"A-USD","time":"2021-04-17T16:43:38.000000Z"})"
           "\n";
}

struct Captures {
    TemporaryFolder folder;
    ReadFile read(const std::string& content, const OpenOptions& options = {}) { return read_trades(folder.write("file", content), options); }
    std::string refused(const std::string& content) {
        return refusal([&] { read(content); });
    }
};

}  // namespace

TEST_CASE_METHOD(Captures, "a capture of Coinbase Exchange: matches of all products, the aggressor's side, times of receipt") {
    const std::string content = connected + sent + ack + match(7, "A-USD", "last_match") + match(8) + match(70, "B-USD") + match(9);
    for (const std::string& text : {content, ack + match(7, "A-USD", "last_match") + match(8) + match(70, "B-USD") + match(9)}) {
        const ReadFile file = read(text);
        const auto rows = file.trades();
        REQUIRE(rows.size() == 4);
        CHECK((file.malformed() == 0 && file.ids == IdKind::dense));
        CHECK((rows[0] == Trade{1'618'677'817 * second + second / 8, 2.25, 0.5, 1, 7, 0, 1'618'677'817 * second + second / 4, flag_snapshot}));
        CHECK((rows[1].id == 8 && rows[1].flags == 0 && file.rows[2].symbol == "B-USD" && rows[3].id == 9));
        REQUIRE(file.breaks.size() == 1);
        CHECK((file.breaks[0].before == 1 && file.breaks[0].symbol == "A-USD" && file.breaks[0].row.kind == Break::snapshot_end));
    }
    OpenOptions options;
    options.only = {"B-USD"};
    const ReadFile one = read(content, options);
    CHECK((one.rows.size() == 1 && one.rows[0].symbol == "B-USD" && one.breaks.empty()));
}

TEST_CASE_METHOD(Captures, "a capture breaks where the recorder connected again, once, however often it tried") {
    const ReadFile file = read(connected + connected + match(7) + match(8) + connected + connected + sent + match(8, "A-USD", "last_match") + match(9));
    REQUIRE((file.rows.size() == 4 && file.breaks.size() == 2));
    CHECK((file.breaks[0].before == 2 && file.breaks[0].symbol == every_name));
    CHECK((file.breaks[0].row == Continuity{1'618'677'817 * second + second / 8, Break::disconnect, 0, 0}));
    CHECK(file.breaks[1].row.kind == Break::snapshot_end);
    const std::string binance =
        R"(1723161255.0881763: {"stream":"a@trade","data":{"e":"trade","E":1723161256323,"T":1723161256322,"s":"A","t":5,"p":"1","q":"1","m":true}})"
        "\n";
    const ReadFile other = read(connected + binance + connected + connected + binance);
    REQUIRE((other.rows.size() == 2 && other.breaks.size() == 1 && other.malformed() == 0));
    CHECK((other.breaks[0].before == 1 && other.breaks[0].row == Continuity{1'723'161'256'322'000'000, Break::disconnect, 0, 0}));
    CHECK(other.trades()[0].ts_recv == 1'723'161'255'088'176'300);
}

TEST_CASE_METHOD(Captures, "a capture's heartbeats tell of a loss that no later match shows, and a later one not again") {
    const auto breaks = [&](const std::string& content) {
        Graph graph;
        Table& table = graph.collect(graph.source<Trade>("trades").continuity());
        std::vector<std::pair<std::string, std::unique_ptr<Feed>>> feeds;
        feeds.emplace_back("trades", open_trades(folder.write("file", content)));
        replay(graph, std::move(feeds), {.chunk = 1});
        return table.as<Continuity>();
    };
    const std::string quiet = ack + match(7) + heartbeat(9) + heartbeat(9);
    const std::vector<Continuity> expected{{1'618'677'818 * second, Break::gap, 8, 2}};
    CHECK((breaks(quiet) == expected));
    CHECK((breaks(quiet + match(10) + heartbeat(10) + heartbeat(10)) == expected));
    CHECK(breaks(ack + match(7) + heartbeat(9) + match(8) + match(9) + heartbeat(9)).empty());
}

TEST_CASE_METHOD(Captures, "captures of Kraken v2, Coinbase Advanced and Bybit v5") {
    const std::string kraken =
        R"(1700000000000000000 {"method":"subscribe","result":{"channel":"trade","symbol":"BTC/USD"},"success":true})"
        "\n"
        R"(1700000000000000001 {"channel":"trade","type":"update","data":[{"symbol":"BTC/USD","side":"sell","price":61837.5,"qty":0.5,"ord_type":"limit","trade_id":5,"timestamp":"2023-09-25T07:49:37.708706Z"}]})"
        "\n";
    const std::string advanced =
        R"(1700000000000000001 {"channel":"market_trades","client_id":"","timestamp":"2023-02-09T20:19:35.39625135Z","sequence_num":0,"events":[{"type":"update","trades":[{"trade_id":"5","product_id":"BTC-USD","price":"61837.5","size":"0.5","side":"BUY","time":"2023-02-09T20:19:35Z"}]}]})"
        "\n";
    const std::string bybit =
        R"(1700000000000000001 {"topic":"publicTrade.BTCUSDT","type":"snapshot","ts":1672304486868,"data":[{"T":1672304486865,"s":"BTCUSDT","S":"Sell","v":"0.5","p":"61837.5","L":"PlusTick","i":"5","BT":false}]})"
        "\n";
    const std::tuple<std::string, std::string, IdKind> all[] = {
        {kraken, "BTC/USD", IdKind::dense}, {advanced, "BTC-USD", IdKind::dense}, {bybit, "BTCUSDT", IdKind::opaque}};
    for (const auto& [content, symbol, ids] : all) {
        const ReadFile file = read(content + "1700000000000000002 {\"cha\n");
        REQUIRE(file.rows.size() == 1);
        const Trade t = file.trades()[0];
        CHECK((file.rows[0].symbol == symbol && file.ids == ids && file.malformed() == 1));
        CHECK((t.price == 61837.5 && t.size == 0.5 && t.side == -1 && t.id == 5 && t.ts_recv == 1'700'000'000'000'000'001));
        CHECK(says(refusal([&] { open_quotes(folder.path() + "/file"); }), {"quotes", "Binance only"}));
    }
}

TEST_CASE_METHOD(Captures, "a capture of no venue that is known is refused, and says which are") {
    for (const std::string content :
         {R"(1618678132.8258188: {"connectionID":17843232920108168701,"event":"systemStatus","status":"online","version":"1.8.3"})",
          R"(1618677786.986287: {"topic":"trade.EOSUSD","data":[{"symbol":"EOSUSD","side":"Buy","size":1,"price":7.9}]})",
          R"(1700000000000000001 {"arg":{"channel":"trades","instId":"BTC-USDT"},"data":[]})", "wss://nothing.example.com <-> 1618677816.8434298"})
        CHECK(says(refused(content + "\n"), {"file", "Binance", "Bybit (v5)", "Kraken (v2)"}));
}

TEST_CASE_METHOD(Captures, "mutated captures are read, skipped or counted, never worse") {
    Random random(2);
    const std::string good = match(7);
    std::string content = ack;
    for (int i = 0; i < 20'000; ++i) content += mutated(good, random);
    const ReadFile file = read(content);
    CHECK(file.rows.size() > 1'000);
    CHECK(file.malformed() > 1'000);
}

}  // namespace openquant::testing
