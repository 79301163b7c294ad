#include "openquant/engine/checksum.hpp"

#include <cstring>

namespace openquant {

namespace {

__extension__ using Wide = unsigned __int128;

/// Odd and without a pattern: the bits of the golden ratio and of the square root of 3.
constexpr std::uint64_t golden = 0x9e3779b97f4a7c15, root = 0xbb67ae8584caa73b;

/// What two cells add, the first mixed with its row's place and symbol.
std::uint64_t folded(std::uint64_t x, std::uint64_t y) {
    const Wide product = Wide{x} * y;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

/// Rows [begin, end) of two columns of a stream; `place` is that of the first. Each row is summed up for itself, so that none waits for
/// another.
template <class A, class B>
std::uint64_t sum_of(const Column<std::byte>& a, const Column<std::byte>& b, const Column<SymbolId>& symbols, std::size_t begin, std::size_t end,
                     std::uint64_t place, std::uint64_t salt) {
    std::uint64_t sum = 0;
    const auto add = [&]<bool whole>(std::bool_constant<whole>) {
        for (std::size_t i = begin; i < end; ++i, place += golden) {
            std::uint64_t x = 0, y = 0;
            std::memcpy(&x, a.data + (whole ? i : i & a.mask) * sizeof(A), sizeof(A));
            std::memcpy(&y, b.data + (whole ? i : i & b.mask) * sizeof(B), sizeof(B));
            sum += folded(x ^ (place + root * (whole ? symbols.data[0] : symbols[i])), y ^ salt);
        }
    };
    if (a.mask && b.mask && !symbols.mask) add(std::true_type{});
    else add(std::false_type{});
    return sum;
}

/// Calls `use` with a number as wide as a cell.
auto with_cell(std::size_t bytes, auto&& use) {
    if (bytes == 8) [[likely]]
        return use(std::uint64_t{});
    return bytes == 4 ? use(std::uint32_t{}) : use(std::uint8_t{});
}

/// The first row's.
std::uint64_t cell(const Column<std::byte>& column, std::size_t bytes) {
    return with_cell(bytes, [&](auto x) {
        std::memcpy(&x, column.data, sizeof x);
        return std::uint64_t{x};
    });
}

/// What stands beside the last of an odd number of columns.
constexpr std::uint64_t none = 0;
const Column<std::byte> alone{reinterpret_cast<const std::byte*>(&none), 0};

}  // namespace

Checksum::Checksum(const EventType& type) : type_(&type) {
    inputs.resize(1);
    for (const FieldInfo& field : type.fields) widths_.push_back(static_cast<std::uint8_t>(width(field.kind)));
}

void Checksum::process(const SymbolTable&) {
    const Stream& in = *inputs[0];
    in.rows == 1 ? add_row(in) : add_rows(in);
}

/// A row alone, as most are in a quiet feed.
void Checksum::add_row(const Stream& in) {
    const std::uint64_t mixed = ++rows_ * golden + root * in.symbols[0];
    std::uint64_t salt = root, sum = sum_;
    const std::size_t n = widths_.size(), paired = n & ~std::size_t{1};
    const std::uint8_t* const bytes = widths_.data();
    const Column<std::byte>* const columns = in.columns.data();
    for (std::size_t i = 0; i < paired; i += 2, salt += 2 * golden)
        sum += folded(cell(columns[i], bytes[i]) ^ mixed, cell(columns[i + 1], bytes[i + 1]) ^ salt);
    if (paired < n) sum += folded(cell(columns[paired], bytes[paired]) ^ mixed, salt);
    sum_ = sum;
}

void Checksum::add_rows(const Stream& in) {
    const Ahead ahead = in.ahead.once();
    for (std::size_t begin = 0, end = 0; begin < in.rows; begin = end) {
        end = ahead.ask<64>(begin, in.rows);
        add_rows(in, begin, end);
    }
    rows_ += in.rows;
}

void Checksum::add_rows(const Stream& in, std::size_t begin, std::size_t end) {
    const std::uint64_t place = (rows_ + begin + 1) * golden;
    std::uint64_t salt = root;
    for (std::size_t i = 0; i < widths_.size(); i += 2, salt += 2 * golden) {
        const bool paired = i + 1 < widths_.size();
        const Column<std::byte>&a = in.columns[i], &b = paired ? in.columns[i + 1] : alone;
        sum_ += with_cell(widths_[i], [&](auto x) {
            return with_cell(paired ? widths_[i + 1] : 1, [&](auto y) { return sum_of<decltype(x), decltype(y)>(a, b, in.symbols, begin, end, place, salt); });
        });
    }
}

}  // namespace openquant
