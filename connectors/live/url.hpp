// Where a connection goes: ws://, wss://, tcp:// and unix:// taken apart.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace openquant {

struct Endpoint {
    enum class Kind : std::uint8_t { websocket, tcp_lines, unix_lines };
    Kind kind = Kind::websocket;
    bool tls = false;
    std::string host;  // a name or an IP address, without brackets
    std::uint16_t port = 0;
    std::string target;  // of a websocket: path and query; of a Unix socket: its file

    bool operator==(const Endpoint&) const = default;
};

/// Reads ws://host[:port][/target], wss://host[:port][/target], tcp://host:port or unix:///path; throws std::invalid_argument for
/// anything else.
Endpoint parse_url(std::string_view url);

}  // namespace openquant
