#include "openquant/operators/core/level_heap.hpp"

#include <cmath>
#include <map>
#include <set>
#include "catch.hpp"

#include "openquant/operators/core/archive.hpp"
#include "random.hpp"

namespace openquant::testing {

namespace {

template <bool Rising>
void check_model(std::uint64_t seed) {
    Random random(seed);
    LevelHeap<Rising> heap;
    std::map<std::uint32_t, double> level_of;
    std::multiset<double> levels;
    const auto nearest = [&] { return Rising ? *levels.begin() : *levels.rbegin(); };
    const auto forget = [&](std::uint32_t slot) {
        levels.erase(levels.find(level_of[slot]));
        level_of.erase(slot);
    };
    for (int i = 0; i < 20'000; ++i) {
        const auto slot = static_cast<std::uint32_t>(random.below(200));
        if (random.chance(0.5)) {
            if (!level_of.contains(slot)) {
                const double level = static_cast<double>(random.below(50));
                heap.push(slot, level), level_of[slot] = level, levels.insert(level);
            }
        } else if (random.chance(0.5)) {
            heap.erase(slot);  // also of slots that are not there
            if (level_of.contains(slot)) forget(slot);
        } else if (!levels.empty()) {
            const std::uint32_t first = heap.nearest();
            REQUIRE(level_of.contains(first));
            REQUIRE(level_of[first] == nearest());
            heap.erase(first), forget(first);
        }
        const double price = static_cast<double>(random.below(50));
        REQUIRE(heap.touched_by(price) == (!levels.empty() && (Rising ? price >= nearest() : price <= nearest())));
    }
    Writer writer;
    writer.put(heap);
    LevelHeap<Rising> copy;
    Reader(writer.bytes).get(copy);
    CHECK((copy == heap));
}

constexpr double inf = std::numeric_limits<double>::infinity(), largest = std::numeric_limits<double>::max(), smallest = 5e-324;

}  // namespace

TEST_CASE("a level heap behaves as a sorted set") {
    for (std::uint64_t seed = 1; seed <= 3; ++seed) check_model<true>(seed), check_model<false>(seed);
}

TEST_CASE("first_where finds the very first double, from any guess") {
    const double guesses[] = {-1.0, 0.0, smallest, 1.0, 100.0, 1e300, largest, inf, std::nan("")};
    for (const double edge : {smallest, 1e-310, 1.0, std::nextafter(1.0, 2.0), 123.456, 1e300, largest})
        for (const double guess : guesses) {
            CAPTURE(edge, guess);
            CHECK(first_where(guess, [&](double x) { return x >= edge; }) == edge);
            CHECK(last_where(guess, [&](double x) { return x <= edge; }) == edge);
        }
    for (const double guess : guesses) {
        CHECK(first_where(guess, [](double) { return false; }) == inf);
        CHECK(first_where(guess, [](double) { return true; }) == smallest);
        CHECK(last_where(guess, [](double) { return false; }) == 0.0);
        CHECK(last_where(guess, [](double) { return true; }) == largest);
    }
}

TEST_CASE("first_where needs few questions when the guess is near") {
    for (const std::int64_t off : {0, 1, -1, 5, -5, 100, -100}) {
        const double edge = 61'800.3;
        int asked = 0;
        const double guess = std::bit_cast<double>(std::bit_cast<std::int64_t>(edge) + off);
        CHECK(first_where(guess, [&](double x) { return ++asked, x >= edge; }) == edge);
        CHECK(asked <= 20);
    }
}

TEST_CASE("levels are where the comparison on returns flips") {
    Random random(7);
    for (int i = 0; i < 2'000; ++i) {
        const double p0 = random.uniform(1e-8, 1e8), h = random.uniform(1e-12, 0.5);
        const auto touches = [&](double p) { return p / p0 - 1.0 > h; };
        const double level = first_where(p0 * (1.0 + h), touches);
        CHECK(touches(level));
        CHECK_FALSE(touches(std::nextafter(level, 0.0)));
    }
}

}  // namespace openquant::testing
