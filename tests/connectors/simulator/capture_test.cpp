#include "openquant/connectors/simulator/capture.hpp"

#include "catch.hpp"
#include "openquant/connectors/simulator/faults.hpp"
#include "refusal.hpp"

namespace openquant::testing {

TEST_CASE("Lines of captures") {
    const auto binance = capture_line(R"(1723161254087896568 {"stream":"x"})");
    REQUIRE(binance);
    CHECK(binance->received == 1'723'161'254'087'896'568);
    CHECK(binance->frame == R"({"stream":"x"})");
    const auto coinbase = capture_line("1618677817.061845: {\"type\":\"match\"}\r");
    REQUIRE(coinbase);
    CHECK(coinbase->received == 1'618'677'817'061'845'000);
    CHECK(coinbase->frame == R"({"type":"match"})");
    for (const char* bad : {"", "{}", "12", "12 ", "x {}", "1.2.3: {}", "99999999999: {}", "wss://host <-> 1618677816.8434298",
                            R"(wss://host <- 1618677817.020616: {"type":"subscribe"})", "-5 {}", "12a {}", "99999999999999999999 {}"})
        CHECK_FALSE(capture_line(bad));
}

TEST_CASE("Trades in frames keep their digits, and the side is the aggressor's") {
    TradeReader reader;
    const auto spot = reader.read(
        R"({"stream":"btcusdt@trade","data":{"e":"trade","E":1723161255343,"s":"BTCUSDT","t":3735683259,"p":"61837.63000000","q":"0.02000000","T":1723161255342,"m":true,"M":true}})");
    REQUIRE(spot);
    CHECK(spot->price == "61837.63000000");
    CHECK(spot->size == "0.02000000");
    CHECK(spot->id == 3'735'683'259);
    CHECK(spot->side == -1);
    CHECK(spot->ts_ns == 1'723'161'255'342'000'000);
    CHECK(spot->publish_ns == 1'723'161'255'343'000'000);
    const auto match = reader.read(
        R"({"type":"match","trade_id":881614,"maker_order_id":"a","taker_order_id":"b","side":"sell","size":"0.04","price":"14.7775","product_id":"BAND-GBP","sequence":333938798,"time":"2021-04-17T16:43:30.244075Z"})");
    REQUIRE(match);
    CHECK(match->side == 1);
    CHECK(match->symbol == "BAND-GBP");
    CHECK(match->ts_ns == 1'618'677'810'244'075'000);
    for (const char* other : {"{}", "[]", "trade\"", R"({"e":"trade"})", R"({"e":"trade","s":1,"p":"1"})", R"({"type":"match"})",
                              R"({"e":"trade","E":1,"s":"A","t":1,"p":"1","q":"1","T":1723161255342,"X":"INSURANCE_FUND","m":true})"})
        CHECK_FALSE(reader.read(other));
}

TEST_CASE("Faults that make no sense are refused by name") {
    CHECK(parse_faults("").empty());
    const auto rules = parse_faults("gap:1000:5,disconnect:2000,stall:40:7");
    REQUIRE(rules.size() == 3);
    CHECK(rules[0].n == 5);
    CHECK(rules[1].kind == FaultKind::disconnect);
    CHECK(rules[2].every == 40);
    for (const char* bad : {"gap",     "gap:",   "gap:0",         "gap:x",     "gap:5:5", "gap:1",  "gap:9:1:1", "jump:9",          "none:5",    "missed:5",
                            "stall:5", "drip:5", "duplicate:5:2", "reorder:1", "gap:5,",  ",gap:5", "gap:-5",    "gap:99999999999", "close:5:1", "corrupt:5:1"})
        CHECK(says(refusal([&] { parse_faults(bad); }), {"faults: '", "write kind:every[:n]"}));
}

namespace {

Tape tape_of(const std::string& streams) {
    Tape tape;
    for (std::size_t i = 0; i < streams.size(); ++i) {
        TapeItem item;
        item.kind = TapeItem::Kind::trade;
        item.id = static_cast<std::int64_t>(i) + 1;
        tape.add(item, streams.substr(i, 1), streams.substr(i, 1));
    }
    tape.close();
    return tape;
}

/// Ids as told: -7 lost, !7 garbled, words for what happens to connections.
std::string told(const std::string& streams, std::string_view faults) {
    std::string out;
    const Tape tape = tape_of(streams);
    for (const Step& step : script(tape, parse_faults(faults))) {
        const std::string id = std::to_string(tape.items[step.item].id);
        if (!out.empty()) out += ' ';
        if (step.fault >= FaultKind::disconnect) out += fault_kind_names[static_cast<std::size_t>(step.fault)];
        else out += (step.fault == FaultKind::gap ? "-" : step.fault == FaultKind::corrupt ? "!" : "") + id;
    }
    return out;
}

}  // namespace

TEST_CASE("Faults fall on the same trades in every run") {
    CHECK(told("aaaaaaa", "") == "1 2 3 4 5 6 7");
    CHECK(told("aaaaaaa", "gap:3:2") == "1 2 3 -4 -5 6 -7");
    CHECK(told("aaaaaaa", "duplicate:3") == "1 2 3 3 4 5 6 6 7");
    CHECK(told("aaaaaaa", "reorder:3") == "1 2 4 3 5 7 6");
    CHECK(told("abababab", "reorder:3") == "1 2 5 4 3 8 7 6");
    CHECK(told("aaaaaaa", "corrupt:3") == "1 2 !3 4 5 !6 7");
    CHECK(told("aaaaa", "disconnect:2,stall:4:1") == "1 2 disconnect 3 4 disconnect stall 5");
    SECTION("a swap beside a loss, or across a break, is left out") {
        CHECK(told("aaaaaaa", "reorder:3,gap:3:1") == "1 2 3 -4 5 6 -7");
        CHECK(told("aaaaaaa", "reorder:3,corrupt:2") == "1 !2 3 !4 5 !6 7");
        CHECK(told("aaaaaaa", "reorder:3,close:3") == "1 2 3 close 4 5 6 close 7");
        CHECK(told("abababab", "reorder:3,drip:4:1") == "1 2 3 4 drip 5 8 7 6 drip");
    }
    SECTION("one fault per trade") {
        CHECK(told("aaaaaaa", "gap:3:1,duplicate:4") == "1 2 3 -4 5 6 -7");
        CHECK(told("aaaaaaa", "duplicate:3,corrupt:3") == "1 2 !3 4 5 !6 7");
    }
}

TEST_CASE("The past of a stream ends where the market stands") {
    const Tape tape = tape_of("ababab");
    const auto ids = [&](std::uint32_t stream, std::size_t position, std::size_t most) {
        std::string out;
        for (const TapeItem* item : tape.past(stream, position, most)) out += std::to_string(item->id) + " ";
        return out;
    };
    CHECK(ids(0, 0, 9) == "");
    CHECK(ids(0, 1, 9) == "1 ");
    CHECK(ids(1, 6, 9) == "2 4 6 ");
    CHECK(ids(1, 5, 1) == "4 ");
}

}  // namespace openquant::testing
