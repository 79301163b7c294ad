// A websocket client that waits for what it wants, but not for ever.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "openquant/connectors/simulator/simulator.hpp"

namespace openquant::testing {

class Client {
public:
    /// Throws std::runtime_error if the handshake is refused. `ca_pem`: TLS, verified.
    Client(std::uint16_t port, const std::string& target, const std::string& ca_pem = {}, const std::string& host = "127.0.0.1");
    ~Client();
    Client(Client&&) noexcept;

    void send(const std::string& text);
    /// The next message; nothing if the connection ended. Throws std::runtime_error if none comes within 20 s.
    std::optional<std::string> read();
    /// The next message that holds `word`.
    std::string read_until(const std::string& word);
    /// All messages that hold `word`, up to `most` of them or the end of the connection.
    std::vector<std::string> collect(const std::string& word, std::size_t most);
    void ping(const std::string& payload);

    int pings() const;                 // that came
    std::string pong() const;          // the last that came
    std::uint16_t close_code() const;  // 0: the line was cut

private:
    struct Socket;
    std::unique_ptr<Socket> socket_;
};

/// Bytes over plain TCP, for what is no websocket.
class RawClient {
public:
    explicit RawClient(std::uint16_t port);
    ~RawClient();
    void send(const std::string& bytes);
    /// What comes until `enough` holds or the connection ends.
    std::string read_while(const std::function<bool(const std::string&)>& more);
    std::string read_all() {
        return read_while([](const std::string&) { return true; });
    }

private:
    struct Socket;
    std::unique_ptr<Socket> socket_;
};

/// Lines of a text, for a simulator.
NextLine lines_of(std::string text);

}  // namespace openquant::testing
