// The buffer of signals: what Python appends and reads, without the GIL where rows are copied.
#include "openquant/engine/signal_buffer.hpp"

#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <optional>
#include <stdexcept>

#include "bindings.hpp"

namespace py = pybind11;
using namespace py::literals;

namespace openquant {
namespace {

using Floats = py::array_t<double, py::array::c_style>;
using Times = py::array_t<std::int64_t, py::array::c_style>;
using Codes = py::array_t<std::uint32_t, py::array::c_style>;

constexpr std::string_view unit_names[] = {"", "ms", "us", "ns"};

SignalBuffer::Unit unit_named(const std::string& name) {
    const auto at = std::find(std::begin(unit_names), std::end(unit_names), name);
    if (at == std::end(unit_names)) throw std::invalid_argument("unit = '" + name + "' must be one of ms, us, ns");
    return static_cast<SignalBuffer::Unit>(at - std::begin(unit_names));
}

std::string_view text_of_name(const py::handle& name) {
    Py_ssize_t length = 0;
    const char* const text = PyUnicode_AsUTF8AndSize(name.ptr(), &length);
    if (!text) throw py::error_already_set();
    return {text, static_cast<std::size_t>(length)};
}

/// `symbols` is empty, one name for every row, or one each; the caller lets nobody else change it.
void append(SignalBuffer& self, const Times& ts, const Floats& signal, const std::optional<Floats>& side, const py::list& symbols, const std::string& unit) {
    SignalBuffer::Rows rows{.size = static_cast<std::size_t>(ts.size()), .ts = ts.data(), .signal = signal.data(), .unit = unit_named(unit)};
    const bool fit = signal.size() == ts.size() && (!side || side->size() == ts.size()) && (symbols.size() <= 1 || symbols.size() == rows.size);
    if (!fit) throw std::invalid_argument("append: columns of the same length are wanted");
    if (side) rows.side = side->data();
    std::vector<std::string_view> names;
    for (const auto& name : symbols) names.push_back(text_of_name(name));
    const py::gil_scoped_release release;
    std::vector<std::uint32_t> ids(names.size());
    if (rows.size && !names.empty()) {
        self.intern(names, ids.data());
        ids.resize(rows.size, ids[0]);
        rows.symbol = ids.data();
    }
    self.append(rows);
}

/// The rows as columns: side and symbol are None where no row ever had one. The last of the names is None, for rows without.
py::dict columns(const SignalBuffer& self) {
    const auto contents = self.contents();
    const auto n = static_cast<py::ssize_t>(contents.rows());
    Times ts(n);
    Floats signal(n), side(contents.sides() ? n : 0);
    Codes symbol(contents.symbols() ? n : 0);
    std::vector<std::optional<std::string>> names;
    {
        const auto to = std::tuple{ts.mutable_data(), signal.mutable_data(), contents.sides() ? side.mutable_data() : nullptr,
                                   contents.symbols() ? symbol.mutable_data() : nullptr};
        const py::gil_scoped_release release;
        std::apply([&](auto... column) { contents.copy(column...); }, to);
        for (std::string& name : contents.names()) names.emplace_back(std::move(name));
        std::uint32_t* const ids = std::get<3>(to);
        if (ids) std::replace(ids, ids + n, SignalBuffer::no_symbol, static_cast<std::uint32_t>(names.size()));
        names.emplace_back();
    }
    return py::dict("ts"_a = ts, "signal"_a = signal, "side"_a = contents.sides() ? py::object(side) : py::none(),
                    "symbol"_a = contents.symbols() ? py::object(symbol) : py::none(), "names"_a = names,
                    "unit"_a = unit_names[static_cast<std::size_t>(contents.unit())]);
}

}  // namespace

void bind_signal_buffer(py::module_& m) {
    py::class_<SignalBuffer, std::shared_ptr<SignalBuffer>>(m, "SignalBuffer")
        .def(py::init([](std::optional<std::uint64_t> capacity) { return std::make_shared<SignalBuffer>(capacity.value_or(SignalBuffer::unbounded)); }),
             "capacity"_a)
        .def("append", &append, "ts"_a.noconvert(), "signal"_a.noconvert(), "side"_a.noconvert(), "symbols"_a, "unit"_a)
        .def("columns", &columns)
        .def("clear", &SignalBuffer::clear, py::call_guard<py::gil_scoped_release>())
        .def_property_readonly("capacity",
                               [](const SignalBuffer& b) {
                                   const std::uint64_t rows = b.capacity();
                                   return rows == SignalBuffer::unbounded ? std::nullopt : std::optional(rows);
                               })
        .def_property_readonly("dropped", [](const SignalBuffer& b) { return b.contents().dropped(); })
        .def("__len__", [](const SignalBuffer& b) { return b.contents().rows(); });
}

}  // namespace openquant
