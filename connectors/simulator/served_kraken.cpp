// Kraken spot, version 2 of its API: channel `trade`.
#include "openquant/connectors/simulator/served_venue.hpp"

namespace openquant {

namespace dom = simdjson::dom;

namespace {

constexpr std::size_t snapshot_trades = 50;

class KrakenDialogue final : public GroupedDialogue {
public:
    using GroupedDialogue::GroupedDialogue;

    bool open(std::string_view path, std::string_view) override {
        if (path != "/v2" && path != "/") return false;
        say(R"({"channel":"status","data":[{"api_version":"v2","connection_id":1,"system":"online","version":"2.0.0"}],"type":"update"})");
        return true;
    }

    void hear(std::string_view text) override {
        const auto request = parsed(text);
        std::string_view method, channel;
        if (!request) return refuse("Malformed request", "null", "", "");
        dom::element id;
        const std::string tag = (*request)["req_id"].get(id) == simdjson::SUCCESS ? R"(,"req_id":)" + simdjson::minify(id) : "";
        if ((*request)["method"].get(method) != simdjson::SUCCESS) return refuse("Method not specified", "null", tag, "");
        if (method == "ping") return say(R"({"method":"pong")" + tag + times() + "}");
        const std::string named = json_text(method);
        if (method != "subscribe" && method != "unsubscribe") return refuse("Unsupported method", named, tag, "");
        dom::array symbols;
        if ((*request)["params"]["channel"].get(channel) != simdjson::SUCCESS || channel != "trade") return refuse("Unsupported channel", named, tag, "");
        if ((*request)["params"]["symbol"].get(symbols) != simdjson::SUCCESS) return refuse("Symbol(s) not found", named, tag, "");
        bool snapshot = true;
        if (bool wanted = true; (*request)["params"]["snapshot"].get(wanted) == simdjson::SUCCESS) snapshot = wanted;
        finish();
        for (const dom::element symbol : symbols) {
            std::string_view name;
            if (symbol.get(name) != simdjson::SUCCESS) name = "";
            change(method == "subscribe", name, snapshot, tag);
        }
    }

    void beat(bool idle) override {
        if (idle && subscribed_to_anything()) say(R"({"channel":"heartbeat"})");
    }

private:
    void change(bool subscribe, std::string_view name, bool with_snapshot, const std::string& tag) {
        const std::string method = subscribe ? R"("subscribe")" : R"("unsubscribe")", symbol = json_text(name);
        const std::uint32_t stream = tape_.streams.find(name);
        if (stream == SymbolIndex::none) return refuse("Currency pair not supported " + std::string(name), method, tag, symbol);
        if (!(subscribe ? follow(stream) : forget(stream))) return refuse(subscribe ? "Already subscribed" : "Subscription Not Found", method, tag, symbol);
        const std::string snapshot = subscribe ? std::string(R"("snapshot":)") + (with_snapshot ? "true," : "false,") : "";
        say(R"({"method":)" + method + tag + R"(,"result":{"channel":"trade",)" + snapshot + R"("symbol":)" + symbol + R"(},"success":true)" + times() + "}");
        if (!subscribe || !with_snapshot) return;
        const auto past = tape_.past(stream, market_.slot(), snapshot_trades);
        if (!past.empty()) say(R"({"channel":"trade","type":"snapshot","data":[)" + joined(past) + "]}");
    }
    void refuse(const std::string& why, const std::string& method, const std::string& tag, const std::string& symbol) {
        say(R"({"error":)" + json_text(why) + R"(,"method":)" + method + tag + R"(,"success":false)" + (symbol.empty() ? "" : R"(,"symbol":)" + symbol) +
            times() + "}");
    }
    std::string times() const {
        const std::string now = iso_us(market_.now_ns());
        return R"(,"time_in":")" + now + R"(","time_out":")" + now + '"';
    }
    std::string envelope(std::string_view trades, const TapeItem&) override {
        return std::string(R"({"channel":"trade","type":"update","data":[)").append(trades).append("]}");
    }
};

class Kraken final : public ServedVenue {
public:
    void add(Tape& tape, const CaptureLine& frame, const std::optional<CapturedTrade>& trade) const override {
        if (!trade) return;
        const std::string symbol = split_symbol(trade->symbol, "/");
        tape.add(rendered(frame, *trade,
                          R"({"symbol":)" + json_text(symbol) + R"(,"side":")" + (trade->side > 0 ? "buy" : "sell") + R"(","price":)" + trade->price +
                              R"(,"qty":)" + trade->size + R"(,"ord_type":"market","trade_id":)" + std::to_string(trade->id) + R"(,"timestamp":")" +
                              iso_us(trade->ts_ns) + R"("})"),
                 symbol, symbol);
    }
    std::unique_ptr<Dialogue> dialogue(const Market& market, Outlet& out, std::size_t batch) const override {
        return std::make_unique<KrakenDialogue>(market, out, batch);
    }
};

}  // namespace

std::unique_ptr<ServedVenue> serve_kraken() {
    auto out = std::make_unique<Kraken>();
    out->most_per_message = 1'024;
    return out;
}

}  // namespace openquant
