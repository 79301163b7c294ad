// Raw websocket captures: `local_ns {frame}` or `seconds.fraction: {frame}` as they came from a venue.
#include "openquant/connectors/capture_line.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "openquant/connectors/binance.hpp"
#include "openquant/connectors/venue.hpp"
#include "openquant/replay/market_file.hpp"

namespace openquant {

namespace {

/// What tells whose frame it is; the first that it holds counts.
struct Sign {
    std::string_view text, venue;
};
constexpr Sign signs[] = {
    {R"("sequence_num":)", "coinbase_advanced"},
    {R"("channel":"market_trades")", "coinbase_advanced"},
    {R"("product_id)", "coinbase"},  // or product_ids, in the answer to a subscription
    {R"("channel":"trade")", "kraken"},
    {R"("method":"subscribe")", "kraken"},
    {R"("topic":"publicTrade.)", "bybit"},
    {R"("stream":")", "binance"},
    {R"("e":")", "binance"},
    {R"("result":null)", "binance"},
    {R"("u":)", "binance"},
};
constexpr std::size_t told_within = 1 << 16;  // bytes

/// Whose frames a file holds. Throws for those that no decoder reads.
std::string_view venue_of(TextFile& file) {
    std::string_view text = file.ahead(told_within);
    while (!text.empty()) {
        const std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        const auto captured = capture_line(line);
        if (!captured) continue;
        for (const auto& [sign, venue] : signs)
            if (captured->frame.find(sign) != std::string_view::npos) return venue;
    }
    throw std::invalid_argument("'" + file.path() +
                                "' is a capture of no venue that can be read; those are Binance, Bybit (v5), Coinbase Exchange, Coinbase Advanced "
                                "Trade and Kraken (v2)");
}

/// Lines of what the recorder did itself: `wss://host <-> time` where it connected, `wss://host <- time: {message}` what it sent.
class Recorder {
public:
    static bool owns(std::string_view line) { return line.starts_with("wss://") || line.starts_with("ws://"); }
    static bool connected(std::string_view line) { return line.find(" <-> ") != std::string_view::npos; }
    /// Whether the line breaks what was heard before it.
    bool reconnected(std::string_view line) { return connected(line) && std::exchange(heard_, false); }
    void heard() { heard_ = true; }

private:
    bool heard_ = false;  // rows since the last connection
};

template <class E>
class BinanceCapture final : public MarketFile<E> {
    using typename MarketFile<E>::Line;
    using typename MarketFile<E>::Row;

public:
    BinanceCapture(TextFile file, std::vector<std::string> only) : MarketFile<E>(std::move(file), IdKind::dense, std::move(only)) {}

private:
    Line parse(std::string_view line, Row& row) override {
        if (recorder_.owns(line)) {
            row.broken = {latest_, Break::disconnect, 0, 0};
            return recorder_.reconnected(line) ? Line::gap : Line::skip;
        }
        const auto captured = capture_line(line);
        if (!captured) return Line::malformed;
        const auto result = decoder_.decode(captured->frame, row.event, row.symbol);
        row.event.ts_recv = captured->received;
        if (row.event.ts == 0) row.event.ts = captured->received;  // spot quotes carry no time of their own
        if (result != BinanceDecoder::Result::row) return result == BinanceDecoder::Result::malformed ? Line::malformed : Line::skip;
        recorder_.heard();
        latest_ = std::max(latest_, row.event.ts);
        return Line::row;
    }
    BinanceDecoder decoder_;
    Recorder recorder_;
    std::int64_t latest_ = 0;
};

/// Trades of every symbol that a venue's frames speak of.
class VenueCapture final : public Feed {
public:
    VenueCapture(TextFile file, std::unique_ptr<Venue> venue, std::vector<std::string> only)
        : file_(std::move(file)), venue_(std::move(venue)), only_(std::move(only)) {}

    const EventType& type() const override { return event_type<Trade>(); }
    double progress() const override { return file_.progress(); }

    bool next(Batch& batch) override {
        rows_.clear();
        batch.breaks.clear();
        std::string_view line;
        bool more = true;
        while (rows_.size() < rows_per_batch && (more = file_.next(line))) read(line, batch);
        batch.offer(rows_, venue_->symbols().names(), dictionary_);
        batch.ids = venue_->rules().ids;
        return more || batch.rows > 0 || !batch.breaks.empty();
    }

private:
    static constexpr std::size_t rows_per_batch = 8192;

    void read(std::string_view line, Batch& batch) {
        if (line.find_first_not_of(" \t") == std::string_view::npos) return;
        if (recorder_.owns(line)) {
            if (recorder_.connected(line)) venue_->opened();
            if (recorder_.reconnected(line)) batch.breaks.push_back({rows_.size(), every_symbol, {latest_, Break::disconnect, 0, 0}});
            return;
        }
        auto& malformed = rejected[static_cast<std::size_t>(Fault::malformed)];
        const auto captured = capture_line(line);
        if (!captured) return void(++malformed);
        told_.clear();
        malformed += venue_->decode(captured->frame, captured->received, told_) == Frame::malformed;
        malformed += told_.malformed;
        keep(batch);
    }
    void keep(Batch& batch) {
        auto noted = told_.breaks.begin();
        const auto note = [&](std::size_t before) {
            for (; noted != told_.breaks.end() && noted->before <= before; ++noted)
                if (wanted(noted->symbol)) batch.breaks.push_back({rows_.size(), noted->symbol, noted->row});
        };
        for (std::size_t i = 0; i < told_.trades.size(); ++i) {
            note(i);
            const auto& [symbol, trade] = told_.trades[i];
            if (!wanted(symbol)) continue;
            rows_.append(symbol, trade);
            recorder_.heard();
            latest_ = std::max(latest_, trade.ts);
        }
        note(told_.trades.size());
    }
    bool wanted(std::uint32_t symbol) const {
        return only_.empty() || symbol == every_symbol || std::find(only_.begin(), only_.end(), venue_->symbols().names()[symbol]) != only_.end();
    }

    TextFile file_;
    std::unique_ptr<Venue> venue_;
    std::vector<std::string> only_;
    Recorder recorder_;
    Told told_;
    Rows<Trade> rows_;
    std::int64_t latest_ = 0;
    const std::uint64_t dictionary_ = new_dictionary();
};

}  // namespace

bool is_capture(std::string_view first) { return Recorder::owns(first) || capture_line(first); }

template <class E>
std::unique_ptr<Feed> open_capture(TextFile file, const OpenOptions& options) {
    const std::string_view venue = venue_of(file);
    if (venue == "binance") return std::make_unique<BinanceCapture<E>>(std::move(file), options.only);
    if constexpr (std::is_same_v<E, Trade>) return std::make_unique<VenueCapture>(std::move(file), make_listener(venue), options.only);
    throw std::invalid_argument("'" + file.path() + "' is a capture of " + std::string(venue) + "; quotes are read from captures of Binance only");
}
template std::unique_ptr<Feed> open_capture<Trade>(TextFile file, const OpenOptions& options);
template std::unique_ptr<Feed> open_capture<Quote>(TextFile file, const OpenOptions& options);

}  // namespace openquant
