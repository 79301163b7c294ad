#pragma once

#include "openquant/operators/core/bar_builder.hpp"
#include "openquant/operators/core/schema.hpp"

namespace openquant {

/// What a range is measured in.
enum class RangeUnit : std::int8_t { fraction, price };
inline constexpr std::string_view range_unit_names[] = {"fraction", "price"};
constexpr Names names_of(RangeUnit) { return range_unit_names; }

/// Range bars (Nicolellis 1995): emits a bar at the trade that takes high - low to the range.
struct RangeBars {
    double range = 0.001;
    RangeUnit unit = RangeUnit::fraction;
    bool partial = false;

    BarBuilder bar_{};

    static constexpr auto schema() {
        return schema_of<Bar>(
            "RangeBars", "Emits a bar at the trade that takes high - low to the range.", "V. Nicolellis (1995)",
            inputs(optional_input<Continuity>("continuity", "breaks of the source; set the bar's gap flag"), input<Trade>("trades", "trades to gather")),
            parameters(parameter("range", &RangeBars::range, above(0.0), "share of the open, or quote currency", "range that closes a bar"),
                       parameter("unit", &RangeBars::unit, "fraction: the range is a share of the bar's open; price: it is in quote currency"),
                       parameter("partial", &RangeBars::partial, "emit the unfinished bar when the stream ends")));
    }

    void update(const Continuity& c, auto&&) noexcept { bar_.add(c); }

    void update(const Trade& t, auto&& emit) noexcept {
        bar_.add(t);
        const double wanted = unit == RangeUnit::fraction ? range * bar_.open() : range;
        if (bar_.high() - bar_.low() >= wanted) emit(bar_.finish());
    }

    void flush(auto&& emit) noexcept {
        if (partial && !bar_.empty()) emit(bar_.finish());
    }

    static auto state(auto& self) { return std::tie(self.bar_); }
    bool operator==(const RangeBars&) const = default;
};

}  // namespace openquant
