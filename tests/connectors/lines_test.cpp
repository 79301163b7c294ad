#include "openquant/connectors/lines.hpp"

#include "catch.hpp"
#include "decoding.hpp"
#include "files.hpp"
#include "refusal.hpp"

namespace openquant::testing {

namespace {

const std::string line = R"({"ts":1672515782135,"symbol":"GOLD","price":1.5,"size":"2","side":"sell","id":7,"ts_publish":1672515782136000,"flags":4})";

}  // namespace

TEST_CASE("lines: the fields of a trade, in any order, as numbers or as texts") {
    const auto venue = make_lines(IdKind::monotonic);
    CHECK((venue->rules().ids == IdKind::monotonic && venue->subscriptions().empty() && venue->url().empty() && venue->symbols().size() == 0));
    const std::string lines[] = {
        line, line + "\r",
        R"({"flags":4,"ts_publish":"2022-12-31T19:43:02.136Z","id":"7","new":{"a":[1]},"side":-1,"size":2,"price":"1.5","symbol":"G\u004fLD","ts":"1672515782.135e0"})",
        R"({"ts":"2022-12-31T19:43:02.135Z","symbol":"GOLD","price":1.5,"size":2,"side":"S","id":7,"ts_publish":1672515782136,"flags":4,"ts_recv":1672515782137})"};
    for (const std::string& text : lines) {
        INFO(text);
        const Decoded d = decode(*venue, text);
        if (text.find("e0") != std::string::npos) {
            CHECK((d.frame == Frame::malformed));  // a time is an integer or a date
            continue;
        }
        REQUIRE((d.frame == Frame::trades && d.symbols == std::vector<std::string>{"GOLD"}));
        CHECK((d.told.trades[0].trade == Trade{1'672'515'782'135'000'000, 1.5, 2.0, -1, 7, 1'672'515'782'136'000'000, received, 4}));
    }
    const Trade bare =
        only_trade(*venue, R"({"ts":1672515782135,"symbol":"OIL","price":3,"size":1,"side":null,"id":null,"ts_publish":null,"flags":null,"ts_recv":null})");
    CHECK((bare == Trade{1'672'515'782'135'000'000, 3.0, 1.0, 0, 0, 0, received, 0}));
    CHECK((venue->symbols().names() == std::vector<std::string>{"GOLD", "OIL"}));
}

TEST_CASE("lines: what cannot be read is malformed, what is blank is nothing") {
    const auto venue = make_lines(IdKind::unknown);
    for (const char* text :
         {R"({"symbol":"X","price":1,"size":1})", R"({"ts":1672515782135,"price":1,"size":1})", R"({"ts":1672515782135,"symbol":"","price":1,"size":1})",
          R"({"ts":"soon","symbol":"X","price":1,"size":1})", R"({"ts":1672515782135,"symbol":"X","price":"much","size":1})",
          R"({"ts":1672515782135,"symbol":"X","price":1,"size":1,"side":2})", R"([1])", "hello"}) {
        INFO(text);
        CHECK((decode(*venue, text).frame == Frame::malformed));
    }
    for (const char* text : {"", " ", "\r"}) CHECK((decode(*venue, text).frame == Frame::control));
    CHECK(venue->symbols().size() == 0);
}

TEST_CASE("lines: only the symbols that are wanted") {
    const auto venue = make_lines(IdKind::unknown, {"OIL", "GOLD"});
    CHECK((decode(*venue, line).symbols == std::vector<std::string>{"GOLD"}));
    CHECK((decode(*venue, R"({"ts":1672515782135,"symbol":"TIN","price":1,"size":1})").frame == Frame::control));
    CHECK(venue->symbols().size() == 2);
    CHECK(says(refusal([] { make_lines(IdKind::unknown, {""}); }), {"ndjson", "empty symbol"}));
}

TEST_CASE("lines: a live line is what the same line of a file is") {
    Random random(11);
    std::string text;
    std::vector<std::string> lines;
    for (int i = 0; i < 5'000; ++i) {
        std::string one = line;
        if (i % 3 == 1) one = R"({"ts":1672515782136,"symbol":"OIL","price":"3.25","size":1,"ts_recv":1672515782137})";
        if (i % 3 == 2) {
            one = mutated(line, random);
            std::erase_if(one, [](char c) { return c == '\n' || c == '\r'; });
        }
        lines.push_back(one), text += one + "\n";
    }
    const TemporaryFolder folder;
    const ReadFile file = read_trades(folder.write("lines.json", text));
    const auto venue = make_lines(IdKind::unknown);
    std::vector<Tick> live;
    for (const std::string& one : lines) {
        const Decoded d = decode(*venue, one);
        if (d.frame == Frame::trades) live.push_back({d.symbols[0], d.told.trades[0].trade});
    }
    REQUIRE((live.size() > 3'400 && live.size() == file.rows.size()));
    std::size_t differ = 0;
    for (std::size_t i = 0; i < live.size(); ++i) {
        const auto& read = std::get<Trade>(file.rows[i].row);
        auto& told = std::get<Trade>(live[i].row);
        told.ts_recv = read.ts_recv;  // a file tells its own, a session reads its clock
        differ += live[i].symbol != file.rows[i].symbol || told != read;
    }
    CHECK(differ == 0);
}

TEST_CASE("lines: survives broken and hostile lines") { CHECK(survive(*make_lines(IdKind::dense), line) > 1'000); }

TEST_CASE("lines: no allocation once warm") {
    const auto venue = make_lines(IdKind::dense);
    const Padded trade(line), bad(line.substr(0, 40));
    Told told;
    const auto all = [&] { told.clear(), venue->decode(trade.view(), received, told), venue->decode(bad.view(), received, told); };
    all();
    const std::size_t before = allocations();
    for (int i = 0; i < 1'000; ++i) all();
    CHECK(allocations() - before == 0);
}

}  // namespace openquant::testing
