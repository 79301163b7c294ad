// Returns of prices.
#pragma once

#include <algorithm>
#include <cstdint>

#include "openquant/operators/core/events.hpp"
#include "openquant/operators/core/math.hpp"

namespace openquant {

/// p / p0 - 1, at most `largest`, so that its square is finite.
inline double simple_return(double p, double p0) noexcept { return std::min(p / p0 - 1.0, largest); }

/// How a change of price is told.
enum class ReturnKind : std::int8_t { simple, log };
inline constexpr std::string_view return_kind_names[] = {"simple", "log"};
constexpr Names names_of(ReturnKind) { return return_kind_names; }

inline double price_return(ReturnKind kind, double p, double p0) noexcept { return kind == ReturnKind::simple ? simple_return(p, p0) : det::log(p / p0); }

}  // namespace openquant
