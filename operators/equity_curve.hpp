#pragma once

#include <algorithm>

#include "openquant/operators/core/risk.hpp"
#include "openquant/operators/core/schema.hpp"

namespace openquant {

/// Equity curve: emits, at each return, the equity that it leads to from 1, and how deep and how long it has been under water.
struct EquityCurve {
    bool compounded = true;

    Drawdown curve_{1.0};
    double deepest_ = 0.0;
    std::int64_t high_ts_ = 0, longest_ = 0;
    bool started_ = false, under_water_ = false;

    static constexpr auto schema() {
        return schema_of<Equity>("EquityCurve", "Emits, at each return, the equity that it leads to, its drawdown and its longest time under water.",
                                 "drawdown 1 - E / max E (Chekhlov et al. 2005); time under water (AFML 14.5.3)",
                                 inputs(optional_input<Price>("prices", "the first of them dates the start; without, the first return does"),
                                        input<Value>("returns", "simple returns, such as a strategy's")),
                                 parameters(parameter("compounded", &EquityCurve::compounded, "compound the returns; else add them up")));
    }

    void update(const Price& p, auto&&) noexcept { start(p.ts); }

    void update(const Value& r, auto&& emit) noexcept {
        start(r.ts);
        const double drawdown = curve_.after(r.value, compounded);
        deepest_ = std::max(deepest_, drawdown);
        if (drawdown > 0.0 || under_water_) longest_ = std::max(longest_, r.ts - high_ts_);
        under_water_ = drawdown > 0.0;
        if (!under_water_) high_ts_ = std::max(high_ts_, r.ts);
        emit(Equity{r.ts, curve_.equity(), drawdown, deepest_, high_ts_, longest_});
    }

    static auto state(auto& self) { return std::tie(self.curve_, self.deepest_, self.high_ts_, self.longest_, self.started_, self.under_water_); }
    bool operator==(const EquityCurve&) const = default;

private:
    void start(std::int64_t ts) noexcept {
        if (!started_) started_ = true, high_ts_ = ts;
    }
};

}  // namespace openquant
