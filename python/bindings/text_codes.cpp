// A column of names as codes and the names that they stand for.
#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <stdexcept>
#include <string_view>

#include "arrow.hpp"
#include "bindings.hpp"
#include "openquant/engine/source.hpp"
#include "openquant/replay/text_codes.hpp"

namespace py = pybind11;
using namespace py::literals;

namespace openquant {
namespace {

using Codes = py::array_t<std::uint32_t, py::array::c_style>;

/// One chunk of text in one of Arrow's three layouts; rows count from the chunk's offset.
class TextChunk {
public:
    TextChunk(const ArrowArray& array, std::string_view format) : array_(array), format_(format) {}

    void encode(TextCodes& codes, std::uint32_t* out) const {
        if (format_ == "vu") {
            const auto* const views = buffer<TextCodes::View>(1);
            each(out, [&](std::int64_t row) {
                return views[row].length <= TextCodes::longest_short ? codes.code_of_short(views[row]) : codes.code(distant(views[row]));
            });
        } else if (format_ == "U") {
            encode_between<std::int64_t>(codes, out);
        } else {
            encode_between<std::int32_t>(codes, out);
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
    void encode_between(TextCodes& codes, std::uint32_t* out) const {
        const auto* const ends = buffer<Offset>(1);
        const auto* const text = buffer<char>(2);
        each(out, [&](std::int64_t row) { return codes.code({text + ends[row], static_cast<std::size_t>(ends[row + 1] - ends[row])}); });
    }
    void each(std::uint32_t* out, auto&& code) const {
        const auto* const valid = array_.null_count == 0 ? nullptr : buffer<std::uint8_t>(0);
        const std::int64_t begin = array_.offset, end = begin + array_.length;
        for (std::int64_t row = begin; row < end; ++row) {
            const bool known = !valid || ((valid[row / 8] >> (row % 8)) & 1);
            out[row - begin] = known ? code(row) : Batch::no_symbol;
        }
    }

    const ArrowArray& array_;
    std::string_view format_;
};

[[noreturn]] void refuse(ArrowArrayStream& stream) {
    const char* const why = stream.get_last_error(&stream);
    throw std::invalid_argument(std::string("a column's Arrow stream failed: ") + (why ? why : "no reason given"));
}

/// Codes of `rows` texts, which `column` hands out as an Arrow C stream, and the names in the order of their first rows.
py::typing::Tuple<Codes, py::typing::List<py::str>> text_codes(const py::object& column, std::size_t rows) {
    const py::object capsule = column.attr("__arrow_c_stream__")();  // owns the stream
    auto* const stream = static_cast<ArrowArrayStream*>(PyCapsule_GetPointer(capsule.ptr(), "arrow_array_stream"));
    if (!stream) throw py::error_already_set();
    Owned<ArrowSchema> schema;
    if (stream->get_schema(stream, &schema)) refuse(*stream);
    const std::string_view format = schema.format;
    if (format != "vu" && format != "U" && format != "u")
        throw std::invalid_argument("a column of text is wanted, not one of Arrow format " + std::string(format));
    Codes out(static_cast<py::ssize_t>(rows));
    std::uint32_t* const to = out.mutable_data();
    TextCodes codes;
    for (std::size_t done = 0;;) {
        Owned<ArrowArray> array;
        if (stream->get_next(stream, &array)) refuse(*stream);
        const auto length = array.release ? static_cast<std::size_t>(array.length) : 0;
        if (array.release ? length > rows - done : done != rows) throw std::invalid_argument("a column's Arrow stream has another length than the column");
        if (!array.release) break;
        const py::gil_scoped_release release;
        TextChunk(array, format).encode(codes, to + done);
        done += length;
    }
    return py::make_tuple(std::move(out), codes.names());
}

}  // namespace

void bind_text_codes(py::module_& m) {
    m.def("text_codes", &text_codes, "column"_a, "rows"_a, "Codes of a column of text in the order of first appearance, none for null, and the names.");
}

}  // namespace openquant
