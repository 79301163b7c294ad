// A column of texts as times, where some may be unreadable.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace openquant {

struct TextTimes {
    std::vector<std::int64_t> ns;        // UTC, to the microsecond: what a frame's column of texts becomes
    std::vector<std::uint8_t> readable;  // 0: no time, `ns` is 0
};

enum class Slashes { unreadable, dates };

/// Reads as `ns_from_text`. With Slashes::dates also 2024/01/31 and, where the whole column shows that the month is first, 1/31/2024;
/// the hour of such a date may have one digit, and seconds may be left out.
/// Throws std::invalid_argument if slash dates leave the order of day and month open, or show the day first.
TextTimes read_times(std::span<const std::string_view> texts, Slashes slashes);

}  // namespace openquant
