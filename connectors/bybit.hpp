// Bybit v5: the publicTrade topics of its spot, linear, inverse and option markets.
// Source: Bybit's v5 websocket pages (public trade, connect).
#pragma once

#include <memory>
#include <vector>

#include "openquant/connectors/venue.hpp"

namespace openquant {

/// Channel: publicTrade, the default. Symbols such as BTCUSDT, in either case. Ids are the venue's texts as `opaque_id` numbers
/// them. Options are published by coin: `BTC` follows them all, `BTC-26DEC25-100000-C` one of them.
std::unique_ptr<Venue> make_bybit(const std::vector<Market>& markets);  // as linear
std::unique_ptr<Venue> make_bybit_spot(const std::vector<Market>& markets);
std::unique_ptr<Venue> make_bybit_linear(const std::vector<Market>& markets);
std::unique_ptr<Venue> make_bybit_inverse(const std::vector<Market>& markets);
std::unique_ptr<Venue> make_bybit_option(const std::vector<Market>& markets);

}  // namespace openquant
