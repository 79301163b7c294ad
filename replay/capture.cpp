// A raw websocket capture: each line is `local_ns {frame}` as it came from Binance.
#include <charconv>

#include "openquant/connectors/binance.hpp"
#include "openquant/replay/market_file.hpp"

namespace openquant {

namespace {

template <class E>
class CaptureFile final : public MarketFile<E> {
    using typename MarketFile<E>::Line;
    using typename MarketFile<E>::Row;

public:
    CaptureFile(TextFile file, std::vector<std::string> only) : MarketFile<E>(std::move(file), IdKind::dense, std::move(only)) {}

private:
    Line parse(std::string_view line, Row& row) override {
        std::int64_t received = 0;
        const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), received);
        if (error != std::errc() || end == line.data() + line.size() || *end != ' ') return Line::malformed;
        line.remove_prefix(static_cast<std::size_t>(end - line.data()) + 1);
        const auto result = decoder_.decode(line, row.event, row.symbol);
        row.event.ts_recv = received;
        if (row.event.ts == 0) row.event.ts = received;  // spot quotes carry no time of their own
        return result == BinanceDecoder::Result::row ? Line::row : result == BinanceDecoder::Result::malformed ? Line::malformed : Line::skip;
    }
    BinanceDecoder decoder_;
};

}  // namespace

template <class E>
std::unique_ptr<Feed> open_capture(TextFile file, const OpenOptions& options) {
    return std::make_unique<CaptureFile<E>>(std::move(file), options.only);
}
template std::unique_ptr<Feed> open_capture<Trade>(TextFile file, const OpenOptions& options);
template std::unique_ptr<Feed> open_capture<Quote>(TextFile file, const OpenOptions& options);

}  // namespace openquant
