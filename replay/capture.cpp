// A raw websocket capture: each line is `local_ns {frame}` as it came from Binance.
#include <charconv>

#include "openquant/connectors/binance.hpp"
#include "openquant/replay/trade_file.hpp"

namespace openquant {

namespace {

class CaptureFile final : public TradeFile {
public:
    CaptureFile(TextFile file, std::vector<std::string> only) : TradeFile(std::move(file), IdKind::dense, std::move(only)) {}

private:
    Line parse(std::string_view line, Row& row) override {
        std::int64_t received = 0;
        const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), received);
        if (error != std::errc() || end == line.data() + line.size() || *end != ' ') return Line::malformed;
        line.remove_prefix(static_cast<std::size_t>(end - line.data()) + 1);
        const auto result = decoder_.decode(line, row.trade, row.symbol);
        row.trade.ts_recv = received;
        return result == BinanceDecoder::Result::trade ? Line::trade : result == BinanceDecoder::Result::other ? Line::skip : Line::malformed;
    }
    BinanceDecoder decoder_;
};

}  // namespace

std::unique_ptr<Feed> open_capture(TextFile file, const OpenOptions& options) { return std::make_unique<CaptureFile>(std::move(file), options.only); }

}  // namespace openquant
