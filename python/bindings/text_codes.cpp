// A column of names as codes and the names that they stand for.
#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "arrow.hpp"
#include "bindings.hpp"
#include "catalogue.hpp"
#include "frames.hpp"
#include "graph.hpp"
#include "openquant/replay/feed.hpp"
#include "openquant/replay/text_codes.hpp"

namespace py = pybind11;
using namespace py::literals;

namespace openquant {
namespace {

using Codes = py::array_t<std::uint32_t, py::array::c_style>;

/// One array of text in one of Arrow's three layouts; rows count from the array's offset.
class TextArray {
public:
    TextArray(const ArrowArray& array, std::string_view format) : array_(array), format_(format) {}

    void encode(std::size_t begin, std::size_t rows, TextCodes& codes, std::uint32_t* out) const {
        const auto first = array_.offset + static_cast<std::int64_t>(begin), end = first + static_cast<std::int64_t>(rows);
        if (format_ == "vu") {
            const auto* const views = buffer<TextCodes::View>(1);
            each(first, end, out, [&](std::int64_t row) {
                __builtin_prefetch(views + row + 128);  // memory is not foreseen beyond a page
                return views[row].length <= TextCodes::longest_short ? codes.code_of_short(views[row]) : codes.code(distant(views[row]));
            });
        } else if (format_ == "U") {
            encode_between<std::int64_t>(first, end, codes, out);
        } else {
            encode_between<std::int32_t>(first, end, codes, out);
        }
    }

private:
    template <class T>
    const T* buffer(std::int64_t i) const {
        return static_cast<const T*>(array_.buffers[i]);
    }
    /// Where a long view finds its text: the number of a buffer after the views, and an offset there.
    std::string_view distant(const TextCodes::View& view) const {
        std::uint32_t place[2];
        std::memcpy(place, view.tail, sizeof place);
        return {buffer<char>(2 + std::int64_t{place[0]}) + place[1], view.length};
    }
    template <class Offset>
    void encode_between(std::int64_t first, std::int64_t end, TextCodes& codes, std::uint32_t* out) const {
        const auto* const ends = buffer<Offset>(1);
        const auto* const text = buffer<char>(2);
        each(first, end, out, [&](std::int64_t row) { return codes.code({text + ends[row], static_cast<std::size_t>(ends[row + 1] - ends[row])}); });
    }
    void each(std::int64_t first, std::int64_t end, std::uint32_t* out, auto&& code) const {
        const auto* const valid = array_.null_count == 0 ? nullptr : buffer<std::uint8_t>(0);
        for (std::int64_t row = first; row < end; ++row) {
            const bool known = !valid || ((valid[row / 8] >> (row % 8)) & 1);
            *out++ = known ? code(row) : Batch::no_symbol;
        }
    }

    const ArrowArray& array_;
    std::string_view format_;
};

[[noreturn]] void refuse(ArrowArrayStream& stream) {
    const char* const why = stream.get_last_error(&stream);
    throw std::invalid_argument(std::string("a column's Arrow stream failed: ") + (why ? why : "no reason given"));
}

/// A column of `rows` texts, which it hands out as an Arrow C stream, encoded from its first row on. Lets go of it under the GIL.
class TextColumn {
public:
    TextColumn(const py::object& column, std::size_t rows) {
        const py::object capsule = column.attr("__arrow_c_stream__")();  // owns the stream
        auto* const stream = static_cast<ArrowArrayStream*>(PyCapsule_GetPointer(capsule.ptr(), "arrow_array_stream"));
        if (!stream) throw py::error_already_set();
        Owned<ArrowSchema> schema;
        if (stream->get_schema(stream, &schema)) refuse(*stream);
        format_ = schema.format;
        if (format_ != "vu" && format_ != "U" && format_ != "u") throw std::invalid_argument("a column of text is wanted, not one of Arrow format " + format_);
        for (std::size_t left = rows;;) {
            auto array = std::make_unique<Owned<ArrowArray>>();
            if (stream->get_next(stream, array.get())) refuse(*stream);
            const auto length = array->release ? static_cast<std::size_t>(array->length) : 0;
            if (array->release ? length > left : left > 0) throw std::invalid_argument("a column's Arrow stream has another length than the column");
            if (!array->release) break;
            if (length > 0) arrays_.push_back(std::move(array));
            left -= length;
        }
    }
    ~TextColumn() {
        const py::gil_scoped_acquire gil;
        arrays_.clear();
    }
    TextColumn(const TextColumn&) = delete;
    TextColumn& operator=(const TextColumn&) = delete;

    /// Codes of the next rows, at most `most` and of one array; how many there were, 0 at the end.
    std::size_t encode(std::size_t most, std::uint32_t* out) {
        if (array_ == arrays_.size()) return 0;
        const ArrowArray& array = *arrays_[array_];
        const std::size_t rows = std::min(most, static_cast<std::size_t>(array.length) - at_);
        TextArray(array, format_).encode(at_, rows, codes_, out);
        at_ += rows;
        if (at_ == static_cast<std::size_t>(array.length)) ++array_, at_ = 0;
        return rows;
    }
    const std::vector<std::string>& names() const { return codes_.names(); }

private:
    std::string format_;
    std::vector<std::unique_ptr<Owned<ArrowArray>>> arrays_;
    TextCodes codes_;
    std::size_t array_ = 0, at_ = 0;  // of the next row
};

/// Codes of `rows` texts, and the names in the order of their first rows.
py::typing::Tuple<Codes, py::typing::List<py::str>> text_codes(const py::object& column, std::size_t rows) {
    TextColumn texts(column, rows);
    Codes out(static_cast<py::ssize_t>(rows));
    std::uint32_t* const to = out.mutable_data();
    {
        const py::gil_scoped_release release;
        for (std::size_t done = 0; done < rows;) done += texts.encode(rows - done, to + done);
    }
    return py::make_tuple(std::move(out), texts.names());
}

/// Columns that Python owns, with symbols as text: it is encoded part by part, as the rows are read.
class TextFeed final : public Feed {
public:
    TextFeed(const EventType& type, BorrowedColumns columns, const py::object& symbols)
        : type_(&type), columns_(std::move(columns)), texts_(symbols, columns_.batch.rows), codes_(std::min(part, columns_.batch.rows)) {}
    const EventType& type() const override { return *type_; }
    bool next(Batch& batch) override {
        const std::size_t rows = texts_.encode(part, codes_.data());
        if (rows == 0) return false;
        batch = columns_.batch;
        batch.rows = rows;
        batch.codes = {codes_.data()};
        batch.names = &texts_.names();
        for (std::size_t i = 0; i < batch.columns.size(); ++i)
            if (auto& column = batch.columns[i]; column.data) column.data += offered_ * width(type_->fields[i].kind);
        offered_ += rows;
        return true;
    }
    double progress() const override { return columns_.batch.rows > 0 ? static_cast<double>(offered_) / static_cast<double>(columns_.batch.rows) : 1.0; }

private:
    static constexpr std::size_t part = 65'536;  // rows whose codes stay in the cache
    const EventType* type_;
    BorrowedColumns columns_;
    TextColumn texts_;
    std::vector<std::uint32_t> codes_;
    std::size_t offered_ = 0;
};

PyFeed text_feed(const std::string& type, const py::list& columns, const py::object& symbols) {
    const EventType& event = event_type_named(type);
    return PyFeed{std::make_unique<TextFeed>(event, borrow_columns(event, columns, std::nullopt, {}), symbols)};
}

}  // namespace

void bind_text_codes(py::module_& m) {
    m.def("text_codes", &text_codes, "column"_a, "rows"_a, "Codes of a column of text in the order of first appearance, none for null, and the names.");
    m.def("text_feed", &text_feed, "type"_a, "columns"_a, "symbols"_a, "Rows of columns by field, and of a column of text with their symbols.");
}

}  // namespace openquant
