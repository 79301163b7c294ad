#include "frames.hpp"

#include <pybind11/stl.h>

#include <cstring>

namespace py = pybind11;
using namespace py::literals;

namespace openquant {

namespace {

struct Owner {
    std::vector<py::object> arrays;
    std::vector<std::string> names;
    ~Owner() {
        const py::gil_scoped_acquire gil;
        arrays.clear();
    }
};

void check_array(const py::array& array, const py::dtype& wanted, std::string_view name, std::size_t rows) {
    const bool same = array.dtype().kind() == wanted.kind() && array.itemsize() == wanted.itemsize();
    if (!same || array.ndim() != 1 || (rows > 1 && array.strides(0) != array.itemsize()))
        throw std::invalid_argument("column '" + std::string(name) + "' must be a contiguous one-dimensional array of " +
                                    py::cast<std::string>(py::str(wanted)) + ", not of " + py::cast<std::string>(py::str(array.dtype())));
    if (static_cast<std::size_t>(array.size()) != rows)
        throw std::invalid_argument("column '" + std::string(name) + "' has " + std::to_string(array.size()) + " rows where symbol has " +
                                    std::to_string(rows));
}

}  // namespace

py::dtype dtype_of(Kind kind) {
    switch (kind) {
        case Kind::f64: return py::dtype::of<double>();
        case Kind::u64: return py::dtype::of<std::uint64_t>();
        case Kind::u32: return py::dtype::of<std::uint32_t>();
        case Kind::i8:
        case Kind::choice: return py::dtype::of<std::int8_t>();
        case Kind::boolean: return py::dtype::of<bool>();
        default: return py::dtype::of<std::int64_t>();
    }
}

BorrowedColumns borrow_columns(const EventType& type, const py::list& columns, const std::optional<py::array>& codes, std::vector<std::string> names) {
    static constexpr std::uint32_t first = 0;
    auto owner = std::make_shared<Owner>();
    owner->names = std::move(names);
    Batch batch;
    if (codes) {
        batch.rows = static_cast<std::size_t>(codes->size());
        check_array(*codes, py::dtype::of<std::uint32_t>(), "symbol", batch.rows);
        batch.codes = {static_cast<const std::uint32_t*>(codes->data())};
        owner->arrays.push_back(*codes);
    } else {
        batch.rows = columns.empty() ? 0 : py::len(columns[0]);
        batch.codes = {&first, 0};
    }
    if (columns.size() != type.fields.size()) throw std::invalid_argument("one column for each field of " + std::string(type.name) + " is wanted");
    for (std::size_t i = 0; i < type.fields.size(); ++i) {
        if (columns[i].is_none()) {
            batch.columns.push_back({});
            continue;
        }
        const auto array = py::cast<py::array>(columns[i]);
        check_array(array, dtype_of(type.fields[i].kind), type.fields[i].name, batch.rows);
        batch.columns.push_back({static_cast<const std::byte*>(array.data())});
        owner->arrays.push_back(array);
    }
    batch.names = &owner->names;
    batch.dictionary = new_dictionary();
    return {std::move(batch), std::move(owner)};
}

std::shared_ptr<const void> keep_alive(std::vector<py::object> arrays) {
    auto owner = std::make_shared<Owner>();
    owner->arrays = std::move(arrays);
    return owner;
}

py::dict arrays_of(Table::Contents contents, bool owned) {
    // A row that speaks of its whole source stands under the name *.
    const auto whole = static_cast<SymbolId>(contents.names.size());
    contents.names.emplace_back("*");
    if (std::find(contents.symbols.begin(), contents.symbols.end(), every_symbol) != contents.symbols.end())
        std::replace(contents.symbols.own(), contents.symbols.own() + contents.rows(), every_symbol, whole);
    auto* const all = new Table::Contents(std::move(contents));
    const py::capsule owner(all, [](void* p) { delete static_cast<Table::Contents*>(p); });
    const auto array = [&](Kind kind, auto& values) {
        const void* const data = owned ? values.own() : values.data();
        py::array out(dtype_of(kind), {static_cast<py::ssize_t>(all->rows())}, {static_cast<py::ssize_t>(width(kind))}, data, owner);
        if (!owned) out.attr("setflags")("write"_a = false);
        return out;
    };
    py::dict out;
    out["names"] = all->names;
    out["symbol"] = array(Kind::u32, all->symbols);
    for (std::size_t i = 0; i < all->columns.size(); ++i) {
        const FieldInfo& field = all->type->fields[i];
        out[py::str(field.name)] = array(field.kind, all->columns[i]);
    }
    if (all->keeps_positions) out["source_position"] = array(Kind::u64, all->positions);
    return out;
}

py::array array_of(Kind kind, Column<std::byte> column, std::size_t rows) {
    py::array out(dtype_of(kind), std::vector<py::ssize_t>{static_cast<py::ssize_t>(rows)});
    auto* to = static_cast<std::byte*>(out.mutable_data());
    const std::size_t bytes = width(kind);
    if (column.mask) {
        if (rows) std::memcpy(to, column.data, rows * bytes);
    } else {
        for (std::size_t row = 0; row < rows; ++row) std::memcpy(to + row * bytes, column.data, bytes);
    }
    return out;
}

}  // namespace openquant
