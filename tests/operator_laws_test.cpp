// Laws of the bare operator: a copy and an archived copy continue identically; parameters out of range are refused by name.
#include <cmath>
#include <limits>
#include "catch.hpp"

#include "cases.hpp"
#include "openquant/operators/core/archive.hpp"
#include "script.hpp"

namespace openquant::testing {

namespace {

template <class Op>
std::vector<OutputOf<Op>> outputs(Op& op, const Script& script, std::size_t begin, std::size_t end) {
    std::vector<OutputOf<Op>> out;
    drive(op, script, begin, end, [&](const auto& row) { out.push_back(row); });
    return out;
}

template <class Op>
Op archived(const Op& op, const Op& parameters) {
    Writer writer;
    writer.put(op);
    Op out = parameters;
    Reader reader(writer.bytes);
    reader.get(out);
    CHECK(reader.left() == 0);
    return out;
}

template <class Op>
void check_copies(const Op& fresh, std::uint64_t seed) {
    const Script script = script_of<Op>(seed, 2'000);
    const std::size_t cut = script.size() / 3 + seed % 100, end = script.size();
    Op original = fresh;
    outputs(original, script, 0, cut);
    Op copy = original, read = archived(original, fresh);
    CHECK((copy == original));
    CHECK((read == original));
    const auto expected = outputs(original, script, cut, end);
    CHECK((outputs(copy, script, cut, end) == expected));
    CHECK((outputs(read, script, cut, end) == expected));
    CHECK((copy == original));
    CHECK((read == original));
}

/// The message with which `op` is refused, empty if it is not.
template <class Op>
std::string refusal(const Op& op) {
    try {
        check(op);
    } catch (const std::invalid_argument& e) { return e.what(); }
    return {};
}

template <class Op, class T>
void check_range(const Parameter<Op, T>& p) {
    const auto refused = [&](T value) {
        Op op = example<Op>();
        op.*(p.member) = value;
        const std::string message = refusal(op);
        INFO(Op::schema().name << "." << p.name << " = " << value << ": '" << message << "'");
        CHECK(message.find(Op::schema().name) != std::string::npos);
        CHECK(message.find(p.name) != std::string::npos);
    };
    const auto accepted = [&](T value) {
        Op op = example<Op>();
        op.*(p.member) = value;
        const std::string message = refusal(op);  // may be refused for what it is together with another parameter
        INFO(message);
        CHECK(message.find("is out of range") == std::string::npos);
    };
    if constexpr (std::is_same_v<T, double>) {
        constexpr double inf = std::numeric_limits<double>::infinity();
        for (const double bad : {inf, -inf, std::numeric_limits<double>::quiet_NaN()}) refused(bad);
        if (std::isfinite(p.range.low)) {
            p.range.low_open ? refused(p.range.low) : accepted(p.range.low);
            refused(std::nextafter(p.range.low, -inf));
        }
        if (std::isfinite(p.range.high)) {
            p.range.high_open ? refused(p.range.high) : accepted(p.range.high);
            refused(std::nextafter(p.range.high, inf));
        }
    } else {
        const auto low = static_cast<std::int64_t>(p.range.low), high = static_cast<std::int64_t>(p.range.high);
        accepted(low + p.range.low_open), refused(low - !p.range.low_open);
        accepted(high - p.range.high_open), refused(high + !p.range.high_open);
    }
}

}  // namespace

TEST_CASE("law 4: a copy and an archived copy taken mid-stream continue identically") {
    for_each_operator([]<class Op>() {
        std::uint64_t seed = 40;
        for (const Op& op : settings<Op>(2)) {
            INFO(signature(op));
            check_copies(op, ++seed);
        }
    });
}

TEST_CASE("law 8: each parameter one step outside its range is refused by name") {
    for_each_operator([]<class Op>() {
        CHECK(refusal(example<Op>()) == "");
        for_each_parameter<Op>([]<class T>(Parameter<Op, T> p) {
            if constexpr (std::is_same_v<T, double> || std::is_same_v<T, std::int64_t>) check_range(p);
        });
    });
}

TEST_CASE("a parameter set by name wants its own type, and an unknown one is refused with the list") {
    for_each_operator([]<class Op>() {
        const auto message = [](std::string_view name, const Setting& value) {
            Op op{};
            try {
                set_parameter(op, name, value);
            } catch (const std::invalid_argument& e) { return std::string(e.what()); }
            return std::string();
        };
        for (const ParameterInfo& p : parameter_infos<Op>()) {
            CHECK(message(p.name, p.value) == "");
            const Setting wrong = p.type == "float" || p.type == "int" ? Setting{std::string("much")} : Setting{0.5};
            const std::string refused = message(p.name, wrong);
            INFO(refused);
            CHECK(refused.find(Op::schema().name) != std::string::npos);
            CHECK(refused.find(p.name) != std::string::npos);
        }
        CHECK(message("no_such", Setting{true}).find("no parameter 'no_such'") != std::string::npos);
    });
}

TEST_CASE("schemas describe themselves") {
    for_each_operator([]<class Op>() {
        constexpr auto schema = Op::schema();
        INFO(schema.name);
        CHECK_FALSE(schema.doc.empty());
        CHECK_FALSE(schema.source.empty());
        CHECK(schema.doc.back() == '.');
        for_each_input<Op>([](auto, auto in) { CHECK_FALSE(in.doc.empty()); });
        for_each_parameter<Op>([](auto p) { CHECK_FALSE(p.doc.empty()); });
    });
}

}  // namespace openquant::testing
