#include "openquant/connectors/lines.hpp"

#include <stdexcept>

#include "openquant/connectors/json_rows.hpp"

namespace openquant {

namespace od = simdjson::ondemand;

namespace {

constexpr std::size_t most_symbols = 65'536;

class LinesVenue final : public Venue {
public:
    LinesVenue(IdKind ids, const std::vector<std::string>& only) : ids_(ids), open_(only.empty()) {
        for (const std::string& symbol : only) {
            if (symbol.empty()) throw std::invalid_argument("ndjson: an empty symbol to keep; name those that the lines name, or none to keep all");
            symbols_.add(symbol);
        }
    }

    std::string_view name() const override { return "ndjson"; }
    std::string url() const override { return {}; }
    std::vector<std::string> subscriptions() const override { return {}; }
    VenueRules rules() const override {
        constexpr std::chrono::milliseconds a_year = std::chrono::hours(24 * 365);  // one's own feed may be silent as long as it likes
        return {.ids = ids_, .silence = a_year, .ping_every = {}, .lifetime = {}, .between_messages = {}};
    }

    Frame decode(std::string_view line, std::int64_t received, Told& told) override {
        if (line.find_first_not_of(" \t\r\n") == std::string_view::npos) return Frame::control;
        od::object object;
        Told::Row row;
        std::string_view symbol;
        if (!reader_.open(line, object) || !read(object, row.trade, symbol)) return Frame::malformed;
        row.symbol = symbols_.find(symbol);
        if (row.symbol == SymbolIndex::none) {
            if (!open_) return Frame::control;
            if (symbols_.size() == most_symbols) return Frame::malformed;
            row.symbol = symbols_.add(symbol);
        }
        row.trade.ts_recv = received;
        told.trades.push_back(row);
        return Frame::trades;
    }

private:
    bool read(od::object object, Trade& trade, std::string_view& symbol) {
        for (auto next : object) {
            od::field field;
            if (std::move(next).get(field)) return false;
            if (!json::named_field(json::key_of(field), field.value(), trade, symbol)) return false;
        }
        return trade.ts != 0 && !symbol.empty() && reader_.at_end();
    }

    IdKind ids_;
    bool open_;  // to symbols not met yet
    json::Reader reader_;
};

}  // namespace

std::unique_ptr<Venue> make_lines(IdKind ids, const std::vector<std::string>& only) { return std::make_unique<LinesVenue>(ids, only); }

}  // namespace openquant
