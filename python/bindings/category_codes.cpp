// A column of a Categorical or an Enum: codes of which only those that rows have need a name.
#include <pybind11/numpy.h>
#include <pybind11/stl.h>
#include <pybind11/typing.h>

#include <algorithm>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "bindings.hpp"
#include "catalogue.hpp"
#include "frames.hpp"
#include "graph.hpp"
#include "openquant/engine/column_checks.hpp"
#include "openquant/replay/feed.hpp"

namespace py = pybind11;
using namespace py::literals;

namespace openquant {
namespace {

using Codes = py::array_t<std::uint32_t, py::array::c_style>;
using RowNumbers = py::array_t<std::int64_t>;
using NamesAt = py::typing::Callable<py::typing::List<py::str>(RowNumbers)>;

/// Distinct codes in the order of their first rows, and those rows.
class MetCodes {
public:
    std::vector<std::uint32_t> codes;
    std::vector<std::int64_t> rows;

    bool has(std::uint32_t code) const { return code + std::size_t{1} < wanted_.size() && !wanted_[code]; }
    /// Looks at rows [begin, end) of a column. Block by block, of which most have no new code.
    void look(const std::uint32_t* column, std::size_t begin, std::size_t end) {
        constexpr std::size_t block = 4096;
        for (; begin < end; begin += block) look_at_block(column, begin, std::min(begin + block, end));
    }

private:
    void look_at_block(const std::uint32_t* column, std::size_t begin, std::size_t end) {
        const auto known = static_cast<std::size_t>(std::int64_t{checks::highest(column + begin, end - begin)} + 1);
        if (known >= wanted_.size()) {
            wanted_.back() = 1;
            wanted_.resize(known, 1);
            wanted_.push_back(0);
        }
        if (codes.size() + 1 == wanted_.size()) return;
        if (checks::all_equal(column + begin, end - begin)) end = begin + 1;
        const auto wanted = [&](std::size_t row) -> std::uint8_t& { return wanted_[std::min<std::size_t>(column[row], wanted_.size() - 1)]; };
        std::uint8_t any = 0;
        for (std::size_t row = begin; row < end; ++row) any |= wanted(row);
        for (std::size_t row = begin; any && row < end; ++row)
            if (std::exchange(wanted(row), std::uint8_t{0})) {
                codes.push_back(column[row]);
                rows.push_back(static_cast<std::int64_t>(row));
            }
    }

    std::vector<std::uint8_t> wanted_{0};  // by code: not met yet; the last stands for those that are no name's
};

/// Names of the codes in a column that someone else owns, for which it is asked as they are met.
class CategoryNames final : public NameFinder {
public:
    /// `names_at` gives the names at rows.
    CategoryNames(std::span<const std::uint32_t> column, NamesAt names_at) : column_(column), names_at_(std::move(names_at)) {}
    ~CategoryNames() override {
        const py::gil_scoped_acquire gil;
        names_at_.release().dec_ref();
    }
    CategoryNames(const CategoryNames&) = delete;
    CategoryNames& operator=(const CategoryNames&) = delete;

    void find(std::uint32_t code) override {
        while (!met_.has(code) && looked_at_ < column_.size()) look(std::min(looked_at_ + rows_at_once, column_.size()));
    }
    void find_all() override { look(column_.size()); }
    const std::vector<std::string>& names() const { return names_; }

private:
    static constexpr std::size_t rows_at_once = 65'536;

    void look(std::size_t end) {
        const std::size_t before = met_.codes.size();
        met_.look(column_.data(), std::exchange(looked_at_, end), end);
        const std::size_t n = met_.codes.size() - before;
        if (n == 0) return;
        const py::gil_scoped_acquire gil;
        const auto names = py::cast<std::vector<std::string>>(names_at_(RowNumbers(static_cast<py::ssize_t>(n), met_.rows.data() + before)));
        if (names.size() != n) throw std::invalid_argument("names_at must give one name for each row");
        for (std::size_t i = 0; i < n; ++i) {
            const std::uint32_t code = met_.codes[before + i];
            if (code >= names_.size()) names_.resize(code + std::size_t{1});
            names_[code] = names[i];
        }
    }

    std::span<const std::uint32_t> column_;
    NamesAt names_at_;
    MetCodes met_;
    std::size_t looked_at_ = 0;  // rows of the column
    std::vector<std::string> names_;
};

/// Names by code, none where no row has it.
std::vector<std::string> category_names(const Codes& codes, NamesAt names_at) {
    CategoryNames names({codes.data(), static_cast<std::size_t>(codes.size())}, std::move(names_at));
    names.find_all();
    return names.names();
}

PyFeed category_feed(const std::string& type, const py::list& columns, const py::array& codes, NamesAt names_at) {
    struct Owner {
        BorrowedColumns columns;
        CategoryNames names;
    };
    const EventType& event = event_type_named(type);
    BorrowedColumns borrowed = borrow_columns(event, columns, codes, {});
    Batch batch = borrowed.batch;
    std::shared_ptr<Owner> owner(new Owner{std::move(borrowed), {{batch.codes.data, batch.rows}, std::move(names_at)}});
    batch.names = &owner->names.names();
    batch.finder = &owner->names;
    return PyFeed{std::make_unique<ColumnsFeed>(event, std::move(batch), std::move(owner))};
}

}  // namespace

void bind_category_codes(py::module_& m) {
    m.def("category_names", &category_names, "codes"_a, "names_at"_a, "Names by code of a column of codes; `names_at` gives the names at an array of rows.");
    m.def("category_feed", &category_feed, "type"_a, "columns"_a, "codes"_a, "names_at"_a,
          "Rows of columns by field, and of a column of codes; `names_at` gives the names at an array of rows.");
}

}  // namespace openquant
