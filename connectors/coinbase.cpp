#include "openquant/connectors/coinbase.hpp"

#include <algorithm>
#include <stdexcept>

#include "openquant/connectors/json.hpp"
#include "openquant/engine/timestamps.hpp"

namespace openquant {

namespace od = simdjson::ondemand;

namespace {

/// What a message of any type says; texts point into the frame.
struct Message {
    std::string_view type, product, time, side, message, reason;
    std::uint64_t last_trade_id = 0;
    Trade trade;
    bool sound = true;  // numbers are numbers
};

/// False where its structure is broken.
bool read(od::object object, Message& m) {
    for (auto next : object) {
        od::field field;
        if (std::move(next).get(field)) return false;
        const json::Key key = json::key_of(field);
        od::value value = field.value();
        if (key == "type") json::get_text(value, m.type);
        else if (key == "product_id") json::get_text(value, m.product);
        else if (key == "time") json::get_text(value, m.time);
        else if (key == "side") json::get_text(value, m.side);
        else if (key == "message") json::get_text(value, m.message);
        else if (key == "reason") json::get_text(value, m.reason);
        else if (key == "trade_id") m.sound &= json::get_number(value, m.trade.id);
        else if (key == "last_trade_id") m.sound &= json::get_number(value, m.last_trade_id);
        else if (key == "price") m.sound &= json::get_number(value, m.trade.price);
        else if (key == "size") m.sound &= json::get_number(value, m.trade.size);
    }
    return true;
}

class CoinbaseVenue final : public Venue {
public:
    explicit CoinbaseVenue(const std::vector<Market>& markets) : listens_(markets.empty()) {
        for (const auto& [symbol, channel] : markets) {
            if (!channel.empty() && channel != "matches")
                throw std::invalid_argument("coinbase: '" + symbol + "' has no channel '" + channel + "'; the channel is matches");
            const std::string product = coinbase_product("coinbase", symbol);
            if (symbols_.find(product) != SymbolIndex::none) throw std::invalid_argument("coinbase: '" + symbol + "' is given twice; once is enough");
            symbols_.add(product);
        }
        seen_.resize(symbols_.size());
    }

    std::string_view name() const override { return "coinbase"; }
    std::string url() const override { return "wss://ws-feed.exchange.coinbase.com"; }
    /// Each product's heartbeat comes once a second.
    VenueRules rules() const override {
        return {
            .ids = IdKind::dense, .silence = std::chrono::seconds(10), .ping_every = {}, .lifetime = {}, .between_messages = std::chrono::milliseconds(150)};
    }
    std::vector<std::string> subscriptions() const override {
        return {R"({"type":"subscribe","product_ids":)" + coinbase_products(symbols_.names()) + R"(,"channels":["matches","heartbeat"]})"};
    }
    void opened() override { seen_.assign(symbols_.size(), {}); }

    Frame decode(std::string_view frame, std::int64_t received, Told& told) override {
        Message m;
        od::object object;
        if (!reader_.open(frame, object) || !read(object, m) || !reader_.at_end() || m.type.empty()) return Frame::malformed;
        if (m.type == "match" || m.type == "last_match") return match(m, received, told);
        if (m.type == "heartbeat") return heartbeat(m, told);
        if (m.type != "error") return Frame::control;
        said_ = m.message;
        if (!m.reason.empty()) said_ += ": " + std::string(m.reason);
        return Frame::refusal;
    }

private:
    /// Of one product on this connection.
    struct Seen {
        std::uint64_t last = 0;       // newest trade
        std::uint64_t announced = 0;  // newest trade that the last heartbeat told of
    };

    Frame match(Message& m, std::int64_t received, Told& told) {
        const auto ts = ns_from_text(m.time);
        if (!m.sound || !ts || m.product.empty() || m.trade.id == 0 || (m.side != "buy" && m.side != "sell")) return Frame::malformed;
        const std::uint32_t symbol = code(m.product);
        if (symbol == SymbolIndex::none) return Frame::control;
        m.trade.ts = *ts;
        m.trade.ts_recv = received;
        m.trade.side = m.side == "buy" ? -1 : 1;  // the maker's, which is not the aggressor's
        seen_[symbol].last = std::max(seen_[symbol].last, m.trade.id);
        const std::size_t begin = told.trades.size();
        told.trades.push_back({symbol, m.trade});
        if (m.type == "last_match") told.end_snapshot(begin);  // the last trade before the subscription, told again
        return Frame::trades;
    }

    /// A trade that two heartbeats tell of, a second apart, and that has not come by the second is lost: matches and heartbeats
    /// may overtake each other, but not by as much.
    Frame heartbeat(const Message& m, Told& told) {
        const auto ts = ns_from_text(m.time);
        if (!m.sound || !ts || m.product.empty()) return Frame::malformed;
        const std::uint32_t symbol = code(m.product);
        if (symbol == SymbolIndex::none) return Frame::control;
        Seen& seen = seen_[symbol];
        const std::uint64_t sure = std::min(seen.announced, m.last_trade_id);
        if (seen.last != 0 && sure > seen.last) {
            told.breaks.push_back({told.trades.size(), symbol, {*ts, Break::gap, seen.last + 1, sure - seen.last}});
            seen.last = sure;
        }
        seen.announced = m.last_trade_id;
        return Frame::control;
    }

    std::uint32_t code(std::string_view product) {
        if (!listens_) return symbols_.find(product);
        const std::uint32_t symbol = symbols_.add(product);
        if (seen_.size() <= symbol) seen_.resize(symbol + 1);
        return symbol;
    }

    bool listens_;
    std::vector<Seen> seen_;  // by symbol
    json::Reader reader_;
};

}  // namespace

std::string coinbase_product(std::string_view venue, std::string_view symbol) {
    std::string product(symbol);
    for (char& c : product)
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    const auto dash = product.find('-');
    const bool sound = dash != 0 && dash != std::string::npos && dash + 1 < product.size() &&
                       product.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") == std::string::npos;
    if (!sound) throw std::invalid_argument(std::string(venue) + ": '" + std::string(symbol) + "' is no product of Coinbase: BASE-QUOTE, such as BTC-USD");
    return product;
}

std::string coinbase_products(const std::vector<std::string>& products) {
    std::string out = "[";
    for (const std::string& product : products) out += (out.size() > 1 ? ",\"" : "\"") + product + '"';
    return out + "]";
}

std::unique_ptr<Venue> make_coinbase(const std::vector<Market>& markets) { return std::make_unique<CoinbaseVenue>(markets); }

}  // namespace openquant
