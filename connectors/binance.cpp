#include "openquant/connectors/binance.hpp"

#include <algorithm>
#include <initializer_list>
#include <stdexcept>

#include "openquant/connectors/json.hpp"
#include "openquant/engine/timestamps.hpp"

namespace openquant {

namespace od = simdjson::ondemand;
using Result = BinanceDecoder::Result;

namespace {

/// A combined frame names its stream first; those of other streams are the most by far, and need no parsing.
bool of_another_stream(std::string_view frame, std::initializer_list<std::string_view> wanted) {
    constexpr std::string_view head = R"({"stream":")";
    if (!frame.starts_with(head) || !frame.ends_with('}')) return false;  // cut short: the parser shall say so
    const std::size_t end = frame.find('"', head.size());
    if (end == std::string_view::npos) return false;
    const std::string_view name = frame.substr(head.size(), end - head.size());
    return std::none_of(wanted.begin(), wanted.end(), [&](std::string_view stream) { return name.ends_with(stream); });
}

/// Keys of one letter, as a set.
constexpr std::uint64_t letters(std::string_view keys) {
    std::uint64_t set = 0;
    for (const char key : keys) set |= std::uint64_t{1} << (key & 63);
    return set;
}

/// The fields of a payload as they come; unknown keys are ignored, and so are other events' own meanings of known ones: spot
/// bookTicker frames name no event, and their `a` is a price.
template <class E>
struct Payload;

template <>
struct Payload<Trade> {
    enum class Event { none, trade, aggregate, shutdown, other };

    Trade& row;
    std::string_view& symbol;
    Event event = Event::none;
    std::uint64_t seen = 0, trade_id = 0, aggregate_id = 0;
    std::int64_t matched = 0, sent = 0;
    bool sound = true, market = true, maker = false;

    /// False once it is clear that the payload is of another event.
    bool take(char key, od::value value) {
        switch (key) {
            case 'e': sound &= get_event(value); break;
            case 's': sound &= json::get_text(value, symbol); break;
            case 'E': sound &= json::get_number(value, sent); break;
            case 'T': sound &= json::get_number(value, matched); break;
            case 't': sound &= json::get_number(value, trade_id); break;
            // An id in aggTrade; older spot frames carry an order id as `a` beside `t`.
            case 'a': sound &= json::get_number(value, aggregate_id); break;
            case 'p': sound &= json::get_number(value, row.price); break;
            case 'q': sound &= json::get_number(value, row.size); break;
            case 'm': sound &= json::get_bool(value, maker); break;
            case 'X': sound &= of_market(value); break;
            default: return true;
        }
        seen |= letters({&key, 1});
        return event != Event::other;
    }
    Result result() {
        if (event == Event::shutdown) return Result::restart;
        if (event == Event::none || event == Event::other) return Result::other;
        const bool aggregate = event == Event::aggregate;
        const std::uint64_t needed = letters(aggregate ? "sapqTm" : "stpqTm");
        const auto ts = ns_from_integer(matched);
        if (!sound || (seen & needed) != needed || !ts || symbol.empty()) return Result::malformed;
        row.ts = *ts;
        row.ts_publish = ns_from_integer(sent).value_or(0);
        row.id = aggregate ? aggregate_id : trade_id;
        row.side = maker ? -1 : 1;  // the buyer is the maker: the aggressor sold
        return market ? Result::row : Result::other;
    }

private:
    bool get_event(od::value value) {
        std::string_view name;
        if (!json::get_text(value, name)) return false;
        event = name == "trade" ? Event::trade : name == "aggTrade" ? Event::aggregate : name == "serverShutdown" ? Event::shutdown : Event::other;
        return true;
    }
    bool of_market(od::value value) {
        std::string_view kind;
        if (!json::get_text(value, kind)) return false;
        market = kind == "MARKET";  // not of an insurance fund or a forced deleveraging
        return true;
    }
};

/// Spot frames name no event: they are known by having bid, ask and an update id.
template <>
struct Payload<Quote> {
    Quote& row;
    std::string_view& symbol;
    std::uint64_t seen = 0;
    std::int64_t matched = 0, sent = 0;
    bool sound = true;

    bool take(char key, od::value value) {
        std::string_view event;
        switch (key) {
            case 'e': return json::get_text(value, event) && event == "bookTicker";
            case 's': sound &= json::get_text(value, symbol); break;
            case 'T': sound &= json::get_number(value, matched); break;
            case 'E': sound &= json::get_number(value, sent); break;
            case 'b': sound &= json::get_number(value, row.bid); break;
            case 'a': sound &= json::get_number(value, row.ask); break;
            case 'B': sound &= json::get_number(value, row.bid_size); break;
            case 'A': sound &= json::get_number(value, row.ask_size); break;
            default: break;
        }
        seen |= letters({&key, 1});
        return true;
    }
    Result result() {
        constexpr std::uint64_t needed = letters("uba");
        if ((seen & needed) != needed) return Result::other;
        const std::int64_t told = matched > 0 ? matched : sent;
        const auto ts = told == 0 ? 0 : ns_from_integer(told);
        if (!sound || !ts || symbol.empty()) return Result::malformed;
        row.ts = *ts;
        return Result::row;
    }
};

/// The fields of a payload, up to where another event is known by.
template <class P>
Result read(od::object object, P& payload) {
    for (auto next : object) {
        od::field field;
        if (std::move(next).get(field)) return Result::malformed;
        const json::Key key = json::key_of(field);
        if (key.size() == 1 && !payload.take(key[0], field.value())) return Result::other;
    }
    return payload.result();
}

/// The fields of a frame: of a raw payload, of an envelope with the payload as its `data`, or of an answer.
template <class P>
Result read_frame(od::object object, P& payload) {
    bool refused = false;
    std::optional<Result> wrapped;
    for (auto next : object) {
        od::field field;
        if (std::move(next).get(field)) return Result::malformed;
        const json::Key key = json::key_of(field);
        od::value value = field.value();
        if (key.size() == 1) {
            if (!payload.take(key[0], value)) return Result::other;
        } else if (key == "data") {
            od::object data;
            if (value.get_object().get(data)) return Result::malformed;
            wrapped = read(data, payload);
            if (wrapped == Result::other || wrapped == Result::malformed) return *wrapped;
        } else if (key == "error" || key == "code") {
            refused |= !json::is_null(value);
        }
    }
    return refused ? Result::refusal : wrapped ? *wrapped : payload.result();
}

}  // namespace

struct BinanceDecoder::Parser {
    json::Reader reader;
};

BinanceDecoder::BinanceDecoder() : parser_(std::make_unique<Parser>()) {}
BinanceDecoder::~BinanceDecoder() = default;
BinanceDecoder::BinanceDecoder(BinanceDecoder&&) noexcept = default;

template <class E>
Result BinanceDecoder::decode_row(std::string_view frame, E& row, std::string_view& symbol) {
    row = {};
    symbol = {};
    Payload<E> payload{row, symbol};
    od::object object;
    if (!parser_->reader.open(frame, object)) return Result::malformed;
    Result result = read_frame(object, payload);
    if (result == Result::row && !parser_->reader.at_end()) result = Result::malformed;
    if constexpr (std::is_same_v<E, Trade>) aggregated_ = payload.event == Payload<Trade>::Event::aggregate;
    return result;
}

Result BinanceDecoder::decode(std::string_view frame, Trade& trade, std::string_view& symbol) {
    if (of_another_stream(frame, {"@trade", "@aggTrade", "!serverShutdown"})) return Result::other;
    return decode_row(frame, trade, symbol);
}
Result BinanceDecoder::decode(std::string_view frame, Quote& quote, std::string_view& symbol) {
    if (of_another_stream(frame, {"@bookTicker"})) return Result::other;
    return decode_row(frame, quote, symbol);
}

namespace {

using std::chrono::milliseconds;

struct Host {
    std::string_view name, url;
    milliseconds silence;  // three of the server's pings, or two where they are rare
    milliseconds between_messages;
};
constexpr Host spot{"binance", "wss://stream.binance.com:9443/stream", milliseconds(60'000), milliseconds(250)};
constexpr Host usdm{"binance_usdm", "wss://fstream.binance.com/stream", milliseconds(390'000), milliseconds(125)};
constexpr Host coinm{"binance_coinm", "wss://dstream.binance.com/stream", milliseconds(390'000), milliseconds(125)};

constexpr std::size_t streams_per_connection = 1024, streams_per_message = 200;

std::string with_case(std::string text, char first, char last, int shift) {
    for (char& c : text)
        if (c >= first && c <= last) c = static_cast<char>(c + shift);
    return text;
}

class BinanceVenue final : public Venue {
public:
    BinanceVenue(const Host& host, const std::vector<Market>& markets) : host_(host) {
        if (markets.size() > streams_per_connection)
            throw std::invalid_argument(std::string(name()) + ": " + std::to_string(markets.size()) + " markets in one connection, of which Binance allows " +
                                        std::to_string(streams_per_connection) + "; spread them over several sources");
        for (const Market& market : markets) add(market);
    }

    std::string_view name() const override { return host_.name; }
    std::string url() const override { return std::string(host_.url); }
    VenueRules rules() const override {
        return {.ids = IdKind::dense,
                .silence = host_.silence,
                .ping_every = milliseconds(0),  // the server pings, by frames
                .lifetime = std::chrono::hours(23) + std::chrono::minutes(50),
                .between_messages = host_.between_messages};
    }

    std::vector<std::string> subscriptions() const override {
        std::vector<std::string> out;
        for (std::size_t begin = 0; begin < symbols_.size(); begin += streams_per_message) {
            std::string message = R"({"method":"SUBSCRIBE","params":[)";
            for (std::size_t i = begin; i < std::min(begin + streams_per_message, symbols_.size()); ++i)
                message += (i > begin ? ",\"" : "\"") + with_case(symbols_.names()[i], 'A', 'Z', 'a' - 'A') + (aggregate_[i] ? "@aggTrade\"" : "@trade\"");
            out.push_back(message + R"(],"id":)" + std::to_string(out.size() + 1) + "}");
        }
        return out;
    }

    Frame decode(std::string_view frame, std::int64_t received, Told& told) override {
        Trade trade;
        std::string_view symbol;
        switch (decoder_.decode(frame, trade, symbol)) {
            case Result::other: return Frame::control;
            case Result::refusal: return said_ = frame, Frame::refusal;
            case Result::restart: return Frame::restart;
            case Result::malformed: return Frame::malformed;
            case Result::row: break;
        }
        const std::uint32_t known = symbols_.find(symbol);
        if (known == SymbolIndex::none || aggregate_[known] != decoder_.aggregated()) return Frame::control;  // nobody asked for it
        trade.ts_recv = received;
        told.trades.push_back({known, trade});
        return Frame::trades;
    }

private:
    void add(const Market& market) {
        const auto refuse = [&](const std::string& why) { throw std::invalid_argument(std::string(name()) + ": '" + market.symbol + "' " + why); };
        const bool aggregate = market.channel == "aggTrade";
        if (!aggregate && !market.channel.empty() && market.channel != "trade")
            refuse("has no channel '" + market.channel + "'; the channels are trade and aggTrade");
        const bool sound = std::all_of(market.symbol.begin(), market.symbol.end(), [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || static_cast<unsigned char>(c) > 127;
        });
        if (!sound || market.symbol.empty()) refuse("is no symbol of Binance: write it without separators, such as btcusdt");
        if (symbols_.add(with_case(market.symbol, 'a', 'z', 'A' - 'a')) != aggregate_.size()) refuse("is given twice; one channel of a symbol is enough");
        aggregate_.push_back(aggregate);
    }

    const Host& host_;
    std::vector<bool> aggregate_;  // by symbol: aggTrade, not trade
    BinanceDecoder decoder_;
};

}  // namespace

std::unique_ptr<Venue> make_binance(const std::vector<Market>& markets) { return std::make_unique<BinanceVenue>(spot, markets); }
std::unique_ptr<Venue> make_binance_usdm(const std::vector<Market>& markets) { return std::make_unique<BinanceVenue>(usdm, markets); }
std::unique_ptr<Venue> make_binance_coinm(const std::vector<Market>& markets) { return std::make_unique<BinanceVenue>(coinm, markets); }

}  // namespace openquant
