// One client of the simulator: its handshake, its messages, and what waits to be sent to it.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <set>
#include <string>

#include "openquant/connectors/simulator/served_venue.hpp"
#include "openquant/connectors/simulator/websocket.hpp"
#include "openquant/connectors/simulator/wire.hpp"

namespace openquant {

/// A market and the timer that moves it.
struct Stage : std::enable_shared_from_this<Stage> {
    Stage(boost::asio::io_context& io, const Tape& tape, const std::vector<Step>& steps, const SimulatorOptions& options, Book& book)
        : market(tape, steps, options.speed, options.settle, book), timer(io) {}
    /// Moves the market as far as it will go now.
    void wake();

    Market market;
    boost::asio::steady_timer timer;
    bool awake = false;  // within `wake`, or about to be
};

class Connection;

/// What connections share.
struct Host {
    const SimulatorOptions& options;
    const ServedVenue& venue;
    boost::asio::io_context& io;
    Book& book;
    std::set<std::shared_ptr<Connection>> connections;
};

class Connection final : public Listener, public std::enable_shared_from_this<Connection> {
public:
    Connection(std::unique_ptr<Wire> wire, std::shared_ptr<Stage> stage, Host& host);

    void start();
    void drop();  // at once

    bool listening() const override { return phase_ == Phase::open && dialogue_->follows_any(); }
    bool hears(std::uint32_t stream) const override { return dialogue_->follows(stream); }
    void tell(const TapeItem& item) override { dialogue_->tell(item), ++trades_; }
    void garble(const TapeItem& item) override { dialogue_->garble(item); }
    void lose(const TapeItem& item) override { dialogue_->lose(item); }
    void finish() override;
    bool full() const override { return out_.bytes.size() >= enough; }
    bool drained() const override { return !writing_ && out_.bytes.empty(); }
    void cut() override;
    void close() override;
    void fall_silent(Clock::time_point until) override;
    void drip(std::chrono::milliseconds over) override { drip_ = over; }

private:
    enum class Phase : std::uint8_t { handshake, open, leaving };  // leaving: what waits is sent, then the line ends
    static constexpr std::size_t enough = 256 * 1024;              // bytes that wait: nothing more is told
    static constexpr std::size_t too_much = 4 * enough;            // nothing more is heard

    void read();
    void took(std::size_t n);
    void upgrade();
    void opened(const std::string& target, const std::string& key);
    void refuse(std::string_view status);
    void hear();
    void message(const websocket::Reader::Message& message);
    void leave(websocket::Close code, std::string_view reason);
    void retire();
    void send();
    void wrote(std::size_t n);
    void sent();
    void tick();
    void every_tick(Clock::time_point now);

    std::unique_ptr<Wire> wire_;
    std::shared_ptr<Stage> stage_;
    Host& host_;
    boost::asio::steady_timer timer_, drip_timer_;
    std::unique_ptr<Dialogue> dialogue_;
    Phase phase_ = Phase::handshake;
    bool dropped_ = false, writing_ = false, reading_ = false, ended_ = false;
    char input_[16 * 1024];
    std::string request_;  // until the handshake is done
    websocket::Reader reader_;
    Outlet out_;
    std::string sending_;
    std::size_t written_ = 0;
    std::uint64_t trades_ = 0, changes_ = 0;
    std::uint64_t counted_messages_ = 0, beaten_messages_ = 0;  // of the outlet's, when last looked at
    std::chrono::milliseconds drip_{0};
    std::size_t drip_portion_ = 0;
    Clock::time_point begun_, ended_at_, progress_, silent_until_ = Clock::time_point::min(), next_beat_, next_ping_;
    bool pinged_ = false;
};

}  // namespace openquant
