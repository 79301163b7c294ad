// Trades as CSV: Binance's public-data layouts and headers that name their columns.
#include "catch.hpp"

#include "files.hpp"
#include "refusal.hpp"

namespace openquant::testing {

namespace {

constexpr std::int64_t ms = 1'000'000, at = 1'723'161'256'322 * ms;

Trade trade(std::int64_t ts, double price, double size, int side, std::uint64_t id) {
    Trade t;
    t.ts = ts, t.price = price, t.size = size, t.side = static_cast<std::int8_t>(side), t.id = id;
    return t;
}

const std::vector<Trade> two{trade(at, 61800.3, 0.006, -1, 41), trade(at + ms, 61800.25, 1.5, 1, 42)};

struct Files {
    TemporaryFolder folder;
    ReadFile read(const std::string& content, const std::string& name = "BTCUSDT-trades-2024-08-08.csv") { return read_trades(folder.write(name, content)); }
};

}  // namespace

TEST_CASE_METHOD(Files, "Binance public data, without a header") {
    const std::pair<const char*, const char*> layouts[] = {
        {"USD-M trades", "41,61800.3,0.006,370.8,1723161256322,true\n42,61800.25,1.5,92700.4,1723161256323,false\n"},
        {"spot trades", "41,61800.3,0.006,370.8,1723161256322,True,True\n42,61800.25,1.5,92700.4,1723161256323,False,True\n"},
        {"spot trades in microseconds", "41,61800.3,0.006,370.8,1723161256322000,True,True\n42,61800.25,1.5,92700.4,1723161256323000,False,True\n"},
        {"futures aggTrades", "41,61800.3,0.006,100,101,1723161256322,true\n42,61800.25,1.5,102,102,1723161256323,false\n"},
        {"spot aggTrades", "41,61800.3,0.006,100,101,1723161256322,True,True\n42,61800.25,1.5,102,102,1723161256323,False,True\n"},
    };
    for (const auto& [name, content] : layouts) {
        INFO(name);
        const ReadFile file = read(content);
        CHECK((file.trades() == two));
        CHECK(file.rows.front().symbol == "BTCUSDT");
        CHECK((file.ids == IdKind::dense));
        CHECK(file.malformed() == 0);
    }
}

TEST_CASE_METHOD(Files, "Binance public data, with a header") {
    for (const std::string end : {"\n", "\r\n"}) {
        const ReadFile futures = read("agg_trade_id,price,quantity,first_trade_id,last_trade_id,transact_time,is_buyer_maker" + end +
                                      "41,61800.3,0.006,100,101,1723161256322,true" + end + "42,61800.25,1.5,102,102,1723161256323,false" + end);
        CHECK((futures.trades() == two));
        CHECK((futures.ids == IdKind::dense));
        const ReadFile trades = read("id,price,qty,quote_qty,time,is_buyer_maker" + end + "41,61800.3,0.006,370,1723161256322,true" + end +
                                     "42,61800.25,1.5,370,1723161256323,false");  // no newline at the end
        CHECK((trades.trades() == two));
    }
}

TEST_CASE_METHOD(Files, "a header names the columns, in any order and spelling") {
    const ReadFile file = read(
        "Symbol,Side,Quantity,Timestamp,Price,comment,flags\n"
        "ETHUSDT,buy,2,2024-08-08 23:54:16.5,10,hello,\n"
        "BTCUSDT,-1,3,2024-08-08T23:54:17Z,11,,4\n"
        "BTCUSDT,,4,1723161258,12,,0\n");
    const auto rows = file.trades();
    REQUIRE(rows.size() == 3);
    CHECK(file.rows[0].symbol == "ETHUSDT");
    CHECK(file.rows[1].symbol == "BTCUSDT");
    CHECK((rows[0].side == 1 && rows[1].side == -1 && rows[2].side == 0));
    CHECK((rows[0].price == 10 && rows[0].size == 2 && rows[1].flags == flag_block));
    CHECK((rows[0].ts == 1'723'161'256'500 * ms && rows[1].ts == 1'723'161'257'000 * ms && rows[2].ts == 1'723'161'258'000 * ms));
    CHECK((file.ids == IdKind::unknown));
    CHECK((read("\xef\xbb\xbfts,price,size\n1723161256322,1,1\n").trades().size() == 1));  // a byte order mark
}

TEST_CASE_METHOD(Files, "the symbol comes from the options, else from the file's name") {
    const std::string content = "ts,price,size\n1723161256322,1,1\n";
    CHECK(read(content, "SOLUSDT-aggTrades-2024.csv").rows[0].symbol == "SOLUSDT");
    CHECK(read(content, "ticks.csv").rows[0].symbol == "ticks");
    CHECK(read_trades(folder.write("ticks.csv", content), with_symbol("MINE")).rows[0].symbol == "MINE");
}

TEST_CASE_METHOD(Files, "lines that make no sense are counted, the rest is read") {
    const ReadFile file = read(
        "ts,price,size,side\n"
        "1723161256322,1,1,buy\n"
        "1723161256322,1,1\n"
        "1723161256322,1,1,buy,more\n"
        "1723161256322,one,1,buy\n"
        "1723161256322,1,,buy\n"
        "yesterday,1,1,buy\n"
        "12,1,1,buy\n"
        "2024-13-45,1,1,buy\n"
        "1723161256322,1,1,up\n"
        "\n   \n"
        "1723161256322,2,1,sell\n");
    CHECK(file.rows.size() == 2);
    CHECK(file.malformed() == 8);
    const ReadFile binance =
        read("41,1,1,1,1723161256322,true\n42,1,1,1,1723161256322,maybe\n43,1,1,1,17231612563220000000000,true\n44,1,1,1,1723161256322,false\n");
    CHECK(binance.rows.size() == 2);
    CHECK(binance.malformed() == 2);
}

TEST_CASE_METHOD(Files, "of very many columns, empty ones and long ones, those that are wanted are read") {
    const auto line = [](const std::string& ts, const std::string& price, const std::string& size, const std::string& other, int others) {
        std::string out = ts;
        for (int i = 0; i < others; ++i) out += "," + other;
        return out + "," + price + "," + size + "," + std::string(80, 'x') + "," + other;
    };
    for (const int others : {0, 1, 30, 58, 59, 60}) {
        INFO(others);
        for (const std::string cell : {"", "y", "a rather long cell as it were"}) {
            const std::string first = line("1723161256322", "61800.3", "0.006", cell, others), second = line("1723161256323", "61800.25", "1.5", cell, others);
            const ReadFile file = read(line("ts", "price", "size", cell, others) + "\n" + first + "\n" + second + "\n" + second + ",more\n");
            REQUIRE(file.rows.size() == (others < 60 ? 2 : 3));  // beyond 64 columns, how many there are is not counted
            CHECK(file.trades()[1].price == 61800.25);
            CHECK(file.trades()[1].size == 1.5);
        }
    }
}

TEST_CASE_METHOD(Files, "a CSV in no known layout is refused with what is missing") {
    CHECK(says(refusal([&] { read("hello,world\n1,2\n"); }), {"no known format", "BTCUSDT-trades"}));
    CHECK(says(refusal([&] { read("1,2,3\n"); }), {"no known format"}));
    CHECK(says(refusal([&] { read("[\n{\"Item\": 1}\n]\n"); }), {"no known format"}));
    CHECK(says(refusal([&] { read("ts,price\n1,2\n"); }), {"exactly one size column", "names 0"}));
    CHECK(says(refusal([&] { read("ts,time,price,size\n1,2,3,4\n"); }), {"exactly one ts column", "names 2"}));
}

}  // namespace openquant::testing
