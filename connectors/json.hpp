// Small helpers over simdjson On-Demand, shared by the venues' decoders and the JSON readers.
#pragma once

#include <simdjson.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

#include "openquant/connectors/decimal.hpp"

namespace openquant::json {

/// Bytes that must be readable behind a line given to the parser.
inline constexpr std::size_t padding = simdjson::SIMDJSON_PADDING;

/// Reads one document after another. Its memory grows by doubling, so that it soon stops growing.
class Reader {
public:
    /// The frame's object; false if it is none. `padding` bytes behind it must be readable.
    bool open(std::string_view frame, simdjson::ondemand::object& object) {
        if (parser_.capacity() < frame.size() && parser_.allocate(std::max(std::bit_ceil(frame.size()), least))) return false;
        if (parser_.iterate(frame.data(), frame.size(), frame.size() + padding).get(document_)) return false;
        return document_.get_object().get(object) == simdjson::SUCCESS;
    }

    /// Whether all of the frame has been read, and nothing stands behind its object.
    bool at_end() { return document_.current_location().error() == simdjson::OUT_OF_BOUNDS; }

private:
    static constexpr std::size_t least = 1 << 14;
    simdjson::ondemand::parser parser_;
    simdjson::ondemand::document document_;
};

/// A field's key. Against a literal it is compared in a few instructions, as its length is known.
struct Key : std::string_view {
    Key(std::string_view text) : std::string_view(text) {}

    template <std::size_t N>
    bool operator==(const char (&literal)[N]) const {
        return size() == N - 1 && std::memcmp(data(), literal, N - 1) == 0;
    }
};

/// A field's key, which is copied only if it has escapes; false if they are broken.
inline bool get_key(simdjson::ondemand::field& field, std::string_view& key) {
    const char* const raw = field.key().raw();
    for (std::size_t n = 0;; ++n) {
        if (raw[n] == '"') return key = {raw, n}, true;
        if (raw[n] == '\\') return field.unescaped_key().get(key) == simdjson::SUCCESS;
    }
}

/// A field's key; empty if it has broken escapes.
inline Key key_of(simdjson::ondemand::field& field) {
    std::string_view key;
    get_key(field, key);
    return key;
}

/// A scalar as it is written, without the blanks behind it; of an object or array only its bracket.
inline std::string_view token_of(simdjson::ondemand::value value) {
    std::string_view text = value.raw_json_token();
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r' || text.back() == '\n')) text.remove_suffix(1);
    return text;
}

inline bool quoted(std::string_view token) { return token.size() >= 2 && token.front() == '"' && token.back() == '"'; }

/// A number, whether the venue wrote it as a number or as text.
template <class T>
bool get_number(simdjson::ondemand::value value, T& out) {
    std::string_view text = token_of(value);
    if (quoted(text)) text = text.substr(1, text.size() - 2);
    return parse_number(text, out);
}

/// A text, which is copied only if it has escapes; valid until the next document, and as long as the frame.
inline bool get_text(simdjson::ondemand::value value, std::string_view& out) {
    const std::string_view token = token_of(value);
    if (!quoted(token)) return false;
    if (token.find('\\') != std::string_view::npos) return value.get_string().get(out) == simdjson::SUCCESS;
    out = token.substr(1, token.size() - 2);
    return true;
}

inline bool get_bool(simdjson::ondemand::value value, bool& out) {
    const std::string_view token = token_of(value);
    out = token == "true";
    return out || token == "false";
}

inline bool is_null(simdjson::ondemand::value value) { return token_of(value) == "null"; }

}  // namespace openquant::json
