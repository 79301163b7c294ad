#pragma once

#include "openquant/operators/core/bar_builder.hpp"
#include "openquant/operators/core/order_flow.hpp"

namespace openquant {

/// Runs bars (AFML 2.3.2.3 and 2.3.2.4): emits a bar at the trade where the larger of buy and sell flow reaches what is
/// expected. Adaptive, the threshold is E[T] max(P[b=1] E[v|b=1], P[b=-1] E[v|b=-1]), each product as the mean of v 1{b}.
struct RunsBars {
    FlowMeasure measure = FlowMeasure::tick;
    Expectation expectation = Expectation::ewma;
    double threshold = 100.0;
    std::int64_t expected_ticks = 100, min_ticks = 10, max_ticks = 10'000;
    double bar_span = 20.0, tick_span = 1'000.0;
    bool partial = false;

    BarBuilder bar_{};
    TickRule rule_{};
    double buys_ = 0.0, sells_ = 0.0;
    double wanted_ = 0.0;  // of the open bar; 0 before anything is known
    EwmaAverage ticks_{}, buy_flow_{}, sell_flow_{};

    static constexpr auto schema() {
        return schema_of<Bar>("RunsBars", "Emits a bar at the trade where the larger of buy and sell flow reaches what is expected.",
                              "AFML 2.3.2.3 and 2.3.2.4", flow_inputs(), flow_parameters<RunsBars>("fixed flow of one side that closes a bar"));
    }
    void check() const { length().check("RunsBars"); }

    void update(const Continuity& c, auto&&) noexcept { bar_.add(c); }

    void update(const Trade& t, auto&& emit) noexcept {
        const double size = flow_of(measure, t), sign = rule_.sign(t);
        const double buy = sign > 0.0 ? size : 0.0, sell = sign < 0.0 ? size : 0.0;
        bar_.add(t);
        buys_ += buy, sells_ += sell;
        const double run = std::max(buys_, sells_);
        if (expectation == Expectation::fixed) {
            if (run >= threshold) close(emit);
            return;
        }
        buy_flow_.add(buy, decay_of_span(tick_span));
        sell_flow_.add(sell, decay_of_span(tick_span));
        const bool reached = wanted_ > 0.0 ? run >= wanted_ : bar_.n_obs() >= expected_ticks;
        if (!length().closes(bar_.n_obs(), reached)) return;
        wanted_ = length().expected_after(bar_.n_obs(), ticks_) * std::max(buy_flow_.mean(), sell_flow_.mean());
        close(emit);
    }

    void flush(auto&& emit) noexcept {
        if (partial && !bar_.empty()) emit(bar_.finish());
    }

    static auto state(auto& self) {
        return std::tie(self.bar_, self.rule_, self.buys_, self.sells_, self.wanted_, self.ticks_, self.buy_flow_, self.sell_flow_);
    }
    bool operator==(const RunsBars&) const = default;

private:
    BarLength length() const noexcept { return {expected_ticks, min_ticks, max_ticks, bar_span}; }
    void close(auto& emit) noexcept {
        buys_ = sells_ = 0.0;
        emit(bar_.finish());
    }
};

}  // namespace openquant
