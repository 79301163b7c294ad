// Binance spot and futures: what a frame of the trade, aggTrade and bookTicker streams says, and the venues of its three markets.
// Source: Binance's web-socket-streams.md (spot) and USD-M futures market stream pages.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "openquant/connectors/venue.hpp"

namespace openquant {

class BinanceDecoder {
public:
    enum class Result {
        row,
        other,    // a frame of another stream, an ack, a trade not of the market
        refusal,  // the venue refuses a request
        restart,  // the server announces that it will go down
        malformed
    };

    BinanceDecoder();
    ~BinanceDecoder();
    BinanceDecoder(BinanceDecoder&&) noexcept;

    /// Reads one frame, raw or of a combined stream. `json::padding` bytes behind it must be readable. `symbol` is valid as long
    /// as the frame and until the next call.
    Result decode(std::string_view frame, Trade& trade, std::string_view& symbol);
    /// The same of a bookTicker frame; its time is 0 on spot, where the venue tells none.
    Result decode(std::string_view frame, Quote& quote, std::string_view& symbol);

    /// Whether the last trade was an aggTrade, whose ids are another sequence.
    bool aggregated() const { return aggregated_; }

private:
    template <class E>
    Result decode_row(std::string_view frame, E& row, std::string_view& symbol);

    struct Parser;
    std::unique_ptr<Parser> parser_;
    bool aggregated_ = false;
};

/// Spot, futures settled in dollars, and futures settled in coins. Channels: trade (every match, the default) and aggTrade (those
/// of one taker at one price as one). Symbols such as BTCUSDT or BTCUSD_PERP, in either case.
std::unique_ptr<Venue> make_binance(const std::vector<Market>& markets);
std::unique_ptr<Venue> make_binance_usdm(const std::vector<Market>& markets);
std::unique_ptr<Venue> make_binance_coinm(const std::vector<Market>& markets);

}  // namespace openquant
