#include "openquant/connectors/binance.hpp"

#include "openquant/connectors/json.hpp"
#include "openquant/engine/timestamps.hpp"

namespace openquant {

namespace od = simdjson::ondemand;

struct BinanceDecoder::Parser {
    od::parser parser;
    std::string symbol;

    /// The fields of a `trade` or `aggTrade` payload; unknown keys are ignored.
    Result payload(od::object data, Trade& trade) {
        bool trade_event = false, market = true, maker = false, has_maker = false;
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
                case 'E':
                    if (!json::get_number(value, sent)) return Result::malformed;
                    break;
                case 'T':
                    if (!json::get_number(value, matched)) return Result::malformed;
                    break;
                case 't':
                case 'a':  // an id in trade or aggTrade; older spot frames carry an order id as `a` beside `t`
                    if (key[0] == 't' || trade.id == 0)
                        if (!json::get_number(value, trade.id)) return Result::malformed;
                    break;
                case 'p':
                    if (!json::get_number(value, trade.price)) return Result::malformed;
                    break;
                case 'q':
                    if (!json::get_number(value, trade.size)) return Result::malformed;
                    break;
                case 'm': maker = value.get_bool(), has_maker = true; break;
                case 'X': market = std::string_view(value.get_string()) == "MARKET"; break;
                default: break;
            }
        }
        if (!trade_event) return Result::other;
        const auto ts = ns_from_integer(matched);
        if (!ts || symbol.empty() || !has_maker) return Result::malformed;
        trade.ts = *ts;
        trade.ts_publish = ns_from_integer(sent).value_or(0);
        trade.side = maker ? -1 : 1;  // the buyer is the maker: the aggressor sold
        return market ? Result::trade : Result::other;
    }
};

BinanceDecoder::BinanceDecoder() : parser_(std::make_unique<Parser>()) {}
BinanceDecoder::~BinanceDecoder() = default;
BinanceDecoder::BinanceDecoder(BinanceDecoder&&) noexcept = default;

BinanceDecoder::Result BinanceDecoder::decode(std::string_view frame, Trade& trade, std::string_view& symbol) {
    trade = {};
    try {
        od::document document = parser_->parser.iterate(frame.data(), frame.size(), frame.size() + json::padding);
        od::object object = document.get_object();
        Result result = Result::other;
        auto data = object.find_field_unordered("data");
        if (data.error() == simdjson::SUCCESS) {
            result = parser_->payload(data.get_object(), trade);
        } else if (data.error() != simdjson::NO_SUCH_FIELD) {
            return Result::malformed;  // a broken document cannot be rewound
        } else {
            document.rewind();
            result = parser_->payload(document.get_object(), trade);
        }
        symbol = parser_->symbol;
        return result;
    } catch (const simdjson::simdjson_error&) { return Result::malformed; }
}

}  // namespace openquant
