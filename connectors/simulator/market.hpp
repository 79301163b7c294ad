// A market's clock and position, and what it tells those who listen. It knows no socket: `advance` says when it wants to be called next.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "openquant/connectors/simulator/book.hpp"
#include "openquant/connectors/simulator/faults.hpp"
#include "openquant/connectors/simulator/tape.hpp"

namespace openquant {

using Clock = std::chrono::steady_clock;

/// A connection, as the market sees it.
class Listener {
public:
    virtual ~Listener() = default;
    virtual bool listening() const = 0;  // to any stream that there is
    virtual bool hears(std::uint32_t stream) const = 0;
    virtual void tell(const TapeItem& item) = 0;
    virtual void garble(const TapeItem& item) = 0;
    virtual void lose(const TapeItem& item) = 0;
    virtual void finish() = 0;         // nothing more for now: send it
    virtual bool full() const = 0;     // enough waits to be sent
    virtual bool drained() const = 0;  // nothing does
    virtual void cut() = 0;
    virtual void close() = 0;
    virtual void fall_silent(Clock::time_point until) = 0;
    virtual void drip(std::chrono::milliseconds over) = 0;  // the next write
};

class Market {
public:
    static constexpr Clock::time_point never = Clock::time_point::max();

    Market(const Tape& tape, const std::vector<Step>& steps, double speed, std::chrono::milliseconds settle, Book& book);

    const Tape& tape() const { return tape_; }
    /// Items of the capture that are behind.
    std::size_t slot() const { return position_ > 0 ? steps_[position_ - 1].slot + 1 : 0; }
    /// The capture's time.
    std::int64_t now_ns() const;

    void join(Listener& listener) { listeners_.push_back(&listener); }
    void leave(Listener& listener);
    /// Before anything a client says is heeded: the market may have gone on while nobody listened.
    void catch_up(Clock::time_point now);
    /// A listener has subscribed to something.
    void subscribed(const Listener& listener, Clock::time_point now);
    /// Tells what is due; when to be called again: at once, later, or `never` unless a listener subscribes or has sent something.
    Clock::time_point advance(Clock::time_point now);

private:
    struct Lost {
        std::int64_t first = 0;
        std::uint64_t count = 0;
        bool missed = false;  // while nobody listened
    };
    bool anyone() const;
    Clock::time_point due(const Step& step) const;
    bool play(const Step& step, Clock::time_point now);
    bool tell(const Step& step);
    void connections(const Step& step, Clock::time_point now);
    void skip(const Step& step);
    void finish();
    void lost(const TapeItem& item, bool missed);

    const Tape& tape_;
    const std::vector<Step>& steps_;
    const double speed_;
    const std::chrono::milliseconds settle_;
    Book& book_;
    std::vector<Listener*> listeners_;
    std::size_t position_ = 0;
    std::optional<Clock::time_point> started_;
    Clock::time_point hold_until_ = Clock::time_point::min();
    std::chrono::milliseconds drip_{0};  // to begin once all is sent
    bool dripping_ = false;
    std::vector<char> heard_;  // by stream: somebody listened who is gone
    std::vector<char> told_;   // by stream: a trade was told, so that a loss can be seen
    std::vector<Lost> lost_;   // by stream, since the last trade told
};

}  // namespace openquant
