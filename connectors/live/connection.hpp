// One connection to a venue through all its lives: connect, subscribe, decode, push, and come back when it is lost.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>

#include "openquant/connectors/live/session.hpp"
#include "openquant/connectors/live/stream_transport.hpp"
#include "openquant/operators/core/random.hpp"

namespace openquant::live {

using SteadyTime = std::chrono::steady_clock::time_point;

enum class LinkState : std::uint8_t { closed, connecting, open, waiting };
inline constexpr std::string_view link_state_names[] = {"closed", "connecting", "open", "waiting"};

/// An event time, and when it was told.
struct EventTime {
    std::int64_t ts = 0;
    SteadyTime at;
};

/// Lives on the thread of its io_context, `stats` aside.
class Connection final : private Listener {
public:
    struct Waits {
        std::chrono::milliseconds first, cap;
    };
    /// `fail` is told what ends the session.
    Connection(asio::io_context& io, asio::ssl::context* tls, Feeder feeder, Endpoint endpoint, Inlet<Trade>& inlet, Waits waits, std::uint64_t seed,
               std::function<void(const std::string&)> fail);

    void open();
    void close();
    /// As `close`, but what was not yet pushed is let go.
    void shut();

    ConnectionStats stats() const;
    /// The latest event time told; 0 before the first.
    const EventTime& latest() const { return latest_; }

private:
    void opened() override;
    void frame(std::string_view frame, std::int64_t received) override;
    void pinged() override;
    void idle() override;
    void closed(const std::string& why, bool hopeless) override;

    void connect();
    void sound(Frame kind);
    void refused(const std::string& why);
    void restarted();
    /// This life is over; the next begins after a wait, or at once.
    void lost(const std::string& why, bool at_once = false);
    void fail(const std::string& why);
    void end_life();
    std::chrono::nanoseconds wait_before_next();

    void push();
    void push_rows(std::size_t begin, std::size_t end);
    void report(std::uint32_t symbol, const Continuity& row);
    void learn_symbols();
    void note_latest();

    void arm();
    void on_time();
    void send_due(SteadyTime now);
    void be_patient(SteadyTime now);
    void note(LinkState state) { state_.store(state, std::memory_order_relaxed); }

    asio::io_context& io_;
    asio::ssl::context* const tls_;
    const Feeder feeder_;
    const Endpoint endpoint_;
    const std::string url_;
    const VenueRules rules_;
    const Waits waits_;
    const std::function<void(const std::string&)> fail_;
    Inlet<Trade>& inlet_;
    Inlet<Trade>::Producer producer_;
    Xoshiro jitter_;
    Timer timer_;
    SteadyTime due_{};  // of the timer
    std::shared_ptr<Transport> transport_;

    Told told_;
    std::vector<Inlet<Trade>::Row> rows_;
    std::vector<std::uint32_t> codes_;  // by the venue's symbol
    EventTime latest_;

    bool heard_ = false;                                   // since the last idle moment
    bool carrying_ = false;                                // a sound frame came in this life
    bool resuming_ = false;                                // lives were lost since the last sound frame
    bool told_trades_ = false, ever_told_trades_ = false;  // in this life, in any
    int losses_ = 0;                                       // in a row: what the wait grows by
    SteadyTime opened_at_{}, heard_at_{}, ends_at_{}, next_message_{}, next_ping_{}, retry_at_{}, restarted_at_{};
    std::vector<std::string> subscriptions_;
    std::size_t subscribed_ = 0;
    std::uint64_t pings_ = 0;

    std::atomic<LinkState> state_{LinkState::closed};
    std::atomic<std::uint64_t> frames_{0}, trades_{0}, malformed_{0}, bytes_{0}, connects_{0}, disconnects_{0}, refusals_{0};
    std::atomic<std::int64_t> last_event_{0}, last_receive_{0}, lag_{0};
    mutable std::mutex error_mutex_;
    std::string last_error_;
};

}  // namespace openquant::live
