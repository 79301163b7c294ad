// What a bare operator emits for a row.
#pragma once

#include <vector>

#include "openquant/operators/core/schema.hpp"

namespace openquant::testing {

inline constexpr std::int64_t second = 1'000'000'000;

template <class Op>
class Emitted {
public:
    explicit Emitted(Op operator_ = {}) : op(operator_) {}

    /// Feeds one row and returns what came out for it.
    template <class Row>
    std::vector<OutputOf<Op>> operator()(const Row& row) {
        std::vector<OutputOf<Op>> out;
        op.update(row, [&](const auto& e) { out.push_back(e); });
        all.insert(all.end(), out.begin(), out.end());
        return out;
    }
    std::vector<OutputOf<Op>> flush() {
        std::vector<OutputOf<Op>> out;
        op.flush([&](const auto& e) { out.push_back(e); });
        all.insert(all.end(), out.begin(), out.end());
        return out;
    }

    Op op;
    std::vector<OutputOf<Op>> all;
};

}  // namespace openquant::testing
