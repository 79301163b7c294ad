#include "openquant/connectors/bybit.hpp"

#include <algorithm>
#include <stdexcept>

#include "openquant/connectors/json.hpp"
#include "openquant/connectors/opaque_id.hpp"
#include "openquant/engine/timestamps.hpp"

namespace openquant {

namespace od = simdjson::ondemand;

namespace {

struct Category {
    std::string_view name, url;
    std::size_t topics_per_message;
    bool options = false;
};
constexpr Category linear{"bybit_linear", "wss://stream.bybit.com/v5/public/linear", 200};
constexpr Category plain{"bybit", linear.url, linear.topics_per_message};
constexpr Category spot{"bybit_spot", "wss://stream.bybit.com/v5/public/spot", 10};
constexpr Category inverse{"bybit_inverse", "wss://stream.bybit.com/v5/public/inverse", 200};
constexpr Category option{"bybit_option", "wss://stream.bybit.com/v5/public/option", 200, true};

constexpr std::string_view topic_head = "publicTrade.";
constexpr std::size_t topic_characters = 21'000;  // of all topics of a connection
constexpr std::size_t most_symbols = 65'536;      // of options, which are named as they trade

/// The coin that an option is of.
std::string_view coin_of(std::string_view symbol) { return symbol.substr(0, symbol.find('-')); }

enum Key : unsigned { has_time = 1, has_symbol = 2, has_side = 4, has_size = 8, has_price = 16, has_id = 32, has_all = 63 };

/// The taker's.
bool get_side(od::value value, std::int8_t& side) {
    std::string_view text;
    if (!json::get_text(value, text)) return false;
    side = text == "Buy" ? 1 : -1;
    return text == "Buy" || text == "Sell";
}
bool get_id(od::value value, std::uint64_t& id) {
    std::string_view text = json::token_of(value);
    if (json::quoted(text) && !json::get_text(value, text)) return false;
    id = opaque_id(text);
    return !text.empty() && text != "null";
}

/// The fields of one trade; false where its structure is broken. `sound` tells whether it makes sense.
bool read_trade(od::object object, Trade& trade, std::string_view& symbol, bool& sound) {
    unsigned seen = 0;
    std::int64_t matched = 0;
    const auto take = [&](unsigned key, bool ok) { seen |= key, sound &= ok; };
    for (auto next : object) {
        od::field field;
        if (std::move(next).get(field)) return false;
        const json::Key key = json::key_of(field);
        od::value value = field.value();
        if (key.size() == 1) {
            switch (key[0]) {
                case 'T': take(has_time, json::get_number(value, matched)); break;
                case 's': take(has_symbol, json::get_text(value, symbol) && !symbol.empty()); break;
                case 'S': take(has_side, get_side(value, trade.side)); break;
                case 'v': take(has_size, json::get_number(value, trade.size)); break;
                case 'p': take(has_price, json::get_number(value, trade.price)); break;
                case 'i': take(has_id, get_id(value, trade.id)); break;
                default: break;
            }
        } else if (key == "BT" || key == "RPI") {
            bool set = false;
            take(0, json::get_bool(value, set));
            if (set) trade.flags |= key == "BT" ? flag_block : flag_rpi;
        }
    }
    const auto ts = ns_from_integer(matched);
    sound &= seen == has_all && ts;
    trade.ts = ts.value_or(0);
    return true;
}

class BybitVenue final : public Venue {
public:
    BybitVenue(const Category& category, const std::vector<Market>& markets) : category_(category), listens_(markets.empty()) {
        for (const Market& market : markets) add(market);
        std::size_t characters = 0;
        for (const std::string& topic : topics_.names()) characters += topic.size() + 3;  // with quotes and a comma
        if (characters >= topic_characters)
            throw std::invalid_argument(std::string(name()) + ": the topics of " + std::to_string(topics_.size()) + " markets take " +
                                        std::to_string(characters) + " characters, and Bybit allows fewer than " + std::to_string(topic_characters) +
                                        " in one connection; spread them over several sources");
    }

    std::string_view name() const override { return category_.name; }
    std::string url() const override { return std::string(category_.url); }
    VenueRules rules() const override {
        return {.ids = IdKind::opaque, .silence = std::chrono::seconds(60), .ping_every = std::chrono::seconds(20), .lifetime = {}, .between_messages = {}};
    }
    std::string ping(std::uint64_t) const override { return R"({"op":"ping"})"; }

    std::vector<std::string> subscriptions() const override {
        std::vector<std::string> out;
        for (std::size_t begin = 0; begin < topics_.size(); begin += category_.topics_per_message) {
            std::string message = R"({"op":"subscribe","args":[)";
            for (std::size_t i = begin; i < std::min(begin + category_.topics_per_message, topics_.size()); ++i)
                message += (i > begin ? ",\"" : "\"") + topics_.names()[i] + '"';
            out.push_back(message + R"(],"req_id":")" + std::to_string(out.size() + 1) + "\"}");
        }
        return out;
    }

    Frame decode(std::string_view frame, std::int64_t received, Told& told) override {
        Envelope envelope;
        const std::size_t begin = told.trades.size();
        const std::uint64_t malformed = told.malformed;
        od::object object;
        const bool whole = reader_.open(frame, object) && read(object, told, envelope) && (!envelope.of_trades || envelope.items);
        if (whole && envelope.of_trades) {
            for (std::size_t i = begin; i < told.trades.size(); ++i) told.trades[i].trade.ts_publish = envelope.sent, told.trades[i].trade.ts_recv = received;
            return Frame::trades;
        }
        told.trades.resize(begin);
        told.malformed = malformed;
        if (whole && envelope.refused) said_ = frame;
        return !whole ? Frame::malformed : envelope.refused ? Frame::refusal : Frame::control;
    }

private:
    struct Envelope {
        std::int64_t sent = 0;
        bool of_trades = false, items = false, refused = false;
    };

    /// False where the frame makes no sense.
    bool read(od::object object, Told& told, Envelope& envelope) {
        bool sound = true;
        std::int64_t sent = 0;
        for (auto next : object) {
            od::field field;
            if (std::move(next).get(field)) return false;
            const json::Key key = json::key_of(field);
            od::value value = field.value();
            if (key == "topic") {
                std::string_view topic;
                sound &= json::get_text(value, topic);
                envelope.of_trades = topic.starts_with(topic_head);
            } else if (key == "ts") {
                sound &= json::get_number(value, sent);
                envelope.sent = ns_from_integer(sent).value_or(0);
            } else if (key == "data") {
                if (!read_data(value, told, envelope)) return false;
            } else if (key == "success") {
                bool success = true;
                sound &= json::get_bool(value, success);
                envelope.refused |= !success;
            }
        }
        return sound && reader_.at_end();
    }

    /// Trades, or an answer's lists of topics.
    bool read_data(od::value value, Told& told, Envelope& envelope) {
        od::array items;
        od::object answer;
        if (value.get_object().get(answer) == simdjson::SUCCESS) return read_answer(answer, envelope);
        if (value.get_array().get(items)) return true;  // of another kind: no topic of trades has it
        for (auto next : items) {
            od::object item;
            Told::Row row;
            std::string_view symbol;
            bool sound = true;
            if (std::move(next).get_object().get(item) || !read_trade(item, row.trade, symbol, sound)) return false;
            if (!sound) ++told.malformed;
            else if (row.symbol = code(symbol); row.symbol != SymbolIndex::none) told.trades.push_back(row);
        }
        envelope.items = true;
        return true;
    }
    /// Options are refused by topic, in an answer that is a success.
    static bool read_answer(od::object answer, Envelope& envelope) {
        for (auto next : answer) {
            od::field field;
            if (std::move(next).get(field)) return false;
            od::array failed;
            if (json::key_of(field) != "failTopics" || field.value().get_array().get(failed)) continue;
            bool none = true;
            if (failed.is_empty().get(none)) return false;
            envelope.refused |= !none;
        }
        return true;
    }

    /// The number of a symbol that was asked for, perhaps as one of a coin's options.
    std::uint32_t code(std::string_view symbol) {
        if (listens_) return symbols_.add(symbol);
        const std::uint32_t known = symbols_.find(symbol);
        if (known != SymbolIndex::none || !category_.options || coins_.find(coin_of(symbol)) == SymbolIndex::none) return known;
        return symbols_.size() < most_symbols ? symbols_.add(symbol) : SymbolIndex::none;
    }

    void add(const Market& market) {
        const auto refuse = [&](const std::string& why) { throw std::invalid_argument(std::string(name()) + ": '" + market.symbol + "' " + why); };
        if (!market.channel.empty() && market.channel != "publicTrade") refuse("has no channel '" + market.channel + "'; the channel is publicTrade");
        std::string symbol = market.symbol;
        bool sound = !symbol.empty();
        for (char& c : symbol) {
            if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
            sound &= (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
        }
        if (!sound) refuse("is no symbol of Bybit: letters, digits and - only, such as BTCUSDT");
        const bool coin = category_.options && symbol.find('-') == std::string::npos;
        SymbolIndex& index = coin ? coins_ : symbols_;
        if (index.find(symbol) != SymbolIndex::none) refuse("is given twice; once is enough");
        index.add(symbol);
        topics_.add(std::string(topic_head) + std::string(category_.options ? coin_of(symbol) : symbol));
    }

    const Category& category_;
    bool listens_;  // to every symbol
    SymbolIndex topics_, coins_;
    json::Reader reader_;
};

}  // namespace

std::unique_ptr<Venue> make_bybit(const std::vector<Market>& markets) { return std::make_unique<BybitVenue>(plain, markets); }
std::unique_ptr<Venue> make_bybit_spot(const std::vector<Market>& markets) { return std::make_unique<BybitVenue>(spot, markets); }
std::unique_ptr<Venue> make_bybit_linear(const std::vector<Market>& markets) { return std::make_unique<BybitVenue>(linear, markets); }
std::unique_ptr<Venue> make_bybit_inverse(const std::vector<Market>& markets) { return std::make_unique<BybitVenue>(inverse, markets); }
std::unique_ptr<Venue> make_bybit_option(const std::vector<Market>& markets) { return std::make_unique<BybitVenue>(option, markets); }

}  // namespace openquant
