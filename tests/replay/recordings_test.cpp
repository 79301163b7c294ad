// The real recordings against what is known of them; skipped where they are not there.
#include <map>
#include "catch.hpp"

#include "files.hpp"
#include "openquant/operators/as_of.hpp"
#include "openquant/operators/dollar_bars.hpp"
#include "openquant/operators/effective_spread.hpp"
#include "openquant/operators/lee_ready.hpp"
#include "openquant/replay/text_file.hpp"
#include "recordings.hpp"
#include "refusal.hpp"
#include "twin.hpp"

namespace openquant::testing {

namespace {

constexpr std::int64_t second = 1'000'000'000;

std::size_t most_per(const std::vector<Trade>& trades, std::int64_t unit) {
    std::map<std::int64_t, std::size_t> counts;
    for (const Trade& t : trades) ++counts[t.ts / unit];
    return std::max_element(counts.begin(), counts.end(), [](const auto& a, const auto& b) { return a.second < b.second; })->second;
}

}  // namespace

TEST_CASE("USD-M capture: trades, ids without a gap, and dollar bars") {
    const auto path = recording("binance_usdm_btcusdt_20240808.gz");
    if (!path) return;
    const ReadFile file = read_trades(*path);
    const auto trades = file.trades();
    REQUIRE(trades.size() == 21'313);
    CHECK(file.malformed() == 0);
    for (std::size_t i = 1; i < trades.size(); ++i)
        if (trades[i].id != trades[i - 1].id + 1) FAIL_CHECK("a gap at row " << i);
    CHECK(file.rows[0].symbol == "BTCUSDT");
    CHECK(trades.front().ts / second == 1'723'161'256);
    CHECK(trades.back().ts / second == 1'723'161'599);
    CHECK(most_per(trades, second) == 1'647);
    CHECK(most_per(trades, second / 1'000) == 348);

    Graph graph;
    const Port source = graph.source<Trade>("trades");
    Table& breaks = graph.collect(source.continuity());
    std::vector<Table*> tables;
    for (const Remainder remainder : {Remainder::reset, Remainder::carry, Remainder::split})
        for (const double dollars : {1e5, 1e6, 1e7})
            tables.push_back(&graph.collect(graph.add(DollarBars{.dollar_value_per_bar = dollars, .remainder = remainder}, source)));
    std::vector<std::pair<std::string, std::unique_ptr<Feed>>> feeds;
    feeds.emplace_back("trades", open_trades(*path));
    replay(graph, std::move(feeds), {.chunk = 4096});
    std::vector<std::size_t> bars;
    for (const Table* table : tables) bars.push_back(table->rows());
    CHECK((std::vector(bars.begin(), bars.begin() + 3) == std::vector<std::size_t>{1'055, 136, 14}));
    CHECK((std::vector(bars.begin() + 6, bars.end()) == std::vector<std::size_t>{1'498, 149, 14}));
    CAPTURE(bars);
    CHECK((std::vector(bars.begin() + 3, bars.begin() + 6) == std::vector<std::size_t>{1'498, 149, 14}));
    for (const Continuity& b : breaks.as<Continuity>()) CHECK(b.kind == Break::late);
}

TEST_CASE("spot capture: trades without a gap") {
    const auto path = recording("binance_spot_btcusdt_20240808.gz");
    if (!path) return;
    const auto trades = read_trades(*path).trades();
    REQUIRE(trades.size() == 9'757);
    for (std::size_t i = 1; i < trades.size(); ++i)
        if (trades[i].id != trades[i - 1].id + 1) FAIL_CHECK("a gap at row " << i);
}

TEST_CASE("JSON lines of three instruments: trades among quotes, ids without a gap by symbol") {
    const auto path = recording("binance_spot_trades_l1_btcusdt_ethusdt_solusdt.json.gz");
    if (!path) return;
    const ReadFile file = read_trades(*path, with_instruments({"BTCUSDT", "ETHUSDT", "SOLUSDT"}));
    REQUIRE(file.rows.size() == 11'032);
    CHECK(file.malformed() == 0);
    std::map<std::string, std::uint64_t> last;
    for (const Tick& tick : file.rows) {
        const auto id = std::get<Trade>(tick.row).id;
        auto& before = last[tick.symbol];
        if (before != 0 && id != before + 1) FAIL_CHECK("a gap of " << tick.symbol << " before " << id);
        before = id;
    }
    CHECK(last.size() == 3);
}

TEST_CASE("quotes of the recordings: bookTicker frames of both captures, best bid and ask of the JSON lines") {
    const std::pair<std::string, std::size_t> files[] = {
        {"binance_usdm_btcusdt_20240808.gz", 0}, {"binance_spot_btcusdt_20240808.gz", 0}, {"binance_spot_trades_l1_btcusdt_ethusdt_solusdt.json.gz", 38'968}};
    for (const auto& [name, count] : files) {
        const auto path = recording(name);
        if (!path) return;
        INFO(name);
        const ReadFile file = read_quotes(*path);
        CHECK(file.malformed() == 0);
        CHECK((count == 0 ? file.rows.size() > 1'000 : file.rows.size() == count));
        std::size_t unsound = 0, crossed = 0;
        for (const Tick& tick : file.rows) {
            const auto& q = std::get<Quote>(tick.row);
            unsound += fault_of(tick.row) != Fault::none, crossed += q.bid >= q.ask;
        }
        CHECK((unsound == 0 && crossed == 0));
    }
}

TEST_CASE("trades joined with quotes whose time steps back: any chunking gives the same bytes") {
    const auto path = recording("binance_spot_trades_l1_btcusdt_ethusdt_solusdt.json.gz");
    if (!path) return;
    const auto run = [&](std::size_t chunk) {
        Graph graph;
        const Port quotes = graph.source<Quote>("quotes"), trades = graph.source<Trade>("trades");
        const Port joined = graph.add(AsOf{}, quotes, trades);
        Table& spreads = graph.collect(graph.add(EffectiveSpread{}, joined));
        Table& bars = graph.collect(graph.add(DollarBars{.dollar_value_per_bar = 1e5}, graph.add(LeeReady{}, joined)));
        std::vector<std::pair<std::string, std::unique_ptr<Feed>>> feeds;
        feeds.emplace_back("quotes", open_quotes(*path));
        feeds.emplace_back("trades", open_trades(*path));
        replay(graph, std::move(feeds), {.chunk = chunk});
        return Outputs{collected(spreads, graph.symbols()), collected(bars, graph.symbols())};
    };
    const Outputs whole = run(std::size_t{1} << 30);
    CHECK((whole[0].rows() > 11'000 && whole[1].rows() > 50));
    for (const std::size_t chunk : {1, 7, 1024}) CHECK(difference(run(chunk), whole) == "");
}

TEST_CASE("Coinbase's recorded matches: the side is the aggressor's, as their tickers tell it") {
    const auto path = recording("coinbase_matches_recording.gz");
    if (!path) return;
    const ReadFile file = read_trades(*path);
    CHECK((file.malformed() == 0 && file.ids == IdKind::dense));
    std::map<std::pair<std::string, std::uint64_t>, int> taker;  // by product and trade
    TextFile lines(*path);
    for (std::string_view line; lines.next(line);) {
        if (line.find(R"("type":"ticker")") == std::string_view::npos) continue;
        const auto after = [&](std::string_view key) { return line.substr(line.find(key) + key.size()); };
        const std::string product(after(R"("product_id":")").substr(0, after(R"("product_id":")").find('"')));
        taker[{product, std::stoull(std::string(after(R"("trade_id":)").substr(0, 15)))}] = after(R"("side":")").starts_with("buy") ? 1 : -1;
    }
    std::size_t matches = 0, snapshots = 0, twins = 0;
    for (const Tick& tick : file.rows) {
        const auto& trade = std::get<Trade>(tick.row);
        ++(trade.flags & flag_snapshot ? snapshots : matches);
        const auto twin = taker.find({tick.symbol, trade.id});
        if (twin == taker.end() || trade.flags & flag_snapshot) continue;
        ++twins;
        CHECK(trade.side == twin->second);
    }
    CHECK((matches == 97 && twins == 97 && snapshots > 0));
}

TEST_CASE("recordings of protocols that are not read are refused clearly") {
    for (const char* name : {"kraken_v1_recording.gz", "bybit_recording.gz"}) {
        const auto path = recording(name);
        if (!path) return;
        CHECK(says(refusal([&] { read_trades(*path); }), {name, "no venue that can be read"}));
    }
}

TEST_CASE("Coinbase's recording replays without a gap; only its snapshots end") {
    const auto path = recording("coinbase_matches_recording.gz");
    if (!path) return;
    for (const std::size_t chunk : {1, 1024}) {
        Graph graph;
        const Port source = graph.source<Trade>("trades");
        Table &rows = graph.collect(source), &breaks = graph.collect(source.continuity());
        std::vector<std::pair<std::string, std::unique_ptr<Feed>>> feeds;
        feeds.emplace_back("trades", open_trades(*path));
        replay(graph, std::move(feeds), {.chunk = chunk});
        CHECK((rows.rows() == 107 && graph.sources()[0]->rejected_total() == 0 && graph.symbols().size() == 10));
        CHECK(breaks.rows() == 10);
        for (const Continuity& b : breaks.as<Continuity>()) CHECK(b.kind == Break::snapshot_end);
    }
}

TEST_CASE("recordings that are no trade files are refused clearly") {
    const auto path = recording("binance_spot_market_data_with_disconnect_events.json");
    if (path) CHECK_THROWS_WITH(read_trades(*path), Catch::Contains("no known format"));
}

}  // namespace openquant::testing
