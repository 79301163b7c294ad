// Small captures of the forms that there are, and what is in them.
#pragma once

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "client.hpp"

namespace openquant::testing {

struct Traded {
    std::string symbol;
    std::int64_t id = 0;
    std::string price, size;
    bool buyer_is_maker = false;
    std::int64_t ms = 0;
};

inline const std::int64_t first_ms = 1'723'161'256'322;

/// Trades of symbols in turn, a millisecond apart; ids count by symbol from 1,000.
inline std::vector<Traded> some_trades(std::size_t n, std::vector<std::string> symbols = {"BTCUSDT"}) {
    std::vector<Traded> out;
    for (std::size_t i = 0; i < n; ++i) {
        const auto round = static_cast<std::int64_t>(i / symbols.size());
        out.push_back({symbols[i % symbols.size()], 1'000 + round, "61800." + std::to_string(10 + i % 90), "0.0" + std::to_string(1 + i % 99) + "0", i % 3 == 0,
                       first_ms + static_cast<std::int64_t>(i)});
    }
    return out;
}

inline std::string lower(std::string text) {
    for (char& c : text) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    return text;
}

inline std::string payload(const Traded& t) {
    return R"({"e":"trade","E":)" + std::to_string(t.ms) + R"(,"T":)" + std::to_string(t.ms) + R"(,"s":")" + t.symbol + R"(","t":)" + std::to_string(t.id) +
           R"(,"p":")" + t.price + R"(","q":")" + t.size + R"(","X":"MARKET","m":)" + (t.buyer_is_maker ? "true" : "false") + "}";
}
inline std::string combined(const Traded& t) { return R"({"stream":")" + lower(t.symbol) + R"(@trade","data":)" + payload(t) + "}"; }

/// With a frame of another channel before the first.
inline std::string capture(const std::vector<Traded>& trades) {
    std::string out = R"(1723161255088169167 {"stream":"btcusdt@bookTicker","data":{"e":"bookTicker","s":"BTCUSDT","b":"61800.20","B":"2.507"}})"
                      "\n";
    for (const Traded& t : trades) out += std::to_string(t.ms - 1'200) + "000000 " + combined(t) + "\n";
    return out;
}

inline SimulatorOptions fast(std::string venue, std::string faults = {}) {
    SimulatorOptions o;
    o.venue = std::move(venue);
    o.speed = 0;
    o.faults = std::move(faults);
    o.settle = std::chrono::milliseconds(10);
    return o;
}

inline Simulator simulate(const std::vector<Traded>& trades, const SimulatorOptions& options) {
    return Simulator("trades", lines_of(capture(trades)), options);
}

/// Waits until it holds; false after 20 s.
inline bool eventually(const std::function<bool()>& holds) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!holds()) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return true;
}

}  // namespace openquant::testing
