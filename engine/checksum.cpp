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

/// Two columns of a stream; `place` is that of their first row. Each row is summed up for itself, so that none waits for another.
template <class A, class B>
std::uint64_t sum_of(const Column<std::byte>& a, const Column<std::byte>& b, const Column<SymbolId>& symbols, std::size_t rows, std::uint64_t place,
                     std::uint64_t salt) {
    std::uint64_t sum = 0;
    const auto add = [&]<bool whole>(std::bool_constant<whole>) {
        for (std::size_t i = 0; i < rows; ++i, place += golden) {
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
    switch (bytes) {
        case 1: return use(std::uint8_t{});
        case 4: return use(std::uint32_t{});
        default: return use(std::uint64_t{});
    }
}

std::uint64_t cell(const Column<std::byte>& column, std::size_t bytes) {
    std::uint64_t x = 0;
    with_cell(bytes, [&](auto as) { std::memcpy(&x, column.data, sizeof as); });
    return x;
}

/// What stands beside the last of an odd number of columns.
constexpr std::uint64_t none = 0;
const Column<std::byte> alone{reinterpret_cast<const std::byte*>(&none), 0};

}  // namespace

Checksum::Checksum(const EventType& type) : type_(&type) {
    inputs.resize(1);
    for (const FieldInfo& field : type.fields) widths_.push_back(static_cast<std::uint8_t>(width(field.kind)));
    for (std::size_t i = 0; i < widths_.size(); i += 2)
        sums_.push_back(with_cell(widths_[i], [&](auto first) {
            const std::size_t beside = i + 1 < widths_.size() ? widths_[i + 1] : 1;
            return with_cell(beside, [](auto second) -> Sum { return &sum_of<decltype(first), decltype(second)>; });
        }));
}

/// A row alone, as most are in a quiet feed.
void Checksum::add_row(const Stream& in) {
    const std::uint64_t mixed = ++rows_ * golden + root * in.symbols[0];
    std::uint64_t salt = root;
    for (std::size_t i = 0; i < widths_.size(); i += 2, salt += 2 * golden) {
        const std::uint64_t y = i + 1 < widths_.size() ? cell(in.columns[i + 1], widths_[i + 1]) : 0;
        sum_ += folded(cell(in.columns[i], widths_[i]) ^ mixed, y ^ salt);
    }
}

void Checksum::process(const SymbolTable&) {
    const Stream& in = *inputs[0];
    if (in.rows == 1) return add_row(in);
    const Column<std::byte>* column = in.columns.data();
    const Column<std::byte>* const end = column + in.columns.size();
    const std::uint64_t place = (rows_ + 1) * golden;
    std::uint64_t salt = root;
    for (const Sum sum : sums_) {
        sum_ += sum(column[0], column + 1 < end ? column[1] : alone, in.symbols, in.rows, place, salt);
        column += 2, salt += 2 * golden;
    }
    rows_ += in.rows;
}

}  // namespace openquant
