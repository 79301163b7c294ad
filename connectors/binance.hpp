// Binance spot and futures: what a frame of the trade, aggTrade and bookTicker streams says.
// Source: Binance's web-socket-streams.md (spot) and USD-M futures market stream pages.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "openquant/operators/core/events.hpp"

namespace openquant {

class BinanceDecoder {
public:
    enum class Result { row, other, malformed };  // other: a frame of another stream, an ack, a trade not of the market

    BinanceDecoder();
    ~BinanceDecoder();
    BinanceDecoder(BinanceDecoder&&) noexcept;

    /// Reads one frame, raw or of a combined stream. `json::padding` bytes behind it must be readable. `symbol` is valid
    /// until the next call.
    Result decode(std::string_view frame, Trade& trade, std::string_view& symbol);
    /// The same of a bookTicker frame; its time is 0 on spot, where the venue tells none.
    Result decode(std::string_view frame, Quote& quote, std::string_view& symbol);

private:
    template <class E>
    Result decode_row(std::string_view frame, E& row, std::string_view& symbol);

    struct Parser;
    std::unique_ptr<Parser> parser_;
};

}  // namespace openquant
