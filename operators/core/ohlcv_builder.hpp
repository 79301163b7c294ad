// A coarser bar under construction, made of OHLCV rows.
#pragma once

#include <algorithm>

#include "openquant/operators/core/events.hpp"

namespace openquant {

class OhlcvBuilder {
public:
    bool empty() const noexcept { return bar_.n_obs == 0; }
    std::int64_t n_obs() const noexcept { return bar_.n_obs; }
    double volume() const noexcept { return bar_.volume; }
    double dollar_value() const noexcept { return bar_.dollar_value; }

    /// Adds a row, or the part of it that has this volume and dollar value.
    void add(const Ohlcv& row, double volume, double dollar_value) noexcept {
        bar_.ts = std::max(bar_.ts, row.ts);
        if (bar_.n_obs == 0) {
            bar_.start_ts = bar_.ts;
            bar_.open = row.open, bar_.high = row.high, bar_.low = row.low;
        }
        bar_.high = std::max(row.high, bar_.high);
        bar_.low = std::min(row.low, bar_.low);
        bar_.close = row.close;
        bar_.adj_close = row.adj_close > 0.0 ? row.adj_close : row.close;
        bar_.volume += volume;
        bar_.dollar_value += dollar_value;
        ++bar_.n_obs;
    }
    void add(const Ohlcv& row) noexcept { add(row, row.volume, row.close * row.volume); }

    /// The finished bar; the next one starts empty and never before this one's ts.
    Ohlcv finish() noexcept {
        const Ohlcv done = bar_;
        bar_.volume = bar_.dollar_value = 0.0, bar_.n_obs = 0;  // a first row sets the rest
        return done;
    }

    static auto state(auto& self) {
        auto& b = self.bar_;
        return std::tie(b.ts, b.open, b.high, b.low, b.close, b.volume, b.adj_close, b.start_ts, b.dollar_value, b.n_obs);
    }
    bool operator==(const OhlcvBuilder&) const = default;

private:
    Ohlcv bar_;
};

}  // namespace openquant
