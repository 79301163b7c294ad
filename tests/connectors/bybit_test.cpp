#include "openquant/connectors/bybit.hpp"

#include "catch.hpp"
#include "decoding.hpp"
#include "openquant/connectors/opaque_id.hpp"
#include "refusal.hpp"

namespace openquant::testing {

namespace {

const std::string id = "20f43950-d8dd-5b31-9112-a178eb6023af";

std::string item(const std::string& more = "") {
    return R"({"T":1672304486865,"s":"BTCUSDT","S":"Buy","v":"0.001","p":"16578.50","L":"PlusTick","i":")" + id + R"(","BT":false)" + more + "}";
}
std::string message(const std::string& items) { return R"({"topic":"publicTrade.BTCUSDT","type":"snapshot","ts":1672304486868,"data":[)" + items + "]}"; }
std::unique_ptr<Venue> btc() { return make_venue("bybit", {{"btcusdt", ""}}); }

}  // namespace

TEST_CASE("bybit: where to connect, and what is said there") {
    for (const std::string category : {"spot", "linear", "inverse", "option"})
        CHECK(make_venue("bybit_" + category, {{"BTC", ""}})->url() == "wss://stream.bybit.com/v5/public/" + category);
    const auto venue = make_venue("bybit", {{"btcusdt", ""}, {"ETHUSDT", "publicTrade"}});
    CHECK((venue->name() == "bybit" && venue->url() == "wss://stream.bybit.com/v5/public/linear"));
    CHECK((venue->symbols().names() == std::vector<std::string>{"BTCUSDT", "ETHUSDT"}));
    CHECK((venue->subscriptions() == std::vector<std::string>{R"({"op":"subscribe","args":["publicTrade.BTCUSDT","publicTrade.ETHUSDT"],"req_id":"1"})"}));
    CHECK((venue->ping(3) == R"({"op":"ping"})" && venue->rules().ping_every == std::chrono::seconds(20)));
    CHECK((venue->rules().ids == IdKind::opaque && venue->rules().silence > venue->rules().ping_every && venue->rules().lifetime.count() == 0));
}

TEST_CASE("bybit: ten topics a message on spot, and no more characters than a connection may have") {
    std::vector<Market> markets;
    for (int i = 0; i < 23; ++i) markets.push_back({"S" + std::to_string(i) + "USDT", ""});
    const auto spot = make_venue("bybit_spot", markets)->subscriptions();
    REQUIRE(spot.size() == 3);
    CHECK((std::count(spot[0].begin(), spot[0].end(), '.') == 10 && std::count(spot[2].begin(), spot[2].end(), '.') == 3));
    CHECK(make_venue("bybit_linear", markets)->subscriptions().size() == 1);
    for (int i = 23; i < 1'000; ++i) markets.push_back({"S" + std::to_string(i) + "USDT", ""});
    CHECK(says(refusal([&] { make_venue("bybit_linear", markets); }), {"bybit_linear", "1000 markets", "21000", "several sources"}));
}

TEST_CASE("bybit: markets that make no sense are refused by name") {
    const auto refused = [](Market market) { return refusal([&] { make_venue("bybit", {{"BTCUSDT", ""}, market}); }); };
    CHECK(says(refused({"btcusdt", ""}), {"btcusdt", "twice"}));
    CHECK(says(refused({"ETHUSDT", "orderbook"}), {"ETHUSDT", "orderbook", "publicTrade"}));
    for (const char* symbol : {"", "BTC/USDT", "a\"b", "a.b"}) CHECK(says(refused({symbol, ""}), {symbol, "no symbol"}));
}

TEST_CASE("bybit: a trade, in any order of keys, with numbers as text or not") {
    const std::string frames[] = {
        message(item()),
        R"({"data":[)" + item() + R"(],"ts":"1672304486868","type":"snapshot","topic":"publicTrade.BTCUSDT"})",
        message(R"({"seq":12,"mP":{"x":[1]},"i":")" + id + R"(","p":16578.50,"v":1e-3,"S":"Buy","s":"BTCUSDT","RPI":false,"T":"1672304486865"})"),
        message(R"({"T":1672304486865,"s":"BTC\u0055SDT","S":"B\u0075y","v":"0.001","p":"16578.50","\u0069":")" + id + "\"}"),
    };
    const auto venue = btc();
    for (const std::string& frame : frames) {
        INFO(frame);
        const Decoded d = decode(*venue, frame);
        REQUIRE((d.frame == Frame::trades && d.told.trades.size() == 1 && d.symbols[0] == "BTCUSDT"));
        CHECK((d.told.trades[0].trade == Trade{1'672'304'486'865'000'000, 16578.5, 0.001, 1, opaque_id(id), 1'672'304'486'868'000'000, received, 0}));
    }
}

TEST_CASE("bybit: sides, ids and flags") {
    const auto venue = btc();
    std::string sell = message(item(R"(,"RPI":true)"));
    sell.replace(sell.find("Buy"), 3, "Sell");
    CHECK((only_trade(*venue, sell).side == -1 && only_trade(*venue, sell).flags == flag_rpi));
    std::string block = message(item());
    block.replace(block.find("\"BT\":false"), 10, "\"BT\":true");
    CHECK(only_trade(*venue, block).flags == flag_block);
    for (const std::string number : {"\"2290000000012345678\"", "2290000000012345678"}) {
        std::string numbered = message(item());
        numbered.replace(numbered.find('"' + id + '"'), id.size() + 2, number);
        CHECK(only_trade(*venue, numbered).id == 2'290'000'000'012'345'678);
    }
}

TEST_CASE("bybit: a trade among others that makes no sense is counted, and the others are kept") {
    const auto venue = btc();
    std::string ether = item(), no_price = item(), no_side = item(), no_id = item();
    ether.replace(ether.find("BTCUSDT"), 7, "ETHUSDT");
    no_price.replace(no_price.find("16578.50"), 8, "much");
    no_side.replace(no_side.find("Buy"), 3, "Hold");
    no_id.replace(no_id.find('"' + id + '"'), id.size() + 2, "null");
    const Decoded d = decode(*venue, message(item() + "," + no_price + "," + ether + "," + no_side + "," + no_id + "," + item()));
    CHECK((d.frame == Frame::trades && d.told.trades.size() == 2 && d.told.malformed == 3));
    CHECK((decode(*venue, message("")).frame == Frame::trades));
    CHECK((decode(*venue, message(item() + ",1")).frame == Frame::malformed));
    CHECK((decode(*venue, message(item() + ",{\"T\"}")).told.trades.empty()));
    CHECK((decode(*venue, R"({"topic":"publicTrade.BTCUSDT","ts":1672304486868})").frame == Frame::malformed));
    CHECK((decode(*venue, R"({"topic":"publicTrade.BTCUSDT","ts":1672304486868,"data":{"T":1}})").frame == Frame::malformed));
}

TEST_CASE("bybit: acks, pongs, refusals and other topics") {
    const auto venue = btc();
    for (const std::string frame : {R"({"success":true,"ret_msg":"subscribe","conn_id":"2324d924","req_id":"1","op":"subscribe"})",
                                    R"({"success":true,"ret_msg":"pong","conn_id":"0970","op":"ping"})", R"({"args":["1672916271846"],"op":"pong"})",
                                    R"({"success":true,"conn_id":"aa01","data":{"failTopics":[],"successTopics":["publicTrade.BTC"]},"type":"COMMAND_RESP"})",
                                    R"({"topic":"orderbook.1.BTCUSDT","type":"delta","ts":1672304486868,"data":{"s":"BTCUSDT","b":[["1","2"]],"a":[]}})",
                                    R"({"topic":"tickers.BTCUSDT","ts":1672304486868,"data":[{"s":"BTCUSDT"}]})"}) {
        INFO(frame);
        const Decoded d = decode(*venue, frame);
        CHECK((d.frame == Frame::control && d.told.trades.empty() && d.told.malformed == 0));
    }
    CHECK((decode(*venue, R"({"success":false,"ret_msg":"error:handler not found,topic:publicTrade.X","conn_id":"a","req_id":"1","op":"subscribe"})").frame ==
           Frame::refusal));
    CHECK(venue->said().find("handler not found,topic:publicTrade.X") != std::string::npos);
    CHECK((decode(*venue, R"({"success":true,"conn_id":"a","data":{"failTopics":["publicTrade.X"],"successTopics":[]},"type":"COMMAND_RESP"})").frame ==
           Frame::refusal));
    CHECK(venue->said().find("publicTrade.X") != std::string::npos);
}

TEST_CASE("bybit: options come by coin, all of them or the one that was named") {
    const auto venue = make_venue("bybit_option", {{"ETH", ""}, {"BTC-26DEC25-100000-C", ""}, {"btc-26dec25-90000-p", ""}});
    CHECK((venue->subscriptions() == std::vector<std::string>{R"({"op":"subscribe","args":["publicTrade.ETH","publicTrade.BTC"],"req_id":"1"})"}));
    const auto symbols = [&](const std::string& symbol) {
        std::string frame = message(item());
        frame.replace(frame.rfind("BTCUSDT"), 7, symbol);
        return decode(*venue, frame).symbols;
    };
    CHECK((symbols("ETH-26DEC25-5000-C") == std::vector<std::string>{"ETH-26DEC25-5000-C"}));
    CHECK((symbols("BTC-26DEC25-90000-P") == std::vector<std::string>{"BTC-26DEC25-90000-P"}));
    CHECK(symbols("BTC-26DEC25-80000-P").empty());
    CHECK(venue->symbols().size() == 3);
}

TEST_CASE("bybit: survives broken and hostile frames") {
    const auto venue = btc();
    CHECK(survive(*venue, message(item())) > 1'000);
    CHECK(survive(*venue, message(item() + "," + item(R"(,"RPI":true)"))) > 1'000);
}

TEST_CASE("bybit: no allocation once warm") {
    const auto venue = btc();
    std::string items = item();
    for (int i = 1; i < 1'024; ++i) items += "," + item();
    const Padded large(message(items)), small(message(item())), pong(R"({"args":["1672916271846"],"op":"pong"})"), bad(message(items).substr(0, 900));
    Told told;
    const auto all = [&] {
        told.clear();
        for (const Padded* p : {&large, &small, &pong, &bad}) venue->decode(p->view(), received, told);
    };
    all();
    CHECK(told.trades.size() == 1'025);
    const std::size_t before = allocations();
    for (int i = 0; i < 20; ++i) all();
    CHECK(allocations() - before == 0);
}

}  // namespace openquant::testing
