// Coinbase Advanced Trade: channels `market_trades` and `heartbeats`, numbered together by connection.
#include "openquant/connectors/simulator/served_venue.hpp"

namespace openquant {

namespace dom = simdjson::dom;

namespace {

constexpr std::size_t snapshot_trades = 100;

class AdvancedDialogue final : public GroupedDialogue {
public:
    using GroupedDialogue::GroupedDialogue;

    bool open(std::string_view, std::string_view) override { return true; }

    void hear(std::string_view text) override {
        const auto request = parsed(text);
        std::string_view type, channel;
        if (!request) return refuse("failed to parse message");
        if ((*request)["type"].get(type) != simdjson::SUCCESS || (type != "subscribe" && type != "unsubscribe")) return refuse("type is not supported");
        if ((*request)["channel"].get(channel) != simdjson::SUCCESS || (channel != "market_trades" && channel != "heartbeats"))
            return refuse("channel is not supported");
        const bool subscribe = type == "subscribe";
        if (channel == "heartbeats") {
            beats_ = subscribe, asked_ |= subscribe;
            return acknowledge();
        }
        std::vector<std::uint32_t> wanted;
        dom::array names;
        if ((*request)["product_ids"].get(names) != simdjson::SUCCESS) return refuse("product_ids is required");
        for (const dom::element element : names) {
            std::string_view name;
            const std::uint32_t product = element.get(name) == simdjson::SUCCESS ? tape_.streams.find(name) : SymbolIndex::none;
            if (product == SymbolIndex::none) return refuse(std::string(name) + " is not a valid product");
            wanted.push_back(product);
        }
        finish();
        std::vector<std::uint32_t> fresh;
        for (const std::uint32_t product : wanted) {
            if (!subscribe) forget(product);
            else if (follow(product)) fresh.push_back(product);
        }
        acknowledge();
        for (const std::uint32_t product : fresh) snapshot(product);
    }

    void lose(const TapeItem&) override { finish(), ++sequence_; }

    void beat(bool) override {
        if (!beats_) return;
        const std::string now = iso_us(market_.now_ns());
        say(framed("heartbeats", now, R"({"current_time":")" + now + R"(","heartbeat_counter":)" + std::to_string(++counter_) + "}"));
    }

private:
    std::string envelope(std::string_view trades, const TapeItem& last) override {
        return framed("market_trades", iso_us(last.publish_ns), std::string(R"({"type":"update","trades":[)").append(trades).append("]}"));
    }
    std::string framed(std::string_view channel, const std::string& time, const std::string& event) {
        return R"({"channel":")" + std::string(channel) + R"(","client_id":"","timestamp":")" + time + R"(","sequence_num":)" + std::to_string(sequence_++) +
               R"(,"events":[)" + event + "]}";
    }
    void refuse(const std::string& why) { say(R"({"type":"error","message":)" + json_text(why) + "}"); }

    void acknowledge() {
        std::string products;
        for (std::uint32_t product = 0; product < tape_.streams.size(); ++product)
            if (follows(product)) products += (products.empty() ? "" : ",") + json_text(tape_.symbols[product]);
        std::string channels;
        if (!products.empty()) channels += R"("market_trades":[)" + products + "]";
        if (beats_) channels += (channels.empty() ? "" : ",") + std::string(R"("heartbeats":["heartbeats"])");
        say(framed("subscriptions", iso_us(market_.now_ns()), R"({"subscriptions":{)" + channels + "}}"));
    }
    /// Newest first.
    void snapshot(std::uint32_t product) {
        auto past = tape_.past(product, market_.slot(), snapshot_trades);
        std::reverse(past.begin(), past.end());
        if (!past.empty()) say(framed("market_trades", iso_us(market_.now_ns()), R"({"type":"snapshot","trades":[)" + joined(past) + "]}"));
    }

    bool beats_ = false;
    std::uint64_t sequence_ = 0, counter_ = 0;
};

class Advanced final : public ServedVenue {
public:
    void add(Tape& tape, const CaptureLine& frame, const std::optional<CapturedTrade>& trade) const override {
        if (!trade) return;
        const std::string product = split_symbol(trade->symbol, "-");
        tape.add(rendered(frame, *trade,
                          R"({"trade_id":")" + std::to_string(trade->id) + R"(","product_id":)" + json_text(product) + R"(,"price":")" + trade->price +
                              R"(","size":")" + trade->size + R"(","side":")" + (trade->side > 0 ? "SELL" : "BUY") +  // the maker's
                              R"(","time":")" + iso_us(trade->ts_ns) + R"("})"),
                 product, product);
    }
    std::unique_ptr<Dialogue> dialogue(const Market& market, Outlet& out, std::size_t batch) const override {
        return std::make_unique<AdvancedDialogue>(market, out, batch);
    }
};

}  // namespace

std::unique_ptr<ServedVenue> serve_coinbase_advanced() {
    auto out = std::make_unique<Advanced>();
    out->subscribe_within = std::chrono::seconds(5);
    out->most_per_message = 256;
    return out;
}

}  // namespace openquant
