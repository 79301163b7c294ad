// A window whose values are kept in order.
#pragma once

#include <algorithm>
#include <cstdint>
#include <tuple>

#include "openquant/operators/core/fifo.hpp"
#include "openquant/operators/core/order_tree.hpp"

namespace openquant {

class RollingOrder {
public:
    /// A window of time keeps no more rows than this: the oldest goes early, and is counted.
    static constexpr std::size_t max_rows = 1 << 20;

    const OrderTree& values() const noexcept { return tree_; }
    std::uint64_t refused() const noexcept { return refused_; }

    /// Takes a row; true if the window is full. By rows, or by time where `ns` is not 0: then it is full at once.
    bool add(std::int64_t ts, double x, std::int64_t rows, std::int64_t ns) {
        now_ = std::max(now_, ts);
        if (ns == 0) {
            if (rows_.size() == static_cast<std::size_t>(rows)) drop_oldest();
        } else {
            while (!rows_.empty() && rows_.front().ts <= now_ - ns) drop_oldest();
            if (rows_.size() == max_rows) drop_oldest(), ++refused_;
        }
        rows_.push({now_, tree_.insert(x)});
        return ns != 0 || rows_.size() == static_cast<std::size_t>(rows);
    }

    static auto state(auto& self) { return std::tie(self.rows_, self.tree_, self.now_, self.refused_); }
    bool operator==(const RollingOrder&) const = default;

private:
    struct Row {
        std::int64_t ts = 0;
        std::uint32_t slot = 0;
        static auto state(auto& self) { return std::tie(self.ts, self.slot); }
        bool operator==(const Row&) const = default;
    };
    void drop_oldest() { tree_.erase(rows_.pop().slot); }

    Fifo<Row> rows_;
    OrderTree tree_;
    std::int64_t now_ = 0;
    std::uint64_t refused_ = 0;
};

}  // namespace openquant
