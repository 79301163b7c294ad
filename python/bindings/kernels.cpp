// Kernels of the operators for what is no function of a stream. Arguments were checked in Python.
#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <optional>
#include <stdexcept>

#include "bindings.hpp"
#include "openquant/operators/core/allocation.hpp"
#include "openquant/operators/core/bets.hpp"
#include "openquant/operators/core/risk.hpp"
#include "openquant/replay/synthetic.hpp"

namespace py = pybind11;
using namespace py::literals;

namespace openquant {
namespace {

using Floats = py::array_t<double, py::array::c_style>;

std::span<const double> span_of(const Floats& values) { return {values.data(), static_cast<std::size_t>(values.size())}; }

/// An array of n values f(row).
Floats each(std::size_t n, auto&& f) {
    Floats out(static_cast<py::ssize_t>(n));
    double* const to = out.mutable_data();
    const py::gil_scoped_release release;
    for (std::size_t i = 0; i < n; ++i) to[i] = f(i);
    return out;
}

// ---- bet sizes ----

Floats get_signal(const Floats& prob, double num_classes, const std::optional<Floats>& pred) {
    const auto p = span_of(prob), sides = pred ? span_of(*pred) : std::span<const double>{};
    return each(p.size(), [&](std::size_t i) { return bet_signal(p[i], num_classes, sides.empty() ? 1.0 : sides[i]); });
}

Floats discrete_signals(const Floats& signal, double step) {
    const auto s = span_of(signal);
    return each(s.size(), [&](std::size_t i) { return discrete_signal(s[i], step); });
}

Floats bet_sizes(double w, const Floats& divergence, const std::string& func) {
    const auto x = span_of(divergence);
    if (func == "sigmoid") return each(x.size(), [&](std::size_t i) { return sigmoid_bet(w, x[i]); });
    return each(x.size(), [&](std::size_t i) { return power_bet(w, x[i]); });
}

// ---- portfolios ----

template <class Choice>
Choice choice_of(const std::string& name) {
    const Names names = names_of(Choice{});
    for (std::size_t i = 0; i < names.size(); ++i)
        if (name == names[i]) return static_cast<Choice>(i);
    throw std::invalid_argument("unknown choice '" + name + "'");
}

py::tuple allocate(const Floats& prices, const Floats& lower, const Floats& upper, const std::string& method, const std::string& returns, double risk_free_rate,
                   double periods_per_year) {
    static constexpr const char* statuses[] = {"optimal", "no_excess_return", "infeasible", "constant_asset", "constant"};
    const AllocationOptions options{choice_of<AllocationMethod>(method), choice_of<ReturnKind>(returns), risk_free_rate, periods_per_year};
    Allocator allocator;
    AllocationStatus status{};
    {
        const auto n = static_cast<std::size_t>(prices.shape(1));
        const py::gil_scoped_release release;
        status = allocator.allocate(span_of(prices), n, span_of(lower), span_of(upper), options);
    }
    const Portfolio& best = allocator.portfolio();
    const Floats weights(static_cast<py::ssize_t>(best.weights.size()), best.weights.data());
    return py::make_tuple(statuses[static_cast<std::size_t>(status)], weights, best.risk, best.mean, best.sharpe);
}

// ---- equity curves ----

Floats drawdowns(const Floats& equity) {
    const auto e = span_of(equity);
    CurveDrawdown curve;
    return each(e.size(), [&](std::size_t i) { return curve.at(e[i]); });
}

// ---- synthetic markets ----

py::tuple market(std::size_t bars, std::size_t assets, std::uint64_t seed) {
    SyntheticMarket made;
    {
        const py::gil_scoped_release release;
        made = synthetic_market(bars, assets, seed);
    }
    const auto array = [](const std::vector<double>& x) { return Floats(static_cast<py::ssize_t>(x.size()), x.data()); };
    return py::make_tuple(array(made.close), array(made.prob), array(made.side), array(made.assets).reshape({bars, assets}));
}

}  // namespace

void bind_kernels(py::module_ m) {
    const auto exact = [](const char* name) { return py::arg(name).noconvert(); };
    m.def("get_signal", &get_signal, exact("prob"), "num_classes"_a, exact("pred"), "Bet sizes of probabilities, times `pred` where that is given.");
    m.def("discrete_signal", &discrete_signals, exact("signal"), "step"_a, "Nearest multiples of `step` within [-1, 1].");
    m.def("bet_size", &bet_sizes, "w"_a, exact("divergence"), "func"_a, "Bet sizes of divergences, by 'sigmoid' or 'power'.");

    m.def("allocate", &allocate, exact("prices"), exact("lower"), exact("upper"), "method"_a, "returns"_a, "risk_free_rate"_a, "periods_per_year"_a,
          "Status, weights, annual risk, return and Sharpe ratio of prices by rows of assets.");

    m.def("drawdowns", &drawdowns, exact("equity"), "Equity over its high so far, less 1.");

    m.def("synthetic_market", &market, "bars"_a, "assets"_a, "seed"_a, "Close, probabilities, sides, and prices of assets of a seeded market.");
}

}  // namespace openquant
