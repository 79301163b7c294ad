// Cleaning, report and calendar of OHLCV rows: columns in without a copy, row numbers and figures out.
#include <pybind11/numpy.h>
#include <pybind11/stl.h>
#include <pybind11/typing.h>

#include <limits>
#include <memory>
#include <stdexcept>

#include "bindings.hpp"
#include "openquant/engine/timestamps.hpp"
#include "openquant/replay/ohlcv.hpp"
#include "openquant/replay/text_times.hpp"

namespace py = pybind11;
using namespace py::literals;

namespace openquant {
namespace {

template <class T>
using Array = py::array_t<T, py::array::c_style>;
using Report = py::typing::Dict<py::str, py::object>;
using Times = py::typing::Tuple<Array<std::int64_t>, Array<bool>>;
using Cleaned = py::typing::Tuple<py::typing::Optional<Array<std::uint32_t>>, py::typing::Optional<Report>>;
using Aligned = py::typing::Tuple<Array<std::int64_t>, Array<std::uint32_t>, py::typing::List<Array<double>>, Array<bool>>;

template <class T>
std::span<const T> view(const Array<T>& array) {
    if (array.ndim() != 1) throw std::invalid_argument("a column must be one-dimensional");
    return {array.data(), static_cast<std::size_t>(array.size())};
}

/// `values` as an array that owns them.
template <class To, class From>
Array<To> array_from(std::vector<From>&& values) {
    static_assert(sizeof(To) == sizeof(From));
    auto owned = std::make_unique<std::vector<From>>(std::move(values));
    const auto n = static_cast<py::ssize_t>(owned->size());
    const void* const data = owned->data();
    const py::capsule owner(owned.release(), [](void* p) { delete static_cast<std::vector<From>*>(p); });
    return Array<To>({n}, {static_cast<py::ssize_t>(sizeof(To))}, static_cast<const To*>(data), owner);
}

/// OHLCV columns that numpy owns.
class Columns {
public:
    Columns(Array<std::int64_t> ts, Array<bool> readable, Array<std::uint32_t> codes, std::vector<std::string> names,
            const std::vector<std::optional<Array<double>>>& fields)
        : ts_(std::move(ts)), readable_(std::move(readable)), codes_(std::move(codes)), names_(std::move(names)) {
        if (fields.size() != OhlcvColumns::n_fields) throw std::invalid_argument("six fields are wanted: open, high, low, close, volume, adj_close");
        columns.ts = view(ts_), columns.ts_readable = view(readable_), columns.code = view(codes_), columns.names = names_;
        for (std::size_t i = 0; i < fields.size(); ++i) {
            if (!fields[i]) continue;
            fields_[i] = *fields[i];
            columns.fields[i] = view(fields_[i]);
        }
    }
    Columns(const Columns&) = delete;
    Columns& operator=(const Columns&) = delete;

    OhlcvColumns columns;

private:
    Array<std::int64_t> ts_;
    Array<bool> readable_;
    Array<std::uint32_t> codes_;
    std::vector<std::string> names_;
    std::array<Array<double>, OhlcvColumns::n_fields> fields_;
};

py::object time_text(const std::optional<std::int64_t>& ns) { return ns ? py::cast(text_from_ns(*ns)) : py::none(); }

Report report_dict(const SortedRows& sorted, const OhlcvQuality& quality, std::uint64_t duplicates, std::uint64_t removed) {
    static constexpr const char* names[] = {"ts", "symbol", "open", "high", "low", "close", "volume", "adj_close"};
    py::dict nulls;
    for (std::size_t i = 0; i < std::size(names); ++i) nulls[names[i]] = sorted.nulls[i];
    return py::dict("row_count"_a = quality.rows, "symbol_count"_a = quality.symbols, "duplicate_key_count"_a = duplicates,
                    "gap_interval_count"_a = quality.gaps, "ts_min"_a = time_text(quality.ts_min), "ts_max"_a = time_text(quality.ts_max),
                    "rows_removed_by_deduplication"_a = removed, "null_counts"_a = nulls, "rows_dropped_null"_a = sorted.dropped,
                    "ohlc_violation_count"_a = quality.violations);
}

/// Row numbers of the cleaned frame (None: every row where it is) and the report (None unless `reported`).
Cleaned clean(const Columns& c, bool keep_first, bool reported) {
    SortedRows sorted;
    std::uint64_t removed = 0;
    bool as_given = false;
    OhlcvQuality figures;
    {
        const py::gil_scoped_release release;
        sorted = readable_sorted(c.columns);
        removed = deduplicate(c.columns, sorted.rows, keep_first ? Keep::first : Keep::last);
        as_given = sorted.rows.size() == c.columns.rows();
        for (std::size_t i = 0; as_given && i < sorted.rows.size(); ++i) as_given = sorted.rows[i] == i;
        if (reported) figures = quality(c.columns, sorted.rows);
    }
    const py::object report = reported ? py::object(report_dict(sorted, figures, removed, removed)) : py::none();
    return py::make_tuple(as_given ? py::object(py::none()) : array_from<std::uint32_t>(std::move(sorted.rows)), report);
}

Report report(const Columns& c) {
    SortedRows sorted;
    OhlcvQuality figures;
    {
        const py::gil_scoped_release release;
        sorted = readable_sorted(c.columns);
        figures = quality(c.columns, sorted.rows);
    }
    return report_dict(sorted, figures, figures.duplicate_keys, 0);
}

/// The windows' starts (ns), symbol codes, and each field as float64 with NaN where the window has no row.
Aligned align(const Columns& c, std::int64_t interval_ns) {
    Calendar calendar;
    std::array<std::vector<double>, OhlcvColumns::n_fields> fields;
    std::vector<std::uint8_t> missing;
    {
        const py::gil_scoped_release release;
        calendar = align_to_calendar(c.columns, readable_sorted(c.columns).rows, interval_ns);
        for (std::size_t f = 0; f < fields.size(); ++f) {
            const auto from = c.columns.fields[f];
            if (from.empty()) continue;
            fields[f].reserve(calendar.row.size());
            for (const std::uint32_t row : calendar.row) fields[f].push_back(row == Calendar::missing ? std::numeric_limits<double>::quiet_NaN() : from[row]);
        }
        missing.reserve(calendar.row.size());
        for (const std::uint32_t row : calendar.row) missing.push_back(row == Calendar::missing);
    }
    py::list out;
    for (auto& field : fields) out.append(array_from<double>(std::move(field)));
    return py::make_tuple(array_from<std::int64_t>(std::move(calendar.ts)), array_from<std::uint32_t>(std::move(calendar.code)), out,
                          array_from<bool>(std::move(missing)));
}

/// Times of texts or None, and which of them could be read.
Times read_texts(const py::typing::List<py::object>& texts, bool slash_dates) {
    std::vector<std::string_view> views(texts.size());
    for (std::size_t row = 0; row < views.size(); ++row) {
        PyObject* const item = PyList_GET_ITEM(texts.ptr(), static_cast<Py_ssize_t>(row));
        Py_ssize_t length = 0;
        const char* const text = PyUnicode_Check(item) ? PyUnicode_AsUTF8AndSize(item, &length) : nullptr;
        if (text) views[row] = {text, static_cast<std::size_t>(length)};
        if (PyErr_Occurred()) PyErr_Clear();  // a lone surrogate: no time in any case
    }
    TextTimes times;
    {
        const py::gil_scoped_release release;
        times = read_times(views, slash_dates ? Slashes::dates : Slashes::unreadable);
    }
    return py::make_tuple(array_from<std::int64_t>(std::move(times.ns)), array_from<bool>(std::move(times.readable)));
}

/// `times` of `unit_ns` each in ns; those beyond int64 ns become unreadable.
Times scale_times(const Array<std::int64_t>& times, const Array<bool>& readable, std::int64_t unit_ns) {
    const auto from = view(times);
    const auto given = view(readable);
    if (given.size() != from.size() || unit_ns <= 0) throw std::invalid_argument("times and readable must have the same length, unit_ns be > 0");
    std::vector<std::int64_t> ns(from.size());
    std::vector<std::uint8_t> ok(from.size());
    {
        const py::gil_scoped_release release;
        const std::int64_t low = std::numeric_limits<std::int64_t>::min() / unit_ns, high = std::numeric_limits<std::int64_t>::max() / unit_ns;
        for (std::size_t i = 0; i < from.size(); ++i) {
            ok[i] = given[i] && from[i] >= low && from[i] <= high;
            ns[i] = ok[i] ? from[i] * unit_ns : 0;
        }
    }
    return py::make_tuple(array_from<std::int64_t>(std::move(ns)), array_from<bool>(std::move(ok)));
}

}  // namespace

void bind_data(py::module_ m) {
    py::class_<Columns>(m, "Columns", "OHLCV columns that numpy owns; a field that is None is an adj_close that is close.")
        .def(py::init<Array<std::int64_t>, Array<bool>, Array<std::uint32_t>, std::vector<std::string>, std::vector<std::optional<Array<double>>>>(),
             py::arg("ts").noconvert(), py::arg("readable").noconvert(), py::arg("codes").noconvert(), "names"_a, "fields"_a);
    m.def("clean", &clean, "columns"_a, "keep_first"_a, "reported"_a,
          "Row numbers of readable rows, sorted and de-duplicated (None: all rows as they are), and the report if `reported`.");
    m.def("report", &report, "columns"_a, "Figures of the readable rows.");
    m.def("align", &align, "columns"_a, "interval_ns"_a, "Windows' starts (ns), symbol codes, fields (NaN where missing) and whether missing.");
    m.def("read_times", &read_texts, "texts"_a, "slash_dates"_a, "int64 ns UTC of each text, to the microsecond, and whether it could be read.");
    m.def("scale_times", &scale_times, py::arg("times").noconvert(), py::arg("readable").noconvert(), "unit_ns"_a,
          "int64 ns of times in another unit, and whether they are within its range.");
}

}  // namespace openquant
