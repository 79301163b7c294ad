#include "openquant/connectors/binance.hpp"

#include <algorithm>
#include <initializer_list>

#include "openquant/connectors/json.hpp"
#include "openquant/engine/timestamps.hpp"

namespace openquant {

namespace od = simdjson::ondemand;

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

}  // namespace

struct BinanceDecoder::Parser {
    od::parser parser;
    std::string symbol;

    /// The fields of a `trade` or `aggTrade` payload; unknown keys are ignored, and so are other events' own meanings of known
    /// ones: spot bookTicker frames name no event, and their `a` is a price.
    Result payload(od::object data, Trade& trade) {
        bool trade_event = false, sound = true, market = true, maker = false, has_maker = false;
        std::int64_t matched = 0, sent = 0;
        symbol.clear();
        for (auto field : data) {
            std::string_view key = field.unescaped_key();
            if (key.size() != 1) continue;
            od::value value = field.value();
            switch (key[0]) {
                case 'e': {
                    const std::string_view event = value.get_string();
                    if (event != "trade" && event != "aggTrade") return Result::other;
                    trade_event = true;
                    break;
                }
                case 's': symbol = std::string_view(value.get_string()); break;
                case 'E': sound &= json::get_number(value, sent); break;
                case 'T': sound &= json::get_number(value, matched); break;
                case 't':
                case 'a':  // an id in trade or aggTrade; older spot frames carry an order id as `a` beside `t`
                    if (key[0] == 't' || trade.id == 0) sound &= json::get_number(value, trade.id);
                    break;
                case 'p': sound &= json::get_number(value, trade.price); break;
                case 'q': sound &= json::get_number(value, trade.size); break;
                case 'm': maker = value.get_bool(), has_maker = true; break;
                case 'X': market = std::string_view(value.get_string()) == "MARKET"; break;
                default: break;
            }
        }
        if (!trade_event) return Result::other;
        const auto ts = ns_from_integer(matched);
        if (!sound || !ts || symbol.empty() || !has_maker) return Result::malformed;
        trade.ts = *ts;
        trade.ts_publish = ns_from_integer(sent).value_or(0);
        trade.side = maker ? -1 : 1;  // the buyer is the maker: the aggressor sold
        return market ? Result::row : Result::other;
    }

    /// The fields of a `bookTicker` payload. Spot frames name no event: they are known by having bid, ask and an update id.
    Result payload(od::object data, Quote& quote) {
        bool sound = true, bid = false, ask = false, update = false;
        std::int64_t matched = 0, sent = 0;
        symbol.clear();
        for (auto field : data) {
            std::string_view key = field.unescaped_key();
            if (key.size() != 1) continue;
            od::value value = field.value();
            switch (key[0]) {
                case 'e':
                    if (std::string_view(value.get_string()) != "bookTicker") return Result::other;
                    break;
                case 's': symbol = std::string_view(value.get_string()); break;
                case 'u': update = true; break;
                case 'T': sound &= json::get_number(value, matched); break;
                case 'E': sound &= json::get_number(value, sent); break;
                case 'b': sound &= json::get_number(value, quote.bid), bid = true; break;
                case 'a': sound &= json::get_number(value, quote.ask), ask = true; break;
                case 'B': sound &= json::get_number(value, quote.bid_size); break;
                case 'A': sound &= json::get_number(value, quote.ask_size); break;
                default: break;
            }
        }
        if (!update || !bid || !ask) return Result::other;
        const std::int64_t told = matched > 0 ? matched : sent;
        const auto ts = told == 0 ? 0 : ns_from_integer(told);
        if (!sound || !ts || symbol.empty()) return Result::malformed;
        quote.ts = *ts;
        return Result::row;
    }
};

BinanceDecoder::BinanceDecoder() : parser_(std::make_unique<Parser>()) {}
BinanceDecoder::~BinanceDecoder() = default;
BinanceDecoder::BinanceDecoder(BinanceDecoder&&) noexcept = default;

template <class E>
BinanceDecoder::Result BinanceDecoder::decode_row(std::string_view frame, E& row, std::string_view& symbol) {
    row = {};
    try {
        od::document document = parser_->parser.iterate(frame.data(), frame.size(), frame.size() + json::padding);
        od::object object = document.get_object();
        Result result = Result::other;
        auto data = object.find_field_unordered("data");
        if (data.error() == simdjson::SUCCESS) {
            result = parser_->payload(data.get_object(), row);
        } else if (data.error() != simdjson::NO_SUCH_FIELD) {
            return Result::malformed;  // a broken document cannot be rewound
        } else {
            document.rewind();
            result = parser_->payload(document.get_object(), row);
        }
        symbol = parser_->symbol;
        return result;
    } catch (const simdjson::simdjson_error&) { return Result::malformed; }
}

BinanceDecoder::Result BinanceDecoder::decode(std::string_view frame, Trade& trade, std::string_view& symbol) {
    if (of_another_stream(frame, {"@trade", "@aggTrade"})) return Result::other;
    return decode_row(frame, trade, symbol);
}
BinanceDecoder::Result BinanceDecoder::decode(std::string_view frame, Quote& quote, std::string_view& symbol) {
    if (of_another_stream(frame, {"@bookTicker"})) return Result::other;
    return decode_row(frame, quote, symbol);
}

}  // namespace openquant
