// Operators that exist only to be tested: those that exercise what the catalogue does not (yet) need.
#pragma once

#include <vector>

#include "openquant/operators/core/events.hpp"
#include "openquant/operators/core/schema.hpp"

namespace openquant::testing {

/// Cross-sectional: at each price, every symbol's distance from the mean of all last prices; the last ones again at the end.
struct DistanceFromMean {
    std::vector<double> last_{};
    std::int64_t ts_ = 0;

    static constexpr auto schema() {
        return schema_of<Signal>("DistanceFromMean", "Emits every symbol's distance from the mean of last prices.", "a test",
                                 inputs(input<Price>("prices", "prices")), parameters(), Scope::cross_sectional);
    }
    static constexpr bool fans_out() noexcept { return true; }
    void update(const Price& p, SymbolId symbol, auto&& emit) {
        if (last_.size() <= symbol) last_.resize(symbol + 1, 0.0);
        last_[symbol] = p.price, ts_ = p.ts;
        flush(emit);
    }
    void flush(auto&& emit) {
        double sum = 0.0, n = 0.0;
        for (const double price : last_) sum += price, n += price > 0.0;
        for (SymbolId s = 0; s < last_.size(); ++s)
            if (last_[s] > 0.0) emit(s, Signal{ts_, 0.5, 1.0, last_[s] - sum / n});
    }
    static auto state(auto& self) { return std::tie(self.last_, self.ts_); }
    bool operator==(const DistanceFromMean&) const = default;
};

/// Emits one row per row of either input: two rows with one key where both inputs come from one row.
struct Both {
    static constexpr auto schema() {
        return schema_of<Event>("Both", "Emits an event per row of either input.", "a test",
                                inputs(input<Price>("prices", "prices"), input<Volatility>("volatility", "values")), parameters());
    }
    void update(const Price& p, auto&& emit) { emit(Event{p.ts, 1.0, p.price}); }
    void update(const Volatility& v, auto&& emit) { emit(Event{v.ts, -1.0, 1.0 + v.volatility}); }
    static auto state(auto&) { return std::tuple{}; }
    bool operator==(const Both&) const = default;
};

/// Emits each event several times, numbered.
struct Repeat {
    std::int64_t times = 3;
    static constexpr auto schema() {
        return schema_of<Event>("Repeat", "Emits each event several times.", "a test", inputs(input<Event>("events", "events")),
                                parameters(parameter("times", &Repeat::times, at_least(0), "rows", "how often")));
    }
    static constexpr bool fans_out() noexcept { return true; }
    void update(const Event& e, auto&& emit) {
        for (std::int64_t i = 0; i < times; ++i) emit(Event{e.ts, e.side, e.price + static_cast<double>(i)});
    }
    static auto state(auto&) { return std::tuple{}; }
    bool operator==(const Repeat&) const = default;
};

/// Two inputs that both fan out, remembering the order in which rows came.
struct Interleave {
    double number_ = 0.0;
    static constexpr auto schema() {
        return schema_of<Event>("Interleave", "Emits two events per row of either input.", "a test",
                                inputs(input<Event>("left", "events"), input<Event>("right", "events")), parameters());
    }
    static constexpr bool fans_out() noexcept { return true; }
    void update(const Event& e, auto&& emit) {
        for (int i = 0; i < 2; ++i) emit(Event{e.ts, e.side, e.price + ++number_});
    }
    void flush(auto&& emit) {
        for (int i = 0; i < 2; ++i) emit(Event{1, 0.5, ++number_});
    }
    static auto state(auto& self) { return std::tie(self.number_); }
    bool operator==(const Interleave&) const = default;
};

/// Emits a row per break: one per symbol where the break concerns the whole source.
struct BreakCounter {
    double breaks_ = 0.0;
    static constexpr auto schema() {
        return schema_of<Signal>("BreakCounter", "Emits the number of breaks so far at each break.", "a test",
                                 inputs(input<Continuity>("continuity", "breaks")), parameters());
    }
    void update(const Continuity& c, auto&& emit) { emit(Signal{c.ts, 0.0, 0.0, ++breaks_}); }
    static auto state(auto& self) { return std::tie(self.breaks_); }
    bool operator==(const BreakCounter&) const = default;
};

/// Fails at the n-th price.
struct Failing {
    std::int64_t at = 10;
    std::int64_t rows_ = 0;
    static constexpr auto schema() {
        return schema_of<Price>("Failing", "Fails at the n-th price.", "a test", inputs(input<Price>("prices", "prices")),
                                parameters(parameter("at", &Failing::at, at_least(1), "rows", "when")));
    }
    void update(const Price& p, auto&& emit) {
        if (++rows_ == at) throw std::runtime_error("the tenth price was too much");
        emit(p);
    }
    static auto state(auto& self) { return std::tie(self.rows_); }
    bool operator==(const Failing&) const = default;
};

}  // namespace openquant::testing
