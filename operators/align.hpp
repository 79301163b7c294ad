#pragma once

#include <algorithm>
#include <stdexcept>
#include <vector>

#include "openquant/operators/core/events.hpp"
#include "openquant/operators/core/schema.hpp"

namespace openquant {

/// Aligned prices of several symbols, the door to whatever looks across them: emits, when an interval (aligned to the epoch)
/// is over, the last price of each listed symbol, once all have been seen. No rows for an interval without any price.
struct Align {
    NameList symbols{};
    std::int64_t interval_ns = 60'000'000'000, lateness_ns = 0;
    bool partial = false;

    static constexpr std::int32_t unlisted = -1;
    std::vector<std::int32_t> place_{};  // by symbol id: index in the list
    std::vector<SymbolId> ids_{};        // by index
    std::vector<double> last_{};         // by index; 0 before the first price
    std::int64_t start_ = 0, now_ = 0, seen_ = 0;
    bool fresh_ = false;  // a price has come since the last rows

    static constexpr auto schema() {
        return schema_of<AlignedPrice>(
            "Align", "Emits, when an interval is over, the last price of each listed symbol.",
            "last price by time (previous-tick, Dacorogna et al. 2001, 3.2.1)",
            inputs(input<Price>("prices", "prices of all symbols: trades or bars; those of symbols not listed are left out"),
                   optional_input<Clock>("clock", "the time, so that an interval ends on a silent market")),
            parameters(parameter("symbols", &Align::symbols, "symbols", "the symbols, in the order in which their rows follow each other"),
                       parameter("interval_ns", &Align::interval_ns, at_least(1), "ns", "length of an interval"),
                       parameter("lateness_ns", &Align::lateness_ns, at_least(0), "ns", "the clock ends an interval this long after its end"),
                       parameter("partial", &Align::partial, "emit the unfinished interval when the stream ends")),
            Scope::cross_sectional);
    }
    static constexpr bool fans_out() noexcept { return true; }
    void check() const {
        const auto refuse = [](const std::string& why) { throw std::invalid_argument("Align: symbols " + why); };
        if (symbols.empty()) refuse("must name at least one symbol");
        if (symbols.size() > static_cast<std::size_t>(max_aligned))
            refuse("names " + std::to_string(symbols.size()) + "; at most " + std::to_string(max_aligned));
        for (auto name = symbols.begin(); name != symbols.end(); ++name)
            if (std::find(symbols.begin(), name, *name) != name) refuse("names '" + *name + "' twice");
    }

    /// Called once for each symbol of the graph, before its first row.
    void meet(SymbolId id, std::string_view name) {
        if (last_.empty()) ids_.assign(symbols.size(), every_symbol), last_.assign(symbols.size(), 0.0);
        if (place_.size() <= id) place_.resize(id + 1, unlisted);
        const auto at = std::find(symbols.begin(), symbols.end(), name);
        if (at == symbols.end()) return;
        place_[id] = static_cast<std::int32_t>(at - symbols.begin());
        ids_[static_cast<std::size_t>(place_[id])] = id;
    }

    void update(const Price& p, SymbolId symbol, auto&& emit) {
        if (symbol >= place_.size() || place_[symbol] == unlisted) return;
        advance(p.ts, emit);
        now_ = std::max(now_, p.ts);
        double& last = last_[static_cast<std::size_t>(place_[symbol])];
        seen_ += last == 0.0;
        last = p.price;
        fresh_ = true;
    }
    void update(const Clock& c, SymbolId, auto&& emit) { advance(c.ts - lateness_ns, emit); }

    void flush(auto&& emit) {
        if (partial) emit_all(std::max(now_, start_), emit);
    }

    static auto state(auto& self) { return std::tie(self.place_, self.ids_, self.last_, self.start_, self.now_, self.seen_, self.fresh_); }
    bool operator==(const Align&) const = default;

private:
    void advance(std::int64_t ts, auto& emit) {
        if (ts - start_ < interval_ns) return;
        emit_all(start_ + interval_ns, emit);
        start_ = ts - ts % interval_ns;
    }
    void emit_all(std::int64_t ts, auto& emit) {
        const auto n = static_cast<std::int64_t>(last_.size());
        if (!fresh_ || seen_ < n) return;
        for (std::int64_t i = 0; i < n; ++i) emit(ids_[static_cast<std::size_t>(i)], AlignedPrice{ts, last_[static_cast<std::size_t>(i)], i, n});
        fresh_ = false;
    }
};

}  // namespace openquant
