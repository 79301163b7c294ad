#include "openquant/operators/core/order_tree.hpp"

#include <algorithm>
#include <cmath>
#include "catch.hpp"

#include "openquant/operators/core/archive.hpp"
#include "random.hpp"

namespace openquant::testing {

namespace {

/// Against a sorted vector, on whole numbers, whose sums are exact.
void check_model(std::uint64_t seed, std::size_t distinct, std::size_t most) {
    Random random(seed);
    OrderTree tree;
    std::vector<double> sorted;
    std::vector<std::pair<std::uint32_t, double>> held;
    for (int i = 0; i < 10'000; ++i) {
        if (held.empty() || (held.size() < most && random.chance(0.55))) {
            const double value = static_cast<double>(random.below(distinct)) - static_cast<double>(distinct / 2);
            held.emplace_back(tree.insert(value), value);
            sorted.insert(std::upper_bound(sorted.begin(), sorted.end(), value), value);
        } else {
            std::swap(held[random.below(held.size())], held.back());
            const auto [slot, value] = held.back();
            held.pop_back();
            tree.erase(slot);
            sorted.erase(std::lower_bound(sorted.begin(), sorted.end(), value));
        }
        REQUIRE(tree.size() == sorted.size());
        if (sorted.empty()) continue;
        const std::size_t k = random.below(sorted.size());
        double sum = 0.0;
        for (std::size_t j = 0; j <= k; ++j) sum += sorted[j];
        if (tree.at(k) != sorted[k] || tree.sum_of(k + 1) != sum || tree.sum_of(0) != 0.0) FAIL("step " << i << ", k " << k);
    }
    Writer writer;
    writer.put(tree);
    OrderTree copy;
    Reader(writer.bytes).get(copy);
    CHECK((copy == tree));
}

}  // namespace

TEST_CASE("an order tree behaves as a sorted list") {
    check_model(1, 1'000'000, 300);
    check_model(2, 20, 300);  // most values equal
    check_model(3, 1, 50);
    check_model(4, 1'000, 3);
    CHECK(OrderTree{}.size() == 0);
    CHECK(OrderTree{}.sum_of(0) == 0.0);
}

TEST_CASE("an order tree adds up what it holds, and an erased value leaves no trace") {
    Random random(5);
    for (const double spike : {1e4, 1e12, -1e12, 1e100, -1e100}) {
        OrderTree tree;
        long double sum = 0.0L;
        for (int i = 0; i < 200; ++i) {
            const double value = 100.0 + random.normal();
            const std::uint32_t slot = tree.insert(spike);
            tree.insert(value);
            tree.erase(slot);
            sum += value;
        }
        CHECK(static_cast<double>(std::abs(tree.sum_of(200) - sum) / sum) < 1e-14);
    }
}

TEST_CASE("an order tree is shallow whatever the order of the values") {
    // A chain would take far longer than anyone waits, or exhaust the stack.
    constexpr std::uint32_t n = 300'000;
    for (const double sign : {1.0, -1.0, 0.0}) {
        OrderTree tree;
        std::vector<std::uint32_t> slots;
        for (std::uint32_t i = 0; i < n; ++i) slots.push_back(tree.insert(sign * i));
        for (std::uint32_t i = 0; i < n; ++i) {
            tree.erase(slots[i]);
            slots[i] = tree.insert(sign * (n + i));
        }
        CHECK(tree.size() == n);
        CHECK(tree.at(0) == std::min(sign * n, sign * (2 * n - 1)));
        for (const std::uint32_t slot : slots) tree.erase(slot);
        CHECK(tree.size() == 0);
    }
}

}  // namespace openquant::testing
