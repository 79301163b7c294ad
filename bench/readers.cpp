// Trades of uncompressed files in the page cache, read into a graph that adds up their prices. Files are written beforehand: a walk
// of prices in each format; captures are those of the tests (OPENQUANT_RECORDINGS), unpacked and repeated.
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>

#include "openquant/engine/graph.hpp"
#include "openquant/engine/timestamps.hpp"
#include "openquant/operators/core/random.hpp"
#include "openquant/replay/replay.hpp"
#include "openquant/replay/text_file.hpp"

namespace openquant {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t trades_per_file = 1'000'000;

/// The sum of prices, when they end.
struct PriceSum {
    std::int64_t ts_ = 0;
    double sum_ = 0.0;

    static constexpr auto schema() { return schema_of<Value>("PriceSum", "The sum of prices.", "", inputs(input<Price>("prices", "prices")), parameters()); }
    void update(const Price& p, auto&&) noexcept { ts_ = p.ts, sum_ += p.price; }
    void flush(auto&& emit) const noexcept { emit(Value{ts_, sum_}); }
    static auto state(auto& self) { return std::tie(self.ts_, self.sum_); }
    bool operator==(const PriceSum&) const = default;
};

/// A folder of files that ends with the program.
class Folder {
public:
    Folder() : path_(fs::temp_directory_path() / ("openquant-readers-" + std::to_string(::getpid()))) { fs::create_directory(path_); }
    ~Folder() { fs::remove_all(path_); }
    Folder(const Folder&) = delete;
    std::string file(const std::string& name) const { return path_ / name; }

private:
    fs::path path_;
};

struct Made {
    std::size_t number;
    std::int64_t ns;
    double price, size;
    bool sell;
};

/// Prices to the cent, sizes to 1e-5, a millisecond or more between trades.
void each_trade(const std::function<void(const Made&)>& visit) {
    Xoshiro random(7);
    double price = 61'837.63;
    std::int64_t ns = 1'723'161'256'000'000'000;
    for (std::size_t i = 0; i < trades_per_file; ++i) {
        price *= 1.0 + 0.0002 * (random.unit() - 0.5);
        ns += 1'000'000 * static_cast<std::int64_t>(40.0 * random.unit() * random.unit());
        visit({i, ns, std::round(price * 100.0) / 100.0, 1e-5 * (1.0 + std::round(1e5 * random.unit() * random.unit())), random.unit() < 0.5});
    }
}

using Line = int (*)(char* out, std::size_t size, const Made&);

std::string iso(std::int64_t ns) {
    std::string text = text_from_ns(ns);
    text[10] = 'T';
    return text + 'Z';
}

const std::pair<const char*, Line> formats[] = {
    {"BTCUSDT-trades.csv",
     [](char* out, std::size_t size, const Made& t) {
         return std::snprintf(out, size, "%zu,%.8f,%.8f,%.8f,%lld,%s,True\n", 3'712'345'678 + t.number, t.price, t.size, t.price * t.size,
                              static_cast<long long>(t.ns / 1'000'000), t.sell ? "True" : "False");
     }},
    {"BTCUSDT-aggTrades.csv",
     [](char* out, std::size_t size, const Made& t) {
         return std::snprintf(out, size, "%zu,%.8f,%.8f,%zu,%zu,%lld,%s,True\n", 3'012'345'678 + t.number, t.price, t.size, 3'712'345'678 + t.number,
                              3'712'345'678 + t.number, static_cast<long long>(t.ns / 1'000), t.sell ? "True" : "False");
     }},
    {"BTCUSDT-futures-trades.csv",
     [](char* out, std::size_t size, const Made& t) {
         const char* const header = t.number == 0 ? "id,price,qty,quote_qty,time,is_buyer_maker\n" : "";
         return std::snprintf(out, size, "%s%zu,%.2f,%.3f,%.5f,%lld,%s\n", header, 5'123'456'789 + t.number, t.price, t.size + 0.001, t.price * t.size,
                              static_cast<long long>(t.ns / 1'000'000), t.sell ? "true" : "false");
     }},
    {"named.csv",
     [](char* out, std::size_t size, const Made& t) {
         const char* const header = t.number == 0 ? "ts,symbol,price,size,side,id,ts_recv\n" : "";
         return std::snprintf(out, size, "%s%lld,BTCUSDT,%.2f,%.5f,%d,%zu,%lld\n", header, static_cast<long long>(t.ns), t.price, t.size, t.sell ? -1 : 1,
                              3'712'345'678 + t.number, static_cast<long long>(t.ns + 12'345'678));
     }},
    {"named.jsonl",
     [](char* out, std::size_t size, const Made& t) {
         return std::snprintf(out, size,
                              R"({"ts":%lld,"symbol":"BTCUSDT","price":%.2f,"size":%.5f,"side":%d,"id":%zu})"
                              "\n",
                              static_cast<long long>(t.ns), t.price, t.size, t.sell ? -1 : 1, 3'712'345'678 + t.number);
     }},
    {"items.jsonl",
     [](char* out, std::size_t size, const Made& t) {
         return std::snprintf(
             out, size,
             R"({"Item":{"time_exchange":"%s","time_received":"%s","exchange":"binance_spot","instrument":0,"kind":{"Trade":{"id":"%zu","price":%.2f,"amount":%.5f,"side":"%s"}}}})"
             "\n",
             iso(t.ns).c_str(), iso(t.ns + 132'021'081).c_str(), 4'744'868'157 + t.number, t.price, t.size, t.sell ? "Sell" : "Buy");
     }},
};

void write(const std::string& path, Line line) {
    std::ofstream out(path);
    char text[512];
    each_trade([&](const Made& t) { out.write(text, line(text, sizeof text, t)); });
}

/// The capture's lines again and again, up to 200 MB. Ids and times repeat, which a source without kinds of ids takes as it comes.
bool unpack(const std::string& capture, const std::string& path) {
    const char* given = std::getenv("OPENQUANT_RECORDINGS");
    const std::string from = std::string(given ? given : OPENQUANT_RECORDINGS) + "/" + capture;
    if (!fs::exists(from)) return false;
    std::ofstream out(path);
    while (out.tellp() < 200'000'000) {
        TextFile file(from);
        for (std::string_view line; file.next(line);) out << line << '\n';
    }
    return true;
}

void read(benchmark::State& state, const std::string& path, std::size_t trades) {
    std::uint64_t rows = 0;
    for (auto _ : state) {
        Graph graph;
        Table& sums = graph.collect(graph.add(PriceSum{}, graph.source<Trade>("trades")));
        std::vector<std::pair<std::string, std::unique_ptr<Feed>>> feeds;
        feeds.emplace_back("trades", open_trades(path));
        Replay replay(graph, std::move(feeds));
        replay.run();
        rows += replay.rows();
        if (sums.rows() == 0) state.SkipWithError("nothing was read");
        if (replay.rejected()[static_cast<std::size_t>(Fault::malformed)] > 0) state.SkipWithError("lines are malformed");
    }
    if (trades > 0 && rows != state.iterations() * trades) state.SkipWithError("not every trade was read");
    state.SetItemsProcessed(static_cast<std::int64_t>(rows));
    state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * fs::file_size(path)));
}

}  // namespace
}  // namespace openquant

int main(int argc, char** argv) {
    using namespace openquant;
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
    const Folder folder;
    const auto add = [](const std::string& name, const std::string& path, std::size_t trades) {
        benchmark::RegisterBenchmark(name.c_str(), [=](benchmark::State& state) { read(state, path, trades); })->Unit(benchmark::kMillisecond);
    };
    for (const auto& [name, line] : formats) {
        const std::string path = folder.file(name);
        write(path, line);
        add(name, path, trades_per_file);
    }
    for (const char* capture :
         {"binance_spot_btcusdt_20240808.gz", "binance_usdm_btcusdt_20240808.gz", "binance_spot_trades_l1_btcusdt_ethusdt_solusdt.json.gz"})
        if (const std::string path = folder.file(std::string("unpacked-") + capture); unpack(capture, path)) add(capture, path, 0);
    benchmark::RunSpecifiedBenchmarks();
}
