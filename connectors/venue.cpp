#include "openquant/connectors/venue.hpp"

#include <stdexcept>

#include "openquant/connectors/binance.hpp"
#include "openquant/connectors/bybit.hpp"

namespace openquant {

namespace {

struct Entry {
    std::string_view name;
    std::unique_ptr<Venue> (*make)(const std::vector<Market>& markets);
};

const std::vector<Entry>& venues() {
    static const std::vector<Entry> all = {
        {"binance", make_binance},
        {"binance_coinm", make_binance_coinm},
        {"binance_usdm", make_binance_usdm},
        {"bybit", make_bybit},
        {"bybit_inverse", make_bybit_inverse},
        {"bybit_linear", make_bybit_linear},
        {"bybit_option", make_bybit_option},
        {"bybit_spot", make_bybit_spot},
    };
    return all;
}

}  // namespace

std::vector<std::string_view> venue_names() {
    std::vector<std::string_view> out;
    for (const Entry& entry : venues()) out.push_back(entry.name);
    return out;
}

std::unique_ptr<Venue> make_venue(std::string_view name, const std::vector<Market>& markets) {
    std::string known;
    for (const Entry& entry : venues()) {
        known += (known.empty() ? "" : ", ") + std::string(entry.name);
        if (entry.name != name) continue;
        if (markets.empty()) throw std::invalid_argument(std::string(name) + ": name at least one market to follow");
        for (std::size_t i = 0; i < markets.size(); ++i)
            for (std::size_t k = 0; k < i; ++k)
                if (markets[i].symbol == markets[k].symbol)
                    throw std::invalid_argument(std::string(name) + ": '" + markets[i].symbol + "' is given twice; one channel of a symbol is enough");
        return entry.make(markets);
    }
    throw std::invalid_argument("unknown venue '" + std::string(name) + "'; the venues are " + known);
}

}  // namespace openquant
