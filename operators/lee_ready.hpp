#pragma once

#include "openquant/operators/core/events.hpp"
#include "openquant/operators/core/schema.hpp"
#include "openquant/operators/core/tick_rule.hpp"

namespace openquant {

/// Lee and Ready's rule: emits each trade with the side it infers: a buy above the quote's midpoint, a sell below it, and at it
/// the direction of the last change of price.
struct LeeReady {
    bool keep_known = false;

    TickRule rule_{};

    static constexpr auto schema() {
        return schema_of<Trade>("LeeReady", "Emits each trade with the side that its quote and the last change of price tell.", "Lee and Ready (1991)",
                                inputs(input<QuotedTrade>("trades", "trades beside their quotes, as AsOf emits them")),
                                parameters(parameter("keep_known", &LeeReady::keep_known, "keep a side that the venue tells, infer only unknown ones")));
    }

    void update(const QuotedTrade& t, auto&& emit) noexcept {
        const double mid = t.mid(), tick = rule_.sign(t.price);
        const auto inferred = static_cast<std::int8_t>(t.price > mid ? 1.0 : t.price < mid ? -1.0 : tick);
        emit(Trade{t.ts, t.price, t.size, keep_known && t.side != 0 ? t.side : inferred, t.id, t.ts_publish, t.ts_recv, t.flags});
    }

    static auto state(auto& self) { return std::tie(self.rule_); }
    bool operator==(const LeeReady&) const = default;
};

}  // namespace openquant
