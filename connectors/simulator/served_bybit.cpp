// Bybit, version 5 of its API: topics publicTrade.SYMBOL of spot, linear and inverse.
#include "openquant/connectors/simulator/served_venue.hpp"

namespace openquant {

namespace dom = simdjson::dom;

namespace {

constexpr std::string_view topic_head = "publicTrade.";
constexpr std::size_t most_spot_args = 10;

class BybitDialogue final : public GroupedDialogue {
public:
    BybitDialogue(const Market& market, Outlet& out, std::size_t batch, std::string_view category) : GroupedDialogue(market, out, batch), category_(category) {}

    bool open(std::string_view path, std::string_view) override {
        constexpr std::string_view head = "/v5/public/";
        if (path == "/") return true;
        if (!path.starts_with(head)) return false;
        path.remove_prefix(head.size());
        if (category_.empty()) category_ = path;
        return path == category_ && (path == "spot" || path == "linear" || path == "inverse");
    }

    void hear(std::string_view text) override {
        const auto request = parsed(text);
        std::string_view op;
        if (!request || (*request)["op"].get(op) != simdjson::SUCCESS) return answer(false, "error:invalid json", "", "");
        dom::element id;
        std::string_view tag;
        if ((*request)["req_id"].get(id) == simdjson::SUCCESS && id.get(tag) != simdjson::SUCCESS) tag = "";
        if (op == "ping") return answer(true, "pong", tag, op);
        if (op != "subscribe" && op != "unsubscribe") return answer(false, "error:unsupported op " + std::string(op), tag, op);
        dom::array args;
        if ((*request)["args"].get(args) != simdjson::SUCCESS) return answer(false, "error:no args", tag, op);
        if (category_ == "spot" && args.size() > most_spot_args) return answer(false, "args size >10", tag, op);
        std::vector<std::uint32_t> wanted;
        for (const dom::element arg : args) {
            std::string_view topic;
            std::uint32_t stream = SymbolIndex::none;
            if (arg.get(topic) == simdjson::SUCCESS) stream = tape_.streams.find(topic);
            if (stream == SymbolIndex::none)
                return answer(
                    false,
                    topic.starts_with(topic_head) ? "Invalid symbol :[" + std::string(topic) + "]" : "error:handler not found,topic:" + std::string(topic), tag,
                    op);
            wanted.push_back(stream);
        }
        finish();
        for (const std::uint32_t stream : wanted) op == "subscribe" ? follow(stream) : forget(stream);
        answer(true, op == "subscribe" ? op : "", tag, op);
    }

private:
    void answer(bool success, std::string_view said, std::string_view tag, std::string_view op) {
        say(std::string(R"({"success":)") + (success ? "true" : "false") + R"(,"ret_msg":)" + json_text(said) + R"(,"conn_id":"simulator","req_id":)" +
            json_text(tag) + R"(,"op":)" + json_text(op) + "}");
    }
    std::string envelope(std::string_view trades, const TapeItem& last) override {
        std::string out = R"({"topic":"publicTrade.)" + tape_.symbols[last.stream] + R"(","type":"snapshot","ts":)" +
                          std::to_string(last.publish_ns / 1'000'000) + R"(,"data":[)";
        out.reserve(out.size() + trades.size() + 2);
        return out.append(trades).append("]}");
    }

    std::string category_;
};

class Bybit final : public ServedVenue {
public:
    explicit Bybit(std::string_view category) : category_(category) { most_per_message = 1'024; }

    void add(Tape& tape, const CaptureLine& frame, const std::optional<CapturedTrade>& trade) const override {
        if (!trade) return;
        const std::string symbol = split_symbol(trade->symbol, "");
        tape.add(rendered(frame, *trade,
                          R"({"i":")" + uuid_of(symbol, trade->id) + R"(","T":)" + std::to_string(trade->ts_ns / 1'000'000) + R"(,"p":")" + trade->price +
                              R"(","v":")" + trade->size + R"(","S":")" + (trade->side > 0 ? "Buy" : "Sell") + R"(","seq":)" + std::to_string(trade->id) +
                              R"(,"s":)" + json_text(symbol) + R"(,"BT":false,"RPI":false})"),
                 std::string(topic_head) + symbol, symbol);
    }
    std::unique_ptr<Dialogue> dialogue(const Market& market, Outlet& out, std::size_t batch) const override {
        return std::make_unique<BybitDialogue>(market, out, batch, category_);
    }

private:
    std::string category_;
};

}  // namespace

std::unique_ptr<ServedVenue> serve_bybit(std::string_view category) { return std::make_unique<Bybit>(category); }

}  // namespace openquant
