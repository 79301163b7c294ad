// A window of pairs from two series: each y with the last x before it.
#pragma once

#include "openquant/operators/core/events.hpp"
#include "openquant/operators/core/moments.hpp"
#include "openquant/operators/core/window.hpp"

namespace openquant {

class PairedWindow {
public:
    void set(const Value& x) noexcept { x_ = x.value, known_ = true; }
    /// Takes a pair; true if the window is full and has two or more.
    bool add(const Value& y, std::int64_t rows, std::int64_t ns) { return known_ && pairs_.add(y.ts, {x_, y.value}, rows, ns) && pairs_.n() > 1.0; }

    double n() const noexcept { return pairs_.n(); }
    Products total() const noexcept { return pairs_.total(); }
    std::uint64_t refused() const noexcept { return pairs_.refused(); }

    static auto state(auto& self) { return std::tie(self.x_, self.known_, self.pairs_); }
    bool operator==(const PairedWindow&) const = default;

private:
    double x_ = 0.0;
    bool known_ = false;  // x_ is
    Window<Products> pairs_;
};

/// Inputs of every operator on two series.
constexpr auto paired_inputs() {
    return inputs(input<Value>("x", "first series; its last value is the pair's"), input<Value>("y", "second series; each value makes a pair"));
}

}  // namespace openquant
