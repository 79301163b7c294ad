// A live session: connections to venues, their rows in the graph's inlets, and the engine that takes them out.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "openquant/connectors/venue.hpp"
#include "openquant/engine/inlet.hpp"

namespace openquant {

class Graph;

/// A connection to a venue and the source that its trades enter.
struct Feeder {
    std::string source;
    std::unique_ptr<Venue> venue;
    std::string url;     // empty: the venue's own
    std::string prefix;  // of its symbols' names in the graph
};

struct SessionOptions {
    InletOptions inlet{};
    std::chrono::nanoseconds spin{};  // how long the engine looks for rows before it sleeps
    std::string ca_file{};            // certificates to trust instead of the system's
    std::chrono::milliseconds clock_every{100};
    std::chrono::milliseconds backoff_first{250}, backoff_cap{30'000};
    std::uint64_t seed = 1;  // of the jitter of waits
};

struct ConnectionStats {
    std::string venue, url;
    std::string_view state;                                          // closed, connecting, open, or waiting for the next attempt
    std::uint64_t frames = 0, trades = 0, malformed = 0, bytes = 0;  // trades: taken by the inlet
    std::uint64_t connects = 0, disconnects = 0, refusals = 0;       // disconnects: of open connections, other than by `stop`
    std::string last_error;
    std::int64_t last_event_ts = 0, last_receive_ts = 0;  // 0: none yet
    std::int64_t lag_ns = 0;                              // from the latest trade's match to its receipt
};

struct SourceStats {
    std::string name;
    std::size_t queued = 0;
    std::uint64_t pushed = 0, dropped = 0;
};

struct SessionStats {
    std::vector<ConnectionStats> connections;
    std::vector<SourceStats> sources;
};

/// Runs once: open, start, stop. The graph must outlive it. All connections share one thread; the graph runs on its engine's.
///
/// A source of type Clock is told the time every `clock_every`, under the symbol *: the latest event time told by any connection
/// plus the time that has passed since. A clock's row must not overtake trades that came before it, and the engine empties source
/// after source; so a tick is left out while rows of this session's sources still wait. Then everything before the tick has been
/// taken out already, in the same round before the clock's turn at the latest, wherever the clock stands among the sources.
class Session {
public:
    /// Throws std::invalid_argument for an unknown source, one that is not of trades, a bad URL or an unreadable `ca_file`.
    Session(Graph& graph, std::vector<Feeder> feeders, SessionOptions options = {});
    ~Session();
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    /// Connects. What comes waits in the inlets, so that the graph may replay history meanwhile.
    void open();
    /// The engine takes over; opens first if that has not been done.
    void start();
    /// Closes the connections, drains what they told, ends the streams if `flush`. Throws what ended the engine, or a
    /// std::runtime_error with what ended the connections.
    void stop(bool flush = true);

    /// From any thread; the engine never waits for it.
    SessionStats stats() const;
    /// True once a node or a connection has failed for good: `stop` throws the reason.
    bool failed() const;

private:
    class Body;
    std::unique_ptr<Body> body_;
};

}  // namespace openquant
