// A bar that closes where a running amount, such as dollar value or volume, reaches a threshold.
#pragma once

#include <algorithm>

#include "openquant/operators/core/bar_builder.hpp"
#include "openquant/operators/core/schema.hpp"

namespace openquant {

/// What happens to the amount beyond a bar's threshold.
enum class Remainder : std::int8_t { reset, carry, split };
inline constexpr std::string_view remainder_names[] = {"reset", "carry", "split"};
constexpr Names names_of(Remainder) { return remainder_names; }
inline constexpr std::string_view remainder_doc =
    "what becomes of the excess: reset drops it from the running sum, carry starts the next bar's running sum with it, split divides the trade over as "
    "many bars as it fills";

template <class Builder = BarBuilder>
class AccumulatingBar {
public:
    /// One trade may fill at most this many bars; a larger one is refused whole and counted.
    static constexpr double max_bars_per_trade = 100'000.0;

    std::uint64_t refused() const noexcept { return refused_; }
    void add(const Continuity& c) noexcept { bar_.add(c); }

    /// Adds a row (a trade) that counts `amount` towards `per_bar`. `amount_of(bar)` is what the rows of a bar count, and
    /// `add_part(bar, part)` adds the part of the row that counts `part`.
    [[gnu::always_inline]] void add(const auto& t, double amount, double per_bar, Remainder remainder, auto&& amount_of, auto&& add_part, auto& emit) noexcept {
        const double so_far = remainder == Remainder::carry ? running_ : amount_of(bar_), sum = so_far + amount;
        if (sum >= per_bar) [[unlikely]]
            return close(t, amount, so_far, per_bar, remainder, add_part, emit);
        bar_.add(t);
        if (remainder == Remainder::carry) running_ = sum;
    }

    void flush(auto&& emit) noexcept {
        if (!bar_.empty()) emit(bar_.finish());
    }

    static auto state(auto& self) { return std::tie(self.bar_, self.running_, self.refused_); }
    bool operator==(const AccumulatingBar&) const = default;

private:
    // Inlined, all of it: a call that takes the trade would keep every trade in memory instead of registers.
    [[gnu::always_inline]] void close(const auto& t, double amount, double so_far, double per_bar, Remainder remainder, auto& add_part, auto& emit) noexcept {
        if (remainder == Remainder::split) return split(amount, so_far, per_bar, add_part, emit);
        bar_.add(t);
        if (remainder == Remainder::carry) running_ = so_far + amount - per_bar;
        emit(bar_.finish());
    }

    [[gnu::always_inline]] void split(double amount, double so_far, double per_bar, auto& add_part, auto& emit) noexcept {
        if (!(amount / per_bar < max_bars_per_trade)) return void(++refused_);
        double part = std::min(amount, per_bar - so_far);
        for (bool fills = true; fills; fills = amount >= per_bar, part = per_bar) {
            add_part(bar_, part);
            emit(bar_.finish());
            amount -= part;
        }
        if (amount > 0.0) add_part(bar_, amount);
    }

    Builder bar_;
    double running_ = 0.0;  // of `carry`: the bar's own amount, and what was brought along
    std::uint64_t refused_ = 0;
};

}  // namespace openquant
