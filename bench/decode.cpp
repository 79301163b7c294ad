// Decoding of venues' frames on one core, without a connection: Binance's recorded trades, raw and combined; the same trades in
// Bybit's messages of several; and as lines of one's own. The recording is one of the tests' (OPENQUANT_RECORDINGS).
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "openquant/connectors/json.hpp"
#include "openquant/connectors/lines.hpp"
#include "openquant/replay/text_file.hpp"

namespace openquant {
namespace {

/// Frames behind one another in one buffer, as a socket's reads leave them.
struct Frames {
    std::string bytes;
    std::vector<std::size_t> ends;
    std::size_t trades = 0;

    void add(std::string_view frame, std::size_t held = 1) { bytes += frame, ends.push_back(bytes.size()), trades += held; }
    void decode(Venue& venue, Told& told) const {
        std::size_t begin = 0;
        for (const std::size_t end : ends) {
            venue.decode(std::string_view(bytes).substr(begin, end - begin), 1, told);
            begin = end;
        }
    }
};

/// The combined trade frames of the recorded spot capture; none without it.
std::vector<std::string> recorded() {
    const char* given = std::getenv("OPENQUANT_RECORDINGS");
    const std::string path = std::string(given ? given : OPENQUANT_RECORDINGS) + "/binance_spot_btcusdt_20240808.gz";
    std::vector<std::string> out;
    if (!std::filesystem::exists(path)) return out;
    TextFile file(path);
    for (std::string_view line; file.next(line);)
        if (line.find("@trade\"") != std::string_view::npos) out.emplace_back(line.substr(line.find(' ') + 1));
    return out;
}

/// The text behind a key, up to a comma or brace.
std::string field(std::string_view frame, std::string_view key) {
    const std::size_t begin = frame.find(key) + key.size();
    return std::string(frame.substr(begin, frame.find_first_of(",}", begin) - begin));
}

/// A text in the form of a UUID, another for each number.
std::string uuid(std::uint64_t n) {
    std::string out = "00000000-0000-0000-0000-000000000000";
    for (char& c : out) {
        if (c == '-') continue;
        n = n * 6'364'136'223'846'793'005 + 1'442'695'040'888'963'407;
        c = "0123456789abcdef"[n >> 60];
    }
    return out;
}

Frames as_bybit(const std::vector<std::string>& frames, std::size_t per_message) {
    Frames out;
    for (std::size_t begin = 0; begin < frames.size(); begin += per_message) {
        std::string message = R"({"topic":"publicTrade.BTCUSDT","type":"snapshot","ts":)" + field(frames[begin], "\"E\":") + R"(,"data":[)";
        const std::size_t end = std::min(begin + per_message, frames.size());
        for (std::size_t i = begin; i < end; ++i) {
            if (i > begin) message += ',';
            message += R"({"T":)" + field(frames[i], "\"T\":") + R"(,"s":"BTCUSDT","S":")" + (field(frames[i], "\"m\":") == "true" ? "Sell" : "Buy");
            message += R"(","v":)" + field(frames[i], "\"q\":") + R"(,"p":)" + field(frames[i], "\"p\":") + R"(,"L":"PlusTick","i":")" + uuid(i);
            message += R"(","BT":false,"RPI":false,"seq":)" + std::to_string(9'000'000'000 + i) + "}";
        }
        out.add(message + "]}", end - begin);
    }
    return out;
}

Frames as_lines(const std::vector<std::string>& frames) {
    Frames out;
    for (const std::string& f : frames) {
        std::string line = R"({"ts":)" + field(f, "\"T\":") + R"(,"symbol":"BTCUSDT","price":)" + field(f, "\"p\":") + R"(,"size":)" + field(f, "\"q\":");
        line += R"(,"side":)" + std::string(field(f, "\"m\":") == "true" ? "-1" : "1") + R"(,"id":)" + field(f, "\"t\":") + "}";
        out.add(line);
    }
    return out;
}

Frames as_binance(const std::vector<std::string>& frames, bool raw) {
    Frames out;
    for (const std::string_view frame : frames) {
        const std::size_t begin = frame.find("{\"e\"");
        out.add(raw ? frame.substr(begin, frame.size() - begin - 1) : frame);
    }
    return out;
}

void measure(benchmark::State& state, std::unique_ptr<Venue> venue, Frames frames) {
    if (frames.trades == 0) return state.SkipWithError("no recording: OPENQUANT_RECORDINGS names its folder");
    frames.bytes.append(json::padding, ' ');
    Told told;
    for (auto _ : state) {
        told.clear();
        frames.decode(*venue, told);
        benchmark::DoNotOptimize(told.trades.data());
        benchmark::ClobberMemory();
    }
    if (told.trades.size() != frames.trades) state.SkipWithError("not every trade was decoded");
    state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * frames.trades));
}

void binance_raw(benchmark::State& state) { measure(state, make_venue("binance", {{"btcusdt", ""}}), as_binance(recorded(), true)); }
void binance_combined(benchmark::State& state) { measure(state, make_venue("binance", {{"btcusdt", ""}}), as_binance(recorded(), false)); }
void bybit(benchmark::State& state) { measure(state, make_venue("bybit", {{"BTCUSDT", ""}}), as_bybit(recorded(), static_cast<std::size_t>(state.range(0)))); }
void lines(benchmark::State& state) { measure(state, make_lines(IdKind::dense), as_lines(recorded())); }

BENCHMARK(binance_raw);
BENCHMARK(binance_combined);
BENCHMARK(bybit)->Arg(1)->Arg(20)->Arg(1024);
BENCHMARK(lines);

}  // namespace
}  // namespace openquant

BENCHMARK_MAIN();
