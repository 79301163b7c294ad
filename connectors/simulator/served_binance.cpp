// Binance spot and futures: the capture's own frames, to those who subscribed to their streams.
#include "openquant/connectors/simulator/served_venue.hpp"

namespace openquant {

namespace dom = simdjson::dom;

namespace {

constexpr std::size_t most_streams = 1'024;
constexpr std::string_view combined_head = R"({"stream":")", payload_head = R"(","data":)";

/// `btcusdt@trade`, `!ticker@arr`, `btcusdt@depth@100ms`.
bool well_formed(std::string_view stream) {
    if (stream.empty() || stream.size() > 64 || (stream.find('@') == std::string_view::npos && stream[0] != '!')) return false;
    return stream.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@!_+-:.") == std::string_view::npos;
}

class BinanceDialogue final : public Dialogue {
public:
    using Dialogue::Dialogue;

    /// /ws, /ws/a/b, /stream, /stream?streams=a/b; also below the futures' /market and /public.
    bool open(std::string_view path, std::string_view query) override {
        for (const std::string_view part : {"/market", "/public"})
            if (path.starts_with(part)) path.remove_prefix(part.size());
        std::string_view streams;
        if (path == "/stream" || path == "/stream/") {
            combined_ = true;
            if (const std::size_t at = query.find("streams="); at != std::string_view::npos) streams = query.substr(at + 8, query.find('&', at) - at - 8);
        } else if (path.starts_with("/ws/")) {
            streams = path.substr(4);
        } else if (path != "/ws" && path != "/") {
            return false;
        }
        while (!streams.empty()) {
            const std::size_t slash = streams.find('/');
            if (!well_formed(streams.substr(0, slash)) || names_.size() == most_streams) return false;
            subscribe(streams.substr(0, slash));
            streams.remove_prefix(slash == std::string_view::npos ? streams.size() : slash + 1);
        }
        return true;
    }

    void hear(std::string_view text) override {
        const auto request = parsed(text);
        if (!request) return refuse("null", 3, "Invalid JSON: expected value at line 1 column 1");
        dom::element id;
        const std::string number = (*request)["id"].get(id) == simdjson::SUCCESS ? simdjson::minify(id) : "null";
        std::string_view method;
        if ((*request)["method"].get(method) != simdjson::SUCCESS) return refuse(number, 2, "Invalid request: missing field `method`");
        if (method == "LIST_SUBSCRIPTIONS") {
            std::string list;
            for (const std::string& name : names_) list += (list.empty() ? "" : ",") + json_text(name);
            return say(R"({"result":[)" + list + R"(],"id":)" + number + "}");
        }
        if (method != "SUBSCRIBE" && method != "UNSUBSCRIBE") return refuse(number, 2, "Invalid request: unknown variant " + std::string(method));
        dom::array params;
        if ((*request)["params"].get(params) != simdjson::SUCCESS) return refuse(number, 2, "Invalid request: missing field `params`");
        std::vector<std::string_view> streams;
        for (const dom::element param : params) {
            std::string_view name;
            if (param.get(name) != simdjson::SUCCESS || !well_formed(name)) return refuse(number, 2, "Invalid request: invalid stream");
            streams.push_back(name);
        }
        if (method == "SUBSCRIBE" && names_.size() + streams.size() > most_streams) return refuse(number, 2, "Invalid request: too many streams");
        for (const std::string_view stream : streams) method == "SUBSCRIBE" ? subscribe(stream) : unsubscribe(stream);
        say(R"({"result":null,"id":)" + number + "}");
    }

    void tell(const TapeItem& item) override { say(combined_ ? std::string_view(item.text) : raw(item)); }

    void farewell() override {
        const std::string event = R"({"e":"serverShutdown","E":)" + std::to_string(market_.now_ns() / 1'000'000) + "}";
        say(combined_ ? R"({"stream":"!serverShutdown","data":)" + event + "}" : event);
    }

private:
    static std::string_view raw(const TapeItem& item) { return std::string_view(item.text).substr(item.payload, item.text.size() - item.payload - 1); }
    std::string message(const TapeItem& item) override { return std::string(combined_ ? std::string_view(item.text) : raw(item)); }

    void refuse(const std::string& id, int code, const std::string& why) {
        say(R"({"error":{"code":)" + std::to_string(code) + R"(,"msg":)" + json_text(why) + R"(},"id":)" + id + "}");
    }
    /// The venue takes any name of the right form, and is quiet about those that there are not.
    void subscribe(std::string_view stream) {
        if (std::find(names_.begin(), names_.end(), stream) != names_.end()) return;
        names_.emplace_back(stream);
        asked_ = true;
        if (const std::uint32_t known = tape_.streams.find(stream); known != SymbolIndex::none) follow(known);
    }
    void unsubscribe(std::string_view stream) {
        std::erase(names_, stream);
        if (const std::uint32_t known = tape_.streams.find(stream); known != SymbolIndex::none) forget(known);
    }

    bool combined_ = false;
    std::vector<std::string> names_;
};

class Binance final : public ServedVenue {
public:
    void add(Tape& tape, const CaptureLine& frame, const std::optional<CapturedTrade>& trade) const override {
        if (trade && trade->form > CapturedTrade::Form::aggregate) return;
        TapeItem item;
        std::string stream;
        if (const std::size_t at = frame.frame.find(payload_head); frame.frame.starts_with(combined_head) && at != std::string_view::npos) {
            item = rendered(frame, trade.value_or(CapturedTrade{}), std::string(frame.frame));
            item.payload = static_cast<std::uint32_t>(at + payload_head.size());
            stream = frame.frame.substr(combined_head.size(), at - combined_head.size());
        } else if (trade) {  // recorded on a raw connection
            for (const char c : trade->symbol) stream += static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
            stream += item.aggregate ? "@aggTrade" : "@trade";
            const std::string head = std::string(combined_head) + stream + std::string(payload_head);
            item = rendered(frame, *trade, head + std::string(frame.frame) + "}");
            item.payload = static_cast<std::uint32_t>(head.size());
        } else {
            return;
        }
        if (!trade) item.kind = TapeItem::Kind::other;
        item.aggregate = false;  // both channels are served
        tape.add(std::move(item), stream, trade ? trade->symbol : "");
    }
    std::unique_ptr<Dialogue> dialogue(const Market& market, Outlet& out, std::size_t batch) const override {
        return std::make_unique<BinanceDialogue>(market, out, batch);
    }
};

}  // namespace

std::unique_ptr<ServedVenue> serve_binance(std::chrono::milliseconds ping_every) {
    auto out = std::make_unique<Binance>();
    out->ping_every = ping_every;
    return out;
}

}  // namespace openquant
