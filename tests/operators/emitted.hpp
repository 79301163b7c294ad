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

    /// Feeds one row of the input of its type, or of input I, and returns what came out for it.
    template <std::size_t I = 0, class Row>
    std::vector<OutputOf<Op>> operator()(const Row& row) {
        std::vector<OutputOf<Op>> out;
        deliver<I>(op, row, [&](const auto& e) { out.push_back(e); });
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
