// Trades and quotes as JSON lines: market-data items as barter-rs records them ({"Item": {...}}), or objects with named fields
// ({"ts": ..., "symbol": ..., "price": ..., "size": ..., "side": ...}; {"ts": ..., "symbol": ..., "bid": ..., "ask": ...}).
#include <bit>
#include <cstring>

#include "openquant/connectors/json_rows.hpp"
#include "openquant/replay/market_file.hpp"

namespace openquant {

namespace {

namespace od = simdjson::ondemand;

/// Where the first quote or backslash stands from `text` on; there is one. Eight bytes at once, for keys of items are long.
std::size_t quote_or_backslash(const char* text) {
    std::size_t n = 0;
    if constexpr (std::endian::native == std::endian::little) {
        const auto zeros = [](std::uint64_t bytes) { return (bytes - 0x0101010101010101) & ~bytes & 0x8080808080808080; };  // the lowest is right
        for (std::uint64_t word = 0;; n += 8) {
            std::memcpy(&word, text + n, 8);
            const std::uint64_t found = zeros(word ^ 0x2222222222222222) | zeros(word ^ 0x5c5c5c5c5c5c5c5c);
            if (found != 0) return n + static_cast<std::size_t>(std::countr_zero(found)) / 8;
        }
    }
    while (text[n] != '"' && text[n] != '\\') ++n;
    return n;
}

using Field = simdjson::simdjson_result<od::field>;

/// A field's key. Throws if there is none, or one with broken escapes.
json::Key key_of(Field& field) {
    const char* const raw = field.key().value().raw();
    const std::size_t n = quote_or_backslash(raw);
    return raw[n] == '"' ? json::Key({raw, n}) : json::Key(field.unescaped_key().value());
}

std::string_view kind_of(const Trade&) { return "Trade"; }
std::string_view kind_of(const Quote&) { return "OrderBookL1"; }

bool item_of(od::object object, Trade& t) {
    for (auto field : object) {
        const json::Key key = key_of(field);
        if (key == "id" && !json::get_number(field.value(), t.id)) return false;
        if (key == "price" && !json::get_number(field.value(), t.price)) return false;
        if (key == "amount" && !json::get_number(field.value(), t.size)) return false;
        if (key == "side" && !json::get_side(field.value(), t.side)) return false;
    }
    return true;
}
bool best_of(od::value level, double& price, double& amount) {
    if (level.is_null()) return true;  // one side of the book is empty: its price stays 0, and the source refuses the row
    for (auto field : level.get_object()) {
        const json::Key key = key_of(field);
        if (key == "price" && !json::get_number(field.value(), price)) return false;
        if (key == "amount" && !json::get_number(field.value(), amount)) return false;
    }
    return true;
}
bool item_of(od::object object, Quote& q) {
    for (auto field : object) {
        const json::Key key = key_of(field);
        if (key == "best_bid" && !best_of(field.value(), q.bid, q.bid_size)) return false;
        if (key == "best_ask" && !best_of(field.value(), q.ask, q.ask_size)) return false;
    }
    return true;
}

template <class E>
class JsonLinesFile final : public MarketFile<E> {
    using typename MarketFile<E>::Line;
    using typename MarketFile<E>::Row;

public:
    JsonLinesFile(TextFile file, IdKind ids, const OpenOptions& options)
        : MarketFile<E>(std::move(file), ids, options.only), instruments_(options.instruments) {}

private:
    Line parse(std::string_view line, Row& row) override {
        try {
            od::object object;
            if (!reader_.open(line, object)) return Line::malformed;
            Line result = Line::malformed;
            for (od::field field : object) {
                const json::Key key = json::key_of(field);
                if (key == "Item") {
                    result = item(field.value().get_object(), row);
                } else if (key == "Reconnecting") {
                    row.broken = {last_ts_, Break::disconnect, 0, 0};
                    return Line::gap;
                } else if (!json::named_field(key, field.value(), row.event, row.symbol)) {
                    return Line::malformed;
                } else {
                    result = Line::row;
                }
            }
            if (result != Line::row) return result;
            if (row.symbol.empty() || row.event.ts == 0 || !reader_.at_end()) return Line::malformed;
            last_ts_ = row.event.ts;
            return result;
        } catch (const simdjson::simdjson_error&) { return Line::malformed; }
    }

    Line item(od::object item, Row& row) {
        std::uint32_t instrument = 0;
        Line result = Line::malformed;
        for (auto field : item) {
            const json::Key key = key_of(field);
            if (key == "Ok") return this->item(field.value().get_object(), row);
            if (key == "time_exchange" && !json::get_time(field.value(), row.event.ts)) return Line::malformed;
            if (key == "time_received" && !json::get_time(field.value(), row.event.ts_recv)) return Line::malformed;
            if (key == "instrument" && !json::get_number(field.value(), instrument)) return Line::malformed;
            if (key != "kind") continue;
            for (auto kind : field.value().get_object()) {
                if (key_of(kind) != kind_of(row.event)) return Line::skip;
                result = item_of(kind.value().get_object(), row.event) ? Line::row : Line::malformed;
            }
        }
        if (instrument != instrument_ || symbol_.empty()) {
            symbol_ = instrument < instruments_.size() ? instruments_[instrument] : std::to_string(instrument);
            instrument_ = instrument;
        }
        row.symbol = symbol_;
        return result;
    }

    json::Reader reader_;
    std::vector<std::string> instruments_;
    std::uint32_t instrument_ = 0;
    std::string symbol_;  // of that instrument
    std::int64_t last_ts_ = 0;
};

template <class E>
std::unique_ptr<Feed> open_json_lines(TextFile file, const OpenOptions& options) {
    // Items of a venue number each instrument's trades densely; other people's ids are theirs.
    const std::string_view first = file.peek();
    const bool items = first.starts_with("{\"Item\"") || first.starts_with("{\"Reconnecting\"");
    return std::make_unique<JsonLinesFile<E>>(std::move(file), items ? IdKind::dense : IdKind::unknown, options);
}

}  // namespace

std::unique_ptr<Feed> open_trades(const std::string& path, const OpenOptions& options) {
    TextFile file(path);
    const std::string_view first = file.peek();
    if (first.front() == '{') return open_json_lines<Trade>(std::move(file), options);
    if (is_capture(first)) return open_capture<Trade>(std::move(file), options);
    return open_csv(std::move(file), options);
}

std::unique_ptr<Feed> open_quotes(const std::string& path, const OpenOptions& options) {
    TextFile file(path);
    const std::string_view first = file.peek();
    if (first.front() == '{') return open_json_lines<Quote>(std::move(file), options);
    if (is_capture(first)) return open_capture<Quote>(std::move(file), options);
    throw std::invalid_argument("'" + path + "' is in no known format of quotes: not a capture, not JSON lines");
}

}  // namespace openquant
