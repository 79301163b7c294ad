// What batch calls check and convert of their arguments before rows enter a graph.
#include <pybind11/numpy.h>
#include <pybind11/typing.h>

#include <limits>
#include <span>
#include <stdexcept>
#include <vector>

#include "bindings.hpp"
#include "openquant/engine/column_checks.hpp"
#include "openquant/engine/timestamps.hpp"
#include "openquant/operators/core/wide.hpp"

namespace py = pybind11;
using namespace py::literals;

namespace openquant {
namespace {

using Floats = py::array_t<double, py::array::c_style>;
using Times = py::array_t<std::int64_t, py::array::c_style>;
using Codes = py::array_t<std::uint32_t, py::array::c_style>;

/// Whether `x` is a Python float, or an int that a double holds; no subclass, which may say another value of itself.
bool read_number(PyObject* x, double& to) {
    constexpr std::int64_t exact = std::int64_t{1} << 53;
    if (PyFloat_CheckExact(x)) return to = PyFloat_AS_DOUBLE(x), true;
    if (!PyLong_CheckExact(x)) return false;
    int overflow = 0;
    const std::int64_t whole = PyLong_AsLongLongAndOverflow(x, &overflow);
    to = static_cast<double>(whole);
    return overflow == 0 && whole >= -exact && whole <= exact;
}

std::span<PyObject* const> items_of(PyObject* sequence) {
    return {PySequence_Fast_ITEMS(sequence), static_cast<std::size_t>(PySequence_Fast_GET_SIZE(sequence))};
}

bool is_list(PyObject* x) { return PyList_CheckExact(x) || PyTuple_CheckExact(x); }

using MaybeFloats = py::typing::Optional<Floats>;

MaybeFloats maybe(const py::object& floats) { return py::reinterpret_borrow<MaybeFloats>(floats); }

/// What needs no reading (an array of float64 in a row), or plain numbers in a list or tuple; None for anything else.
MaybeFloats plain_floats(const py::object& values) {
    using Numpy = py::detail::npy_api;
    if (Py_TYPE(values.ptr()) == Numpy::get().PyArray_Type_) {
        const bool as_it_is = Floats::check_(values) && py::detail::check_flags(values.ptr(), Numpy::NPY_ARRAY_ALIGNED_);
        return maybe(as_it_is && py::array(values).ndim() == 1 ? values : py::none());
    }
    if (!is_list(values.ptr())) return maybe(py::none());
    const auto items = items_of(values.ptr());
    Floats out(static_cast<py::ssize_t>(items.size()));
    double* to = out.mutable_data();
    for (PyObject* const item : items)
        if (!read_number(item, *to++)) return maybe(py::none());
    return maybe(out);
}

/// Rows of plain numbers, all as long as the first and not empty, as a matrix; None for anything else.
MaybeFloats plain_rows(const py::object& values) {
    if (!is_list(values.ptr())) return maybe(py::none());
    const auto rows = items_of(values.ptr());
    if (rows.empty() || !is_list(rows[0])) return maybe(py::none());
    const std::size_t columns = items_of(rows[0]).size();
    if (columns == 0) return maybe(py::none());
    Floats out({static_cast<py::ssize_t>(rows.size()), static_cast<py::ssize_t>(columns)});
    double* to = out.mutable_data();
    for (PyObject* const row : rows) {
        if (!is_list(row) || items_of(row).size() != columns) return maybe(py::none());
        for (PyObject* const item : items_of(row))
            if (!read_number(item, *to++)) return maybe(py::none());
    }
    return maybe(out);
}

/// Whether a text that is a time is spelled as `text_from_ns` spells it, to the second.
bool is_plain(PyObject* item, std::string_view text) { return PyUnicode_CheckExact(item) && text.size() == 19 && text[10] == ' ' && text[16] == ':'; }

/// Times of a list of texts, all read natively, and whether they are spelled as answers are. Throws py::type_error for an item
/// that is no text.
py::typing::Tuple<Times, bool> parse_times(const py::list& texts, const std::string& name) {
    const auto n = static_cast<std::size_t>(texts.size());
    Times out(static_cast<py::ssize_t>(n));
    std::int64_t* const to = out.mutable_data();
    bool plain = true;
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
        plain = plain && is_plain(item, {text, static_cast<std::size_t>(length)});
    }
    return py::make_tuple(std::move(out), plain);
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
        if (checks::all_within(x + begin, static_cast<std::size_t>(end - begin), low, high)) continue;
        for (std::int64_t i = begin; i < end; ++i)
            if (!(x[i] >= low && x[i] <= high)) return i;
    }
    return -1;
}

constexpr std::size_t look = 512;  // rows that are looked at as one first

/// First row whose time is before that of the row before it (not after it, if `strictly`); -1 if there is none.
std::int64_t first_unsorted(const Times& times, bool strictly) {
    const std::int64_t* const t = times.data();
    for (std::int64_t i = 1; i < static_cast<std::int64_t>(times.size()); ++i)
        if (t[i] < t[i - 1] || (strictly && t[i] == t[i - 1])) return i;
    return -1;
}

/// The same within each symbol.
std::int64_t first_unsorted_of(const Times& times, const Codes& codes) {
    std::vector<std::int64_t> last;
    const std::int64_t* const t = times.data();
    const std::uint32_t* const code = codes.data();
    const auto n = static_cast<std::size_t>(times.size());
    const auto last_of = [&](std::uint32_t symbol) -> std::int64_t& {
        if (symbol >= last.size()) last.resize(symbol + std::size_t{1}, std::numeric_limits<std::int64_t>::min());
        return last[symbol];
    };
    for (std::size_t begin = 0, end = 0; begin < n; begin = end) {
        end = std::min(n, begin + look);
        const bool rising = checks::all_equal(code + begin, end - begin) && checks::in_order(t + begin, end - begin);
        for (std::size_t i = begin; i < end; i = rising ? end : i + 1) {
            std::int64_t& latest = last_of(code[i]);
            if (t[i] < latest) return static_cast<std::int64_t>(i);
            latest = rising ? t[end - 1] : t[i];
        }
    }
    return -1;
}

OPENQUANT_WIDE std::pair<std::int64_t, std::int64_t> ends_of(const std::int64_t* x, std::size_t n) {
    std::int64_t least = x[0], greatest = x[0];
    for (std::size_t i = 1; i < n; ++i) least = std::min(least, x[i]), greatest = std::max(greatest, x[i]);
    return {least, greatest};
}
OPENQUANT_WIDE void multiply(const std::int64_t* x, std::size_t n, std::int64_t by, std::int64_t* out) {
    for (std::size_t i = 0; i < n; ++i) out[i] = x[i] * by;
}

/// Counts of `unit` ns as ns, with the earliest and the latest; none if one is beyond int64.
py::typing::Optional<py::typing::Tuple<Times, py::int_, py::int_>> nanoseconds(const Times& counts, std::int64_t unit) {
    const std::int64_t* const from = counts.data();
    const auto n = static_cast<std::size_t>(counts.size());
    const std::int64_t most = std::numeric_limits<std::int64_t>::max() / unit;
    std::int64_t first = n > 0 ? from[0] : 0, last = first;
    Times out = unit == 1 ? counts : Times(counts.size());
    std::int64_t* const to = unit == 1 ? nullptr : out.mutable_data();
    for (std::size_t begin = 0; begin < n; begin += look) {
        const std::size_t rows = std::min(look, n - begin);
        const auto [least, greatest] = ends_of(from + begin, rows);
        first = std::min(first, least), last = std::max(last, greatest);
        if (first < -most || last > most) return py::none();
        if (to) multiply(from + begin, rows, unit, to + begin);
    }
    return py::make_tuple(out, first * unit, last * unit);
}

}  // namespace

void bind_arguments(py::module_& m) {
    m.def("plain_floats", &plain_floats, "values"_a, "`values` if they are float64 in a row, plain numbers of a list as such; None for anything else.");
    m.def("plain_rows", &plain_rows, "values"_a, "Lists of plain numbers, all of one length, as a matrix; None for anything else.");
    m.def("parse_times", &parse_times, "texts"_a, "name"_a, "int64 ns UTC of each text, and whether `format_times` writes the same texts.");
    m.def("format_times", &format_times, "times"_a, "Texts '%Y-%m-%d %H:%M:%S' with a fraction where there is one.");
    m.def("first_outside", &first_outside, py::arg("values").noconvert(), "low"_a, "high"_a, "First row outside [low, high], or -1.");
    m.def("first_unsorted", &first_unsorted, py::arg("times").noconvert(), "strictly"_a, "First row earlier than the one before, or -1.");
    m.def("first_unsorted_of", &first_unsorted_of, py::arg("times").noconvert(), py::arg("codes").noconvert(), "The same within each symbol.");
    m.def("nanoseconds", &nanoseconds, py::arg("counts").noconvert(), "unit"_a,
          "Counts of `unit` ns as ns, with the earliest and the latest; None if one is beyond int64.");
}

}  // namespace openquant
