#include "openquant/engine/checksum.hpp"

#include <cstring>

namespace openquant {

namespace {

__extension__ using Wide = unsigned __int128;

/// Odd and without a pattern: the bits of the golden ratio and of the square root of 3.
constexpr std::uint64_t golden = 0x9e3779b97f4a7c15, root = 0xbb67ae8584caa73b;

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
            const Wide product = Wide{x ^ (place + root * (whole ? symbols.data[0] : symbols[i]))} * (y ^ salt);
            sum += static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
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

}  // namespace

Checksum::Checksum(const EventType& type) : type_(&type) { inputs.resize(1); }

void Checksum::process(const SymbolTable&) {
    static constexpr std::uint64_t none = 0;
    const Stream& in = *inputs[0];
    const std::size_t n = in.columns.size();
    for (std::size_t i = 0; i < n; i += 2) {
        const Column<std::byte> alone{reinterpret_cast<const std::byte*>(&none), 0}, &a = in.columns[i], &b = i + 1 < n ? in.columns[i + 1] : alone;
        sum_ += with_cell(width(type_->fields[i].kind), [&](auto first) {
            return with_cell(i + 1 < n ? width(type_->fields[i + 1].kind) : 1, [&](auto second) {
                return sum_of<decltype(first), decltype(second)>(a, b, in.symbols, in.rows, (rows_ + 1) * golden, root + i * golden);
            });
        });
    }
    rows_ += in.rows;
}

}  // namespace openquant
