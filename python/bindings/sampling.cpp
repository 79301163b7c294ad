// Uniqueness of labels and the sequential bootstrap, over labels given as intervals of bars or as an indicator matrix.
#include "openquant/operators/core/sampling.hpp"

#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <stdexcept>
#include <string>

#include "bindings.hpp"

namespace py = pybind11;
using namespace py::literals;

namespace openquant {
namespace {

using Bars = py::array_t<std::int64_t, py::array::c_style>;
using Cells = py::array_t<std::int8_t, py::array::c_style>;

/// Label i covers the bars [begins[i], ends[i]), at least one.
LabelRuns of_intervals(const Bars& begins, const Bars& ends) {
    LabelRuns labels;
    const py::gil_scoped_release release;
    for (py::ssize_t i = 0; i < begins.size(); ++i) {
        const Run run{begins.data()[i], ends.data()[i]};
        labels.add(std::span(&run, 1));
    }
    return labels;
}

/// A row for each bar, a column for each label, of zeros and ones.
LabelRuns of_matrix(const Cells& cells) {
    const auto columns = static_cast<std::size_t>(cells.shape(1));
    const std::span<const std::int8_t> all(cells.data(), static_cast<std::size_t>(cells.size()));
    const py::gil_scoped_release release;
    LabelRuns labels = runs_of_columns(all, columns);
    for (std::size_t i = 0; i < columns; ++i)
        if (labels[i].empty())
            throw std::invalid_argument("ind_mat: label " + std::to_string(i) + " covers no bar; each column must hold a 1: leave the label out");
    return labels;
}

Cells ind_matrix(const Bars& begins, const Bars& ends, py::ssize_t n_bars) {
    const py::ssize_t n = begins.size();
    Cells out({n_bars, n});
    std::int8_t* const cells = out.mutable_data();
    const py::gil_scoped_release release;
    std::fill(cells, cells + n_bars * n, std::int8_t{0});
    for (py::ssize_t i = 0; i < n; ++i)
        for (std::int64_t bar = begins.data()[i]; bar < ends.data()[i]; ++bar) cells[bar * n + i] = 1;
    return out;
}

/// Lets an interrupt through every so many draws.
Bars draw(const LabelRuns& labels, std::size_t n, const std::vector<std::size_t>& warmup, std::uint64_t seed) {
    Bars out(static_cast<py::ssize_t>(n));
    std::int64_t* const drawn = out.mutable_data();
    SequentialBootstrap bootstrap(labels, seed);
    for (std::size_t i = 0; i < n;) {
        {
            const py::gil_scoped_release release;
            for (const std::size_t stop = std::min(n, i + 256); i < stop; ++i) {
                if (i < warmup.size()) bootstrap.take(warmup[i]);
                drawn[i] = static_cast<std::int64_t>(i < warmup.size() ? warmup[i] : bootstrap.draw());
            }
        }
        if (PyErr_CheckSignals() != 0) throw py::error_already_set();
    }
    return out;
}

std::vector<double> probabilities(const LabelRuns& labels, const std::vector<std::size_t>& drawn) {
    SequentialBootstrap bootstrap(labels, 0);
    for (const std::size_t label : drawn) bootstrap.take(label);
    return bootstrap.probabilities();
}

std::vector<double> uniforms(std::uint64_t seed, std::size_t n) {
    Xoshiro random(seed);
    std::vector<double> out(n);
    for (double& u : out) u = random.unit();
    return out;
}

}  // namespace

void bind_sampling(py::module_ m) {
    py::class_<LabelRuns>(m, "Labels")
        .def_static("of_intervals", &of_intervals, py::arg("begins").noconvert(), py::arg("ends").noconvert(), "Label i covers bars begins[i] .. ends[i] - 1.")
        .def_static("of_matrix", &of_matrix, py::arg("cells").noconvert(), "Rows are bars, columns labels, int8 zeros and ones.")
        .def("__len__", &LabelRuns::size);
    m.def("ind_matrix", &ind_matrix, py::arg("begins").noconvert(), py::arg("ends").noconvert(), "n_bars"_a, "int8 zeros and ones, rows are bars.");
    m.def("average_uniqueness", &average_uniqueness, "labels"_a, py::call_guard<py::gil_scoped_release>());
    m.def("draw", &draw, "labels"_a, "n"_a, "warmup"_a, "seed"_a, "Label numbers, those of `warmup` first.");
    m.def("probabilities", &probabilities, "labels"_a, "drawn"_a, "Of each label to be drawn after `drawn`.");
    m.def("uniforms", &uniforms, "seed"_a, "n"_a, "What seeded draws are decided by, one each.");
}

}  // namespace openquant
