#pragma once

#include "openquant/operators/core/bar_builder.hpp"
#include "openquant/operators/core/order_flow.hpp"

namespace openquant {

/// Imbalance bars (AFML 2.3.2.1 and 2.3.2.2): emits a bar at the trade where the signed flow's size reaches what is expected.
/// Adaptive, the threshold is E[T] |E[b v]|, but at least sqrt(E[T] E[v^2]): the flow of random signs strays that far in E[T]
/// trades, so that a balanced market does not make it vanish.
struct ImbalanceBars {
    FlowMeasure measure = FlowMeasure::tick;
    Expectation expectation = Expectation::ewma;
    double threshold = 100.0;
    std::int64_t expected_ticks = 100, min_ticks = 10, max_ticks = 10'000;
    double bar_span = 20.0, tick_span = 1'000.0;
    bool partial = false;

    BarBuilder bar_{};
    TickRule rule_{};
    double imbalance_ = 0.0;
    double wanted_ = 0.0;  // of the open bar; 0 before anything is known
    EwmaAverage ticks_{}, flow_{}, square_{};

    static constexpr auto schema() {
        return schema_of<Bar>("ImbalanceBars", "Emits a bar at the trade where the imbalance of signed flow reaches what is expected.",
                              "AFML 2.3.2.1 and 2.3.2.2", flow_inputs(), flow_parameters<ImbalanceBars>("fixed imbalance that closes a bar"));
    }
    void check() const { length().check("ImbalanceBars"); }

    void update(const Continuity& c, auto&&) noexcept { bar_.add(c); }

    void update(const Trade& t, auto&& emit) noexcept {
        const double size = flow_of(measure, t), flow = rule_.sign(t) * size;
        bar_.add(t);
        imbalance_ += flow;
        if (expectation == Expectation::fixed) {
            if (std::fabs(imbalance_) >= threshold) close(emit);
            return;
        }
        flow_.add(flow, decay_of_span(tick_span));
        square_.add(std::min(size * size, largest), decay_of_span(tick_span));
        const bool reached = wanted_ > 0.0 ? std::fabs(imbalance_) >= wanted_ : bar_.n_obs() >= expected_ticks;
        if (!length().closes(bar_.n_obs(), reached)) return;
        const double ticks = length().expected_after(bar_.n_obs(), ticks_);
        wanted_ = std::max(ticks * std::fabs(flow_.mean()), std::sqrt(ticks * square_.mean()));
        close(emit);
    }

    void flush(auto&& emit) noexcept {
        if (partial && !bar_.empty()) emit(bar_.finish());
    }

    static auto state(auto& self) { return std::tie(self.bar_, self.rule_, self.imbalance_, self.wanted_, self.ticks_, self.flow_, self.square_); }
    bool operator==(const ImbalanceBars&) const = default;

private:
    BarLength length() const noexcept { return {expected_ticks, min_ticks, max_ticks, bar_span}; }
    void close(auto& emit) noexcept {
        imbalance_ = 0.0;
        emit(bar_.finish());
    }
};

}  // namespace openquant
