#include "openquant/connectors/venue.hpp"

#include <algorithm>
#include <stdexcept>
#include <tuple>

#include "openquant/connectors/binance.hpp"
#include "openquant/connectors/bybit.hpp"
#include "openquant/connectors/coinbase.hpp"
#include "openquant/connectors/coinbase_advanced.hpp"
#include "openquant/connectors/kraken.hpp"

namespace openquant {

namespace {

struct Entry {
    std::string_view name;
    std::unique_ptr<Venue> (*make)(const std::vector<Market>& markets);
    bool listens = false;  // takes every symbol where no market is named
};

const std::vector<Entry>& venues() {
    static const std::vector<Entry> all = {
        {"binance", make_binance},
        {"binance_coinm", make_binance_coinm},
        {"binance_usdm", make_binance_usdm},
        {"bybit", make_bybit, true},
        {"bybit_inverse", make_bybit_inverse},
        {"bybit_linear", make_bybit_linear},
        {"bybit_option", make_bybit_option},
        {"bybit_spot", make_bybit_spot},
        {"coinbase", make_coinbase, true},
        {"coinbase_advanced", make_coinbase_advanced, true},
        {"kraken", make_kraken, true},
    };
    return all;
}

}  // namespace

void Told::order_by_id(std::size_t begin) {
    bool falls = false;
    for (std::size_t i = begin; i < trades.size(); ++i) {
        const auto& [symbol, trade] = trades[i];
        if (last_ids_.size() <= symbol) last_ids_.resize(symbol + 1, 0);
        falls |= trade.id < last_ids_[symbol];
        last_ids_[symbol] = trade.id;
    }
    for (std::size_t i = begin; i < trades.size(); ++i) last_ids_[trades[i].symbol] = 0;
    if (!falls) return;
    const auto place = [](const Row& row) { return std::tuple(row.symbol, row.trade.id); };
    std::sort(trades.begin() + static_cast<std::ptrdiff_t>(begin), trades.end(), [&](const Row& a, const Row& b) { return place(a) < place(b); });
}

void Told::end_snapshot(std::size_t begin) {
    const std::size_t noted = breaks.size();
    for (std::size_t i = begin; i < trades.size(); ++i) {
        Row& row = trades[i];
        row.trade.flags |= flag_snapshot;
        const auto same = [&](const Noted& b) { return b.symbol == row.symbol; };
        const auto at = std::find_if(breaks.begin() + static_cast<std::ptrdiff_t>(noted), breaks.end(), same);
        if (at == breaks.end()) breaks.push_back({trades.size(), row.symbol, {row.trade.ts, Break::snapshot_end, row.trade.id, 1}});
        else at->row = {row.trade.ts, Break::snapshot_end, row.trade.id, at->row.count + 1};
    }
}

std::vector<std::string_view> venue_names() {
    std::vector<std::string_view> out;
    for (const Entry& entry : venues()) out.push_back(entry.name);
    return out;
}

std::unique_ptr<Venue> make_listener(std::string_view name) {
    for (const Entry& entry : venues())
        if (entry.name == name && entry.listens) return entry.make({});
    return nullptr;
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
