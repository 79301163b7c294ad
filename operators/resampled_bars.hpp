#pragma once

#include <cmath>
#include <stdexcept>

#include "openquant/operators/core/accumulating_bar.hpp"
#include "openquant/operators/core/ohlcv_builder.hpp"

namespace openquant {

/// What fills a bar: rows, their volume, or their dollar value.
enum class Amount : std::int8_t { tick, volume, dollar };
inline constexpr std::string_view amount_names[] = {"tick", "volume", "dollar"};
constexpr Names names_of(Amount) { return amount_names; }

/// Coarser bars from OHLCV rows (AFML 2.3.1): emits a bar at the row where the running count, volume or dollar value (close times
/// volume) reaches the threshold.
struct ResampledBars {
    Amount measure = Amount::tick;
    double per_bar = 50.0;
    Remainder remainder = Remainder::reset;
    bool partial = false;

    AccumulatingBar<OhlcvBuilder> bar_{};

    static constexpr auto schema() {
        using Self = ResampledBars;
        return schema_of<Ohlcv>("ResampledBars", "Emits a coarser bar at the OHLCV row where the running count, volume or dollar value reaches the threshold.",
                                "AFML 2.3.1.2 to 2.3.1.4", inputs(input<Ohlcv>("rows", "bars to gather: a vendor's rows, or finer bars")),
                                parameters(parameter("measure", &Self::measure, "what is counted: tick (rows), volume, or dollar (close times volume)"),
                                           parameter("per_bar", &Self::per_bar, above(0.0), "rows, base or quote currency", "amount that closes a bar"),
                                           parameter("remainder", &Self::remainder, remainder_doc),
                                           parameter("partial", &Self::partial, "emit the unfinished bar when the stream ends")));
    }
    bool fans_out() const noexcept { return remainder == Remainder::split; }
    void check() const {
        if (measure == Amount::tick && per_bar != std::floor(per_bar))
            throw std::invalid_argument("ResampledBars: per_bar = " + text_of(per_bar) + " must be a whole number of rows where measure is tick");
    }
    std::uint64_t refused() const noexcept { return bar_.refused(); }

    void update(const Ohlcv& row, auto&& emit) noexcept {
        const double dollars = row.close * row.volume;
        const double amount = measure == Amount::tick ? 1.0 : measure == Amount::volume ? row.volume : dollars;
        const auto add_part = [&](OhlcvBuilder & bar, double part) __attribute__((always_inline)) {
            if (measure == Amount::tick) bar.add(row);
            else if (measure == Amount::volume) bar.add(row, part, part * row.close);
            else bar.add(row, part / row.close, part);
        };
        const auto amount_of = [&](const OhlcvBuilder& bar) {
            return measure == Amount::tick ? static_cast<double>(bar.n_obs()) : measure == Amount::volume ? bar.volume() : bar.dollar_value();
        };
        bar_.add(row, amount, per_bar, remainder, amount_of, add_part, emit);
    }
    void flush(auto&& emit) noexcept {
        if (partial) bar_.flush(emit);
    }

    static auto state(auto& self) { return std::tie(self.bar_); }
    bool operator==(const ResampledBars&) const = default;
};

}  // namespace openquant
