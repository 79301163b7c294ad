// Faults at fixed places of a market's order: `kind:every[:n]`, separated by commas.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "openquant/connectors/simulator/tape.hpp"

namespace openquant {

enum class FaultKind : std::uint8_t { none, gap, duplicate, reorder, corrupt, disconnect, close, stall, drip, missed };
inline constexpr std::string_view fault_kind_names[] = {"none", "gap", "duplicate", "reorder", "corrupt", "disconnect", "close", "stall", "drip", "missed"};

struct FaultRule {
    FaultKind kind = FaultKind::none;
    std::uint64_t every = 0, n = 0;
};

/// Throws std::invalid_argument that says what is wrong with which part.
std::vector<FaultRule> parse_faults(std::string_view spec);

/// One thing that the market does: tell an item, plainly or with a fault, or do something to connections.
struct Step {
    FaultKind fault = FaultKind::none;
    std::uint32_t item = 0;
    std::uint32_t slot = 0;  // place in the capture's order; differs from `item` where trades are swapped
    std::uint64_t n = 0;     // trades or milliseconds
};

/// The tape's items with the faults in place. A trade has at most one fault of its own.
std::vector<Step> script(const Tape& tape, const std::vector<FaultRule>& rules);

}  // namespace openquant
