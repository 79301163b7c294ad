#include "openquant/connectors/coinbase_advanced.hpp"

#include <stdexcept>

#include "openquant/connectors/coinbase.hpp"
#include "openquant/connectors/json.hpp"
#include "openquant/engine/timestamps.hpp"

namespace openquant {

namespace od = simdjson::ondemand;

namespace {

enum Key : unsigned { has_time = 1, has_symbol = 2, has_side = 4, has_size = 8, has_price = 16, has_id = 32, has_all = 63 };

/// The maker's, which is not the aggressor's.
bool get_side(od::value value, std::int8_t& side) {
    std::string_view text;
    if (!json::get_text(value, text)) return false;
    const bool buy = text == "BUY" || text == "buy", sell = text == "SELL" || text == "sell";
    side = buy ? -1 : 1;
    return buy || sell;
}

/// The fields of one trade; false where its structure is broken. `sound` tells whether it makes sense.
bool read_trade(od::object object, Trade& trade, std::string_view& symbol, bool& sound) {
    unsigned seen = 0;
    std::string_view time;
    const auto take = [&](unsigned key, bool ok) { seen |= key, sound &= ok; };
    for (auto next : object) {
        od::field field;
        if (std::move(next).get(field)) return false;
        const json::Key key = json::key_of(field);
        od::value value = field.value();
        if (key == "product_id") take(has_symbol, json::get_text(value, symbol) && !symbol.empty());
        else if (key == "side") take(has_side, get_side(value, trade.side));
        else if (key == "price") take(has_price, json::get_number(value, trade.price));
        else if (key == "size") take(has_size, json::get_number(value, trade.size));
        else if (key == "trade_id") take(has_id, json::get_number(value, trade.id) && trade.id > 0);
        else if (key == "time") take(has_time, json::get_text(value, time));
    }
    const auto ts = ns_from_text(time);
    sound &= seen == has_all && ts;
    trade.ts = ts.value_or(0);
    return true;
}

/// BTC-USDC is served as BTC-USD.
std::string_view served_as(std::string_view product) {
    if (product.ends_with("-USDC")) product.remove_suffix(1);
    return product;
}

class CoinbaseAdvancedVenue final : public Venue {
public:
    explicit CoinbaseAdvancedVenue(const std::vector<Market>& markets) : listens_(markets.empty()) {
        for (const auto& [symbol, channel] : markets) {
            if (!channel.empty() && channel != "market_trades")
                throw std::invalid_argument("coinbase_advanced: '" + symbol + "' has no channel '" + channel + "'; the channel is market_trades");
            const std::string product = coinbase_product("coinbase_advanced", symbol);
            if (symbols_.find(served_as(product)) != SymbolIndex::none)
                throw std::invalid_argument("coinbase_advanced: '" + symbol + "' is served as " + std::string(served_as(product)) + ", which is given already");
            symbols_.add(served_as(product));
            products_.push_back(product);
        }
    }

    std::string_view name() const override { return "coinbase_advanced"; }
    std::string url() const override { return "wss://advanced-trade-ws.coinbase.com"; }
    /// The heartbeats channel says something each second.
    VenueRules rules() const override {
        return {
            .ids = IdKind::dense, .silence = std::chrono::seconds(10), .ping_every = {}, .lifetime = {}, .between_messages = std::chrono::milliseconds(150)};
    }
    std::vector<std::string> subscriptions() const override {
        const auto to = [&](std::string_view channel) {
            return R"({"type":"subscribe","product_ids":)" + coinbase_products(products_) + R"(,"channel":")" + std::string(channel) + "\"}";
        };
        return {to("market_trades"), to("heartbeats")};
    }

    /// `sequence_num` is not judged: it counts messages of every channel, and where one with trades was lost, their ids tell.
    Frame decode(std::string_view frame, std::int64_t received, Told& told) override {
        const std::size_t trades = told.trades.size(), breaks = told.breaks.size();
        const std::uint64_t malformed = told.malformed;
        Envelope envelope;
        od::object object;
        const bool whole = reader_.open(frame, object) && read(object, told, envelope) && (!envelope.of_trades || envelope.events);
        if (!whole || !envelope.of_trades) {
            told.cut(trades, breaks);
            told.malformed = malformed;
            return !whole ? Frame::malformed : envelope.refused ? Frame::refusal : Frame::control;
        }
        for (std::size_t i = trades; i < told.trades.size(); ++i) told.trades[i].trade.ts_publish = envelope.sent, told.trades[i].trade.ts_recv = received;
        return Frame::trades;
    }

private:
    struct Envelope {
        std::int64_t sent = 0;
        bool of_trades = false, events = false, refused = false;
    };

    /// False where the frame makes no sense.
    bool read(od::object object, Told& told, Envelope& envelope) {
        bool sound = true;
        for (auto next : object) {
            od::field field;
            if (std::move(next).get(field)) return false;
            const json::Key key = json::key_of(field);
            od::value value = field.value();
            std::string_view text;
            if (key == "channel") {
                sound &= json::get_text(value, text);
                envelope.of_trades = text == "market_trades";
            } else if (key == "timestamp") {
                if (json::get_text(value, text)) envelope.sent = ns_from_text(text).value_or(0);
            } else if (key == "type") {
                envelope.refused = json::get_text(value, text) && text == "error";
            } else if (key == "message") {
                if (json::get_text(value, text)) said_ = text;
            } else if (key == "events") {
                od::array events;
                if (value.get_array().get(events)) return false;
                for (auto event : events) {
                    od::object item;
                    if (std::move(event).get_object().get(item) || !read_event(item, told)) return false;
                }
                envelope.events = true;
            }
        }
        return sound && reader_.at_end();
    }

    /// Trades may come newest first, in a snapshot of past ones as in an update.
    bool read_event(od::object event, Told& told) {
        const std::size_t begin = told.trades.size();
        bool snapshot = false;
        for (auto next : event) {
            od::field field;
            if (std::move(next).get(field)) return false;
            const json::Key key = json::key_of(field);
            std::string_view text;
            if (key == "type") snapshot = json::get_text(field.value(), text) && text == "snapshot";
            else if (key == "trades" && !read_trades(field.value(), told)) return false;
        }
        told.order_by_id(begin);
        if (snapshot) told.end_snapshot(begin);
        return true;
    }
    bool read_trades(od::value value, Told& told) {
        od::array trades;
        if (value.get_array().get(trades)) return false;
        for (auto next : trades) {
            od::object item;
            Told::Row row;
            std::string_view symbol;
            bool sound = true;
            if (std::move(next).get_object().get(item) || !read_trade(item, row.trade, symbol, sound)) return false;
            if (!sound) ++told.malformed;
            else if (row.symbol = code(symbol); row.symbol != SymbolIndex::none) told.trades.push_back(row);
        }
        return true;
    }
    std::uint32_t code(std::string_view symbol) { return listens_ ? symbols_.add(symbol) : symbols_.find(served_as(symbol)); }

    bool listens_;
    std::vector<std::string> products_;
    json::Reader reader_;
};

}  // namespace

std::unique_ptr<Venue> make_coinbase_advanced(const std::vector<Market>& markets) { return std::make_unique<CoinbaseAdvancedVenue>(markets); }

}  // namespace openquant
