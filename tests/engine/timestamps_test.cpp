#include "openquant/engine/timestamps.hpp"

#include <limits>

#include "catch.hpp"

namespace openquant::testing {

constexpr std::int64_t second = 1'000'000'000;

TEST_CASE("the magnitude of an integer time tells its unit") {
    for (const std::int64_t t :
         {std::int64_t{1'723'161'256}, std::int64_t{1'723'161'256'000}, std::int64_t{1'723'161'256'000'000}, std::int64_t{1'723'161'256'000'000'000}})
        CHECK(ns_from_integer(t) == 1'723'161'256 * second);
    CHECK(ns_from_integer(1'723'161'256'322) == 1'723'161'256'322'000'000);
    for (const std::int64_t t : {std::int64_t{0}, std::int64_t{-1}, std::int64_t{99'999'999}, std::int64_t{10'000'000'000}}) CHECK_FALSE(ns_from_integer(t));
}

TEST_CASE("text times: space or T, fraction, Z or offset") {
    const std::int64_t noon = 1'723'118'400 * second;  // 2024-08-08 12:00:00
    CHECK(ns_from_text("2024-08-08 12:00:00") == noon);
    CHECK(ns_from_text("2024-08-08T12:00:00Z") == noon);
    CHECK(ns_from_text("2024-08-08T14:00:00+02:00") == noon);
    CHECK(ns_from_text("2024-08-08T06:30:00-05:30") == noon);
    CHECK(ns_from_text("2024-08-08") == noon - 12 * 3'600 * second);
    CHECK(ns_from_text("2024-08-08 12:00:00.5") == noon + second / 2);
    CHECK(ns_from_text("2024-08-08 12:00:00.123456789123") == noon + 123'456'789);
    CHECK(ns_from_text("2024-02-29") == 1'709'164'800 * second);
    CHECK(ns_from_text("1969-12-31 23:59:59") == -second);
}

TEST_CASE("offsets with and without a colon, or of whole hours") {
    const auto noon = ns_from_text("2024-08-08 10:00:00");
    for (const char* same : {"2024-08-08T10:00", "2024-08-08T10:00Z", "2024-08-08T12:00+02", "2024-08-08T12:00:00+02:00", "2024-08-08T12:00:00+0200",
                             "2024-08-08T12:00:00+02", "2024-08-08 04:30:00-0530"}) {
        INFO(same);
        CHECK(ns_from_text(same) == noon);
    }
}

TEST_CASE("a time as text reads back, its fraction as short as it can be") {
    for (const char* text :
         {"1970-01-01 00:00:00", "2024-08-08 12:34:56.789", "1969-12-31 23:59:59.5", "1700-02-28 00:00:01.000000001", "2261-12-31 23:59:59.12"}) {
        INFO(text);
        CHECK(text_from_ns(*ns_from_text(text)) == text);
    }
    CHECK(text_from_ns(-1) == "1969-12-31 23:59:59.999999999");
    CHECK(text_from_ns(std::numeric_limits<std::int64_t>::min()) == "1677-09-21 00:12:43.145224192");
}

TEST_CASE("text that is no time is refused") {
    for (const char* bad : {"",
                            "2024",
                            "2024-08",
                            "2024-8-8",
                            "2023-02-29",
                            "2024-13-01",
                            "2024-00-01",
                            "2024-01-32",
                            "2024-08-08x",
                            "2024-08-08 ",
                            "2024-08-08 12:00.5",
                            "2024-08-08 12:0",
                            "2024-08-08 12:00:",
                            "2024-08-08 24:00:00",
                            "2024-08-08 12:60:00",
                            "2024-08-08 12:00:60",
                            "2024-08-08 12:00:00.",
                            "2024-08-08 12:00:00Zx",
                            "2024-08-08 12:00:00+02:",
                            "2024-08-08 12:00:00+02:0",
                            "2024-08-08 12:00:00+020",
                            "2024-08-08 12:00:00+2",
                            "2024-08-08 12:00:00+24:00",
                            "24-08-08",
                            "9999-01-01",
                            "0001-01-01",
                            "not a time"}) {
        INFO(bad);
        CHECK_FALSE(ns_from_text(bad));
    }
}

}  // namespace openquant::testing
