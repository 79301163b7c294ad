// Rows of one symbol for every input of an operator, in time order, to drive it without a graph.
#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include "openquant/operators/core/schema.hpp"
#include "streams.hpp"

namespace openquant::testing {

/// Each row with the input it goes to.
using Script = std::vector<std::pair<std::size_t, Row>>;

template <class Op>
Script script_of(std::uint64_t seed, std::size_t rows_per_input) {
    Script out;
    for_each_input<Op>([&](auto index, auto in) {
        using In = typename decltype(in)::Type;
        for (Tick& tick : generate(event_type<In>(), seed + index.value, rows_per_input, {.dirty = false, .symbols = 1}).ticks)
            out.emplace_back(index.value, std::move(tick.row));
    });
    std::stable_sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return time_of(a.second) < time_of(b.second); });
    return out;
}

/// Feeds rows [begin, end) of the script; `emit` takes what comes out.
template <class Op>
void drive(Op& op, const Script& script, std::size_t begin, std::size_t end, auto&& emit) {
    for (std::size_t i = begin; i < end; ++i)
        for_each_input<Op>([&](auto index, auto in) {
            using In = typename decltype(in)::Type;
            if (index.value != script[i].first) return;
            if constexpr (Op::schema().scope == Scope::keyed) {
                deliver<index.value>(op, std::get<In>(script[i].second), emit);
            } else {
                if constexpr (requires { op.meet(SymbolId{0}, "MID"); }) op.meet(0, "MID");
                deliver<index.value>(op, std::get<In>(script[i].second), SymbolId{0}, [&](SymbolId, const auto& out) { emit(out); });
            }
        });
}

}  // namespace openquant::testing
