// Coinbase Advanced Trade: its market_trades channel.
// Source: Coinbase's Advanced Trade websocket pages (channels, overview).
#pragma once

#include <memory>
#include <vector>

#include "openquant/connectors/venue.hpp"

namespace openquant {

/// Channel: market_trades, the default. Symbols such as BTC-USD; the venue serves BTC-USDC as BTC-USD, and so are its trades called.
std::unique_ptr<Venue> make_coinbase_advanced(const std::vector<Market>& markets);

}  // namespace openquant
