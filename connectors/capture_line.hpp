// A line of a capture: a frame of a venue's websocket as it was received.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

namespace openquant {

struct CaptureLine {
    std::int64_t received = 0;  // ns UTC
    std::string_view frame;     // within the line
};

/// `seconds.fraction` in ns; the fraction is read digit by digit, for a double has not enough of them.
inline std::optional<std::int64_t> ns_from_seconds(std::string_view text) {
    std::int64_t seconds = 0, fraction = 0, scale = 100'000'000;
    const char* const end = text.data() + text.size();
    auto [at, error] = std::from_chars(text.data(), end, seconds);
    if (error != std::errc() || seconds < 0 || seconds > 9'000'000'000) return std::nullopt;
    if (at != end && *at++ != '.') return std::nullopt;
    for (; at != end; ++at, scale /= 10) {
        if (*at < '0' || *at > '9') return std::nullopt;
        fraction += (*at - '0') * scale;
    }
    return seconds * 1'000'000'000 + fraction;
}

/// A line is `local_ns {frame}` or `seconds.fraction: {frame}`; nothing for any other, such as what the recorder sent itself.
inline std::optional<CaptureLine> capture_line(std::string_view line) {
    const std::size_t space = line.find(' ');
    if (space == std::string_view::npos || space == 0 || space + 1 >= line.size() || line[space + 1] != '{') return std::nullopt;
    const std::string_view time = line.substr(0, space);
    std::string_view frame = line.substr(space + 1);
    while (frame.back() == '\r' || frame.back() == ' ') frame.remove_suffix(1);
    if (time.back() == ':') {
        const auto ns = ns_from_seconds(time.substr(0, time.size() - 1));
        return ns ? std::optional<CaptureLine>({*ns, frame}) : std::nullopt;
    }
    std::int64_t ns = 0;
    const auto [end, error] = std::from_chars(time.data(), time.data() + time.size(), ns);
    if (error != std::errc() || end != time.data() + time.size() || ns < 0) return std::nullopt;
    return CaptureLine{ns, frame};
}

}  // namespace openquant
