// A server on 127.0.0.1 that does to each connection what a test's script says.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "certificates.hpp"

namespace openquant::testing {

/// The other side of one connection. A call throws once the client is gone; that ends the script.
class Peer {
public:
    virtual ~Peer() = default;
    virtual void send(std::string_view text) = 0;  // a message, or a line
    virtual void send_in_fragments(std::string_view text, std::size_t size) = 0;
    virtual std::string receive() = 0;
    virtual std::string ping(std::string_view payload) = 0;               // the payload of its pong
    virtual void close(std::uint16_t code, std::string_view reason) = 0;  // with the client's answer
    virtual void raw(std::string_view bytes) = 0;                         // below the protocol
    /// Until the client goes away.
    [[noreturn]] void hold() {
        for (;;) receive();
    }
    int number = 0;  // of this connection, from 1
    std::string user_agent, host, target;
};

/// A websocket's text frame as it is on the wire.
std::string text_frame(std::string_view payload);

class Loopback {
public:
    enum class Speaks { websocket, tls_websocket, lines, unix_lines };
    using Script = std::function<void(Peer&)>;

    /// A connection is cut when its script returns.
    Loopback(Speaks speaks, Script script, Certificate certificate = {});
    ~Loopback();

    int port() const;
    /// What a client connects to; another scheme or host than the server's own where given.
    std::string url(std::string_view scheme = {}, std::string_view host = "127.0.0.1") const;
    int connections() const;

private:
    struct Body;
    std::unique_ptr<Body> body_;
};

/// Waits for a condition that another thread brings about; false if it does not come within 10 s.
bool eventually(auto&& condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!condition()) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
    return true;
}

}  // namespace openquant::testing
