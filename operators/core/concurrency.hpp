// How much of its path each label shares with others (AFML 4.3 to 4.6): running sums over bars, from which a label takes the
// difference between its close and its start. A label depends on the returns of (start, t1]; it shares those with every label
// that is open over them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <tuple>

#include "openquant/operators/core/math.hpp"

namespace openquant {

class Concurrency {
public:
    /// Sums at the start of a label.
    struct Mark {
        det::Pair shares, returns;
        std::int64_t row = 0;
        static auto state(auto& self) { return std::tie(self.shares, self.returns, self.row); }
        bool operator==(const Mark&) const = default;
    };

    struct Share {
        double uniqueness = 0.0, attribution = 0.0;
    };

    void open(std::int64_t row, double price, Mark& mark) noexcept {
        settle(row, price);
        ++open_;
        mark.shares = shares_, mark.returns = returns_, mark.row = row;
    }
    Share close(const Mark& start, std::int64_t row, double price) noexcept {
        settle(row, price);
        --open_;
        if (row == start.row) return {};
        return {std::min(1.0, (shares_ - start.shares).high / static_cast<double>(row - start.row)), (returns_ - start.returns).high};
    }

    static auto state(auto& self) { return std::tie(self.shares_, self.returns_, self.price_, self.row_, self.open_); }
    bool operator==(const Concurrency&) const = default;

private:
    /// Brings the sums up to `row`. Between two changes of the number of open labels one logarithm covers all bars.
    void settle(std::int64_t row, double price) noexcept {
        if (open_ == 0) {
            shares_ = returns_ = {};  // nobody will ask for what was before
        } else if (row != row_) {
            const auto n = static_cast<double>(open_);
            shares_ = shares_ + det::Pair{static_cast<double>(row - row_) / n, 0.0};
            returns_ = returns_ + det::Pair{det::log(price / price_) / n, 0.0};
        }
        row_ = row, price_ = price;
    }

    det::Pair shares_, returns_;  // sums over bars of 1 / open labels, and of log return / open labels
    double price_ = 0.0;
    std::int64_t row_ = 0, open_ = 0;
};

}  // namespace openquant
