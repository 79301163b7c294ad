// What a venue's protocol is to a session: where to connect, what to say, what a frame tells, and when to come back.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "openquant/connectors/symbol_index.hpp"
#include "openquant/engine/continuity.hpp"
#include "openquant/operators/core/events.hpp"

namespace openquant {

/// What frames said since it was last cleared; its memory is kept.
struct Told {
    struct Row {
        std::uint32_t symbol = 0;  // index in the venue's symbols
        Trade trade;
    };
    /// A break just before trade `before`; of `every_symbol` if it concerns all that the connection carries.
    struct Noted {
        std::size_t before = 0;
        std::uint32_t symbol = every_symbol;
        Continuity row;
    };
    std::vector<Row> trades;
    std::vector<Noted> breaks;
    std::uint64_t malformed = 0;  // trades within sound frames that make no sense

    void clear() { trades.clear(), breaks.clear(), malformed = 0; }

    /// Takes back what was told since there were so many trades and breaks.
    void cut(std::size_t trades_before, std::size_t breaks_before) { trades.resize(trades_before), breaks.resize(breaks_before); }
    /// Trades from `begin` on in the order of their ids, by symbol: venues do not promise it within a message.
    void order_by_id(std::size_t begin);
    /// The trades from `begin` on are a snapshot of what was before: flags them, and notes its end for each of their symbols.
    void end_snapshot(std::size_t begin);

private:
    std::vector<std::uint64_t> last_ids_;  // by symbol, zero between calls
};

/// What one frame was.
enum class Frame : std::uint8_t {
    trades,     // told in Told, perhaps none of interest
    control,    // an ack, a heartbeat, a pong, another channel's
    refusal,    // the venue refuses what was asked: `said()` tells why
    restart,    // the venue announces that it will close: reconnect at once
    malformed,  // no sense in it
};

/// Rules of a venue's connections.
struct VenueRules {
    IdKind ids = IdKind::unknown;
    std::chrono::milliseconds silence{60'000};      // a connection that says nothing for so long, pings included, is dead
    std::chrono::milliseconds ping_every{0};        // text pings that the venue wants from us; 0: none
    std::chrono::milliseconds lifetime{0};          // reconnect after so long, before the venue cuts the connection; 0: never
    std::chrono::milliseconds between_messages{0};  // least time between two messages of ours
};

/// A market to follow, as its user names it.
struct Market {
    std::string symbol;
    std::string channel;  // empty: the venue's trades
};

class Venue {
public:
    virtual ~Venue() = default;

    virtual std::string_view name() const = 0;
    virtual VenueRules rules() const = 0;
    /// Where to connect for the markets: wss://host[:port]/target.
    virtual std::string url() const = 0;
    /// Text messages that subscribe to all markets, in the order to send them.
    virtual std::vector<std::string> subscriptions() const = 0;
    /// The text of ping `number`, for venues that want them.
    virtual std::string ping(std::uint64_t number) const { return static_cast<void>(number), std::string(); }

    /// A new connection: what counts by connection starts anew.
    virtual void opened() {}
    /// What a frame says, received at `received` (ns UTC). `json::padding` bytes behind it are readable. Allocates nothing once
    /// every symbol has been seen.
    virtual Frame decode(std::string_view frame, std::int64_t received, Told& told) = 0;
    /// Why the last frame was a refusal.
    virtual const std::string& said() const { return said_; }

    /// Names by index, as the venue writes them in trades; grows where a feed announces none.
    const SymbolIndex& symbols() const { return symbols_; }

protected:
    SymbolIndex symbols_;
    std::string said_;
};

/// The venues that `make_venue` knows.
std::vector<std::string_view> venue_names();

/// A venue that follows every symbol as it comes: for the frames of a capture. Null for a venue that cannot.
std::unique_ptr<Venue> make_listener(std::string_view name);

/// Throws std::invalid_argument for an unknown venue or channel, no market, a market given twice, or a symbol of the wrong form.
std::unique_ptr<Venue> make_venue(std::string_view name, const std::vector<Market>& markets);

}  // namespace openquant
