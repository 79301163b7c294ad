// Binance spot and futures: what a frame of the trade and aggTrade streams says.
// Source: Binance's web-socket-streams.md (spot) and USD-M futures market stream pages.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "openquant/operators/core/events.hpp"

namespace openquant {

class BinanceDecoder {
public:
    enum class Result { trade, other, malformed };  // other: a frame of another stream, an ack, a trade not of the market

    BinanceDecoder();
    ~BinanceDecoder();
    BinanceDecoder(BinanceDecoder&&) noexcept;

    /// Reads one frame, raw or of a combined stream. `json::padding` bytes behind it must be readable. `symbol` is valid
    /// until the next call.
    Result decode(std::string_view frame, Trade& trade, std::string_view& symbol);

private:
    struct Parser;
    std::unique_ptr<Parser> parser_;
};

}  // namespace openquant
