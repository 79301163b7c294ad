#include "openquant/connectors/kraken.hpp"

#include "catch.hpp"
#include "decoding.hpp"
#include "refusal.hpp"

namespace openquant::testing {

namespace {

std::string item(int id, const std::string& symbol = "BTC/USD", const std::string& side = "buy", const std::string& more = "") {
    return R"({"symbol":")" + symbol + R"(","side":")" + side + R"(","price":61837.630,"qty":0.00120000,"ord_type":"market","trade_id":)" + std::to_string(id) +
           R"(,"timestamp":"2023-09-25T07:49:37.708706Z")" + more + "}";
}
std::string message(const std::string& items, const std::string& type = "update") {
    return R"({"channel":"trade","type":")" + type + R"(","data":[)" + items + "]}";
}
std::unique_ptr<Venue> btc() { return make_venue("kraken", {{"BTC/USD", ""}, {"ETH/USD", "trade"}}); }
constexpr std::int64_t when = 1'695'628'177'708'706'000;

}  // namespace

TEST_CASE("kraken: where to connect, and what is said there") {
    const auto venue = btc();
    CHECK((venue->name() == "kraken" && venue->url() == "wss://ws.kraken.com/v2"));
    CHECK((venue->subscriptions() ==
           std::vector<std::string>{R"({"method":"subscribe","params":{"channel":"trade","symbol":["BTC/USD","ETH/USD"],"snapshot":true},"req_id":1})"}));
    CHECK(venue->ping(42) == R"({"method":"ping","req_id":42})");
    CHECK((venue->rules().ids == IdKind::dense && venue->rules().silence == std::chrono::seconds(5)));
    const auto refused = [](Market market) { return refusal([&] { make_venue("kraken", {market}); }); };
    for (const char* symbol : {"", "BTCUSD", "/USD", "BTC/", "a\"/b"}) CHECK(says(refused({symbol, ""}), {symbol, "BASE/QUOTE"}));
    CHECK(says(refused({"BTC/USD", "book"}), {"BTC/USD", "book", "trade"}));
}

TEST_CASE("kraken: trades of an update, in any order of keys, numbers as numbers or text") {
    const auto venue = btc();
    for (const std::string& frame :
         {message(item(4665906)), R"({"data":[)" + item(4665906, "BTC/USD", "buy", R"(,"x":{"y":[1]})") + R"(],"type":"update","channel":"trade"})",
          message(R"({"timestamp":"2023-09-25T07:49:37.708706Z","trade_id":"4665906","qty":"0.0012","price":"61837.63","side":"buy","symbol":"BTC/USD"})")}) {
        INFO(frame);
        CHECK((only_trade(*venue, frame) == Trade{when, 61837.63, 0.0012, 1, 4665906, 0, received, 0}));
    }
    CHECK(only_trade(*venue, message(item(1, "ETH/USD", "sell"))).side == -1);  // the taker's, as it is
    const Decoded several = decode(*venue, message(item(7) + "," + item(5, "ETH/USD") + "," + item(6) + "," + item(1, "DOGE/USD")));
    REQUIRE(several.told.trades.size() == 3);
    CHECK((several.symbols == std::vector<std::string>{"BTC/USD", "BTC/USD", "ETH/USD"}));
    CHECK((several.told.trades[0].trade.id == 6 && several.told.trades[1].trade.id == 7));
    CHECK(several.told.breaks.empty());
}

TEST_CASE("kraken: a snapshot is flagged, and its end noted for each symbol") {
    const auto venue = btc();
    const Decoded d = decode(*venue, message(item(10) + "," + item(11) + "," + item(3, "ETH/USD"), "snapshot"));
    REQUIRE((d.told.trades.size() == 3 && d.told.breaks.size() == 2));
    for (const auto& row : d.told.trades) CHECK(row.trade.flags == flag_snapshot);
    CHECK((d.told.breaks[0].before == 3 && d.told.breaks[0].symbol == 0 && d.told.breaks[0].row == Continuity{when, Break::snapshot_end, 11, 2}));
    CHECK((d.told.breaks[1].symbol == 1 && d.told.breaks[1].row == Continuity{when, Break::snapshot_end, 3, 1}));
    CHECK(decode(*venue, message("", "snapshot")).told.breaks.empty());
}

TEST_CASE("kraken: acks, heartbeats, refusals, and trades that make no sense") {
    const auto venue = btc();
    for (const std::string frame :
         {R"({"channel":"heartbeat"})", R"({"method":"pong","req_id":42,"time_in":"2023-09-24T14:10:23.799685Z","time_out":"2023-09-24T14:10:23.799703Z"})",
          R"({"channel":"status","type":"update","data":[{"api_version":"v2","connection_id":1,"system":"online","version":"2.0.0"}]})",
          R"({"method":"subscribe","req_id":1,"result":{"channel":"trade","snapshot":true,"symbol":"BTC/USD"},"success":true})"}) {
        INFO(frame);
        const Decoded d = decode(*venue, frame);
        CHECK((d.frame == Frame::control && d.told.trades.empty() && d.told.malformed == 0));
    }
    CHECK((decode(*venue, R"({"error":"Currency pair not supported FOO/BAR","method":"subscribe","req_id":1,"success":false,"symbol":"FOO/BAR"})").frame ==
           Frame::refusal));
    CHECK(venue->said() == "Currency pair not supported FOO/BAR");
    const Decoded some = decode(*venue, message(item(0) + "," + item(5, "BTC/USD", "hold") + "," + item(6)));
    CHECK((some.frame == Frame::trades && some.told.trades.size() == 1 && some.told.malformed == 2));
    CHECK((decode(*venue, R"({"channel":"trade","type":"update"})").frame == Frame::malformed));
    CHECK((decode(*venue, message(item(1) + ",2")).frame == Frame::malformed));
}

TEST_CASE("kraken: survives broken and hostile frames") {
    const auto venue = btc();
    CHECK(survive(*venue, message(item(10) + "," + item(11), "snapshot")) > 1'000);
}

}  // namespace openquant::testing
