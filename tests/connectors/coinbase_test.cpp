#include "openquant/connectors/coinbase.hpp"

#include "catch.hpp"
#include "decoding.hpp"
#include "refusal.hpp"

namespace openquant::testing {

namespace {

// A match as it was recorded on 2021-04-17, less its order ids.
std::string match(int id, const std::string& type = "match", const std::string& side = "sell", const std::string& product = "BAND-GBP") {
    return R"({"type":")" + type + R"(","trade_id":)" + std::to_string(id) +
           R"(,"maker_order_id":"27fff20b-af29-4f45-8744-56dd1ef57dc0","taker_order_id":"1da6ce16-c8da-4732-9f71-6049f4c6aaf8","side":")" + side +
           R"(","size":"0.04","price":"14.7775","product_id":")" + product + R"(","sequence":333938798,"time":"2021-04-17T16:43:30.244075Z"})";
}
std::string heartbeat(int last) {
    return R"({"type":"heartbeat","sequence":90,"last_trade_id":)" + std::to_string(last) + R"(,"product_id":"BAND-GBP","time":"2021-04-17T16:43:31.000000Z"})";
}
std::unique_ptr<Venue> band() { return make_venue("coinbase", {{"band-gbp", ""}, {"SKL-GBP", "matches"}}); }
constexpr std::int64_t when = 1'618'677'810'244'075'000;

std::string advanced_trade(int id, const std::string& product = "BTC-USD", const std::string& side = "SELL") {
    return R"({"trade_id":")" + std::to_string(id) + R"(","product_id":")" + product + R"(","price":"1260.01","size":"0.3","side":")" + side +
           R"(","time":"2019-08-14T20:42:27.265Z"})";
}
std::string advanced(const std::string& trades, const std::string& type = "update", const std::string& channel = "market_trades") {
    return R"({"channel":")" + channel + R"(","client_id":"","timestamp":"2023-02-09T20:19:35.39625135Z","sequence_num":0,"events":[{"type":")" + type +
           R"(","trades":[)" + trades + "]}]}";
}

}  // namespace

TEST_CASE("coinbase: where to connect, and what is said there") {
    const auto venue = band();
    CHECK((venue->name() == "coinbase" && venue->url() == "wss://ws-feed.exchange.coinbase.com"));
    CHECK((venue->subscriptions() ==
           std::vector<std::string>{R"({"type":"subscribe","product_ids":["BAND-GBP","SKL-GBP"],"channels":["matches","heartbeat"]})"}));
    CHECK((venue->rules().ids == IdKind::dense && venue->rules().silence > std::chrono::seconds(2)));
    for (const char* name : {"coinbase", "coinbase_advanced"}) {
        const auto refused = [&](Market market) { return refusal([&] { make_venue(name, {{"BTC-USD", ""}, market}); }); };
        for (const char* symbol : {"", "BTCUSD", "-USD", "BTC-", "a\"-b", "BTC/USD"}) CHECK(says(refused({symbol, ""}), {symbol, "BASE-QUOTE"}));
        CHECK(says(refused({"ETH-USD", "level2"}), {"ETH-USD", "level2"}));
        CHECK(says(refused({"btc-usd", ""}), {"btc-usd", "given"}));
    }
}

TEST_CASE("coinbase: a match; its side is the maker's and is turned") {
    const auto venue = band();
    CHECK((only_trade(*venue, match(881613)) == Trade{when, 14.7775, 0.04, 1, 881613, 0, received, 0}));
    CHECK(only_trade(*venue, match(881614, "match", "buy")).side == -1);
    const Decoded last = decode(*venue, match(881612, "last_match"));
    REQUIRE((last.frame == Frame::trades && last.told.trades.size() == 1 && last.told.breaks.size() == 1));
    CHECK(last.told.trades[0].trade.flags == flag_snapshot);
    CHECK((last.told.breaks[0].before == 1 && last.told.breaks[0].row == Continuity{when, Break::snapshot_end, 881612, 1}));
    CHECK((decode(*venue, match(5, "match", "sell", "BTC-USD")).frame == Frame::control));  // not asked for
    CHECK((decode(*venue, match(5, "match", "hold")).frame == Frame::malformed));
    CHECK((decode(*venue, match(0)).frame == Frame::malformed));
}

TEST_CASE("coinbase: heartbeats tell of a loss when the trade has not come by the next one, once") {
    const auto venue = band();
    const auto losses = [&](const std::string& frame) { return decode(*venue, frame).told.breaks; };
    venue->opened();
    CHECK(losses(heartbeat(50)).empty());
    CHECK(losses(heartbeat(50)).empty());  // what came before this connection is not known
    decode(*venue, match(50, "last_match"));
    CHECK(losses(heartbeat(52)).empty());
    decode(*venue, match(51)), decode(*venue, match(52));
    CHECK(losses(heartbeat(55)).empty());  // they came
    decode(*venue, match(53));
    const auto lost = losses(heartbeat(55));
    REQUIRE(lost.size() == 1);
    CHECK((lost[0].symbol == 0 && lost[0].row.kind == Break::gap && lost[0].row.id == 54 && lost[0].row.count == 2));
    CHECK(losses(heartbeat(55)).empty());
    CHECK(losses(heartbeat(55)).empty());
    venue->opened();
    CHECK(losses(heartbeat(60)).empty());
    CHECK(losses(heartbeat(60)).empty());
}

TEST_CASE("coinbase: a loss is only what two heartbeats agree on, for one of them may be damaged") {
    const auto venue = band();
    const auto losses = [&](const std::string& frame) { return decode(*venue, frame).told.breaks; };
    venue->opened();
    decode(*venue, match(50));
    CHECK(losses(heartbeat(950)).empty());
    CHECK(losses(heartbeat(50)).empty());
    CHECK(losses(heartbeat(950)).empty());
    const auto lost = losses(heartbeat(52));
    REQUIRE(lost.size() == 1);
    CHECK((lost[0].row.id == 51 && lost[0].row.count == 2));
    CHECK(losses(heartbeat(52)).empty());
}

TEST_CASE("coinbase: acks, refusals and other channels") {
    const auto venue = band();
    for (const std::string frame :
         {R"({"type":"subscriptions","channels":[{"name":"matches","product_ids":["BAND-GBP"]}]})",
          R"({"type":"ticker","sequence":1,"product_id":"BAND-GBP","price":"14.7","side":"buy","time":"2021-04-17T16:43:30.244075Z","trade_id":1})",
          R"({"type":"l2update","product_id":"BAND-GBP","changes":[["buy","14.7","1"]]})"}) {
        INFO(frame);
        CHECK((decode(*venue, frame).frame == Frame::control));
    }
    CHECK((decode(*venue, R"({"type":"error","message":"Failed to subscribe","reason":"FOO-BAR is not a valid product"})").frame == Frame::refusal));
    CHECK(venue->said() == "Failed to subscribe: FOO-BAR is not a valid product");
    CHECK(survive(*venue, match(7)) > 1'000);
}

TEST_CASE("coinbase advanced: an update, newest first, with the maker's side turned") {
    const auto venue = make_venue("coinbase_advanced", {{"BTC-USD", ""}, {"ETH-USDC", ""}});
    CHECK(venue->url() == "wss://advanced-trade-ws.coinbase.com");
    CHECK((venue->subscriptions() == std::vector<std::string>{R"({"type":"subscribe","product_ids":["BTC-USD","ETH-USDC"],"channel":"market_trades"})",
                                                              R"({"type":"subscribe","product_ids":["BTC-USD","ETH-USDC"],"channel":"heartbeats"})"}));
    CHECK((only_trade(*venue, advanced(advanced_trade(12))) == Trade{1'565'815'347'265'000'000, 1260.01, 0.3, 1, 12, 1'675'973'975'396'251'350, received, 0}));
    const Decoded d = decode(*venue, advanced(advanced_trade(9, "BTC-USD", "BUY") + "," + advanced_trade(8) + "," + advanced_trade(3, "ETH-USD") + "," +
                                              advanced_trade(2, "ETH-USDC") + "," + advanced_trade(1, "X-USD") + "," + advanced_trade(0)));
    REQUIRE((d.told.trades.size() == 4 && d.told.malformed == 1));
    CHECK((d.symbols == std::vector<std::string>{"BTC-USD", "BTC-USD", "ETH-USD", "ETH-USD"}));
    CHECK((d.told.trades[0].trade.id == 8 && d.told.trades[1].trade.id == 9 && d.told.trades[1].trade.side == -1));
    CHECK((d.told.trades[2].trade.id == 2 && d.told.trades[3].trade.id == 3 && d.told.breaks.empty()));
}

TEST_CASE("coinbase advanced: a snapshot, control messages, refusals, hostile frames") {
    const auto venue = make_venue("coinbase_advanced", {{"BTC-USD", ""}});
    const Decoded d = decode(*venue, advanced(advanced_trade(9) + "," + advanced_trade(8), "snapshot"));
    REQUIRE((d.told.trades.size() == 2 && d.told.breaks.size() == 1));
    CHECK((d.told.trades[0].trade.id == 8 && d.told.trades[0].trade.flags == flag_snapshot));
    CHECK((d.told.breaks[0].before == 2 && d.told.breaks[0].row.kind == Break::snapshot_end && d.told.breaks[0].row.id == 9));
    for (
        const std::string frame :
        {R"({"channel":"subscriptions","client_id":"","timestamp":"2023-02-09T20:19:35.39625135Z","sequence_num":1,"events":[{"subscriptions":{"market_trades":["BTC-USD"]}}]})",
         R"({"channel":"heartbeats","client_id":"","timestamp":"2023-06-23T20:31:26.122969572Z","sequence_num":0,"events":[{"current_time":"x","heartbeat_counter":"3049"}]})"})
        CHECK((decode(*venue, frame).frame == Frame::control));
    CHECK((decode(*venue, R"({"type":"error","message":"authentication failure"})").frame == Frame::refusal));
    CHECK(venue->said() == "authentication failure");
    CHECK((decode(*venue, R"({"channel":"market_trades","sequence_num":1})").frame == Frame::malformed));
    CHECK(survive(*venue, advanced(advanced_trade(9) + "," + advanced_trade(8), "snapshot")) > 1'000);
}

TEST_CASE("coinbase, coinbase advanced and kraken: no allocation once warm") {
    const auto one = band();
    const auto two = make_venue("coinbase_advanced", {{"BTC-USD", ""}});
    const Padded frames[] = {Padded(match(5)), Padded(match(4, "last_match")), Padded(heartbeat(5)), Padded(match(5).substr(0, 90))};
    const Padded more[] = {Padded(advanced(advanced_trade(9) + "," + advanced_trade(8), "snapshot")), Padded(advanced(advanced_trade(10)))};
    Told told;
    const auto all = [&] {
        told.clear();
        for (const Padded& p : frames) one->decode(p.view(), received, told);
        for (const Padded& p : more) two->decode(p.view(), received, told);
    };
    all();
    const std::size_t before = allocations();
    for (int i = 0; i < 20; ++i) all();
    CHECK(allocations() - before == 0);
}

}  // namespace openquant::testing
