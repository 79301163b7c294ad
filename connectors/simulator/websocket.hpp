// A server's half of RFC 6455 over plain bytes: many frames go into one buffer and so into one write, a byte at a time if need be.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace openquant::websocket {

enum class Opcode : std::uint8_t { continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

/// Close codes of RFC 6455, 7.4.1.
enum class Close : std::uint16_t { normal = 1000, going_away = 1001, protocol_error = 1002, not_text = 1007, policy = 1008, too_big = 1009 };

void append(std::string& out, Opcode opcode, std::string_view payload);
void append_close(std::string& out, Close code, std::string_view reason);

/// What answers a handshake's Sec-WebSocket-Key.
std::string accept_key(std::string_view key);

/// Puts a client's frames together again.
class Reader {
public:
    static constexpr std::size_t max_message = 256 * 1024;

    struct Message {
        Opcode opcode = Opcode::text;
        std::string payload;
    };
    struct Refused {
        Close code;
    };

    void feed(std::string_view bytes) { bytes_.append(bytes); }
    /// The next message or control frame; throws Refused for what no sound client sends.
    std::optional<Message> next();

private:
    std::string bytes_, fragments_;
    std::optional<Opcode> fragmented_;
};

}  // namespace openquant::websocket
