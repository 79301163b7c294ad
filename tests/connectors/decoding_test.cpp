#include "decoding.hpp"

#include <atomic>
#include <cstdlib>
#include <limits>
#include <new>

#include "catch.hpp"
#include "files.hpp"
#include "openquant/connectors/decimal.hpp"
#include "openquant/connectors/opaque_id.hpp"

namespace {
std::atomic<std::size_t> counted_allocations{0};

void* counted(std::size_t size) {
    counted_allocations.fetch_add(1, std::memory_order_relaxed);
    return std::malloc(size ? size : 1);
}
void* counted_or_throw(std::size_t size) {
    if (void* p = counted(size)) return p;
    throw std::bad_alloc();
}
}  // namespace

void* operator new(std::size_t size) { return counted_or_throw(size); }
void* operator new[](std::size_t size) { return counted_or_throw(size); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return counted(size); }
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept { return counted(size); }
void operator delete(void* p) noexcept { std::free(p); }
void operator delete[](void* p) noexcept { std::free(p); }
void operator delete(void* p, const std::nothrow_t&) noexcept { std::free(p); }
void operator delete[](void* p, const std::nothrow_t&) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }
void operator delete[](void* p, std::size_t) noexcept { std::free(p); }

namespace openquant::testing {

std::size_t allocations() { return counted_allocations; }

std::vector<std::string> broken(const std::string& frame, std::uint64_t seed, std::size_t edits) {
    Random random(seed);
    std::vector<std::string> out;
    for (std::size_t n = 0; n < frame.size(); ++n) out.push_back(frame.substr(0, n));
    for (std::size_t at = 0; at < frame.size(); ++at) {
        out.push_back(frame);
        out.back()[at] = static_cast<char>(out.back()[at] ^ (1 << random.below(8)));
    }
    for (std::size_t i = 0; i < edits; ++i) out.push_back(mutated(frame, random));
    return out;
}

std::vector<std::string> hostile(const std::string& frame) {
    const std::string deep(100'000, '['), nested = R"({"x":)" + deep;
    std::string objects;
    for (int i = 0; i < 5'000; ++i) objects += R"({"data":)";
    std::vector<std::string> out = {
        "", " ", "\n", "{", "}", "[]", "null", "1", "\"", "{}", "{\"\":0}", "\xff\xfe\xfd", deep, nested, objects, std::string(64, '\0')};
    for (const std::string_view value : {"1e999999", "-1e999", "99999999999999999999999999", "null", "true", "[]", "{}", "\"\\ud800\"", "\"\\u0000\"",
                                         "\"\xff\"", "[{\"a\":[1,{}]}]", "\"\"", "-0", "nan", "\"inf\"", "\"0x10\"", "\"1 \"", "00"})
        for (std::size_t colon = frame.find(':'); colon != std::string::npos; colon = frame.find(':', colon + 1)) {
            const std::size_t end = frame.find_first_of(",}]", colon);
            out.push_back(frame.substr(0, colon + 1) + std::string(value) + frame.substr(end));
        }
    out.push_back(frame + frame), out.push_back(frame + "x"), out.push_back(frame + "}");
    return out;
}

std::size_t survive(Venue& venue, const std::string& frame) {
    const Decoded sound = decode(venue, frame);
    REQUIRE((sound.frame == Frame::trades && !sound.told.trades.empty()));
    std::vector<std::string> frames = broken(frame, 7, 3'000);
    for (std::string& text : hostile(frame)) frames.push_back(std::move(text));
    std::size_t malformed = 0;
    Told told;
    told.trades.push_back(sound.told.trades[0]);
    for (const std::string& text : frames) {
        CAPTURE(text.substr(0, 400));
        told.trades.resize(1);
        const std::uint64_t before = told.malformed;
        const Frame said = venue.decode(Padded(text).view(), received, told);
        REQUIRE((told.trades.size() >= 1 && told.trades[0].trade == sound.told.trades[0].trade));
        if (said != Frame::trades) REQUIRE((told.trades.size() == 1 && told.malformed == before));
        for (const Told::Row& row : told.trades) REQUIRE(row.symbol < venue.symbols().size());
        malformed += said == Frame::malformed;
    }
    for (std::size_t n = 0; n < frame.size(); ++n) {
        INFO("cut after " << n << " bytes");
        const Frame said = decode(venue, frame.substr(0, n)).frame;
        CHECK((said == Frame::malformed || (n == 0 && said == Frame::control)));  // an empty line is no harm
    }
    const Decoded again = decode(venue, frame);
    CHECK((again.frame == Frame::trades && again.told.trades.size() == sound.told.trades.size()));
    CHECK((again.told.trades[0].trade == sound.told.trades[0].trade));
    return malformed;
}

namespace {

bool same_bits(double a, double b) { return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b); }

/// Whether the fast path and the standard agree on a text: accepted or not, and to the bit.
bool agrees(const std::string& text) {
    double fast = 0.0, standard = 0.0;
    const bool read = parse_number(Padded(text).view(), fast);
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), standard);
    const bool sound = error == std::errc() && end == text.data() + text.size();
    return read == sound && (!read || same_bits(fast, standard));
}

std::string digits(Random& random, std::size_t n) {
    std::string out;
    while (out.size() < n) out += static_cast<char>('0' + random.below(10));
    return out;
}

}  // namespace

TEST_CASE("decimals: the fast path gives what the standard gives, to the bit") {
    for (const char* text : {"0",
                             "0.0",
                             "1",
                             "1.",
                             ".5",
                             "-1",
                             "+1",
                             "",
                             ".",
                             "-",
                             "1e5",
                             "1E-5",
                             "1..2",
                             "1.2.3",
                             " 1",
                             "1 ",
                             "9007199254740992",
                             "9007199254740993",
                             "900719925474099.3",
                             "0.9007199254740993",
                             "9999999999999999999",
                             "99999999999999999999",
                             "0.000000000000000001",
                             "0.00000000000000000001",
                             "123456789012345678",
                             "inf",
                             "nan",
                             "0x1",
                             "00012.50",
                             "61837.63000000",
                             "1,5"}) {
        INFO(text);
        CHECK(agrees(text));
    }
    Random random(3);
    std::size_t wrong = 0;
    for (int i = 0; i < 1'000'000; ++i) {
        std::string text = digits(random, 1 + random.below(12));
        if (random.chance(0.9)) text += '.' + digits(random, 1 + random.below(11));
        if (random.chance(0.02)) text[random.below(text.size())] = "-+eE. x"[random.below(7)];
        wrong += !agrees(text);
    }
    CHECK(wrong == 0);
}

TEST_CASE("whole numbers: the fast path gives what the standard gives") {
    const auto same = []<class T>(const std::string& text, T) {
        T fast = 0, standard = 0;
        const bool read = parse_number(Padded(text).view(), fast);
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), standard);
        return read == (error == std::errc() && end == text.data() + text.size()) && (!read || fast == standard);
    };
    Random random(4);
    std::size_t wrong = 0;
    for (int i = 0; i < 300'000; ++i) {
        std::string text = digits(random, random.below(22));
        if (!text.empty() && random.chance(0.3)) text[random.below(text.size())] = static_cast<char>(random.below(256));
        wrong += !same(text, std::int64_t{}) + !same(text, std::uint64_t{}) + !same(text, std::uint32_t{}) + !same(text, std::int8_t{});
    }
    CHECK(wrong == 0);
}

TEST_CASE("opaque ids: a number is itself, every other text has a number that stays") {
    CHECK((opaque_id("1") == 1 && opaque_id("2290000000012345678") == 2'290'000'000'012'345'678 && opaque_id("18446744073709551615") == ~0ull));
    for (const char* text : {"0", "007", "18446744073709551616", "-1", "", "1.0"}) CHECK(opaque_id(text) > 1'000'000);
    CHECK(opaque_id("20f43950-d8dd-5b31-9112-a178eb6023af") == opaque_id(std::string("20f43950-d8dd-5b31-9112-a178eb6023af")));
    // Texts that differ in one place, and texts that only zeros tell apart: all have numbers of their own, which differ in half of their bits.
    const std::string base = "20f43950-d8dd-5b31-9112-a178eb6023af";
    std::vector<std::uint64_t> numbers = {opaque_id(base)};
    double bits = 0;
    for (std::size_t at = 0; at < base.size(); ++at)
        for (const char c : std::string_view("!ghijklmnopqrstuvw")) {
            std::string other = base;
            other[at] = c;
            numbers.push_back(opaque_id(other));
            bits += std::popcount(numbers.back() ^ numbers[0]);
        }
    CHECK(bits / static_cast<double>(numbers.size() - 1) == Approx(32).margin(0.6));
    for (std::size_t n = 0; n < 40; ++n) numbers.push_back(opaque_id(std::string(n, '\0')));
    Random random(5);
    for (int i = 0; i < 200'000; ++i) numbers.push_back(opaque_id("id-" + std::to_string(i) + "-" + std::to_string(random.below(10))));
    std::sort(numbers.begin(), numbers.end());
    CHECK((std::adjacent_find(numbers.begin(), numbers.end()) == numbers.end() && numbers[0] != 0));
}

TEST_CASE("the counter of allocations counts") {
    const std::size_t before = allocations();
    const auto p = std::make_unique<int>(1);
    CHECK(allocations() == before + 1);
}

}  // namespace openquant::testing
