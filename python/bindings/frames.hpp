// Columns between numpy arrays and the engine: in without a copy, out once.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "openquant/engine/source.hpp"
#include "openquant/engine/table.hpp"

namespace openquant {

/// Rows whose columns Python owns; `owner` keeps them alive and lets them go under the GIL.
struct BorrowedColumns {
    Batch batch;
    std::shared_ptr<const void> owner;
};

/// `columns` by field of `type`, None where absent; without codes all rows are of the first name. Throws std::invalid_argument for
/// another dtype, shape or length.
BorrowedColumns borrow_columns(const EventType& type, const pybind11::list& columns, const std::optional<pybind11::array>& codes,
                               std::vector<std::string> names);

/// Keeps arrays alive until the last copy goes, under the GIL then.
std::shared_ptr<const void> keep_alive(std::vector<pybind11::object> arrays);

pybind11::dtype dtype_of(Kind kind);
/// What a table collected, as a dict of arrays on its memory: names, symbol, the fields, and source_position where kept. They can be
/// written to where they are `owned`, else others may look at the same memory.
pybind11::dict arrays_of(Table::Contents contents, bool owned);
/// A new array of `rows` values of a column.
pybind11::array array_of(Kind kind, Column<std::byte> column, std::size_t rows);

}  // namespace openquant
