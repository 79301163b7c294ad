// Trades as JSON lines: market-data items as barter-rs records them ({"Item": {...}}), or objects with named fields
// ({"ts": ..., "symbol": ..., "price": ..., "size": ..., "side": ...}).
#include "openquant/connectors/json.hpp"
#include "openquant/engine/timestamps.hpp"
#include "openquant/replay/trade_file.hpp"

namespace openquant {

namespace {

namespace od = simdjson::ondemand;

bool get_time(od::value value, std::int64_t& out) {
    std::int64_t integer = 0;
    const auto ns = json::get_number(value, integer) ? ns_from_integer(integer) : ns_from_text(value.get_string());
    out = ns.value_or(0);
    return ns.has_value();
}

bool get_side(od::value value, std::int8_t& out) {
    std::int64_t sign = 0;
    if (json::get_number(value, sign)) return out = static_cast<std::int8_t>(sign), sign >= -1 && sign <= 1;
    const std::string_view text = value.get_string();
    const char first = text.empty() ? '?' : text[0];
    const bool buy = first == 'B' || first == 'b', sell = first == 'S' || first == 's';
    out = static_cast<std::int8_t>(buy - sell);
    return buy || sell;
}

class JsonLinesFile final : public TradeFile {
public:
    JsonLinesFile(TextFile file, IdKind ids, const OpenOptions& options) : TradeFile(std::move(file), ids, options.only), instruments_(options.instruments) {}

private:
    Line parse(std::string_view line, Row& row) override {
        try {
            od::document document = parser_.iterate(line.data(), line.size(), line.size() + json::padding);
            od::object object = document.get_object();
            Line result = Line::malformed;
            for (auto field : object) {
                const std::string_view key = field.unescaped_key();
                if (key == "Item") {
                    result = item(field.value().get_object(), row);
                } else if (key == "Reconnecting") {
                    row.broken = {last_ts_, Break::disconnect, 0, 0};
                    return Line::gap;
                } else if (!named(key, field.value(), row)) {
                    return Line::malformed;
                } else {
                    result = Line::trade;
                }
            }
            if (row.symbol.empty() && result == Line::trade) return Line::malformed;
            if (result == Line::trade) last_ts_ = row.trade.ts;
            return result;
        } catch (const simdjson::simdjson_error&) { return Line::malformed; }
    }

    bool named(std::string_view key, od::value value, Row& row) {
        Trade& t = row.trade;
        if (key == "ts") return get_time(value, t.ts);
        if (key == "symbol") return row.symbol = symbol_ = std::string_view(value.get_string()), !symbol_.empty();
        if (key == "price") return json::get_number(value, t.price);
        if (key == "size") return json::get_number(value, t.size);
        if (key == "side") return value.is_null() || get_side(value, t.side);
        if (key == "id") return value.is_null() || json::get_number(value, t.id);
        if (key == "ts_publish") return value.is_null() || get_time(value, t.ts_publish);
        if (key == "ts_recv") return value.is_null() || get_time(value, t.ts_recv);
        if (key == "flags") return value.is_null() || json::get_number(value, t.flags);
        return true;
    }

    Line item(od::object item, Row& row) {
        Trade& t = row.trade;
        std::uint32_t instrument = 0;
        Line result = Line::malformed;
        for (auto field : item) {
            const std::string_view key = field.unescaped_key();
            if (key == "Ok") return this->item(field.value().get_object(), row);
            if (key == "time_exchange" && !get_time(field.value(), t.ts)) return Line::malformed;
            if (key == "time_received" && !get_time(field.value(), t.ts_recv)) return Line::malformed;
            if (key == "instrument" && !json::get_number(field.value(), instrument)) return Line::malformed;
            if (key != "kind") continue;
            for (auto kind : field.value().get_object()) {
                if (std::string_view(kind.unescaped_key()) != "Trade") return Line::skip;
                result = trade(kind.value().get_object(), t) ? Line::trade : Line::malformed;
            }
        }
        symbol_ = instrument < instruments_.size() ? instruments_[instrument] : std::to_string(instrument);
        row.symbol = symbol_;
        return result;
    }

    static bool trade(od::object object, Trade& t) {
        for (auto field : object) {
            const std::string_view key = field.unescaped_key();
            if (key == "id" && !json::get_number(field.value(), t.id)) return false;
            if (key == "price" && !json::get_number(field.value(), t.price)) return false;
            if (key == "amount" && !json::get_number(field.value(), t.size)) return false;
            if (key == "side" && !get_side(field.value(), t.side)) return false;
        }
        return true;
    }

    od::parser parser_;
    std::vector<std::string> instruments_;
    std::string symbol_;
    std::int64_t last_ts_ = 0;
};

}  // namespace

std::unique_ptr<Feed> open_json_lines(TextFile file, const OpenOptions& options) {
    // Items of a venue number each instrument's trades densely; other people's ids are theirs.
    const std::string_view first = file.peek();
    const bool items = first.starts_with("{\"Item\"") || first.starts_with("{\"Reconnecting\"");
    return std::make_unique<JsonLinesFile>(std::move(file), items ? IdKind::dense : IdKind::opaque, options);
}

std::unique_ptr<Feed> open_trades(const std::string& path, const OpenOptions& options) {
    TextFile file(path);
    const std::string_view first = file.peek();
    if (first.front() == '{') return open_json_lines(std::move(file), options);
    const std::size_t digits = first.find_first_not_of("0123456789");
    if (digits != std::string_view::npos && digits > 0 && first.substr(digits).starts_with(" {")) return open_capture(std::move(file), options);
    return open_csv(std::move(file), options);
}

}  // namespace openquant
