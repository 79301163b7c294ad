// A venue's side of its protocol: what it makes of a capture, and what it says to one client.
#pragma once

#include <simdjson.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "openquant/connectors/simulator/capture.hpp"
#include "openquant/connectors/simulator/market.hpp"
#include "openquant/connectors/simulator/tape.hpp"

namespace openquant {

/// Where a client's messages go: websocket frames, or lines.
struct Outlet {
    std::string bytes;
    std::uint64_t messages = 0;
    bool lines = false;

    void say(std::string_view message);
};

/// The venue's half of one connection. What it says goes to the outlet.
class Dialogue {
public:
    Dialogue(const Market& market, Outlet& out, std::size_t batch)
        : tape_(market.tape()), market_(market), batch_(batch), out_(out), follows_(market.tape().streams.size()) {}
    virtual ~Dialogue() = default;

    /// False if the venue has nothing at this address.
    virtual bool open(std::string_view path, std::string_view query) = 0;
    virtual void hear(std::string_view message) = 0;
    /// An item of a stream that is followed; told at the latest by `finish`.
    virtual void tell(const TapeItem& item) = 0;
    virtual void finish() {}
    /// A message that makes no sense, in place of the item's.
    void garble(const TapeItem& item);
    /// The item's message gets lost.
    virtual void lose(const TapeItem&) {}
    /// Once a heartbeat period; `idle` if nothing else was said since the last.
    virtual void beat(bool /*idle*/) {}
    /// Before a planned close.
    virtual void farewell() {}

    bool follows(std::uint32_t stream) const { return follows_[stream]; }
    bool follows_any() const { return followed_ > 0; }
    bool subscribed_to_anything() const { return asked_ || followed_ > 0; }
    std::uint64_t changes() const { return changes_; }

protected:
    virtual std::string message(const TapeItem& item) = 0;

    void say(std::string_view text) { out_.say(text); }
    /// False if it was followed already.
    bool follow(std::uint32_t stream) {
        if (follows_[stream]) return false;
        return follows_[stream] = true, ++followed_, ++changes_, true;
    }
    bool forget(std::uint32_t stream) { return follows_[stream] && (follows_[stream] = false, --followed_, true); }
    /// A message as JSON; nothing if it is none.
    std::optional<simdjson::dom::object> parsed(std::string_view message);

    const Tape& tape_;
    const Market& market_;
    const std::size_t batch_;
    bool asked_ = false;  // for something that is no stream, such as heartbeats

private:
    Outlet& out_;
    std::vector<char> follows_;
    std::size_t followed_ = 0;
    std::uint64_t changes_ = 0;
    simdjson::dom::parser parser_;
};

/// Of a venue whose messages hold several trades of one stream: consecutive ones go together, up to `batch`, until the market pauses.
class GroupedDialogue : public Dialogue {
public:
    using Dialogue::Dialogue;
    void tell(const TapeItem& item) final;
    void finish() final;

protected:
    /// A message of trades of one stream, joined by commas; `last` is the newest.
    virtual std::string envelope(std::string_view trades, const TapeItem& last) = 0;
    std::string message(const TapeItem& item) final { return envelope(item.text, item); }

private:
    std::string group_;
    const TapeItem* last_ = nullptr;
    std::size_t size_ = 0;
};

/// Items joined by commas.
std::string joined(const std::vector<const TapeItem*>& items);

class ServedVenue {
public:
    virtual ~ServedVenue() = default;

    std::size_t most_per_message = 1;
    std::chrono::milliseconds ping_every{20'000};
    std::chrono::milliseconds subscribe_within{0};  // 0: whenever it likes
    bool lines = false;                             // plain lines, no websocket

    /// Adds what the venue makes of a frame, if anything.
    virtual void add(Tape& tape, const CaptureLine& frame, const std::optional<CapturedTrade>& trade) const = 0;
    virtual std::unique_ptr<Dialogue> dialogue(const Market& market, Outlet& out, std::size_t batch) const = 0;
};

std::unique_ptr<ServedVenue> serve_binance(std::chrono::milliseconds ping_every);
std::unique_ptr<ServedVenue> serve_coinbase();
std::unique_ptr<ServedVenue> serve_coinbase_advanced();
std::unique_ptr<ServedVenue> serve_kraken();
std::unique_ptr<ServedVenue> serve_bybit(std::string_view category);  // empty: any
std::unique_ptr<ServedVenue> serve_lines();

/// Throws std::invalid_argument that names those there are.
std::unique_ptr<ServedVenue> make_served_venue(std::string_view name);

/// Pieces of a rendered trade.
TapeItem rendered(const CaptureLine& frame, const CapturedTrade& trade, std::string text);
/// BTCUSDT and BTC-USDT with `between` before the quote currency; as it is if no quote currency is known in it.
std::string split_symbol(std::string_view symbol, std::string_view between);
std::string iso_us(std::int64_t ns);
/// A UUID that is the trade's for ever.
std::string uuid_of(std::string_view symbol, std::int64_t id, std::uint64_t salt = 0);
/// A text within quotes, as JSON.
std::string json_text(std::string_view text);

}  // namespace openquant
