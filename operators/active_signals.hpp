#pragma once

#include <algorithm>
#include <cmath>
#include <utility>

#include "openquant/operators/core/bets.hpp"
#include "openquant/operators/core/events.hpp"
#include "openquant/operators/core/fifo.hpp"
#include "openquant/operators/core/schema.hpp"

namespace openquant {

/// Average of the active bets (AFML 10.2): emits, whenever a bet begins or its label closes, the mean size of those under way.
struct ActiveSignals {
    double step_size = 0.0;
    std::int64_t max_age_ns = 0, max_active = 100'000;

    struct Bet {
        std::int64_t ts = 0;
        double prob = 0.0, size = 0.0;
        bool active = false;
        static auto state(auto& self) { return std::tie(self.ts, self.prob, self.size, self.active); }
        bool operator==(const Bet&) const = default;
    };
    Fifo<Bet> bets_{};             // by time; some that have ended among them
    det::Pair probs_{}, sizes_{};  // sums over the active ones, wide enough to lose nothing
    std::int64_t active_ = 0, now_ = 0;
    std::uint64_t refused_ = 0;

    static constexpr auto schema() {
        using Self = ActiveSignals;
        return schema_of<Signal>(
            "ActiveSignals", "Emits, whenever a bet begins or its label closes, the mean size of those under way.", "AFML 10.2, snippet 10.2",
            inputs(input<Label>("labels", "labels that close: each ends the bet that began at its event"), input<Signal>("signals", "bets that begin")),
            parameters(
                parameter("step_size", &Self::step_size, between(0.0, 1.0), "size", "the mean is rounded to multiples of this; 0: not rounded"),
                parameter("max_age_ns", &Self::max_age_ns, at_least(0), "ns",
                          "a bet ends after this time at the latest, such as one whose event was refused a label; 0: never"),
                parameter("max_active", &Self::max_active, between(1, 10'000'000), "bets per symbol", "bets under way; a further one is refused and counted")));
    }
    std::uint64_t refused() const noexcept { return refused_; }

    void update(const Label& l, auto&& emit) noexcept {
        const bool aged = advance(l.ts);
        const std::size_t at = find(l.start_ts);
        if (at < bets_.size()) end(bets_[at]);
        else if (!aged) return;
        forget_ended();
        emit(mean());
    }

    void update(const Signal& s, auto&& emit) noexcept {
        if (advance(s.ts)) forget_ended();
        if (active_ == max_active) return void(++refused_);
        bets_.push({s.ts, s.prob, s.size, true});
        for (std::size_t i = bets_.size() - 1; i > 0 && bets_[i - 1].ts > bets_[i].ts; --i) std::swap(bets_[i - 1], bets_[i]);  // one that comes late
        ++active_;
        probs_ = probs_ + det::Pair{s.prob, 0.0};
        sizes_ = sizes_ + det::Pair{s.size, 0.0};
        emit(mean());
    }

    static auto state(auto& self) { return std::tie(self.bets_, self.probs_, self.sizes_, self.active_, self.now_, self.refused_); }
    bool operator==(const ActiveSignals&) const = default;

private:
    /// Ends the bets that have come of age; true if there were any.
    bool advance(std::int64_t ts) noexcept {
        now_ = std::max(now_, ts);
        const std::int64_t before = active_;
        for (std::size_t i = 0; max_age_ns > 0 && i < bets_.size() && bets_[i].ts <= now_ - max_age_ns; ++i)
            if (bets_[i].active) end(bets_[i]);
        return active_ < before;
    }
    void end(Bet& bet) noexcept {
        bet.active = false;
        --active_;
        probs_ = active_ > 0 ? probs_ - det::Pair{bet.prob, 0.0} : det::Pair{};
        sizes_ = active_ > 0 ? sizes_ - det::Pair{bet.size, 0.0} : det::Pair{};
    }
    /// The first active bet that began then, or size().
    std::size_t find(std::int64_t ts) const noexcept {
        std::size_t low = 0, high = bets_.size();
        while (low < high) {
            const std::size_t middle = low + (high - low) / 2;
            if (bets_[middle].ts < ts) low = middle + 1;
            else high = middle;
        }
        while (low < bets_.size() && bets_[low].ts == ts && !bets_[low].active) ++low;
        return low < bets_.size() && bets_[low].ts == ts ? low : bets_.size();
    }
    void forget_ended() noexcept {
        while (!bets_.empty() && !bets_.front().active) bets_.pop();
        if (bets_.size() <= 2 * static_cast<std::size_t>(active_)) return;
        for (std::size_t left = bets_.size(); left > 0; --left)
            if (const Bet bet = bets_.pop(); bet.active) bets_.push(bet);
    }
    Signal mean() const noexcept {
        if (active_ == 0) return {now_, 0.0, 0.0, 0.0};
        const auto n = static_cast<double>(active_);
        const double size = std::clamp(sizes_.high / n, -1.0, 1.0) + 0.0;
        return {now_, std::clamp(probs_.high / n, 0.0, 1.0), static_cast<double>((size > 0.0) - (size < 0.0)),
                step_size > 0.0 ? discrete_signal(size, step_size) : size};
    }
};

}  // namespace openquant
