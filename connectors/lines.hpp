// Trades of people's own feeds: one JSON object per line, over TCP or a Unix socket.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "openquant/connectors/venue.hpp"

namespace openquant {

/// Lines {"ts": ..., "symbol": ..., "price": ..., "size": ..., "side": ..., "id": ..., "ts_publish": ..., "flags": ...} as files
/// have them; all but the first four may be absent. There is nothing to subscribe to, and the url is its user's. `ids` says what
/// ids tell; trades of symbols not in `only` are left out, unless it is empty.
std::unique_ptr<Venue> make_lines(IdKind ids, const std::vector<std::string>& only = {});

}  // namespace openquant
