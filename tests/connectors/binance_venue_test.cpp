#include "openquant/connectors/binance.hpp"

#include "catch.hpp"
#include "decoding.hpp"
#include "files.hpp"
#include "openquant/replay/text_file.hpp"
#include "recordings.hpp"
#include "refusal.hpp"

namespace openquant::testing {

namespace {

const std::string trade_payload = R"({"e":"trade","E":1672515782136,"s":"BNBBTC","t":12345,"p":"0.001","q":"100","T":1672515782135,"m":true,"M":true})";
const std::string combined_trade = R"({"stream":"bnbbtc@trade","data":)" + trade_payload + "}";

std::unique_ptr<Venue> bnb(std::string channel = "") { return make_venue("binance", {{"bnbbtc", std::move(channel)}}); }

}  // namespace

TEST_CASE("binance venue: where to connect, and what is said there") {
    const auto spot = make_venue("binance", {{"btcusdt", ""}, {"ETHusdt", "aggTrade"}, {"币usdt", "trade"}});
    CHECK((spot->name() == "binance" && spot->url() == "wss://stream.binance.com:9443/stream"));
    CHECK((spot->symbols().names() == std::vector<std::string>{"BTCUSDT", "ETHUSDT", "币USDT"}));
    CHECK((spot->subscriptions() == std::vector<std::string>{R"({"method":"SUBSCRIBE","params":["btcusdt@trade","ethusdt@aggTrade","币usdt@trade"],"id":1})"}));
    CHECK((spot->rules().ids == IdKind::dense && spot->rules().lifetime < std::chrono::hours(24) && spot->rules().ping_every.count() == 0));
    CHECK(spot->rules().silence > std::chrono::seconds(20));
    CHECK(spot->rules().between_messages * 5 >= std::chrono::seconds(1));
    const auto usdm = make_venue("binance_usdm", {{"BTCUSDT", ""}}), coinm = make_venue("binance_coinm", {{"btcusd_perp", "aggTrade"}});
    CHECK((usdm->url() == "wss://fstream.binance.com/stream" && coinm->url() == "wss://dstream.binance.com/stream"));
    CHECK((usdm->rules().silence > std::chrono::minutes(3) && usdm->rules().between_messages * 10 >= std::chrono::seconds(1)));
    CHECK((coinm->symbols().names()[0] == "BTCUSD_PERP" && coinm->subscriptions()[0].find("btcusd_perp@aggTrade") != std::string::npos));
}

TEST_CASE("binance venue: many markets are asked for in several messages, and too many are refused") {
    std::vector<Market> markets;
    for (int i = 0; i < 1024; ++i) markets.push_back({"S" + std::to_string(i) + "USDT", ""});
    const auto venue = make_venue("binance", markets);
    const auto messages = venue->subscriptions();
    REQUIRE(messages.size() == 6);
    for (std::size_t i = 0; i < messages.size(); ++i) {
        CHECK(std::count(messages[i].begin(), messages[i].end(), '@') == (i < 5 ? 200 : 24));
        CHECK(messages[i].ends_with("\"id\":" + std::to_string(i + 1) + "}"));
    }
    markets.push_back({"onemore", ""});
    CHECK(says(refusal([&] { make_venue("binance", markets); }), {"1025", "1024", "several sources"}));
}

TEST_CASE("binance venue: markets that make no sense are refused by name") {
    const auto refused = [](Market market) { return refusal([&] { make_venue("binance", {{"btcusdt", ""}, market}); }); };
    CHECK(says(refused({"BTCUSDT", "aggTrade"}), {"BTCUSDT", "twice"}));
    CHECK(says(refused({"ethusdt", "depth"}), {"ethusdt", "depth", "trade and aggTrade"}));
    for (const char* symbol : {"", "BTC-USDT", "btc/usdt", "a\"b", "x@trade", "a b", "a\\"}) {
        INFO(symbol);
        CHECK(says(refused({symbol, ""}), {"binance", symbol, "no symbol"}));
    }
    CHECK(says(refusal([] { make_venue("binance", {}); }), {"at least one market"}));
}

TEST_CASE("binance venue: a trade, raw and combined, in any order of keys, with numbers as text or not") {
    const std::string frames[] = {
        trade_payload,
        combined_trade,
        R"({"data":)" + trade_payload + R"(,"stream":"bnbbtc@trade"})",
        R"( { "stream" : "bnbbtc@trade" , "data" : {"m" : true , "T":"1672515782135","q":100,"p":0.001,"t":"12345","s":"BNBBTC","E":1672515782136,"e":"trade"} } )",
        R"({"e":"trade","E":1672515782136,"s":"BNB\u0042TC","t":12345,"p":"0.001","q":"100","T":1672515782135,"m":true})",
        R"({"e":"tr\u0061de","E":1672515782136,"\u0073":"BNBBTC","t":12345,"p":"0.001","q":"1e2","T":1672515782135,"m":true})",
        R"({"e":"trade","E":1672515782136,"s":"BNBBTC","t":12345,"b":88,"a":50,"p":"0.001","q":"100","T":1672515782135,"m":true,"X":"MARKET"})",
        R"({"e":"trade","x":{"e":"depthUpdate","p":[{"q":[]}]},"E":1672515782136,"s":"BNBBTC","st":1,"y":[1,[2,{}]],"t":12345,"p":"0.001","q":"100","T":1672515782135,"m":true})",
    };
    const auto venue = bnb();
    for (const std::string& frame : frames) {
        INFO(frame);
        const Decoded d = decode(*venue, frame);
        REQUIRE((d.frame == Frame::trades && d.told.trades.size() == 1 && d.told.breaks.empty() && d.told.malformed == 0));
        CHECK(d.symbols[0] == "BNBBTC");
        CHECK((d.told.trades[0].trade == Trade{1'672'515'782'135'000'000, 0.001, 100.0, -1, 12345, 1'672'515'782'136'000'000, received, 0}));
    }
}

TEST_CASE("binance venue: microseconds, and an aggregate's own id") {
    const Trade t =
        only_trade(*bnb("aggTrade"),
                   R"({"e":"aggTrade","E":1672515782136123,"s":"BNBBTC","a":5933014,"p":"0.5","q":"10","f":100,"l":105,"T":1672515782136001,"m":false})");
    CHECK((t.id == 5'933'014 && t.ts == 1'672'515'782'136'001'000 && t.ts_publish == 1'672'515'782'136'123'000 && t.side == 1));
}

TEST_CASE("binance venue: what was not asked for is left out") {
    const auto venue = bnb();
    for (const std::string frame : {R"({"e":"trade","E":1672515782136,"s":"ETHBTC","t":1,"p":"1","q":"1","T":1672515782136,"m":false})",
                                    R"({"e":"aggTrade","E":1672515782136,"s":"BNBBTC","a":1,"p":"1","q":"1","T":1672515782136,"m":false})",
                                    R"({"e":"trade","E":1672515782136,"s":"BNBBTC","t":1,"p":"1","q":"1","X":"INSURANCE_FUND","T":1672515782136,"m":false})",
                                    R"({"u":400900217,"s":"BNBBTC","b":"25.35190000","B":"31.21","a":"25.36520000","A":"40.66"})",
                                    R"({"stream":"bnbbtc@depth","data":{"e":"depthUpdate","b":[["1","2"]]}})", R"({"result":null,"id":1})",
                                    R"({"id":7,"result":["bnbbtc@trade"],"error":null})"}) {
        INFO(frame);
        const Decoded d = decode(*venue, frame);
        CHECK((d.frame == Frame::control && d.told.trades.empty()));
    }
}

TEST_CASE("binance venue: refusals and announced restarts") {
    const auto venue = bnb();
    for (const std::string frame :
         {R"({"error":{"code":2,"msg":"Invalid request: unknown stream"},"id":1})", R"({"code":2,"msg":"Invalid request: unknown stream","id":1})"}) {
        CHECK((decode(*venue, frame).frame == Frame::refusal));
        CHECK(venue->said().find("Invalid request: unknown stream") != std::string::npos);
    }
    CHECK((decode(*venue, R"({"e":"serverShutdown","E":1770123456789})").frame == Frame::restart));
    CHECK((decode(*venue, R"({"stream":"!serverShutdown","data":{"e":"serverShutdown","E":1770123456789}})").frame == Frame::restart));
}

TEST_CASE("binance venue: a trade that lacks what it must have is malformed") {
    const auto venue = bnb();
    for (const std::string_view key : {"\"s\":\"BNBBTC\",", "\"t\":12345,", "\"p\":\"0.001\",", "\"q\":\"100\",", "\"T\":1672515782135,", "\"m\":true,"}) {
        INFO(key);
        for (std::string frame : {trade_payload, combined_trade}) {
            frame.erase(frame.find(key), key.size());
            CHECK((decode(*venue, frame).frame == Frame::malformed));
        }
    }
    CHECK((decode(*venue, trade_payload + trade_payload).frame == Frame::malformed));
    CHECK((decode(*venue, combined_trade + "x").frame == Frame::malformed));
}

TEST_CASE("binance venue: survives broken and hostile frames") {
    const auto venue = bnb();
    CHECK(survive(*venue, trade_payload) > 1'000);
    CHECK(survive(*venue, combined_trade) > 1'000);
}

TEST_CASE("binance venue: no allocation once warm") {
    const auto venue = bnb();
    const Padded trade(combined_trade), ack(R"({"result":null,"id":1})"), bad(combined_trade.substr(0, 90)), other(R"({"e":"depthUpdate","E":1})");
    Told told;
    const auto all = [&] {
        told.clear();
        for (const Padded* p : {&trade, &ack, &bad, &other}) venue->decode(p->view(), received, told);
    };
    all();
    const std::size_t before = allocations();
    for (int i = 0; i < 1'000; ++i) all();
    CHECK(allocations() - before == 0);
}

TEST_CASE("binance venue: the recorded captures, trade by trade as replay reads them, and the side of the taker") {
    const std::tuple<const char*, const char*, std::size_t> files[] = {{"binance_usdm_btcusdt_20240808.gz", "binance_usdm", 21'313},
                                                                       {"binance_spot_btcusdt_20240808.gz", "binance", 9'757}};
    for (const auto& [name, venue_name, count] : files) {
        const auto path = recording(name);
        if (!path) return;
        INFO(name);
        const auto trades = read_trades(*path).trades();
        REQUIRE(trades.size() == count);
        const auto venue = make_venue(venue_name, {{"btcusdt", ""}});
        Told told;
        BinanceDecoder decoder;
        std::vector<std::pair<std::int64_t, double>> mids;
        std::size_t malformed = 0, sides = 0, agreeing = 0, stood = 0;
        TextFile file(*path);
        for (std::string_view line, symbol; file.next(line);) {
            const std::int64_t at = std::stoll(std::string(line.substr(0, line.find(' '))));
            line.remove_prefix(line.find(' ') + 1);
            const std::size_t before = told.trades.size();
            malformed += venue->decode(line, at, told) == Frame::malformed;
            Quote quote;
            if (decoder.decode(line, quote, symbol) == BinanceDecoder::Result::row) mids.emplace_back(at, 0.5 * (quote.bid + quote.ask));
            if (told.trades.size() == before) continue;
            // The mid that stood before the trade moved it; streams of quotes and trades are some milliseconds apart.
            while (stood + 1 < mids.size() && mids[stood + 1].first < at - 50'000'000) ++stood;
            if (mids.empty() || mids[stood].first >= at - 50'000'000) continue;
            const Trade& t = told.trades.back().trade;
            sides += t.price != mids[stood].second, agreeing += t.price > mids[stood].second ? t.side == 1 : t.price < mids[stood].second && t.side == -1;
        }
        CHECK(malformed == 0);
        REQUIRE(told.trades.size() == count);
        std::size_t differ = 0;
        for (std::size_t i = 0; i < count; ++i) differ += told.trades[i].trade != trades[i];
        CHECK(differ == 0);
        CAPTURE(sides, agreeing);
        CHECK((sides > count / 2 && static_cast<double>(agreeing) > 0.9 * static_cast<double>(sides)));
    }
}

}  // namespace openquant::testing
