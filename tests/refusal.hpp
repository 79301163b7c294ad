// The message with which something is refused.
#pragma once

#include <stdexcept>
#include <string>

namespace openquant::testing {

/// What std::invalid_argument says; empty if nothing was thrown.
std::string refusal(auto&& attempt) {
    try {
        attempt();
    } catch (const std::invalid_argument& e) { return e.what(); }
    return {};
}

inline bool says(const std::string& message, std::initializer_list<std::string_view> parts) {
    for (const auto part : parts)
        if (message.find(part) == std::string::npos) return false;
    return true;
}

}  // namespace openquant::testing
