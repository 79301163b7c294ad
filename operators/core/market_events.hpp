// What a market says: trades, quotes, prices and bars. A row's symbol and order key travel beside it (engine/stream.hpp), so
// that an operator never copies them.
#pragma once

#include <cstdint>
#include <limits>
#include <string_view>
#include <tuple>

#include "openquant/operators/core/fields.hpp"

namespace openquant {

using SymbolId = std::uint32_t;
/// The symbol of a row that speaks of its whole source, such as a disconnect; keyed operators all receive it.
inline constexpr SymbolId every_symbol = std::numeric_limits<SymbolId>::max();

/// Bits of Trade::flags.
enum TradeFlags : std::uint32_t { flag_late = 1, flag_snapshot = 2, flag_block = 4, flag_liquidation = 8, flag_rpi = 16 };

/// Symbols that one cross-section may hold.
inline constexpr std::int64_t max_aligned = 512;

/// Prices and sizes outside this range are no market's; inside it no product or ratio of two overflows.
inline constexpr double smallest = 1e-100, largest = 1e100;

/// A number at a time: what statistics read and emit.
struct Value {
    std::int64_t ts = 0;
    double value = 0.0;

    static constexpr std::string_view name = "Value";
    static constexpr std::string_view doc = "A number at a time: what statistics read and emit.";
    static constexpr auto fields() {
        return std::tuple{timestamp("ts", &Value::ts, "time of the last row in it"),
                          field("value", &Value::value, "", "the number").within(-largest, largest, Fault::value)};
    }
    bool operator==(const Value&) const = default;
};

/// A price at a time: what filters, volatility and labels read of a trade or a bar.
struct Price {
    std::int64_t ts = 0;
    double price = 0.0;

    using Offers = Types<Value>;
    static constexpr std::string_view name = "Price";
    static constexpr std::string_view doc = "A price at a time; trades and bars (their close) can be read as one.";
    static constexpr auto fields() {
        return std::tuple{timestamp("ts", &Price::ts, "time of the price"),
                          field("price", &Price::price, "quote currency", "the price").within(smallest, largest, Fault::price).known_as("value")};
    }
    bool operator==(const Price&) const = default;
};

/// One match on a venue. No output depends on ts_recv.
struct Trade {
    std::int64_t ts = 0;
    double price = 0.0;
    double size = 0.0;
    std::int8_t side = 0;
    std::uint64_t id = 0;
    std::int64_t ts_publish = 0;
    std::int64_t ts_recv = 0;
    std::uint32_t flags = 0;

    using Offers = Types<Price, Value>;
    static constexpr std::size_t essential_fields = 4;  // those behind them tell of the delivery
    static constexpr std::string_view name = "Trade";
    static constexpr std::string_view doc = "One match on a venue.";
    static constexpr auto fields() {
        return std::tuple{timestamp("ts", &Trade::ts, "when it was matched"),
                          field("price", &Trade::price, "quote currency", "price of the match").within(smallest, largest, Fault::price).known_as("value"),
                          field("size", &Trade::size, "base currency", "quantity of the match").within(smallest, largest, Fault::size),
                          field("side", &Trade::side, "sign", "aggressor: +1 buy, -1 sell, 0 unknown").within(-1, 1, Fault::side).optional(),
                          field("id", &Trade::id, "", "the venue's trade id, 0 if none").optional(),
                          timestamp("ts_publish", &Trade::ts_publish, "when the venue sent it").optional(),
                          timestamp("ts_recv", &Trade::ts_recv, "when it was received; no output depends on it").optional(),
                          field("flags", &Trade::flags, "bits", "1 late, 2 snapshot, 4 block, 8 liquidation, 16 retail price improvement").optional()};
    }
    bool operator==(const Trade&) const = default;
};

/// The best bid and ask of a venue, and the quantities there. A crossed one (bid above ask) is passed on as it came.
struct Quote {
    std::int64_t ts = 0;
    double bid = 0.0, ask = 0.0;
    double bid_size = 0.0, ask_size = 0.0;
    std::int64_t ts_recv = 0;

    static constexpr std::size_t essential_fields = 5;
    static constexpr std::string_view name = "Quote";
    static constexpr std::string_view doc = "The best bid and ask of a venue, and the quantities there.";
    static constexpr auto fields() {
        return std::tuple{timestamp("ts", &Quote::ts, "from when it stood"),
                          field("bid", &Quote::bid, "quote currency", "highest price bid").within(smallest, largest, Fault::price),
                          field("ask", &Quote::ask, "quote currency", "lowest price asked").within(smallest, largest, Fault::price),
                          field("bid_size", &Quote::bid_size, "base currency", "quantity bid at it").within(0.0, largest, Fault::size).optional(),
                          field("ask_size", &Quote::ask_size, "base currency", "quantity asked at it").within(0.0, largest, Fault::size).optional(),
                          timestamp("ts_recv", &Quote::ts_recv, "when it was received; no output depends on it").optional()};
    }
    bool operator==(const Quote&) const = default;
};

/// A trade beside the quote that stood when it was made.
struct QuotedTrade {
    std::int64_t ts = 0;
    double price = 0.0;
    double size = 0.0;
    std::int8_t side = 0;
    std::uint64_t id = 0;
    std::int64_t ts_publish = 0;
    std::int64_t ts_recv = 0;
    std::uint32_t flags = 0;
    double bid = 0.0, ask = 0.0;
    double bid_size = 0.0, ask_size = 0.0;
    std::int64_t quote_ts = 0;

    using Offers = Types<Trade, Price, Value>;
    static constexpr std::string_view name = "QuotedTrade";
    static constexpr std::string_view doc = "A trade beside the quote that stood when it was made.";
    static constexpr auto fields() {
        return std::tuple{timestamp("ts", &QuotedTrade::ts, "when it was matched"),
                          field("price", &QuotedTrade::price, "quote currency", "price of the match").within(smallest, largest, Fault::price).known_as("value"),
                          field("size", &QuotedTrade::size, "base currency", "quantity of the match").within(smallest, largest, Fault::size),
                          field("side", &QuotedTrade::side, "sign", "aggressor: +1 buy, -1 sell, 0 unknown").within(-1, 1, Fault::side).optional(),
                          field("id", &QuotedTrade::id, "", "the venue's trade id, 0 if none").optional(),
                          timestamp("ts_publish", &QuotedTrade::ts_publish, "when the venue sent it").optional(),
                          timestamp("ts_recv", &QuotedTrade::ts_recv, "when it was received; no output depends on it").optional(),
                          field("flags", &QuotedTrade::flags, "bits", "1 late, 2 snapshot, 4 block, 8 liquidation, 16 retail price improvement").optional(),
                          field("bid", &QuotedTrade::bid, "quote currency", "highest price bid").within(smallest, largest, Fault::price),
                          field("ask", &QuotedTrade::ask, "quote currency", "lowest price asked").within(smallest, largest, Fault::price),
                          field("bid_size", &QuotedTrade::bid_size, "base currency", "quantity bid at it").within(0.0, largest, Fault::size).optional(),
                          field("ask_size", &QuotedTrade::ask_size, "base currency", "quantity asked at it").within(0.0, largest, Fault::size).optional(),
                          timestamp("quote_ts", &QuotedTrade::quote_ts, "from when the quote stood").optional()};
    }
    double mid() const noexcept { return 0.5 * (bid + ask); }
    bool operator==(const QuotedTrade&) const = default;
};

/// A spread and the midpoint it is measured at.
struct Spread {
    std::int64_t ts = 0;
    double mid = 0.0;
    double spread = 0.0;
    double relative = 0.0;

    using Offers = Types<Price, Value>;
    static constexpr std::string_view name = "Spread";
    static constexpr std::string_view doc = "A spread and the midpoint it is measured at.";
    static constexpr auto fields() {
        return std::tuple{timestamp("ts", &Spread::ts, "time of the quote or trade"),
                          field("mid", &Spread::mid, "quote currency", "(bid + ask) / 2").within(smallest, largest, Fault::price).known_as("price"),
                          field("spread", &Spread::spread, "quote currency", "the spread").within(-largest, largest, Fault::price),
                          field("relative", &Spread::relative, "share of mid", "spread / mid").within(-largest, largest, Fault::price).known_as("value")};
    }
    bool operator==(const Spread&) const = default;
};

/// The time that has come, for bars to close on a silent market. The symbol "*" speaks to all.
struct Clock {
    std::int64_t ts = 0;

    static constexpr std::string_view name = "Clock";
    static constexpr std::string_view doc = "The time that has come, for bars to close on a silent market; the symbol * speaks to all.";
    static constexpr auto fields() { return std::tuple{timestamp("ts", &Clock::ts, "the time")}; }
    bool operator==(const Clock&) const = default;
};

/// What a Continuity row reports.
enum class Break : std::int8_t { gap, duplicate, late, disconnect, overflow, reconnect, snapshot_end };
inline constexpr std::string_view break_names[] = {"gap", "duplicate", "late", "disconnect", "overflow", "reconnect", "snapshot_end"};
constexpr Names names_of(Break) { return break_names; }

/// A break in a source's stream, in the same position space as its rows and just before the row that revealed it.
struct Continuity {
    std::int64_t ts = 0;
    Break kind = Break::gap;
    std::uint64_t id = 0;
    std::uint64_t count = 0;

    static constexpr std::string_view name = "Continuity";
    static constexpr std::string_view doc = "A break in a source's stream: what was lost, repeated or came late, and where a connection ended or began again.";
    static constexpr auto fields() {
        return std::tuple{timestamp("ts", &Continuity::ts, "time of the row that revealed it"),
                          field("kind", &Continuity::kind, "", "gap, duplicate, late, disconnect, overflow, reconnect or snapshot_end"),
                          field("id", &Continuity::id, "", "first missing id, or the id repeated; 0 if none"),
                          field("count", &Continuity::count, "rows", "rows lost or concerned")};
    }
    bool operator==(const Continuity&) const = default;
};

/// Open, high, low, close and volume of an interval, such as a day: what vendors' files hold, and coarser bars made of them.
struct Ohlcv {
    std::int64_t ts = 0;
    double open = 0.0, high = 0.0, low = 0.0, close = 0.0, volume = 0.0;
    double adj_close = 0.0;
    std::int64_t start_ts = 0;
    double dollar_value = 0.0;
    std::int64_t n_obs = 0;

    using Offers = Types<Price, Value>;
    static constexpr std::string_view name = "Ohlcv";
    static constexpr std::string_view doc = "Open, high, low, close and volume of an interval, such as a day.";
    static constexpr auto fields() {
        return std::tuple{timestamp("ts", &Ohlcv::ts, "time of the interval, or of its last row"),
                          field("open", &Ohlcv::open, "quote currency", "first price").within(smallest, largest, Fault::price),
                          field("high", &Ohlcv::high, "quote currency", "highest price").within(smallest, largest, Fault::price),
                          field("low", &Ohlcv::low, "quote currency", "lowest price").within(smallest, largest, Fault::price),
                          field("close", &Ohlcv::close, "quote currency", "last price").within(smallest, largest, Fault::price).known_as("price", "value"),
                          field("volume", &Ohlcv::volume, "base currency", "quantity traded").within(0.0, largest, Fault::size),
                          field("adj_close", &Ohlcv::adj_close, "quote currency", "close adjusted for splits and dividends; 0 if unknown: the close counts")
                              .within(0.0, largest, Fault::price)
                              .optional(),
                          timestamp("start_ts", &Ohlcv::start_ts, "time of its first row").optional(),
                          field("dollar_value", &Ohlcv::dollar_value, "quote currency", "sum of close times volume").optional(),
                          field("n_obs", &Ohlcv::n_obs, "rows", "rows that it holds, a part counted as one").optional()};
    }
    bool operator==(const Ohlcv&) const = default;
};

/// Open, high, low, close and flow of consecutive trades (AFML 2.3).
struct Bar {
    std::int64_t ts = 0;
    std::int64_t start_ts = 0;
    double open = 0.0, high = 0.0, low = 0.0, close = 0.0;
    double volume = 0.0, dollar_value = 0.0, vwap = 0.0;
    double buy_volume = 0.0, sell_volume = 0.0;
    std::int64_t n_obs = 0;
    std::uint64_t first_id = 0, last_id = 0;
    bool gap = false, late = false;

    using Offers = Types<Price, Value, Ohlcv>;
    static constexpr std::string_view name = "Bar";
    static constexpr std::string_view doc = "Open, high, low, close and flow of consecutive trades (AFML 2.3).";
    static constexpr auto fields() {
        return std::tuple{
            timestamp("ts", &Bar::ts, "latest time of its trades"),
            timestamp("start_ts", &Bar::start_ts, "time of its first trade"),
            field("open", &Bar::open, "quote currency", "first price").within(smallest, largest, Fault::price),
            field("high", &Bar::high, "quote currency", "highest price").within(smallest, largest, Fault::price),
            field("low", &Bar::low, "quote currency", "lowest price").within(smallest, largest, Fault::price),
            field("close", &Bar::close, "quote currency", "last price").within(smallest, largest, Fault::price).known_as("price", "value", "adj_close"),
            field("volume", &Bar::volume, "base currency", "sum of sizes").within(0.0, largest, Fault::size),
            field("dollar_value", &Bar::dollar_value, "quote currency", "sum of price times size"),
            field("vwap", &Bar::vwap, "quote currency", "dollar_value / volume"),
            field("buy_volume", &Bar::buy_volume, "base currency", "volume of buy aggressors"),
            field("sell_volume", &Bar::sell_volume, "base currency", "volume of sell aggressors"),
            field("n_obs", &Bar::n_obs, "trades", "trades that it holds, a part counted as one"),
            field("first_id", &Bar::first_id, "", "id of its first trade"),
            field("last_id", &Bar::last_id, "", "id of its last trade"),
            field("gap", &Bar::gap, "", "trades were lost before or within it"),
            field("late", &Bar::late, "", "a trade's time stepped back")};
    }
    bool operator==(const Bar&) const = default;
};

/// The last price of one of several symbols at the end of an interval; the rows of one interval follow each other.
struct AlignedPrice {
    std::int64_t ts = 0;
    double price = 0.0;
    std::int64_t index = 0, of = 1;

    using Offers = Types<Price, Value>;
    static constexpr std::string_view name = "AlignedPrice";
    static constexpr std::string_view doc = "The last price of one of several symbols at the end of an interval; the rows of one interval follow each other.";
    static constexpr auto fields() {
        return std::tuple{
            timestamp("ts", &AlignedPrice::ts, "end of the interval"),
            field("price", &AlignedPrice::price, "quote currency", "last price by then").within(smallest, largest, Fault::price).known_as("value"),
            field("index", &AlignedPrice::index, "", "place of the symbol in the list, from 0").within(0, max_aligned - 1, Fault::value),
            field("of", &AlignedPrice::of, "symbols", "symbols in the list").within(1, max_aligned, Fault::value)};
    }
    bool operator==(const AlignedPrice&) const = default;
};

}  // namespace openquant
