// A stream is columns: one chunk of rows of one event type, with the order key and the symbol of each row beside it.
#pragma once

#include <algorithm>
#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "openquant/engine/fetch.hpp"
#include "openquant/operators/core/events.hpp"

namespace openquant {

/// Digits that order the rows one source row caused, most significant first; a missing digit counts as zero.
__extension__ using Sub = unsigned __int128;

/// Place of a row in the one order of a graph: the source row that caused it, then its number among those so caused.
struct Key {
    std::uint64_t position = 0;
    Sub sub = 0;
    auto operator<=>(const Key&) const = default;
};

/// Keys of a chunk's rows. Without arrays: positions count up from `first`, subs are zero.
struct Keys {
    const std::uint64_t* position = nullptr;
    const Sub* sub = nullptr;
    std::uint64_t first = 0;
    Key operator[](std::size_t row) const { return {position ? position[row] : first + row, sub ? sub[row] : Sub{0}}; }

    /// The first of the rows [from, end) that does not come before `limit`; with `ties`, not at it either.
    std::size_t first_beyond(std::size_t from, std::size_t end, const Key& limit, bool ties) const {
        if (sub) {
            while (from < end && ((*this)[from] < limit || (ties && (*this)[from] == limit))) ++from;
            return from;
        }
        const std::uint64_t beyond = limit.position + (ties || limit.sub != 0);
        if (!position) return beyond <= first + from ? from : std::min<std::uint64_t>(end, beyond - first);
        std::size_t step = 1;  // galloping: the end is mostly near
        while (from + step <= end && position[from + step - 1] < beyond) from += step, step *= 2;
        return static_cast<std::size_t>(std::lower_bound(position + from, position + std::min(end, from + step - 1), beyond) - position);
    }
};

/// A column of T. A mask of zero repeats one value: that is how an absent column reads as its default.
template <class T>
struct Column {
    const T* data = nullptr;
    std::size_t mask = ~std::size_t{0};
    T operator[](std::size_t row) const { return data[row & mask]; }
};

/// The rows that a source or a node hands on in the current chunk.
struct Stream {
    const EventType* type = nullptr;
    std::string name;
    int depth = 0;  // fan-outs between the source and these rows: digits in use in their subs
    std::size_t rows = 0;
    Keys keys;
    Column<SymbolId> symbols;
    std::vector<Column<std::byte>> columns;  // one per field, data at width(kind) bytes a row
    Ahead ahead;                             // of them; empty where they end with these rows
};

/// Which column of a stream serves each field of `E`, which may be another type that the stream's own offers.
template <class E>
using Places = std::array<std::uint32_t, field_count<E>>;
template <class E>
Places<E> places_in(const EventType& given) {
    Places<E> out{};
    for_each_field<E>([&](auto index, auto f) { out[index.value] = static_cast<std::uint32_t>(given.find(f.name)); });
    return out;
}

/// Which columns a chunk has: in most frames just the essential ones, for what they leave out tells of the delivery alone.
enum class Present : std::uint8_t { some, essential, all };

/// What absent columns repeat.
template <class E>
inline const E absent_row{};

/// A stream's columns read as rows of `E`.
template <class E>
class RowView {
public:
    RowView(const Stream& stream, const Places<E>& places) {
        for_each_field<E>([&](auto index, auto) { bind(index, stream.columns[places[index.value]]); });
    }
    /// Columns in the order of E's own fields.
    explicit RowView(const std::vector<Column<std::byte>>& columns) {
        for_each_field<E>([&](auto index, auto) { bind(index, columns[index.value]); });
    }
    template <std::size_t I>
    const auto& column() const {
        return std::get<I>(columns_);
    }

    /// Calls `use` with which columns are present as a constant.
    [[gnu::always_inline]] auto with_present(auto&& use) const {
        if constexpr (constexpr auto all = std::integral_constant<Present, Present::all>{}; !has_optional) {
            return use(all);
        } else {
            if (are_there(field_count<E>)) return use(all);
            if constexpr (essential < field_count<E>)
                if (are_there(essential)) return use(std::integral_constant<Present, Present::essential>{});
            return use(std::integral_constant<Present, Present::some>{});
        }
    }

    /// Inlined, so that fields a consumer does not use are not even loaded.
    [[gnu::always_inline]] E operator[](std::size_t row) const { return at<Present::some>(row); }
    /// Only an optional field's column may be absent, so only it pays for the mask, and where it is known whether it is none does.
    template <Present present>
    [[gnu::always_inline]] E at(std::size_t row) const {
        E e;
        for_each_field<E>([&](auto index, auto f) __attribute__((always_inline)) {
            const auto& column = std::get<index.value>(columns_);
            if constexpr (present == Present::some) e.*(f.member) = f.required ? column.data[row] : column[row];
            else if constexpr (present == Present::all || index.value < essential) e.*(f.member) = column.data[row];
        });
        return e;
    }

private:
    static constexpr std::size_t essential = [] {
        if constexpr (requires { E::essential_fields; }) return E::essential_fields;
        else return field_count<E>;
    }();
    static constexpr bool has_optional = [] {
        bool any = false;
        for_each_field<E>([&](auto, auto f) { any = any || !f.required; });
        return any;
    }();
    /// Whether these are the columns of just the first fields.
    bool are_there(std::size_t fields) const {
        bool so = true;
        for_each_field<E>([&](auto index, auto f) {
            const auto& [data, mask] = std::get<index.value>(columns_);
            so = so && (index.value < fields ? f.required || mask != 0 : data == &(absent_row<E>.*(f.member)));
        });
        return so;
    }
    void bind(auto index, const Column<std::byte>& erased) {
        auto& column = std::get<index.value>(columns_);
        column.data = reinterpret_cast<decltype(column.data)>(erased.data);
        column.mask = erased.mask;
    }
    template <std::size_t... I>
    static auto make(std::index_sequence<I...>) {
        return std::tuple<Column<typename std::tuple_element_t<I, decltype(E::fields())>::Type>...>{};
    }
    decltype(make(std::make_index_sequence<field_count<E>>{})) columns_;
};

/// Columns in the order of E's own fields, where absent ones (null) repeat the type's default.
template <class E>
class FilledColumns {
public:
    FilledColumns() = default;
    explicit FilledColumns(std::vector<Column<std::byte>> given) : columns(std::move(given)) {
        for_each_field<E>([&](auto index, auto f) {
            if (!columns[index.value].data) columns[index.value] = {reinterpret_cast<const std::byte*>(&(absent_row<E>.*(f.member))), 0};
        });
    }
    RowView<E> view() const { return RowView<E>(columns); }

    std::vector<Column<std::byte>> columns;
};

/// Columns that own their memory and grow by rows.
template <class E>
class Rows {
    template <std::size_t... I>
    static auto pointers(std::index_sequence<I...>) {
        return std::tuple<typename std::tuple_element_t<I, decltype(E::fields())>::Type*...>{};
    }
    using Pointers = decltype(pointers(std::make_index_sequence<field_count<E>>{}));

public:
    std::size_t size() const { return size_; }
    std::size_t capacity() const { return capacity_; }
    void clear() { size_ = 0; }
    /// Room for `rows` in all.
    void reserve(std::size_t rows) {
        if (rows > capacity_) [[unlikely]]
            grow(std::max({std::size_t{64}, 2 * capacity_, rows}));
    }

    void append(SymbolId symbol, const E& e) {
        reserve(size_ + 1);
        symbols_[size_] = symbol;
        put(size_++, e);
    }

    /// Appends where there is room already, and leaves the symbols to be filled in: all that it writes with can stay in registers.
    class Tail {
    public:
        std::size_t size = 0;
        [[gnu::always_inline]] void append(const E& e) {
            for_each_field<E>([&](auto index, auto f) __attribute__((always_inline)) { std::get<index.value>(columns_)[size] = e.*(f.member); });
            ++size;
        }

    private:
        friend Rows;
        Pointers columns_;
    };
    Tail tail() {
        Tail out;
        out.size = size_;
        for_each_field<E>([&](auto index, auto) { std::get<index.value>(out.columns_) = std::get<index.value>(columns_).get(); });
        return out;
    }
    /// Writes a row where there is room for it, and leaves its symbol and our size to the caller.
    [[gnu::always_inline]] void put(std::size_t row, const E& e) {
        for_each_field<E>([&](auto index, auto f) __attribute__((always_inline)) { std::get<index.value>(columns_)[row] = e.*(f.member); });
    }
    void resize(std::size_t rows) { size_ = rows; }

    /// Takes over what was appended to the tail.
    void resume(const Tail& tail) { size_ = tail.size; }
    SymbolId* symbols() { return symbols_.get(); }

    void show(Stream& stream) const {
        stream.rows = size_;
        stream.symbols = {symbols_.get()};
        stream.columns.resize(field_count<E>);
        for_each_field<E>([&](auto index, auto) { stream.columns[index.value] = {reinterpret_cast<const std::byte*>(std::get<index.value>(columns_).get())}; });
    }

private:
    template <class T>
    static void move_to(std::unique_ptr<T[]>& column, std::size_t size, std::size_t capacity) {
        auto larger = std::make_unique_for_overwrite<T[]>(capacity);
        if (size) std::memcpy(larger.get(), column.get(), size * sizeof(T));
        column = std::move(larger);
    }
    [[gnu::noinline]] void grow(std::size_t capacity) {
        move_to(symbols_, size_, capacity);
        for_each_field<E>([&](auto index, auto) { move_to(std::get<index.value>(columns_), size_, capacity); });
        capacity_ = capacity;
    }
    template <std::size_t... I>
    static auto make(std::index_sequence<I...>) {
        return std::tuple<std::unique_ptr<typename std::tuple_element_t<I, decltype(E::fields())>::Type[]>...>{};
    }
    std::size_t size_ = 0, capacity_ = 0;
    std::unique_ptr<SymbolId[]> symbols_;
    decltype(make(std::make_index_sequence<field_count<E>>{})) columns_;
};

}  // namespace openquant
