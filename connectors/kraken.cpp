#include "openquant/connectors/kraken.hpp"

#include <stdexcept>

#include "openquant/connectors/json.hpp"
#include "openquant/engine/timestamps.hpp"

namespace openquant {

namespace od = simdjson::ondemand;

namespace {

enum Key : unsigned { has_time = 1, has_symbol = 2, has_side = 4, has_size = 8, has_price = 16, has_id = 32, has_all = 63 };

/// The taker's.
bool get_side(od::value value, std::int8_t& side) {
    std::string_view text;
    if (!json::get_text(value, text)) return false;
    side = text == "buy" ? 1 : -1;
    return text == "buy" || text == "sell";
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
        if (key == "symbol") take(has_symbol, json::get_text(value, symbol) && !symbol.empty());
        else if (key == "side") take(has_side, get_side(value, trade.side));
        else if (key == "price") take(has_price, json::get_number(value, trade.price));
        else if (key == "qty") take(has_size, json::get_number(value, trade.size));
        else if (key == "trade_id") take(has_id, json::get_number(value, trade.id) && trade.id > 0);
        else if (key == "timestamp") take(has_time, json::get_text(value, time));
    }
    const auto ts = ns_from_text(time);
    sound &= seen == has_all && ts;
    trade.ts = ts.value_or(0);
    return true;
}

class KrakenVenue final : public Venue {
public:
    explicit KrakenVenue(const std::vector<Market>& markets) : listens_(markets.empty()) {
        for (const auto& [symbol, channel] : markets) {
            if (!channel.empty() && channel != "trade")
                throw std::invalid_argument("kraken: '" + symbol + "' has no channel '" + channel + "'; the channel is trade");
            const auto slash = symbol.find('/');
            if (slash == 0 || slash == std::string::npos || slash + 1 == symbol.size() || symbol.find_first_of("\"\\ ") != std::string::npos)
                throw std::invalid_argument("kraken: '" + symbol + "' is no symbol of Kraken: BASE/QUOTE, such as BTC/USD");
            symbols_.add(symbol);
        }
    }

    std::string_view name() const override { return "kraken"; }
    std::string url() const override { return "wss://ws.kraken.com/v2"; }
    /// It sends a heartbeat each second when nothing else happens, and advises to give up after five without a message.
    VenueRules rules() const override {
        return {.ids = IdKind::dense,
                .silence = std::chrono::seconds(5),
                .ping_every = std::chrono::seconds(30),
                .lifetime = {},
                .between_messages = std::chrono::milliseconds(100)};
    }
    std::string ping(std::uint64_t number) const override { return R"({"method":"ping","req_id":)" + std::to_string(number) + "}"; }

    std::vector<std::string> subscriptions() const override {
        std::string message = R"({"method":"subscribe","params":{"channel":"trade","symbol":[)";
        for (std::size_t i = 0; i < symbols_.size(); ++i) message += (i > 0 ? ",\"" : "\"") + symbols_.names()[i] + '"';
        return {message + R"(],"snapshot":true},"req_id":1})"};
    }

    Frame decode(std::string_view frame, std::int64_t received, Told& told) override {
        const std::size_t trades = told.trades.size(), breaks = told.breaks.size();
        const std::uint64_t malformed = told.malformed;
        Envelope envelope;
        od::object object;
        const bool whole = reader_.open(frame, object) && read(object, told, envelope) && (!envelope.of_trades || envelope.items);
        if (!whole || !envelope.of_trades) {
            told.cut(trades, breaks);
            told.malformed = malformed;
            return !whole ? Frame::malformed : envelope.refused ? Frame::refusal : Frame::control;
        }
        for (std::size_t i = trades; i < told.trades.size(); ++i) told.trades[i].trade.ts_recv = received;
        told.order_by_id(trades);
        if (envelope.snapshot) told.end_snapshot(trades);
        return Frame::trades;
    }

private:
    struct Envelope {
        bool of_trades = false, snapshot = false, items = false, refused = false;
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
                envelope.of_trades = text == "trade";
            } else if (key == "type") {
                sound &= json::get_text(value, text);
                envelope.snapshot = text == "snapshot";
            } else if (key == "success") {
                bool success = true;
                sound &= json::get_bool(value, success);
                envelope.refused = !success;
            } else if (key == "error") {
                if (json::get_text(value, text)) said_ = text;
            } else if (key == "data") {
                if (!read_data(value, told, envelope)) return false;
            }
        }
        return sound && reader_.at_end();
    }

    bool read_data(od::value value, Told& told, Envelope& envelope) {
        od::array items;
        if (value.get_array().get(items)) return true;  // of another channel
        for (auto next : items) {
            od::object item;
            Told::Row row;
            std::string_view symbol;
            bool sound = true;
            if (std::move(next).get_object().get(item) || !read_trade(item, row.trade, symbol, sound)) return false;
            if (!sound) ++told.malformed;
            else if (row.symbol = listens_ ? symbols_.add(symbol) : symbols_.find(symbol); row.symbol != SymbolIndex::none) told.trades.push_back(row);
        }
        envelope.items = true;
        return true;
    }

    bool listens_;
    json::Reader reader_;
};

}  // namespace

std::unique_ptr<Venue> make_kraken(const std::vector<Market>& markets) { return std::make_unique<KrakenVenue>(markets); }

}  // namespace openquant
