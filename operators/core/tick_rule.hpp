// Who was the aggressor.
#pragma once

#include <tuple>

#include "openquant/operators/core/events.hpp"

namespace openquant {

/// Signs of trades by the last change of price (tick rule, AFML 2.3.2.1), and by the venue where it tells the aggressor's side.
class TickRule {
public:
    /// Of a trade whose side is not known, or not to be used.
    double sign(double price) noexcept {
        if (price != price_ && price_ > 0.0) sign_ = price > price_ ? 1.0 : -1.0;
        price_ = price;
        return sign_;
    }
    double sign(const Trade& t) noexcept {
        if (t.side == 0) return sign(t.price);
        price_ = t.price;
        return sign_ = t.side;
    }

    static auto state(auto& self) { return std::tie(self.sign_, self.price_); }
    bool operator==(const TickRule&) const = default;

private:
    double sign_ = 0.0, price_ = 0.0;
};

}  // namespace openquant
