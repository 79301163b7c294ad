// How an event type names its columns: the one description that chunks, frames, files and docs follow.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace openquant {

/// What one column holds. A `timestamp` is int64 nanoseconds since the epoch, UTC; a `choice` an int8 with names.
enum class Kind : std::uint8_t { f64, i64, u64, u32, i8, boolean, timestamp, choice };

constexpr std::size_t width(Kind kind) {
    switch (kind) {
        case Kind::u32: return 4;
        case Kind::i8:
        case Kind::boolean:
        case Kind::choice: return 1;
        default: return 8;
    }
}

template <class T>
constexpr Kind kind_of() {
    if constexpr (std::is_same_v<T, double>) return Kind::f64;
    else if constexpr (std::is_same_v<T, std::int64_t>) return Kind::i64;
    else if constexpr (std::is_same_v<T, std::uint64_t>) return Kind::u64;
    else if constexpr (std::is_same_v<T, std::uint32_t>) return Kind::u32;
    else if constexpr (std::is_same_v<T, std::int8_t>) return Kind::i8;
    else if constexpr (std::is_same_v<T, bool>) return Kind::boolean;
    else {
        static_assert(std::is_enum_v<T> && sizeof(T) == 1, "an event field is a number, a bool or an int8 enum");
        return Kind::choice;
    }
}

using Names = std::span<const std::string_view>;

/// Why a row of a source was refused. overlap: a snapshot, or the feed after a hand-over, told again what is known.
enum class Fault : std::uint8_t { none, timestamp, price, size, side, probability, value, null, malformed, duplicate, overlap };
inline constexpr std::string_view fault_names[] = {"none",  "timestamp", "price",     "size",      "side",   "probability",
                                                   "value", "null",      "malformed", "duplicate", "overlap"};
inline constexpr std::size_t fault_count = std::size(fault_names);

/// Further names under which a consumer may ask for a field.
using Aliases = std::array<std::string_view, 3>;

/// One member of an event type `E`.
template <class E, class T>
struct Field {
    using Type = T;
    std::string_view name;
    T E::*member;
    std::string_view unit;
    std::string_view doc;
    Kind kind = kind_of<T>();
    bool required = true;
    Aliases also = {};
    Fault fault = Fault::none;  // of a row whose value is outside [low, high]; none: every value is sound
    T low{}, high{};

    constexpr Field within(T low_, T high_, Fault fault_) const {
        return with([&](Field& f) { f.low = low_, f.high = high_, f.fault = fault_; });
    }
    constexpr bool sound(T x) const { return (x >= low) & (x <= high); }  // false for NaN
    constexpr Field optional() const {
        return with([](Field& f) { f.required = false; });
    }
    constexpr Field known_as(std::string_view first, std::string_view second = {}, std::string_view third = {}) const {
        return with([&](Field& f) { f.also = {first, second, third}; });
    }

private:
    constexpr Field with(auto&& change) const {
        Field copy = *this;
        change(copy);
        return copy;
    }
};

template <class E, class T>
constexpr Field<E, T> field(std::string_view name, T E::*member, std::string_view unit, std::string_view doc) {
    return {name, member, unit, doc};
}

template <class E>
constexpr Field<E, std::int64_t> timestamp(std::string_view name, std::int64_t E::*member, std::string_view doc) {
    Field<E, std::int64_t> f{name, member, "ns UTC", doc};
    f.kind = Kind::timestamp;
    // 1970 to 2261: what int64 nanoseconds can hold, and no garbage below the epoch.
    return f.within(0, 9'200'000'000'000'000'000, Fault::timestamp);
}

template <class... Ts>
struct Types {};

template <class E>
inline constexpr std::size_t field_count = std::tuple_size_v<decltype(E::fields())>;

template <class E, std::size_t... I>
[[gnu::always_inline]] constexpr void for_fields(auto& visit, std::index_sequence<I...>) {
    constexpr auto fields = E::fields();
    (visit(std::integral_constant<std::size_t, I>{}, std::get<I>(fields)), ...);
}
template <class E>
[[gnu::always_inline]] constexpr void for_each_field(auto&& visit) {
    for_fields<E>(visit, std::make_index_sequence<field_count<E>>{});
}

/// What is wrong with a row's own values: the fault of its first unsound field.
template <class E>
constexpr Fault fault_of(const E& e) {
    Fault fault = Fault::none;
    for_each_field<E>([&](auto, auto f) {
        if (fault == Fault::none && f.fault != Fault::none && !f.sound(e.*(f.member))) fault = f.fault;
    });
    return fault;
}

/// A field without its C++ type.
struct FieldInfo {
    std::string_view name;
    Kind kind;
    std::string_view unit;
    std::string_view doc;
    bool required;
    Aliases also;
    Names choices;  // of a Kind::choice
    Fault fault;    // of a value outside [low, high]
    double low, high;
};

/// An event type without its C++ type: what ports, sinks, readers and Python share.
struct EventType {
    std::string_view name;
    std::string_view doc;
    std::vector<FieldInfo> fields;
    std::vector<const EventType*> offers;  // types this one can be read as

    /// Index of the field that serves `wanted`, or -1.
    int find(std::string_view wanted) const {
        for (std::size_t i = 0; i < fields.size(); ++i)
            if (fields[i].name == wanted) return static_cast<int>(i);
        for (std::size_t i = 0; i < fields.size(); ++i)
            for (const std::string_view also : fields[i].also)
                if (!also.empty() && also == wanted) return static_cast<int>(i);
        return -1;
    }
    bool readable_as(const EventType& other) const {
        if (this == &other) return true;
        for (const EventType* type : offers)
            if (type == &other) return true;
        return false;
    }
};

template <class E>
const EventType& event_type() {
    static const EventType type = [] {
        EventType t{E::name, E::doc, {}, {}};
        for_each_field<E>([&](auto, auto f) {
            Names choices;
            if constexpr (std::is_enum_v<typename decltype(f)::Type>) choices = names_of(typename decltype(f)::Type{});
            t.fields.push_back({f.name, f.kind, f.unit, f.doc, f.required, f.also, choices, f.fault, static_cast<double>(f.low), static_cast<double>(f.high)});
        });
        if constexpr (requires { typename E::Offers; }) [&]<class... Os>(Types<Os...>) { (t.offers.push_back(&event_type<Os>()), ...); }(typename E::Offers{});
        return t;
    }();
    return type;
}

}  // namespace openquant
