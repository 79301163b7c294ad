// What is asked of whole columns before their rows are taken.
#pragma once

#include <cstddef>
#include <cstdint>

namespace openquant::checks {

/// Values in [low, high]; NaN is in no range.
bool all_within(const double* values, std::size_t n, double low, double high);
bool all_within(const std::int64_t* values, std::size_t n, std::int64_t low, std::int64_t high);

/// Times from 0 on, none before the one above it.
bool in_order(const std::int64_t* ts, std::size_t n);

/// Each one more than the one before, and none beyond 2^64.
bool count_up(const std::uint64_t* ids, std::size_t n);

/// Codes below `limit`; of 2^31 or more none is below any limit.
bool all_below(const std::uint32_t* codes, std::size_t n, std::uint32_t limit);
bool all_equal(const std::uint32_t* codes, std::size_t n);
/// The largest below 2^31; -1 if there is none.
std::int32_t highest(const std::uint32_t* codes, std::size_t n);

}  // namespace openquant::checks
