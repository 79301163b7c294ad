// Captures, JSON lines, gzip, and files that cannot be read.
#include "catch.hpp"

#include "files.hpp"
#include "openquant/replay/text_file.hpp"
#include "refusal.hpp"
#include "twin.hpp"

namespace openquant::testing {

namespace {

constexpr std::int64_t ms = 1'000'000;

std::string capture_line(std::uint64_t id, double price, bool maker, std::int64_t at = 1'723'161'256'322) {
    return "17231612550881763" + std::to_string(id % 90 + 10) + R"( {"stream":"btcusdt@trade","data":{"e":"trade","E":)" + std::to_string(at + 1) + R"(,"T":)" +
           std::to_string(at) + R"(,"s":"BTCUSDT","t":)" + std::to_string(id) + R"(,"p":")" + std::to_string(price) + R"(","q":"0.5","X":"MARKET","m":)" +
           (maker ? "true" : "false") + "}}\n";
}

struct Files {
    TemporaryFolder folder;
    ReadFile read(const std::string& content, const OpenOptions& options = {}) { return read_trades(folder.write("file", content), options); }
    std::string refused(const std::string& content) {
        return refusal([&] { read(content); });
    }
};

}  // namespace

TEST_CASE_METHOD(Files, "a capture: trades of the market, with the time they were received") {
    const std::string depth =
        R"(1723161255030314667 {"stream":"btcusdt@depth@0ms","data":{"e":"depthUpdate","E":1,"T":1,"s":"BTCUSDT","b":[["1","2"]],"a":[]}})"
        "\n";
    const std::string insurance =
        R"(1723161255030314667 {"stream":"x","data":{"e":"trade","E":1,"T":1723161256322,"s":"BTCUSDT","t":9,"p":"1","q":"1","X":"INSURANCE","m":true}})"
        "\n";
    const std::string ack = R"(1723161255030314667 {"result":null,"id":1})"
                            "\n";
    const ReadFile file = read(capture_line(5, 100.25, true) + depth + ack + insurance + capture_line(6, 100.5, false));
    const auto rows = file.trades();
    REQUIRE(rows.size() == 2);
    CHECK(file.malformed() == 0);
    CHECK((file.ids == IdKind::dense));
    CHECK(file.rows[0].symbol == "BTCUSDT");
    CHECK((rows[0].ts == 1'723'161'256'322 * ms && rows[0].ts_publish == 1'723'161'256'323 * ms && rows[0].ts_recv == 1'723'161'255'088'176'315));
    CHECK((rows[0].price == 100.25 && rows[0].size == 0.5 && rows[0].side == -1 && rows[0].id == 5));
    CHECK((rows[1].side == 1 && rows[1].id == 6));
}

TEST_CASE_METHOD(Files, "a capture: corrupt lines are counted, the rest is read") {
    const std::string good = capture_line(5, 100.25, true);
    std::string content = good;
    for (const char* bad : {"17231612550881763 {\"stream\":\"btcusdt@trade\",\"data\":{\"e\":\"trade\",\"E\":17231\n", "no time {}\n", "17231612550881763\n",
                            "17231612550881763 {\"data\":{\"e\":\"trade\",\"T\":1723161256322,\"s\":\"X\",\"t\":1,\"p\":\"cheap\",\"q\":\"1\",\"m\":true}}\n",
                            "17231612550881763 {\"data\":{\"e\":\"trade\",\"T\":12,\"s\":\"X\",\"t\":1,\"p\":\"1\",\"q\":\"1\",\"m\":true}}\n",
                            "17231612550881763 {\"data\":{\"e\":\"trade\",\"T\":1723161256322,\"t\":1,\"p\":\"1\",\"q\":\"1\",\"m\":true}}\n",
                            "17231612550881763 {\"data\":{\"e\":\"trade\",\"T\":1723161256322,\"s\":\"X\",\"t\":1,\"p\":\"1\",\"q\":\"1\"}}\n",
                            "17231612550881763 [1,2]\n", "99999999999999999999999 {}\n", "\x01\x02\xff\n"})
        content += bad;
    const ReadFile file = read(content + "\n" + capture_line(6, 100.5, false));
    CHECK(file.rows.size() == 2);
    CHECK(file.malformed() == 10);
}

TEST_CASE_METHOD(Files, "JSON lines of market items: instruments by number or name, breaks where the venue was lost") {
    const std::string trade =
        R"({"Item":{"time_exchange":"2025-03-25T23:07:00.5Z","time_received":"2025-03-25T23:07:00.6Z","exchange":"binance_spot","instrument":1,"kind":{"Trade":{"id":"77","price":2059.25,"amount":0.5,"side":"Sell"}}}})"
        "\n";
    const std::string book =
        R"({"Item":{"time_exchange":"2025-03-25T23:07:00.5Z","time_received":"2025-03-25T23:07:00.6Z","exchange":"x","instrument":1,"kind":{"OrderBookL1":{"last_update_time":"x"}}}})"
        "\n";
    const std::string wrapped =
        R"({"Item":{"Ok":{"time_exchange":"2025-03-25T23:07:01Z","time_received":"2025-03-25T23:07:01Z","exchange":"x","instrument":0,"kind":{"Trade":{"id":"5","price":"100.5","amount":"2","side":"Buy"}}}}})"
        "\n";
    const std::string lost = R"({"Reconnecting":"binance_spot"})"
                             "\n";
    const ReadFile file = read(trade + book + lost + wrapped + "{\"Item\":{\"kind\n", with_instruments({"BTCUSDT", "ETHUSDT"}));
    const auto rows = file.trades();
    REQUIRE(rows.size() == 2);
    CHECK((file.rows[0].symbol == "ETHUSDT" && file.rows[1].symbol == "BTCUSDT"));
    CHECK((rows[0].ts == 1'742'944'020'500 * ms && rows[0].ts_recv == 1'742'944'020'600 * ms));
    CHECK((rows[0].price == 2059.25 && rows[0].size == 0.5 && rows[0].side == -1 && rows[0].id == 77));
    CHECK((rows[1].price == 100.5 && rows[1].side == 1));
    CHECK(file.malformed() == 1);
    REQUIRE(file.breaks.size() == 1);
    CHECK((file.breaks[0].before == 1 && file.breaks[0].symbol == every_name));
    CHECK((file.breaks[0].row == Continuity{rows[0].ts, Break::disconnect, 0, 0}));
    CHECK((file.ids == IdKind::dense));
    CHECK(read(trade).rows[0].symbol == "1");
}

TEST_CASE_METHOD(Files, "JSON lines with named fields") {
    const ReadFile file = read(R"({"ts":1723161256322,"symbol":"A","price":1.5,"size":"2","side":"buy","id":7,"extra":[1,{"x":2}]})"
                               "\n"
                               R"({"price":"2.5","size":1,"ts":"2024-08-08 23:54:16","symbol":"B","side":null})"
                               "\n"
                               R"({"ts":1723161256322,"symbol":"A","price":1.5,"size":2,"side":-1})"
                               "\n"
                               R"({"ts":1723161256322,"price":1.5,"size":2})"
                               "\n"
                               R"({"ts":1723161256322,"symbol":"A","price":"much","size":2})"
                               "\n"
                               R"({"ts":1723161256322,"symbol":"A","price":1,"size":2,"side":"up"})"
                               "\n"
                               R"({"ts":1723161256322,"symbol":"A","pri)"
                               "\n"
                               "{}\n"
                               "nonsense\n");
    const auto rows = file.trades();
    REQUIRE(rows.size() == 3);
    CHECK((rows[0].side == 1 && rows[1].side == 0 && rows[2].side == -1));
    CHECK((rows[0].size == 2.0 && rows[0].id == 7 && rows[1].price == 2.5));
    CHECK(rows[1].ts == 1'723'161'256'000 * ms);
    CHECK(file.rows[1].symbol == "B");
    CHECK(file.malformed() == 6);
    CHECK((file.ids == IdKind::unknown));
}

TEST_CASE_METHOD(Files, "quotes: items and named JSON lines, frames of a capture, and a clear refusal of anything else") {
    const std::string item =
        R"({"Item":{"time_exchange":"2025-03-25T23:07:00.5Z","time_received":"2025-03-25T23:07:00.6Z","instrument":1,"kind":{"OrderBookL1":{"last_update_time":"x","best_bid":{"price":"10.5","amount":"3"},"best_ask":{"price":11,"amount":"4"}}}}})"
        "\n";
    const std::string one_sided =
        R"({"Item":{"time_exchange":"2025-03-25T23:07:01Z","instrument":0,"kind":{"OrderBookL1":{"best_bid":null,"best_ask":{"price":"11","amount":"4"}}}}})"
        "\n";
    const std::string other =
        R"({"Item":{"time_exchange":"2025-03-25T23:07:01Z","instrument":0,"kind":{"Trade":{"id":"5","price":"1","amount":"2","side":"Buy"}}}})"
        "\n";
    const ReadFile items = read_quotes(folder.write("items", item + one_sided + other), with_instruments({"A", "B"}));
    REQUIRE(items.rows.size() == 2);
    CHECK((items.rows[0].symbol == "B" && std::get<Quote>(items.rows[0].row) == Quote{1'742'944'020'500 * ms, 10.5, 11, 3, 4, 1'742'944'020'600 * ms}));
    CHECK((fault_of(items.rows[1].row) == Fault::price));  // the source refuses and counts it

    const ReadFile named = read_quotes(folder.write("named", R"({"ts":1723161256322,"symbol":"A","bid":"1","ask":2,"ask_size":null})"
                                                             "\n"
                                                             R"({"ts":1723161256322,"symbol":"A","bid":"x","ask":2})"
                                                             "\n"));
    REQUIRE(named.rows.size() == 1);
    CHECK((std::get<Quote>(named.rows[0].row) == Quote{1'723'161'256'322 * ms, 1, 2, 0, 0, 0} && named.malformed() == 1));

    const ReadFile capture =
        read_quotes(folder.write("capture", R"(77000 {"u":1,"s":"X","b":"1","B":"2","a":"3","A":"4"})"
                                            "\n"
                                            R"(78000 {"e":"bookTicker","u":2,"s":"X","b":"1","B":"2","a":"3","A":"4","T":1672515782136,"E":1672515782137})"
                                            "\n"));
    REQUIRE(capture.rows.size() == 2);
    CHECK((std::get<Quote>(capture.rows[0].row) == Quote{77'000, 1, 3, 2, 4, 77'000}));
    CHECK((std::get<Quote>(capture.rows[1].row).ts == 1'672'515'782'136 * ms));
    CHECK_THROWS_WITH(read_quotes(folder.write("csv", "ts,bid,ask\n1,2,3\n")), Catch::Contains("no known format of quotes"));
}

TEST_CASE_METHOD(Files, "mutated lines are read, skipped or counted, never worse") {
    Random random(1);
    const std::string kinds[] = {
        capture_line(5, 100.25, true),
        R"({"ts":1723161256322,"symbol":"A","price":1.5,"size":"2","side":"buy","id":7})"
        "\n",
        R"({"Item":{"time_exchange":"2025-03-25T23:07:00.5Z","instrument":1,"kind":{"Trade":{"id":"77","price":2059.25,"amount":0.5,"side":"Sell"}}}})"
        "\n",
        "41,61800.3,0.006,100,101,1723161256322,true\n"};
    for (const std::string& good : kinds) {
        std::string content = good;
        for (int i = 0; i < 20'000; ++i) content += mutated(good, random);
        const ReadFile file = read(content);
        CHECK(file.rows.size() > 100);
        CHECK(file.malformed() > 1'000);
        Graph graph;
        Table& table = graph.collect(graph.source<Trade>("trades"));
        std::vector<std::pair<std::string, std::unique_ptr<Feed>>> feeds;
        feeds.emplace_back("trades", open_trades(folder.path() + "/file"));
        replay(graph, std::move(feeds), {.chunk = 512});
        CHECK(table.rows() + graph.sources()[0]->rejected_total() == file.rows.size());
    }
}

TEST_CASE_METHOD(Files, "of a file with many symbols only those asked for are read") {
    OpenOptions options;
    options.only = {"B"};
    const ReadFile file = read("ts,symbol,price,size\n1723161256322,A,1,1\n1723161256322,B,2,1\n1723161256322,A,3,1\n", options);
    REQUIRE(file.rows.size() == 1);
    CHECK(file.rows[0].symbol == "B");
}

TEST_CASE_METHOD(Files, "gzip reads as plain, also across batches and the buffer's edges") {
    std::string content;
    for (std::uint64_t id = 1; id <= 20'000; ++id) content += capture_line(id, 100.0 + static_cast<double>(id % 7), id % 3 == 0);
    const ReadFile plain = read(content), packed = read_trades(folder.write_gzip("file.gz", content));
    CHECK(plain.rows.size() == 20'000);
    CHECK((plain.trades() == packed.trades()));
    const ReadFile two_members = read_trades(folder.write("two.gz", gzip(content) + gzip(capture_line(9, 1.0, true))));
    CHECK(two_members.rows.size() == 20'001);
    const auto feed = open_trades(folder.path() + "/file.gz");
    CHECK(feed->progress() >= 0.0);
    Batch batch;
    double before = 0.0;
    while (feed->next(batch)) {
        CHECK(feed->progress() >= before);
        before = feed->progress();
    }
    CHECK(before == 1.0);
}

TEST_CASE_METHOD(Files, "a gzip file that is cut short or damaged says so") {
    std::string content;
    for (std::uint64_t id = 1; id <= 20'000; ++id) content += capture_line(id, 100.0 + static_cast<double>(id * 7919 % 1'000), id % 3 == 0);
    std::string packed = gzip(content);
    CHECK(says(refused(packed.substr(0, packed.size() / 2)), {"truncated", "after line"}));
    CHECK(says(refused(packed.substr(0, packed.size() - 5)), {"truncated"}));
    CHECK(says(refused(packed.substr(0, 30)), {"truncated"}));
    packed[packed.size() / 2] = static_cast<char>(packed[packed.size() / 2] ^ 0x55);
    CHECK(says(refused(packed), {"damaged"}));
    CHECK(says(refused(gzip("")), {"is empty"}));
}

TEST_CASE_METHOD(Files, "a file that is not there, empty, blank or a folder says so") {
    CHECK_THROWS_AS(open_trades(folder.path() + "/nothing.csv"), FileMissing);
    CHECK_THROWS_WITH(open_trades(folder.path() + "/nothing.csv"), Catch::Contains("no such file") && Catch::Contains("nothing.csv"));
    CHECK(says(refusal([&] { open_trades(folder.path()); }), {"is a folder"}));
    CHECK(says(refused(""), {"is empty"}));
    CHECK(says(refused("\n\n  \n"), {"is empty"}));
    CHECK(says(refused(std::string(40, '\0')), {"no known format"}));
    CHECK(says(refused(std::string(std::size_t{17} << 20, 'x')), {"longer than 16 MiB"}));
}

TEST_CASE_METHOD(Files, "text lines: ends of either kind, none at the end, and the first one twice after a peek") {
    TextFile file(folder.write("lines", "\n\nfirst\r\nsecond\n\nlast"));
    CHECK(file.peek() == "first");
    CHECK(file.peek() == "first");
    std::vector<std::string> lines;
    for (std::string_view line; file.next(line);) lines.emplace_back(line);
    CHECK((lines == std::vector<std::string>{"first", "second", "", "last"}));
    CHECK(file.progress() == 1.0);
}

}  // namespace openquant::testing
