// What batch calls check and convert of their arguments before rows enter a graph.
#include <pybind11/numpy.h>

#include <limits>
#include <stdexcept>
#include <vector>

#include "bindings.hpp"
#include "openquant/engine/timestamps.hpp"

namespace py = pybind11;
using namespace py::literals;

namespace openquant {
namespace {

using Floats = py::array_t<double, py::array::c_style>;
using Times = py::array_t<std::int64_t, py::array::c_style>;
using Codes = py::array_t<std::uint32_t, py::array::c_style>;

/// Times of a list of texts, all read natively. Throws py::type_error for an item that is no text.
Times parse_times(const py::list& texts, const std::string& name) {
    const auto n = static_cast<std::size_t>(texts.size());
    Times out(static_cast<py::ssize_t>(n));
    std::int64_t* const to = out.mutable_data();
    for (std::size_t row = 0; row < n; ++row) {
        PyObject* const item = PyList_GET_ITEM(texts.ptr(), static_cast<Py_ssize_t>(row));
        if (!PyUnicode_Check(item)) throw py::type_error(name + " at row " + std::to_string(row) + " is no text, as the row before is");
        Py_ssize_t length = 0;
        const char* const text = PyUnicode_AsUTF8AndSize(item, &length);
        if (!text) PyErr_Clear();  // a lone surrogate: no time in any case
        const auto ns = text ? ns_from_text({text, static_cast<std::size_t>(length)}) : std::nullopt;
        if (!ns)
            throw std::invalid_argument("invalid datetime " + py::cast<std::string>(py::repr(item).attr("encode")("ascii", "replace").attr("decode")("ascii")) +
                                        " in " + name + " at row " + std::to_string(row) +
                                        "; expected '%Y-%m-%d %H:%M:%S' with an optional fraction, or ISO 8601");
        to[row] = *ns;
    }
    return out;
}

py::list format_times(const Times& times) {
    const auto n = static_cast<std::size_t>(times.size());
    py::list out(n);
    for (std::size_t row = 0; row < n; ++row) {
        const std::string text = text_from_ns(times.data()[row]);
        PyList_SET_ITEM(out.ptr(), static_cast<Py_ssize_t>(row), PyUnicode_FromStringAndSize(text.data(), static_cast<Py_ssize_t>(text.size())));
    }
    return out;
}

/// First row outside [low, high], NaN included; -1 if there is none.
std::int64_t first_outside(const Floats& values, double low, double high) {
    const double* const x = values.data();
    const auto n = static_cast<std::int64_t>(values.size());
    constexpr std::int64_t block = 1024;
    for (std::int64_t begin = 0; begin < n; begin += block) {
        const std::int64_t end = std::min(n, begin + block);
        bool ok = true;
        for (std::int64_t i = begin; i < end; ++i) ok &= (x[i] >= low) & (x[i] <= high);
        if (ok) continue;
        for (std::int64_t i = begin; i < end; ++i)
            if (!(x[i] >= low && x[i] <= high)) return i;
    }
    return -1;
}

/// First row whose time is before that of the row before it (not after it, if `strictly`); -1 if there is none.
std::int64_t first_unsorted(const Times& times, bool strictly) {
    const std::int64_t* const t = times.data();
    for (std::int64_t i = 1; i < static_cast<std::int64_t>(times.size()); ++i)
        if (t[i] < t[i - 1] || (strictly && t[i] == t[i - 1])) return i;
    return -1;
}

/// The same within each symbol.
std::int64_t first_unsorted_of(const Times& times, const Codes& codes) {
    constexpr auto never = std::numeric_limits<std::int64_t>::min();
    std::vector<std::int64_t> last;
    const std::int64_t* const t = times.data();
    const std::uint32_t* const code = codes.data();
    for (std::int64_t i = 0; i < static_cast<std::int64_t>(times.size()); ++i) {
        if (code[i] >= last.size()) last.resize(code[i] + std::size_t{1}, never);
        if (t[i] < last[code[i]]) return i;
        last[code[i]] = t[i];
    }
    return -1;
}

}  // namespace

void bind_arguments(py::module_& m) {
    m.def("parse_times", &parse_times, "texts"_a, "name"_a, "int64 ns UTC of each text.");
    m.def("format_times", &format_times, "times"_a, "Texts '%Y-%m-%d %H:%M:%S' with a fraction where there is one.");
    m.def("first_outside", &first_outside, py::arg("values").noconvert(), "low"_a, "high"_a, "First row outside [low, high], or -1.");
    m.def("first_unsorted", &first_unsorted, py::arg("times").noconvert(), "strictly"_a, "First row earlier than the one before, or -1.");
    m.def("first_unsorted_of", &first_unsorted_of, py::arg("times").noconvert(), py::arg("codes").noconvert(), "The same within each symbol.");
}

}  // namespace openquant
