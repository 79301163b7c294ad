// The whole catalogue under several settings, made from each operator's schema.
#pragma once

#include <vector>

#include "openquant/operators/catalogue.hpp"
#include "random.hpp"

namespace openquant::testing {

template <class Visit, class... Ops>
void for_each_operator(Types<Ops...>, Visit&& visit) {
    (visit.template operator()<Ops>(), ...);
}
/// Calls visit.operator()<Op>() for every operator of the catalogue.
template <class Visit>
void for_each_operator(Visit&& visit) {
    for_each_operator(Catalogue{}, visit);
}

/// An operator that can be built: as it is by default, with names where a list of them is wanted.
template <class Op>
Op example() {
    Op op{};
    for_each_parameter<Op>([&](auto p) {
        if constexpr (std::is_same_v<typename decltype(p)::Type, NameList>) op.*(p.member) = {"MID", "ZED", "KEY"};
    });
    return op;
}

/// A number in the parameter's range and within a factor of ten of its default; small where the default is zero.
template <class Op, class T>
void vary(Op& op, const Parameter<Op, T>& p, Random& random) {
    if constexpr (std::is_same_v<T, double>) {
        const double now = op.*(p.member), factor = random.uniform(0.2, 3.0);
        const double wanted = now == 0.0 ? random.uniform(0.0, 0.01) : now * (random.chance(0.5) ? factor : 1.0 / factor);
        if (p.range.contains(wanted)) op.*(p.member) = wanted;
    } else if constexpr (std::is_same_v<T, std::int64_t>) {
        std::int64_t wanted = op.*(p.member) * static_cast<std::int64_t>(1 + random.below(3));
        if (wanted == 0 && random.chance(0.5)) wanted = static_cast<std::int64_t>(1 + random.below(40)) * (p.unit == "ns" ? 100'000'000 : 1);
        if (wanted > 1'000) wanted = random.chance(0.5) ? 3 : wanted;  // limits are to be met
        if (p.range.contains(static_cast<double>(wanted))) op.*(p.member) = wanted;
    }
}

/// Whether parameters that are in their ranges also go together.
template <class Op>
bool fits(const Op& op) {
    try {
        check(op);
    } catch (const std::invalid_argument&) { return false; }
    return true;
}

/// Every combination of flags, choices and lists, each with the default numbers and with others.
template <class Op>
std::vector<Op> settings(std::size_t variations = 1, std::uint64_t seed = 11) {
    std::vector<Op> out{example<Op>()};
    for_each_parameter<Op>([&](auto p) {
        using T = typename decltype(p)::Type;
        std::vector<Op> more;
        for (const Op& op : out) {
            if constexpr (std::is_same_v<T, bool>) {
                for (const bool value : {false, true}) more.push_back(op), more.back().*(p.member) = value;
            } else if constexpr (std::is_enum_v<T>) {
                for (std::size_t i = 0; i < names_of(T{}).size(); ++i) more.push_back(op), more.back().*(p.member) = static_cast<T>(i);
            } else if constexpr (std::is_same_v<T, NameList>) {
                for (const NameList& names : {NameList{"MID"}, NameList{"AAA", "KEY"}, NameList{"MID", "ZED", "KEY"}})
                    more.push_back(op), more.back().*(p.member) = names;
            }
        }
        if (!more.empty()) out = more;
    });
    Random random(seed);
    std::size_t numbers = 0;
    for_each_parameter<Op>([&](auto p) { numbers += p.range.low > -1e300; });
    const std::size_t plain = numbers > 0 ? out.size() : 0;
    for (std::size_t i = 0; i < variations * plain; ++i) {
        Op op = out[i % plain];
        for_each_parameter<Op>([&](auto p) { vary(op, p, random); });
        if (fits(op)) out.push_back(op);
    }
    return out;
}

}  // namespace openquant::testing
