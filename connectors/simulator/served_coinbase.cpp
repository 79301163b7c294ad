// Coinbase Exchange: channels `matches` and `heartbeat`. A recording's own frames; trades of another venue as matches.
#include "openquant/connectors/simulator/served_venue.hpp"

namespace openquant {

namespace dom = simdjson::dom;

namespace {

constexpr std::string_view match_type = R"("type":"match")";

/// The products of a request that there are; `unknown` is the first that there is not.
std::vector<std::uint32_t> products(const dom::array& names, const SymbolIndex& known, std::string& unknown) {
    std::vector<std::uint32_t> out;
    for (const dom::element element : names) {
        std::string_view name;
        const std::uint32_t product = element.get(name) == simdjson::SUCCESS ? known.find(name) : SymbolIndex::none;
        if (product != SymbolIndex::none) out.push_back(product);
        else if (unknown.empty()) unknown = name.empty() ? "?" : std::string(name);
    }
    return out;
}

class CoinbaseDialogue final : public Dialogue {
public:
    CoinbaseDialogue(const Market& market, Outlet& out, std::size_t batch) : Dialogue(market, out, batch), beats_(tape_.streams.size()) {}

    bool open(std::string_view, std::string_view) override { return true; }

    void hear(std::string_view text) override {
        const auto request = parsed(text);
        std::string_view type;
        if (!request) return refuse("Malformed JSON", "");
        if ((*request)["type"].get(type) != simdjson::SUCCESS || (type != "subscribe" && type != "unsubscribe"))
            return refuse("Type has to be either subscribe or unsubscribe", "");
        dom::array channels, shared, own;
        if ((*request)["channels"].get(channels) != simdjson::SUCCESS) return refuse("Failed to subscribe", "no channels provided");
        const bool has_shared = (*request)["product_ids"].get(shared) == simdjson::SUCCESS;
        for (const dom::element channel : channels) {
            std::string_view name;
            const bool named = channel.get(name) == simdjson::SUCCESS;
            if (!named && channel["name"].get(name) != simdjson::SUCCESS) return refuse("Failed to subscribe", "a channel has no name");
            if (name != "matches" && name != "heartbeat") return refuse("Failed to subscribe", std::string(name) + " is not a valid channel");
            const bool has_own = !named && channel["product_ids"].get(own) == simdjson::SUCCESS;
            if (!has_own && !has_shared) return refuse("Failed to subscribe", "no product ids provided");
            std::string unknown;
            const auto wanted = products(has_own ? own : shared, tape_.streams, unknown);
            if (!unknown.empty()) return refuse("Failed to subscribe", unknown + " is not a valid product");
            for (const std::uint32_t product : wanted) change(type == "subscribe", name == "matches", product);
        }
        acknowledge();
    }

    void tell(const TapeItem& item) override { say(item.text); }

    void beat(bool) override {
        for (std::uint32_t product = 0; product < beats_.size(); ++product) {
            if (!beats_[product]) continue;
            const auto last = tape_.past(product, market_.slot(), 1);
            const std::string id = std::to_string(last.empty() ? 0 : last[0]->id);
            say(R"({"type":"heartbeat","last_trade_id":)" + id + R"(,"product_id":)" + json_text(tape_.symbols[product]) + R"(,"sequence":)" + id +
                R"(,"time":")" + iso_us(market_.now_ns()) + R"("})");
        }
    }

private:
    std::string message(const TapeItem& item) override { return item.text; }

    void refuse(std::string_view message, const std::string& reason) {
        say(R"({"type":"error","message":)" + json_text(message) + (reason.empty() ? "" : R"(,"reason":)" + json_text(reason)) + "}");
    }
    void change(bool subscribe, bool matches, std::uint32_t product) {
        if (!matches) beats_[product] = subscribe, asked_ |= subscribe;
        else if (!subscribe) forget(product);
        else if (follow(product)) last_match(product);
    }
    /// The last trade again, so that a client knows where it stands.
    void last_match(std::uint32_t product) {
        const auto last = tape_.past(product, market_.slot(), 1);
        if (last.empty()) return;
        std::string text = last[0]->text;
        if (const std::size_t at = text.find(match_type); at != std::string::npos) text.replace(at, match_type.size(), R"("type":"last_match")");
        say(text);
    }
    void acknowledge() {
        std::string matches, beats;
        for (std::uint32_t product = 0; product < beats_.size(); ++product) {
            const std::string name = json_text(tape_.symbols[product]);
            if (follows(product)) matches += (matches.empty() ? "" : ",") + name;
            if (beats_[product]) beats += (beats.empty() ? "" : ",") + name;
        }
        std::string channels;
        if (!matches.empty()) channels += R"({"name":"matches","product_ids":[)" + matches + "]}";
        if (!beats.empty()) channels += (channels.empty() ? "" : ",") + (R"({"name":"heartbeat","product_ids":[)" + beats + "]}");
        say(R"({"type":"subscriptions","channels":[)" + channels + "]}");
    }

    std::vector<char> beats_;
};

class Coinbase final : public ServedVenue {
public:
    void add(Tape& tape, const CaptureLine& frame, const std::optional<CapturedTrade>& trade) const override {
        if (!trade) return;
        const bool own = trade->form >= CapturedTrade::Form::match;
        const std::string product = own ? trade->symbol : split_symbol(trade->symbol, "-");
        tape.add(rendered(frame, *trade, own ? std::string(frame.frame) : match(*trade, product)), product, product);
    }
    std::unique_ptr<Dialogue> dialogue(const Market& market, Outlet& out, std::size_t batch) const override {
        return std::make_unique<CoinbaseDialogue>(market, out, batch);
    }

private:
    static std::string match(const CapturedTrade& trade, const std::string& product) {
        const std::string id = std::to_string(trade.id);
        return std::string("{") + std::string(match_type) + R"(,"trade_id":)" + id + R"(,"maker_order_id":")" + uuid_of(product, trade.id, 1) +
               R"(","taker_order_id":")" + uuid_of(product, trade.id, 2) + R"(","side":")" + (trade.side > 0 ? "sell" : "buy") +  // the maker's
               R"(","size":")" + trade.size + R"(","price":")" + trade.price + R"(","product_id":)" + json_text(product) + R"(,"sequence":)" + id +
               R"(,"time":")" + iso_us(trade.ts_ns) + R"("})";
    }
};

}  // namespace

std::unique_ptr<ServedVenue> serve_coinbase() {
    auto out = std::make_unique<Coinbase>();
    out->subscribe_within = std::chrono::seconds(5);
    return out;
}

}  // namespace openquant
