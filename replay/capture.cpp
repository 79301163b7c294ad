// Raw websocket captures: `local_ns {frame}` or `seconds.fraction: {frame}` as they came from a venue.
#include "openquant/connectors/capture_line.hpp"

#include <algorithm>
#include <stdexcept>

#include "openquant/connectors/binance.hpp"
#include "openquant/connectors/venue.hpp"
#include "openquant/replay/market_file.hpp"

namespace openquant {

namespace {

template <class E>
class BinanceCapture final : public MarketFile<E> {
    using typename MarketFile<E>::Line;
    using typename MarketFile<E>::Row;

public:
    BinanceCapture(TextFile file, std::vector<std::string> only) : MarketFile<E>(std::move(file), IdKind::dense, std::move(only)) {}

private:
    Line parse(std::string_view line, Row& row) override {
        const auto captured = capture_line(line);
        if (!captured) return Line::malformed;
        const auto result = decoder_.decode(captured->frame, row.event, row.symbol);
        row.event.ts_recv = captured->received;
        if (row.event.ts == 0) row.event.ts = captured->received;  // spot quotes carry no time of their own
        return result == BinanceDecoder::Result::row ? Line::row : result == BinanceDecoder::Result::malformed ? Line::malformed : Line::skip;
    }
    BinanceDecoder decoder_;
};

/// Whose frame it is; empty if it does not show.
std::string_view venue_of(std::string_view frame) {
    const auto has = [&](std::string_view text) { return frame.find(text) != std::string_view::npos; };
    if (has(R"("channel":"market_trades")")) return "coinbase_advanced";
    if (has(R"("channel":"trade")")) return "kraken";
    if (has(R"("type":")") && has(R"("product_id":")") && has(R"("sequence":)")) return "coinbase";
    return {};
}

/// Trades of every symbol that a venue's frames speak of.
class VenueCapture final : public Feed {
public:
    VenueCapture(TextFile file, std::vector<std::string> only) : file_(std::move(file)), only_(std::move(only)) {}

    const EventType& type() const override { return event_type<Trade>(); }
    double progress() const override { return file_.progress(); }

    bool next(Batch& batch) override {
        rows_.clear();
        batch.breaks.clear();
        std::string_view line;
        bool more = true;
        while (rows_.size() < rows_per_batch && (more = file_.next(line))) read(line, batch);
        if (!more && !venue_)
            throw std::invalid_argument("'" + file_.path() +
                                        "' holds no trade of a venue that is known: Binance, Coinbase Exchange, Coinbase Advanced, Kraken v2");
        static const std::vector<std::string> none;
        batch.offer(rows_, venue_ ? venue_->symbols().names() : none, dictionary_);
        batch.ids = venue_ ? venue_->rules().ids : IdKind::unknown;
        return more || batch.rows > 0 || !batch.breaks.empty();
    }

private:
    static constexpr std::size_t rows_per_batch = 8192;

    void read(std::string_view line, Batch& batch) {
        if (line.starts_with("wss://") || line.starts_with("ws://")) {  // what the recorder did: <-> it connected, <- it sent
            if (line.find(" <-> ") != std::string_view::npos && latest_ > 0) {
                batch.breaks.push_back({rows_.size(), every_symbol, {latest_, Break::disconnect, 0, 0}});
                if (venue_) venue_->opened();
            }
            return;
        }
        const auto captured = capture_line(line);
        if (!captured) return void(rejected[static_cast<std::size_t>(Fault::malformed)] += !line.empty());
        if (!venue_ && !(venue_ = make_listener(venue_of(captured->frame)))) return;
        told_.clear();
        if (venue_->decode(captured->frame, captured->received, told_) == Frame::malformed) ++told_.malformed;
        rejected[static_cast<std::size_t>(Fault::malformed)] += told_.malformed;
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
            latest_ = std::max(latest_, trade.ts);
        }
        note(told_.trades.size());
    }
    bool wanted(std::uint32_t symbol) const {
        return only_.empty() || symbol == every_symbol || std::find(only_.begin(), only_.end(), venue_->symbols().names()[symbol]) != only_.end();
    }

    TextFile file_;
    std::vector<std::string> only_;
    std::unique_ptr<Venue> venue_;
    Told told_;
    Rows<Trade> rows_;
    std::int64_t latest_ = 0;
    const std::uint64_t dictionary_ = new_dictionary();
};

}  // namespace

bool is_capture(std::string_view first) { return first.starts_with("wss://") || capture_line(first); }

template <class E>
std::unique_ptr<Feed> open_capture(TextFile file, const OpenOptions& options) {
    const std::string_view first = file.peek();
    const auto captured = capture_line(first);
    const bool binance = captured && first[first.find(' ') - 1] != ':' && venue_of(captured->frame).empty();
    if (binance) return std::make_unique<BinanceCapture<E>>(std::move(file), options.only);
    if constexpr (std::is_same_v<E, Trade>) return std::make_unique<VenueCapture>(std::move(file), options.only);
    throw std::invalid_argument("'" + file.path() + "': quotes are read from captures of Binance only");
}
template std::unique_ptr<Feed> open_capture<Trade>(TextFile file, const OpenOptions& options);
template std::unique_ptr<Feed> open_capture<Quote>(TextFile file, const OpenOptions& options);

}  // namespace openquant
