#include "openquant/connectors/simulator/served_venue.hpp"

#include <stdexcept>

#include "openquant/connectors/simulator/websocket.hpp"
#include "openquant/engine/timestamps.hpp"

namespace openquant {

void Outlet::say(std::string_view message) {
    ++messages;
    if (lines) bytes.append(message) += '\n';
    else websocket::append(bytes, websocket::Opcode::text, message);
}

void Dialogue::garble(const TapeItem& item) {
    finish();
    const std::string whole = message(item);
    say(item.id % 2 ? std::string_view(whole).substr(0, whole.size() / 2) : "<html>502 Bad Gateway</html>");
}

std::optional<simdjson::dom::object> Dialogue::parsed(std::string_view message) {
    simdjson::dom::object object;
    if (parser_.parse(message.data(), message.size()).get(object) != simdjson::SUCCESS) return std::nullopt;
    return object;
}

void GroupedDialogue::tell(const TapeItem& item) {
    if (last_ && (size_ >= batch_ || last_->stream != item.stream)) finish();
    if (last_) group_ += ',';
    group_ += item.text;
    last_ = &item;
    ++size_;
}

void GroupedDialogue::finish() {
    if (!last_) return;
    say(envelope(group_, *last_));
    group_.clear(), last_ = nullptr, size_ = 0;
}

std::string joined(const std::vector<const TapeItem*>& items) {
    std::string out;
    for (const TapeItem* item : items) out += (out.empty() ? "" : ",") + item->text;
    return out;
}

TapeItem rendered(const CaptureLine& frame, const CapturedTrade& trade, std::string text) {
    TapeItem item;
    item.received_ns = frame.received, item.publish_ns = trade.publish_ns, item.id = trade.id;
    item.kind = trade.form == CapturedTrade::Form::last_match ? TapeItem::Kind::past : TapeItem::Kind::trade;
    item.aggregate = trade.form == CapturedTrade::Form::aggregate;
    item.text = std::move(text);
    return item;
}

std::string split_symbol(std::string_view symbol, std::string_view between) {
    if (const std::size_t dash = symbol.find('-'); dash != std::string_view::npos)
        return std::string(symbol.substr(0, dash)).append(between).append(symbol.substr(dash + 1));
    for (const std::string_view quote : {"USDT", "USDC", "USD", "BTC", "ETH", "EUR"})
        if (symbol.size() > quote.size() && symbol.ends_with(quote))
            return std::string(symbol.substr(0, symbol.size() - quote.size())).append(between).append(quote);
    return std::string(symbol);
}

std::string iso_us(std::int64_t ns) {
    std::string text = text_from_ns(ns - ns % 1'000);
    text[10] = 'T';
    if (text.size() == 19) text += '.';
    text.resize(26, '0');
    return text += 'Z';
}

std::string uuid_of(std::string_view symbol, std::int64_t id, std::uint64_t salt) {
    std::uint64_t state = salt ^ 0x9e3779b97f4a7c15;
    const auto stir = [&](std::uint64_t word) {  // splitmix64's mixing
        state += word + 0x9e3779b97f4a7c15;
        std::uint64_t z = state;
        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
        z = (z ^ z >> 27) * 0x94d049bb133111eb;
        return state = z ^ z >> 31;
    };
    for (const char c : symbol) stir(static_cast<unsigned char>(c));
    const std::uint64_t words[] = {stir(static_cast<std::uint64_t>(id)), stir(1)};
    std::string out;
    for (int digit = 0; digit < 32; ++digit) {
        if (digit == 8 || digit == 12 || digit == 16 || digit == 20) out += '-';
        out += "0123456789abcdef"[words[digit / 16] >> (4 * (digit % 16)) & 15];
    }
    return out;
}

std::string json_text(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        if (static_cast<unsigned char>(c) >= 0x20) out += c;
    }
    return out += '"';
}

namespace {

struct Entry {
    std::string_view name;
    std::unique_ptr<ServedVenue> (*make)();
};

constexpr Entry entries[] = {
    {"binance", [] { return serve_binance(std::chrono::seconds(20)); }},
    {"binance_usdm", [] { return serve_binance(std::chrono::minutes(3)); }},
    {"binance_coinm", [] { return serve_binance(std::chrono::minutes(3)); }},
    {"coinbase", [] { return serve_coinbase(); }},
    {"coinbase_advanced", [] { return serve_coinbase_advanced(); }},
    {"kraken", [] { return serve_kraken(); }},
    {"bybit", [] { return serve_bybit(""); }},
    {"bybit_spot", [] { return serve_bybit("spot"); }},
    {"bybit_linear", [] { return serve_bybit("linear"); }},
    {"bybit_inverse", [] { return serve_bybit("inverse"); }},
    {"ndjson", [] { return serve_lines(); }},
};

}  // namespace

std::vector<std::string_view> simulated_venues() {
    std::vector<std::string_view> out;
    for (const Entry& entry : entries) out.push_back(entry.name);
    return out;
}

std::unique_ptr<ServedVenue> make_served_venue(std::string_view name) {
    std::string known;
    for (const Entry& entry : entries) {
        if (entry.name == name) return entry.make();
        known += (known.empty() ? "" : ", ") + std::string(entry.name);
    }
    throw std::invalid_argument("unknown venue '" + std::string(name) + "'; the simulator serves " + known);
}

}  // namespace openquant
