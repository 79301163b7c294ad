// A venue on loopback: serves a capture over the venue's own protocol, with faults on demand.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "openquant/connectors/simulator/capture.hpp"
#include "openquant/connectors/simulator/faults.hpp"

namespace openquant {

struct SimulatorOptions {
    std::string venue;
    std::uint16_t port = 0;  // of 127.0.0.1; 0: any that is free
    bool tls = false;
    std::string certificate_file, key_file;  // PEM; without, TLS uses a certificate of its own for 127.0.0.1 and localhost
    double speed = 1;                        // times the capture's own; 0: as fast as clients read
    std::string faults;                      // see parse_faults
    bool restart_per_connection = false;     // each connection has a market of its own, from the start
    std::size_t batch = 0;                   // most trades in a message, where the venue's messages hold several; 0: 1, or what the venue allows at speed 0

    std::chrono::milliseconds settle{100};  // the market waits so long after a first subscription: others may follow
    std::chrono::milliseconds heartbeat_every{1'000};
    std::chrono::milliseconds ping_every{0};        // websocket pings; 0: as the venue does
    std::chrono::milliseconds subscribe_within{0};  // a client that has not subscribed by then is cut; 0: as the venue does
    std::chrono::milliseconds patience{30'000};     // a client that takes no byte for so long is cut
};

/// What was done to clients. Faults of trades that nobody would have been told are not listed.
struct Injected {
    FaultKind kind = FaultKind::none;
    std::string symbol;       // empty where connections are concerned
    std::int64_t id = 0;      // of the first trade concerned, or of the trade before a connection's fault
    std::uint64_t count = 0;  // trades, connections, or milliseconds
};

struct SimulatorStats {
    std::uint64_t connections = 0, refused = 0, slow = 0;  // clients ever, those whose handshake made no sense, those cut for not reading
    std::uint64_t clients = 0;                             // now
    std::uint64_t trades = 0, skipped_lines = 0;           // of the capture
    std::uint64_t position = 0, steps = 0;                 // of the market that moved last
    std::uint64_t sent_messages = 0, sent_trades = 0;
    std::array<std::uint64_t, std::size(fault_kind_names)> injected{};  // by FaultKind
};

/// The venues that can be served.
std::vector<std::string_view> simulated_venues();

class Simulator {
public:
    /// Reads the capture and listens on 127.0.0.1. `capture` names it in messages. Throws std::invalid_argument for an unknown venue,
    /// a bad option, or a capture without a trade; std::runtime_error for a port in use or an unusable certificate.
    Simulator(const std::string& capture, const NextLine& next, const SimulatorOptions& options);
    ~Simulator();
    Simulator(Simulator&&) noexcept;

    std::uint16_t port() const;
    std::string url() const;            // ws://127.0.0.1:port, or wss, or tcp
    const std::string& ca_pem() const;  // what a client has to trust; empty without TLS
    void start();
    void stop();  // cuts all connections; there is no second start
    SimulatorStats stats() const;
    std::vector<Injected> injected() const;

private:
    struct Server;
    std::unique_ptr<Server> server_;
};

}  // namespace openquant
