#include <limits>
#include "catch.hpp"

#include "openquant/operators/core/archive.hpp"
#include "openquant/operators/core/bar_builder.hpp"
#include "openquant/operators/core/events.hpp"
#include "openquant/operators/core/schema.hpp"

namespace openquant::testing {

TEST_CASE("ranges say what they hold") {
    CHECK(above(0.0).text() == "> 0");
    CHECK(at_least(2.0).text() == ">= 2");
    CHECK(between(0.0, 1.0).text() == ">= 0 and <= 1");
    CHECK(Range{}.text() == "finite");
    CHECK_FALSE(Range{}.contains(std::numeric_limits<double>::infinity()));
    CHECK_FALSE(between(0.0, 1.0).contains(std::numeric_limits<double>::quiet_NaN()));
}

TEST_CASE("numbers as text are the shortest that read back") {
    CHECK(text_of(0.1) == "0.1");
    CHECK(text_of(1e6) == "1e+06");
    CHECK(text_of(Setting{true}) == "true");
    CHECK(text_of(Setting{std::int64_t{-3}}) == "-3");
}

TEST_CASE("event types know their columns and what they can be read as") {
    CHECK(event_type<Trade>().readable_as(event_type<Price>()));
    CHECK(event_type<Bar>().readable_as(event_type<Price>()));
    CHECK_FALSE(event_type<Price>().readable_as(event_type<Trade>()));
    CHECK_FALSE(event_type<Label>().readable_as(event_type<Price>()));
    CHECK(event_type<Bar>().fields[static_cast<std::size_t>(event_type<Bar>().find("price"))].name == "close");
    CHECK(event_type<Trade>().find("nothing") == -1);
}

TEST_CASE("rows judge themselves") {
    const auto fault = [](auto change) {
        Trade t;
        t.ts = 1, t.price = 1.0, t.size = 1.0;
        change(t);
        return fault_of(t);
    };
    CHECK(fault([](Trade&) {}) == Fault::none);
    CHECK(fault([](Trade& t) { t.ts = -1; }) == Fault::timestamp);
    CHECK(fault([](Trade& t) { t.ts = std::numeric_limits<std::int64_t>::max(); }) == Fault::timestamp);
    for (const double bad : {0.0, -1.0, 1e101, 1e-101, std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()}) {
        CHECK(fault([&](Trade& t) { t.price = bad; }) == Fault::price);
        CHECK(fault([&](Trade& t) { t.size = bad; }) == Fault::size);
    }
    CHECK(fault([](Trade& t) { t.side = 2; }) == Fault::side);
    CHECK((fault_of(Prediction{1, 1.1, 0.0}) == Fault::probability));
    CHECK((fault_of(Prediction{1, std::numeric_limits<double>::quiet_NaN(), 0.0}) == Fault::probability));
    CHECK((fault_of(Event{1, 1.5, 1.0}) == Fault::side));
    CHECK((fault_of(Volatility{1, -0.1}) != Fault::none));
    CHECK((fault_of(Continuity{-1, Break::gap, 0, 0}) == Fault::timestamp));
}

TEST_CASE("what a type offers, its own rows have: a column that may be absent never stands for one that is required") {
    const auto check = []<class... Es>(Types<Es...>) {
        const auto one = [](const EventType& type) {
            for (const EventType* offered : type.offers)
                for (const FieldInfo& wanted : offered->fields) {
                    INFO(type.name << " read as " << offered->name << ": " << wanted.name);
                    const int at = type.find(wanted.name);
                    REQUIRE(at >= 0);
                    const FieldInfo& given = type.fields[static_cast<std::size_t>(at)];
                    CHECK((given.required || !wanted.required));
                    CHECK(given.kind == wanted.kind);
                    if (wanted.fault == Fault::none || !wanted.required) continue;
                    CHECK(given.fault != Fault::none);
                    CHECK((given.low >= wanted.low && given.high <= wanted.high));
                }
        };
        (one(event_type<Es>()), ...);
    };
    check(EventTypes{});
}

TEST_CASE("an archive that is cut short is refused, wherever it is cut") {
    Writer writer;
    writer.put(std::vector<std::string>{"one", "two"});
    writer.put(std::optional<double>(1.5));
    writer.put(Trade{});
    for (std::size_t size = 0; size < writer.bytes.size(); ++size) {
        Reader in(writer.bytes.data(), size);
        CHECK_THROWS_AS((in.get<std::vector<std::string>>(), in.get<std::optional<double>>(), in.get<Trade>()), std::invalid_argument);
    }
    Writer huge;
    huge.put(std::uint64_t{1} << 60);
    CHECK_THROWS_AS(Reader(huge.bytes).get<std::vector<double>>(), std::invalid_argument);
}

}  // namespace openquant::testing
