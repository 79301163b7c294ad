// The event types. A row's symbol and order key travel beside it (engine/stream.hpp), so that an operator never copies them.
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
enum TradeFlags : std::uint32_t { flag_late = 1, flag_snapshot = 2, flag_block = 4, flag_liquidation = 8 };

/// Prices and sizes outside this range are no market's; inside it no product or ratio of two overflows.
inline constexpr double smallest = 1e-100, largest = 1e100;

/// A price at a time: what filters, volatility and labels read of a trade or a bar.
struct Price {
    std::int64_t ts = 0;
    double price = 0.0;

    static constexpr std::string_view name = "Price";
    static constexpr std::string_view doc = "A price at a time; trades and bars (their close) can be read as one.";
    static constexpr auto fields() {
        return std::tuple{timestamp("ts", &Price::ts, "time of the price"),
                          field("price", &Price::price, "quote currency", "the price").within(smallest, largest, Fault::price)};
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

    using Offers = Types<Price>;
    static constexpr std::string_view name = "Trade";
    static constexpr std::string_view doc = "One match on a venue.";
    static constexpr auto fields() {
        return std::tuple{timestamp("ts", &Trade::ts, "when it was matched"),
                          field("price", &Trade::price, "quote currency", "price of the match").within(smallest, largest, Fault::price),
                          field("size", &Trade::size, "base currency", "quantity of the match").within(smallest, largest, Fault::size),
                          field("side", &Trade::side, "sign", "aggressor: +1 buy, -1 sell, 0 unknown").within(-1, 1, Fault::side).optional(),
                          field("id", &Trade::id, "", "the venue's trade id, 0 if none").optional(),
                          timestamp("ts_publish", &Trade::ts_publish, "when the venue sent it").optional(),
                          timestamp("ts_recv", &Trade::ts_recv, "when it was received; no output depends on it").optional(),
                          field("flags", &Trade::flags, "bits", "1 late, 2 snapshot, 4 block, 8 liquidation").optional()};
    }
    bool operator==(const Trade&) const = default;
};

/// What a Continuity row reports.
enum class Break : std::int8_t { gap, duplicate, late, disconnect, overflow };
inline constexpr std::string_view break_names[] = {"gap", "duplicate", "late", "disconnect", "overflow"};
constexpr Names names_of(Break) { return break_names; }

/// A break in a source's stream, in the same position space as its rows and just before the row that revealed it.
struct Continuity {
    std::int64_t ts = 0;
    Break kind = Break::gap;
    std::uint64_t id = 0;
    std::uint64_t count = 0;

    static constexpr std::string_view name = "Continuity";
    static constexpr std::string_view doc = "A break in a source's stream: what was lost, repeated or came late.";
    static constexpr auto fields() {
        return std::tuple{timestamp("ts", &Continuity::ts, "time of the row that revealed it"),
                          field("kind", &Continuity::kind, "", "gap, duplicate, late, disconnect or overflow"),
                          field("id", &Continuity::id, "", "first missing id, or the id repeated; 0 if none"),
                          field("count", &Continuity::count, "rows", "rows lost or concerned")};
    }
    bool operator==(const Continuity&) const = default;
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

    using Offers = Types<Price>;
    static constexpr std::string_view name = "Bar";
    static constexpr std::string_view doc = "Open, high, low, close and flow of consecutive trades (AFML 2.3).";
    static constexpr auto fields() {
        return std::tuple{timestamp("ts", &Bar::ts, "latest time of its trades"),
                          timestamp("start_ts", &Bar::start_ts, "time of its first trade"),
                          field("open", &Bar::open, "quote currency", "first price"),
                          field("high", &Bar::high, "quote currency", "highest price"),
                          field("low", &Bar::low, "quote currency", "lowest price"),
                          field("close", &Bar::close, "quote currency", "last price").within(smallest, largest, Fault::price).known_as("price"),
                          field("volume", &Bar::volume, "base currency", "sum of sizes"),
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

/// A moment worth a decision (AFML 2.5).
struct Event {
    std::int64_t ts = 0;
    double side = 0.0;
    double price = 0.0;

    static constexpr std::string_view name = "Event";
    static constexpr std::string_view doc = "A moment worth a decision (AFML 2.5).";
    static constexpr auto fields() {
        return std::tuple{timestamp("ts", &Event::ts, "time of the event"),
                          field("side", &Event::side, "-1 to 1", "direction of the move or of the bet").within(-1.0, 1.0, Fault::side),
                          field("price", &Event::price, "quote currency", "price at the event").within(smallest, largest, Fault::price)};
    }
    bool operator==(const Event&) const = default;
};

/// Standard deviation of returns, per row of the prices it comes from.
struct Volatility {
    std::int64_t ts = 0;
    double volatility = 0.0;

    static constexpr std::string_view name = "Volatility";
    static constexpr std::string_view doc = "Standard deviation of returns, per row of the prices it comes from.";
    static constexpr auto fields() {
        return std::tuple{timestamp("ts", &Volatility::ts, "time of the last price in it"),
                          field("volatility", &Volatility::volatility, "return per row", "standard deviation").within(0.0, largest, Fault::price)};
    }
    bool operator==(const Volatility&) const = default;
};

/// Which barrier ended a label's path.
enum class Barrier : std::int8_t { upper, lower, vertical, end };
inline constexpr std::string_view barrier_names[] = {"upper", "lower", "vertical", "end"};
constexpr Names names_of(Barrier) { return barrier_names; }

/// The outcome of an event, emitted when its path ends (AFML 3.4).
struct Label {
    std::int64_t ts = 0;
    std::int64_t start_ts = 0;
    double ret = 0.0;
    double trgt = 0.0;
    double side = 0.0;
    std::int8_t label = 0;
    Barrier barrier = Barrier::end;

    static constexpr std::string_view name = "Label";
    static constexpr std::string_view doc = "The outcome of an event, emitted when its path ends (AFML 3.4).";
    static constexpr auto fields() {
        return std::tuple{timestamp("ts", &Label::ts, "time of the price that ended the path (t1)"),
                          timestamp("start_ts", &Label::start_ts, "time of the event"),
                          field("ret", &Label::ret, "return", "path return, times side where side is used").within(-largest, largest, Fault::price),
                          field("trgt", &Label::trgt, "return", "target that scaled the barriers"),
                          field("side", &Label::side, "-1 to 1", "side of the event").within(-1.0, 1.0, Fault::side),
                          field("label", &Label::label, "-1, 0, 1", "outcome"),
                          field("barrier", &Label::barrier, "", "upper, lower, vertical or end (of the stream)")};
    }
    bool operator==(const Label&) const = default;
};

/// The probability that a bet on `side` wins.
struct Prediction {
    std::int64_t ts = 0;
    double prob = 0.0;
    double side = 0.0;

    static constexpr std::string_view name = "Prediction";
    static constexpr std::string_view doc = "The probability that a bet on `side` wins.";
    static constexpr auto fields() {
        return std::tuple{timestamp("ts", &Prediction::ts, "time from which it is known"),
                          field("prob", &Prediction::prob, "0 to 1", "probability of a win").within(0.0, 1.0, Fault::probability),
                          field("side", &Prediction::side, "-1 to 1", "direction of the bet").within(-1.0, 1.0, Fault::side)};
    }
    bool operator==(const Prediction&) const = default;
};

/// A sized bet: the position to hold from here on (AFML 10.3).
struct Signal {
    std::int64_t ts = 0;
    double prob = 0.0;
    double side = 0.0;
    double size = 0.0;

    static constexpr std::string_view name = "Signal";
    static constexpr std::string_view doc = "A sized bet: the position to hold from here on (AFML 10.3).";
    static constexpr auto fields() {
        return std::tuple{timestamp("ts", &Signal::ts, "time of the event"),
                          field("prob", &Signal::prob, "0 to 1", "probability of a win").within(0.0, 1.0, Fault::probability),
                          field("side", &Signal::side, "-1 to 1", "direction of the bet").within(-1.0, 1.0, Fault::side),
                          field("size", &Signal::size, "-1 to 1", "signed size of the bet").within(-1.0, 1.0, Fault::size)};
    }
    bool operator==(const Signal&) const = default;
};

/// What holding the position over one step of the price earned.
struct Return {
    std::int64_t ts = 0;
    double position = 0.0;
    double price_return = 0.0;
    double strategy_return = 0.0;

    static constexpr std::string_view name = "Return";
    static constexpr std::string_view doc = "What holding the position over one step of the price earned.";
    static constexpr auto fields() {
        return std::tuple{timestamp("ts", &Return::ts, "time of the price at the end of the step"),
                          field("position", &Return::position, "-1 to 1", "position held over the step"),
                          field("price_return", &Return::price_return, "return", "simple return of the price"),
                          field("strategy_return", &Return::strategy_return, "return", "position times price_return").within(-largest, largest, Fault::price)};
    }
    bool operator==(const Return&) const = default;
};

using EventTypes = Types<Trade, Continuity, Price, Bar, Event, Volatility, Label, Prediction, Signal, Return>;

}  // namespace openquant
