#include "openquant/connectors/binance.hpp"

#include "catch.hpp"

#include "files.hpp"
#include "openquant/connectors/json.hpp"

namespace openquant::testing {

namespace {

using Result = BinanceDecoder::Result;

struct Decoded {
    Result result;
    Trade trade;
    std::string symbol;
};

Decoded decode(std::string frame) {
    BinanceDecoder decoder;
    Decoded out;
    const std::size_t size = frame.size();
    frame.resize(size + json::padding);
    std::string_view symbol;
    out.result = decoder.decode({frame.data(), size}, out.trade, symbol);
    out.symbol = symbol;
    return out;
}

}  // namespace

TEST_CASE("binance: a spot trade, raw and in a combined stream") {
    const std::string payload = R"({"e":"trade","E":1672515782136,"s":"BNBBTC","t":12345,"p":"0.001","q":"100","T":1672515782135,"m":true,"M":true})";
    for (const std::string& frame : {payload, R"({"stream":"bnbbtc@trade","data":)" + payload + "}"}) {
        const auto [result, t, symbol] = decode(frame);
        CHECK((result == Result::row));
        CHECK(symbol == "BNBBTC");
        CHECK((t.ts == 1'672'515'782'135'000'000 && t.ts_publish == 1'672'515'782'136'000'000));
        CHECK((t.id == 12345 && t.price == 0.001 && t.size == 100.0 && t.side == -1));
    }
}

TEST_CASE("binance: the best bid and ask, with a time on futures and without one on spot") {
    BinanceDecoder decoder;
    const auto read = [&](std::string frame, Quote& q, std::string& symbol) {
        const std::size_t size = frame.size();
        frame.resize(size + json::padding);
        std::string_view name;
        const Result result = decoder.decode({frame.data(), size}, q, name);
        symbol = name;
        return result;
    };
    Quote q;
    std::string symbol;
    const std::string futures =
        R"({"e":"bookTicker","u":5,"s":"BTCUSDT","b":"61800.20","B":"2.5","a":"61800.30","A":"2.51","T":1723161256313,"E":1723161256314})";
    CHECK((read(R"({"stream":"btcusdt@bookTicker","data":)" + futures + "}", q, symbol) == Result::row));
    CHECK((symbol == "BTCUSDT" && q.ts == 1'723'161'256'313'000'000 && q.bid == 61800.2 && q.ask == 61800.3 && q.bid_size == 2.5 && q.ask_size == 2.51));
    const std::string spot = R"({"u":50093239212,"s":"BTCUSDT","b":"61837.63","B":"3.7","a":"61837.64","A":"1.5"})";
    CHECK((read(spot, q, symbol) == Result::row));
    CHECK((q.ts == 0 && q.bid == 61837.63 && q.ask_size == 1.5));
    CHECK((read(R"({"e":"trade","E":1,"s":"X","t":7,"p":"2","q":"1","T":1,"m":false})", q, symbol) == Result::other));
    CHECK((read(R"({"u":1,"s":"X","b":"much","B":"1","a":"2","A":"1"})", q, symbol) == Result::malformed));
    CHECK((read(R"({"u":1,"s":"X","b":"1","B":"1","a":"2","A":"1")", q, symbol) == Result::malformed));
}

TEST_CASE("binance: microseconds, order ids beside the trade id, unknown keys") {
    const auto [result, t, symbol] =
        decode(R"({"e":"trade","E":1672515782136123,"s":"X","t":7,"b":88,"a":50,"p":"2","q":"1","T":1672515782136001,"m":false,"new":{"x":[1]},"st":1})");
    CHECK((result == Result::row));
    CHECK((t.id == 7 && t.ts == 1'672'515'782'136'001'000 && t.side == 1));
}

TEST_CASE("binance: an aggregated trade has the aggregate's id") {
    const auto [result, t, symbol] =
        decode(R"({"e":"aggTrade","E":1672515782136,"s":"X","a":5933014,"p":"0.5","q":"10","f":100,"l":105,"T":1672515782136,"m":false})");
    CHECK((result == Result::row));
    CHECK(t.id == 5933014);
}

TEST_CASE("binance: what is not a trade of the market, and what cannot be read") {
    CHECK((decode(R"({"result":null,"id":1})").result == Result::other));
    CHECK((decode(R"({"e":"bookTicker","u":1,"s":"X"})").result == Result::other));
    CHECK(
        (decode(R"({"e":"trade","E":1672515782136,"s":"X","t":1,"p":"1","q":"1","X":"INSURANCE_FUND","T":1672515782136,"m":false})").result == Result::other));
    for (const char* bad :
         {"", "{", "[]", "null", R"({"e":"trade"})", R"({"e":"trade","E":1672515782136,"s":"X","t":1,"p":"abc","q":"1","T":1672515782136,"m":false})",
          R"({"e":"trade","E":1672515782136,"s":"X","t":1,"p":"1","q":"1","T":"soon","m":false})",
          R"({"e":"trade","E":1672515782136,"s":"X","t":1,"p":"1","q":"1","T":1672515782136,"m":"yes"})",
          R"({"e":"trade","E":1672515782136,"s":"X","t":-1,"p":"1","q":"1","T":1672515782136,"m":true})", R"({"stream":"x@trade","data":[1,2]})"}) {
        INFO(bad);
        CHECK((decode(bad).result == Result::malformed));
    }
}

TEST_CASE("binance: frames of other streams are not malformed, whatever they mean by a trade's keys") {
    const std::string ticker = R"({"u":400900217,"s":"BNBUSDT","b":"25.35190000","B":"31.21","a":"25.36520000","A":"40.66"})";
    CHECK((decode(ticker).result == Result::other));
    CHECK((decode(R"({"stream":"bnbusdt@bookTicker","data":)" + ticker + "}").result == Result::other));
    CHECK((decode(R"({"stream":"!miniTicker@arr","data":[{"e":"24hrMiniTicker","s":"BNBBTC"}]})").result == Result::other));
    CHECK((decode(R"({"result":null,"id":1})").result == Result::other));
    CHECK((decode(R"({"stream":"bnbbtc@trade","data":{"e":"trade","s":"BNBBTC","p":"x"}})").result == Result::malformed));
}

TEST_CASE("binance: mutated frames are decoded or refused, never worse") {
    const std::string frame =
        R"({"stream":"bnbbtc@trade","data":{"e":"trade","E":1672515782136,"s":"BNBBTC","t":12345,"p":"0.001","q":"100","T":1672515782135,"m":true}})";
    Random random(1);
    std::size_t refused = 0;
    for (int i = 0; i < 50'000; ++i) refused += decode(mutated(frame, random)).result == Result::malformed;
    CHECK(refused > 10'000);
}

TEST_CASE("binance: a decoder outlives bad frames") {
    BinanceDecoder decoder;
    std::string good = R"({"e":"trade","E":1672515782136,"s":"X","t":1,"p":"1","q":"1","T":1672515782136,"m":false})", bad = R"({"e":"trade","E":)";
    const std::size_t good_size = good.size(), bad_size = bad.size();
    good.resize(good_size + json::padding), bad.resize(bad_size + json::padding);
    Trade t;
    std::string_view symbol;
    for (int i = 0; i < 3; ++i) {
        CHECK((decoder.decode({bad.data(), bad_size}, t, symbol) == Result::malformed));
        CHECK((decoder.decode({good.data(), good_size}, t, symbol) == Result::row));
    }
    BinanceDecoder moved = std::move(decoder);
    CHECK((moved.decode({good.data(), good_size}, t, symbol) == Result::row));
}

}  // namespace openquant::testing
