// How an operator describes itself. Python classes, docs, checks, benches and laws are made from this alone.
#pragma once

#include <array>
#include <charconv>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <variant>
#include <vector>

#include "openquant/operators/core/fields.hpp"

namespace openquant {

/// keyed: one copy of the operator per symbol. cross_sectional: one copy that sees every symbol.
enum class Scope : std::uint8_t { keyed, cross_sectional };

struct Range {
    double low = -std::numeric_limits<double>::infinity();
    double high = std::numeric_limits<double>::infinity();
    bool low_open = true;
    bool high_open = true;

    constexpr bool contains(double x) const {
        return (low_open ? x > low : x >= low) && (high_open ? x < high : x <= high);  // false for NaN
    }
    /// Of a whole number, whose limits are whole: exact beyond 2^53 too.
    constexpr bool contains(std::int64_t x) const {
        const auto least = static_cast<std::int64_t>(low), most = static_cast<std::int64_t>(high);
        return (low_open ? x > least : x >= least) && (high_open ? x < most : x <= most);
    }
    std::string text() const;
};

constexpr Range above(double low) { return {.low = low}; }
constexpr Range at_least(double low) { return {.low = low, .low_open = false}; }
constexpr Range between(double low, double high) { return {low, high, false, false}; }

template <class Op, class T>
struct Parameter {
    using Type = T;
    std::string_view name;
    T Op::*member;
    Range range;
    std::string_view unit;
    std::string_view doc;
};

template <class Op, class T>
    requires std::same_as<T, double> || std::same_as<T, std::int64_t>
constexpr Parameter<Op, T> parameter(std::string_view name, T Op::*member, Range range, std::string_view unit, std::string_view doc) {
    if constexpr (std::integral<T>) {  // what a double holds exactly is enough, and keeps "one step outside" meaningful
        if (range.high == std::numeric_limits<double>::infinity()) range.high = 9e15, range.high_open = false;
        if (range.low == -std::numeric_limits<double>::infinity()) range.low = -9e15, range.low_open = false;
    }
    return {name, member, range, unit, doc};
}
template <class Op, class T>
    requires std::same_as<T, bool> || std::is_enum_v<T>
constexpr Parameter<Op, T> parameter(std::string_view name, T Op::*member, std::string_view doc) {
    return {name, member, {}, "", doc};
}

/// A list of names, such as symbols.
using NameList = std::vector<std::string>;

template <class Op, class T>
    requires std::same_as<T, NameList>
constexpr Parameter<Op, T> parameter(std::string_view name, T Op::*member, std::string_view unit, std::string_view doc) {
    return {name, member, {}, unit, doc};
}

template <class E, bool Required>
struct Input {
    using Type = E;
    static constexpr bool required = Required;
    std::string_view name;
    std::string_view doc;
};

/// Inputs are listed in the order in which rows with the same key are delivered.
template <class E>
constexpr Input<E, true> input(std::string_view name, std::string_view doc) {
    return {name, doc};
}
template <class E>
constexpr Input<E, false> optional_input(std::string_view name, std::string_view doc) {
    return {name, doc};
}

template <class Out, class Inputs, class Parameters>
struct Schema {
    using Output = Out;
    std::string_view name;
    std::string_view doc;
    std::string_view source;
    Inputs inputs;
    Parameters parameters;
    Scope scope = Scope::keyed;
};

template <class... Is>
constexpr auto inputs(Is... is) {
    return std::tuple{is...};
}
template <class... Ps>
constexpr auto parameters(Ps... ps) {
    return std::tuple{ps...};
}

template <class Out, class Inputs, class Parameters>
constexpr Schema<Out, Inputs, Parameters> schema_of(std::string_view name, std::string_view doc, std::string_view source, Inputs inputs, Parameters parameters,
                                                    Scope scope = Scope::keyed) {
    return {name, doc, source, inputs, parameters, scope};
}

template <class Op>
using SchemaOf = decltype(Op::schema());
template <class Op>
using OutputOf = typename SchemaOf<Op>::Output;
template <class Op>
using InputsOf = decltype(SchemaOf<Op>::inputs);
template <class Op>
inline constexpr std::size_t input_count = std::tuple_size_v<InputsOf<Op>>;
template <class Op, std::size_t I>
using InputOf = std::tuple_element_t<I, InputsOf<Op>>;

template <class Op>
constexpr void for_each_input(auto&& visit) {
    [&]<std::size_t... I>(std::index_sequence<I...>) {
        constexpr auto schema = Op::schema();
        (visit(std::integral_constant<std::size_t, I>{}, std::get<I>(schema.inputs)), ...);
    }(std::make_index_sequence<input_count<Op>>{});
}
template <class Op>
constexpr void for_each_parameter(auto&& visit) {
    constexpr auto schema = Op::schema();
    std::apply([&](auto... p) { (visit(p), ...); }, schema.parameters);
}

/// Tells inputs of one event type apart: an operator that has two takes `update(At<I>, row, emit)`.
template <std::size_t I>
using At = std::integral_constant<std::size_t, I>;

/// Hands a row of input I to an operator.
template <std::size_t I, class Op, class... Rest>
[[gnu::always_inline]] inline void deliver(Op& op, const Rest&... rest) {
    if constexpr (requires { op.update(At<I>{}, rest...); }) op.update(At<I>{}, rest...);
    else op.update(rest...);
}

/// A parameter's value without its C++ type; a choice is its name.
using Setting = std::variant<bool, std::int64_t, double, std::string, NameList>;

std::string text_of(const Setting& value);

struct ParameterInfo {
    std::string_view name;
    std::string_view type;  // "float", "int", "bool", "choice", "names"
    Setting value;          // the default
    Range range;
    std::string_view unit;
    std::string_view doc;
    Names choices;
};

inline std::string text_of(double x) {
    char buffer[32];
    const auto end = std::to_chars(buffer, buffer + sizeof buffer, x).ptr;
    return {buffer, end};
}

inline std::string text_of(const Setting& value) {
    return std::visit(
        [](const auto& v) -> std::string {
            using T = std::decay_t<decltype(v)>;
            if constexpr (std::is_same_v<T, bool>) return v ? "true" : "false";
            else if constexpr (std::is_same_v<T, std::int64_t>) return std::to_string(v);
            else if constexpr (std::is_same_v<T, double>) return text_of(v);
            else if constexpr (std::is_same_v<T, NameList>) {
                std::string out;
                for (const std::string& name : v) out += (out.empty() ? "" : ", ") + name;
                return "[" + out + "]";
            } else return v;
        },
        value);
}

inline std::string Range::text() const {
    std::string out;
    if (std::isfinite(low)) out += (low_open ? "> " : ">= ") + text_of(low);
    if (std::isfinite(high)) out += (out.empty() ? "" : " and ") + std::string(high_open ? "< " : "<= ") + text_of(high);
    return out.empty() ? "finite" : out;
}

template <class T>
Setting value_of(const T& x) {
    if constexpr (std::is_enum_v<T>) return std::string(names_of(x)[static_cast<std::size_t>(x)]);
    else return x;
}

template <class Op>
std::vector<ParameterInfo> parameter_infos() {
    std::vector<ParameterInfo> out;
    const Op defaults{};
    for_each_parameter<Op>([&](auto p) {
        using T = typename decltype(p)::Type;
        Names choices;
        if constexpr (std::is_enum_v<T>) choices = names_of(T{});
        const std::string_view type = std::is_same_v<T, double>     ? "float"
                                      : std::is_same_v<T, bool>     ? "bool"
                                      : std::is_same_v<T, NameList> ? "names"
                                      : std::is_enum_v<T>           ? "choice"
                                                                    : "int";
        out.push_back({p.name, type, value_of(defaults.*(p.member)), p.range, p.unit, p.doc, choices});
    });
    return out;
}

/// Throws std::invalid_argument naming operator, parameter, value and allowed range.
template <class Op>
void check(const Op& op) {
    for_each_parameter<Op>([&](auto p) {
        using T = typename decltype(p)::Type;
        if constexpr (std::is_same_v<T, double> || std::is_same_v<T, std::int64_t>) {
            const T x = op.*(p.member);
            if (p.range.contains(x)) return;
            throw std::invalid_argument(std::string(Op::schema().name) + ": " + std::string(p.name) + " = " + text_of(Setting{x}) +
                                        " is out of range; it must be " + p.range.text() + (p.unit.empty() ? "" : " (" + std::string(p.unit) + ")"));
        }
    });
    if constexpr (requires { op.check(); }) op.check();
}

/// Sets one parameter by name; refuses an unknown name or a value of another type, by name.
template <class Op>
void set_parameter(Op& op, std::string_view name, const Setting& value) {
    bool known = false;
    const auto refuse = [&](std::string_view want) {
        throw std::invalid_argument(std::string(Op::schema().name) + ": " + std::string(name) + " = " + text_of(value) + " must be " + std::string(want));
    };
    for_each_parameter<Op>([&](auto p) {
        using T = typename decltype(p)::Type;
        if (p.name != name) return;
        known = true;
        if constexpr (std::is_enum_v<T>) {
            const auto* text = std::get_if<std::string>(&value);
            const Names names = names_of(T{});
            for (std::size_t i = 0; i < names.size(); ++i)
                if (text && *text == names[i]) return void(op.*(p.member) = static_cast<T>(i));
            std::string all;
            for (const std::string_view choice : names) all += (all.empty() ? "" : ", ") + std::string(choice);
            refuse("one of " + all);
        } else if constexpr (std::is_same_v<T, double>) {
            if (const auto* x = std::get_if<double>(&value)) op.*(p.member) = *x;
            else if (const auto* i = std::get_if<std::int64_t>(&value)) op.*(p.member) = static_cast<double>(*i);
            else refuse("a number");
        } else if constexpr (std::is_same_v<T, std::int64_t>) {
            if (const auto* i = std::get_if<std::int64_t>(&value)) op.*(p.member) = *i;
            else refuse("a whole number");
        } else if constexpr (std::is_same_v<T, NameList>) {
            if (const auto* names = std::get_if<NameList>(&value)) op.*(p.member) = *names;
            else refuse("a list of names");
        } else {
            if (const auto* b = std::get_if<bool>(&value)) op.*(p.member) = *b;
            else refuse("true or false");
        }
    });
    if (known) return;
    std::string list;
    for_each_parameter<Op>([&](auto p) { list += (list.empty() ? "" : ", ") + std::string(p.name); });
    throw std::invalid_argument(std::string(Op::schema().name) + " has no parameter '" + std::string(name) + "'; it has " + (list.empty() ? "none" : list));
}

template <class Op>
std::string signature(const Op& op) {
    std::string out = std::string(Op::schema().name) + "(";
    bool first = true;
    for_each_parameter<Op>([&](auto p) {
        out += (first ? "" : ", ") + std::string(p.name) + "=" + text_of(value_of(op.*(p.member)));
        first = false;
    });
    return out + ")";
}

}  // namespace openquant
