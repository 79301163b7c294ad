// Lines of raw captures, and the trades in their frames with the digits in which the venue wrote them.
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "openquant/connectors/capture_line.hpp"

namespace openquant {

/// Gives the next line of a capture; false at its end.
using NextLine = std::function<bool(std::string_view& line)>;

struct CapturedTrade {
    enum class Form : std::uint8_t { trade, aggregate, match, last_match };  // the first two are Binance's, the others Coinbase's
    Form form = Form::trade;
    std::string symbol, price, size;
    std::int64_t id = 0, ts_ns = 0, publish_ns = 0;
    int side = 0;  // the aggressor's: 1 bought, -1 sold
};

class TradeReader {
public:
    /// The trade of a frame, if it is one.
    std::optional<CapturedTrade> read(std::string_view frame);

private:
    simdjson::dom::parser parser_;
};

}  // namespace openquant
