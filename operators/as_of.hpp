#pragma once

#include "openquant/operators/core/events.hpp"
#include "openquant/operators/core/schema.hpp"

namespace openquant {

/// Join of trades with quotes as of each trade: emits every trade beside the last quote before it.
struct AsOf {
    std::int64_t max_age_ns = 0;

    Quote last_{};
    bool known_ = false;
    std::uint64_t refused_ = 0;

    static constexpr auto schema() {
        return schema_of<QuotedTrade>(
            "AsOf", "Emits every trade beside the last quote before it.", "as-of join",
            inputs(input<Quote>("quotes", "best bid and ask"),
                   input<Trade>("trades", "trades to join; one before the first quote, or after too old a one, is refused and counted")),
            parameters(parameter("max_age_ns", &AsOf::max_age_ns, at_least(0), "ns", "a quote older than this does not stand any more; 0: it always does")));
    }
    std::uint64_t refused() const noexcept { return refused_; }

    void update(const Quote& q, auto&&) noexcept { last_ = q, known_ = true; }

    void update(const Trade& t, auto&& emit) noexcept {
        if (!known_ || (max_age_ns > 0 && t.ts - last_.ts > max_age_ns)) return void(++refused_);
        emit(
            QuotedTrade{t.ts, t.price, t.size, t.side, t.id, t.ts_publish, t.ts_recv, t.flags, last_.bid, last_.ask, last_.bid_size, last_.ask_size, last_.ts});
    }

    static auto state(auto& self) { return std::tie(self.last_, self.known_, self.refused_); }
    bool operator==(const AsOf&) const = default;
};

}  // namespace openquant
