#include "openquant/connectors/simulator/capture.hpp"

#include "openquant/engine/timestamps.hpp"

namespace openquant {

namespace dom = simdjson::dom;

namespace {

std::string text_of(dom::object data, std::string_view key) { return std::string(std::string_view(data[key])); }

CapturedTrade binance_trade(dom::object data, bool aggregate) {
    CapturedTrade out;
    out.form = aggregate ? CapturedTrade::Form::aggregate : CapturedTrade::Form::trade;
    out.symbol = text_of(data, "s"), out.price = text_of(data, "p"), out.size = text_of(data, "q");
    out.id = data[aggregate ? "a" : "t"];
    out.ts_ns = ns_from_integer(std::int64_t(data["T"])).value_or(0);
    out.publish_ns = ns_from_integer(std::int64_t(data["E"])).value_or(0);
    out.side = bool(data["m"]) ? -1 : 1;
    return out;
}

CapturedTrade coinbase_match(dom::object data, bool last) {
    CapturedTrade out;
    out.form = last ? CapturedTrade::Form::last_match : CapturedTrade::Form::match;
    out.symbol = text_of(data, "product_id"), out.price = text_of(data, "price"), out.size = text_of(data, "size");
    out.id = data["trade_id"];
    out.publish_ns = out.ts_ns = ns_from_text(data["time"]).value_or(0);
    out.side = std::string_view(data["side"]) == "sell" ? 1 : -1;  // the maker sold: the aggressor bought
    return out;
}

}  // namespace

std::optional<CapturedTrade> TradeReader::read(std::string_view frame) {
    const auto has = [&](std::string_view word) { return frame.find(word) != std::string_view::npos; };
    if (!has("rade\"") && !has("match\"")) return std::nullopt;  // most frames are of other kinds
    try {
        dom::object data = parser_.parse(frame.data(), frame.size());
        dom::object inner;
        if (data["data"].get(inner) == simdjson::SUCCESS) data = inner;
        std::string_view event, type;
        if (data["e"].get(event) == simdjson::SUCCESS) {
            if (event != "trade" && event != "aggTrade") return std::nullopt;
            std::string_view market;
            if (data["X"].get(market) == simdjson::SUCCESS && market != "MARKET") return std::nullopt;
            return binance_trade(data, event == "aggTrade");
        }
        if (data["type"].get(type) == simdjson::SUCCESS && (type == "match" || type == "last_match")) return coinbase_match(data, type == "last_match");
    } catch (const simdjson::simdjson_error&) {}
    return std::nullopt;
}

}  // namespace openquant
