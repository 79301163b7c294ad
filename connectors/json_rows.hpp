// Trades and quotes as JSON objects with named fields, of files and of live feeds: {"ts": ..., "symbol": ..., "price": ...,
// "size": ..., "side": ...} or {"ts": ..., "symbol": ..., "bid": ..., "ask": ...}. What may be absent may be null.
#pragma once

#include <cstdint>
#include <string_view>

#include "openquant/connectors/json.hpp"
#include "openquant/engine/timestamps.hpp"
#include "openquant/operators/core/market_events.hpp"

namespace openquant::json {

/// A number of s, ms, us or ns, or a text such as 2024-08-08T23:54:16.3Z.
inline bool get_time(simdjson::ondemand::value value, std::int64_t& out) {
    std::int64_t integer = 0;
    std::string_view text = token_of(value);
    std::optional<std::int64_t> ns;
    if (quoted(text) && text.size() > 5 && text[5] == '-') ns = ns_from_text(text.substr(1, text.size() - 2));  // a date as it stands, no number
    if (ns) return out = *ns, true;
    if (get_number(value, integer)) ns = ns_from_integer(integer);
    else if (get_text(value, text)) ns = ns_from_text(text);
    out = ns.value_or(0);
    return ns.has_value();
}

/// The aggressor: a sign, or a text that begins with B or S.
inline bool get_side(simdjson::ondemand::value value, std::int8_t& out) {
    std::int64_t sign = 0;
    if (get_number(value, sign)) return out = static_cast<std::int8_t>(sign), sign >= -1 && sign <= 1;
    std::string_view text;
    const char first = get_text(value, text) && !text.empty() ? text[0] : '?';
    const bool buy = first == 'B' || first == 'b', sell = first == 'S' || first == 's';
    out = static_cast<std::int8_t>(buy - sell);
    return buy || sell;
}

inline bool own_field(Key key, simdjson::ondemand::value value, Trade& t) {
    if (key == "price") return get_number(value, t.price);
    if (key == "size") return get_number(value, t.size);
    if (key == "side") return is_null(value) || get_side(value, t.side);
    if (key == "id") return is_null(value) || get_number(value, t.id);
    if (key == "ts_publish") return is_null(value) || get_time(value, t.ts_publish);
    if (key == "flags") return is_null(value) || get_number(value, t.flags);
    return true;
}
inline bool own_field(Key key, simdjson::ondemand::value value, Quote& q) {
    if (key == "bid") return get_number(value, q.bid);
    if (key == "ask") return get_number(value, q.ask);
    if (key == "bid_size") return is_null(value) || get_number(value, q.bid_size);
    if (key == "ask_size") return is_null(value) || get_number(value, q.ask_size);
    return true;
}

/// One field of a row; false if it makes no sense. Unknown ones are ignored. `symbol` is valid as a text is.
template <class E>
bool named_field(Key key, simdjson::ondemand::value value, E& row, std::string_view& symbol) {
    if (key == "ts") return get_time(value, row.ts);
    if (key == "ts_recv") return is_null(value) || get_time(value, row.ts_recv);
    if (key == "symbol") return get_text(value, symbol) && !symbol.empty();
    return own_field(key, value, row);
}

}  // namespace openquant::json
