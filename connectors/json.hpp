// Small helpers over simdjson On-Demand, shared by the venues' decoders and the JSON readers.
#pragma once

#include <simdjson.h>

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

namespace openquant::json {

/// Bytes that must be readable behind a line given to the parser.
inline constexpr std::size_t padding = simdjson::SIMDJSON_PADDING;

template <class T>
bool parse_number(std::string_view text, T& out) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    return error == std::errc() && end == text.data() + text.size();
}

/// A number, whether the venue wrote it as a number or as text.
template <class T>
bool get_number(simdjson::ondemand::value value, T& out) {
    std::string_view text = value.raw_json_token();
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) text.remove_suffix(1);
    if (text.size() >= 2 && text.front() == '"' && text.back() == '"') text = text.substr(1, text.size() - 2);
    return parse_number(text, out);
}

}  // namespace openquant::json
