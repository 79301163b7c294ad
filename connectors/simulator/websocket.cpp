#include "openquant/connectors/simulator/websocket.hpp"

#include <openssl/evp.h>
#include <simdjson.h>

#include <stdexcept>

namespace openquant::websocket {

void append(std::string& out, Opcode opcode, std::string_view payload) {
    char header[10] = {static_cast<char>(0x80 | static_cast<int>(opcode))};
    std::size_t size = 2;
    const auto put_length = [&](int bytes) {
        for (int i = bytes - 1; i >= 0; --i) header[size++] = static_cast<char>(payload.size() >> (8 * i) & 0xff);
    };
    if (payload.size() < 126) header[1] = static_cast<char>(payload.size());
    else if (payload.size() < 65'536) header[1] = 126, put_length(2);
    else header[1] = 127, put_length(8);
    out.append(header, size);
    out.append(payload);
}

void append_close(std::string& out, Close code, std::string_view reason) {
    const auto number = static_cast<std::uint16_t>(code);
    append(out, Opcode::close, std::string{static_cast<char>(number >> 8), static_cast<char>(number & 0xff)}.append(reason));
}

std::string accept_key(std::string_view key) {
    const std::string text = std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    unsigned char digest[EVP_MAX_MD_SIZE], encoded[64];
    unsigned int size = 0;
    if (EVP_Digest(text.data(), text.size(), digest, &size, EVP_sha1(), nullptr) != 1) throw std::runtime_error("SHA-1 is not available");
    const int length = EVP_EncodeBlock(encoded, digest, static_cast<int>(size));
    return {reinterpret_cast<char*>(encoded), static_cast<std::size_t>(length)};
}

std::optional<Reader::Message> Reader::next() {
    for (;;) {
        const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes_[i]); };
        if (bytes_.size() < 2) return std::nullopt;
        const bool last = byte(0) & 0x80, masked = byte(1) & 0x80;
        const auto opcode = static_cast<Opcode>(byte(0) & 0x0f);
        const bool control = static_cast<int>(opcode) >= 8;
        std::uint64_t length = byte(1) & 0x7f;
        if (byte(0) & 0x70 || !masked) throw Refused{Close::protocol_error};  // no extension was agreed on; clients mask
        if (static_cast<int>(opcode) > 10 || (!control && static_cast<int>(opcode) > 2)) throw Refused{Close::protocol_error};
        if (control && (!last || length > 125)) throw Refused{Close::protocol_error};
        const std::size_t wide = length == 126 ? 2 : length == 127 ? 8 : 0, header = 2 + wide + 4;
        if (bytes_.size() < header) return std::nullopt;
        if (wide > 0) length = 0;
        for (std::size_t i = 0; i < wide; ++i) length = length << 8 | byte(2 + i);
        if (length > max_message || fragments_.size() + length > max_message) throw Refused{Close::too_big};
        if (bytes_.size() < header + length) return std::nullopt;
        std::string payload = bytes_.substr(header, length);
        for (std::size_t i = 0; i < payload.size(); ++i) payload[i] = static_cast<char>(payload[i] ^ bytes_[header - 4 + i % 4]);
        bytes_.erase(0, header + length);
        if (control) return Message{opcode, std::move(payload)};
        if ((opcode == Opcode::continuation) != fragmented_.has_value()) throw Refused{Close::protocol_error};
        if (!fragmented_) fragmented_ = opcode;
        fragments_ += payload;
        if (!last) continue;
        Message message{*fragmented_, std::move(fragments_)};
        fragmented_.reset(), fragments_.clear();
        if (message.opcode == Opcode::text && !simdjson::validate_utf8(message.payload)) throw Refused{Close::not_text};
        return message;
    }
}

}  // namespace openquant::websocket
