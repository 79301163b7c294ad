#pragma once

#include <algorithm>

#include "openquant/operators/core/events.hpp"
#include "openquant/operators/core/fifo.hpp"
#include "openquant/operators/core/returns.hpp"
#include "openquant/operators/core/schema.hpp"

namespace openquant {

/// Returns of a price: emits, at each price, its return over a number of rows or a time.
struct PriceReturns {
    ReturnKind kind = ReturnKind::simple;
    std::int64_t rows = 1, time_ns = 0;

    struct Row {
        std::int64_t ts = 0;
        double price = 0.0;
        static auto state(auto& self) { return std::tie(self.ts, self.price); }
        bool operator==(const Row&) const = default;
    };
    Fifo<Row> past_{};
    std::int64_t now_ = 0;
    std::uint64_t refused_ = 0;

    /// Prices that are kept; of a time that holds more the oldest go early, and are counted.
    static constexpr std::int64_t max_rows = 1 << 20;

    static constexpr auto schema() {
        return schema_of<Value>(
            "PriceReturns", "Emits, at each price, its return over a number of rows or a time.", "p / p0 - 1, or ln(p / p0)",
            inputs(input<Price>("prices", "prices to measure: trades or bars")),
            parameters(parameter("kind", &PriceReturns::kind, "simple: p / p0 - 1; log: ln(p / p0)"),
                       parameter("rows", &PriceReturns::rows, between(1, static_cast<double>(max_rows)), "rows", "p0 is the price this many rows before"),
                       parameter("time_ns", &PriceReturns::time_ns, at_least(0), "ns", "p0 is the last price at least this old instead; 0: by rows")));
    }
    std::uint64_t refused() const noexcept { return refused_; }

    void update(const Price& p, auto&& emit) noexcept {
        now_ = std::max(now_, p.ts);
        if (time_ns > 0) {
            while (past_.size() > 1 && past_[1].ts <= now_ - time_ns) past_.pop();
            if (past_.size() > static_cast<std::size_t>(max_rows)) past_.pop(), ++refused_;
        } else if (past_.size() > static_cast<std::size_t>(rows)) {
            past_.pop();
        }
        const bool known = time_ns > 0 ? !past_.empty() && past_.front().ts <= now_ - time_ns : past_.size() == static_cast<std::size_t>(rows);
        if (known) emit(Value{p.ts, price_return(kind, p.price, past_.front().price)});
        past_.push({now_, p.price});
    }

    static auto state(auto& self) { return std::tie(self.past_, self.now_, self.refused_); }
    bool operator==(const PriceReturns&) const = default;
};

}  // namespace openquant
