// Coinbase Exchange: its matches and heartbeat channels.
// Source: Coinbase Exchange's websocket pages (overview, channels, rate limits).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "openquant/connectors/venue.hpp"

namespace openquant {

/// Channel: matches, the default. Symbols such as BTC-USD. Heartbeats tell of trades that were lost on a quiet market.
std::unique_ptr<Venue> make_coinbase(const std::vector<Market>& markets);

/// A product as Coinbase writes it, from either case; throws std::invalid_argument if it is none.
std::string coinbase_product(std::string_view venue, std::string_view symbol);
/// ["BTC-USD","ETH-USD"]
std::string coinbase_products(const std::vector<std::string>& products);

}  // namespace openquant
