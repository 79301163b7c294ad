// Kraken spot, version 2: its trade channel.
// Source: Kraken's websocket v2 pages (trade, heartbeat, ping) and its guide to reconnection.
#pragma once

#include <memory>
#include <vector>

#include "openquant/connectors/venue.hpp"

namespace openquant {

/// Channel: trade, the default. Symbols such as BTC/USD.
std::unique_ptr<Venue> make_kraken(const std::vector<Market>& markets);

}  // namespace openquant
