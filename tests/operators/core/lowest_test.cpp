#include "openquant/operators/core/lowest.hpp"

#include <limits>

#include "catch.hpp"

#include "openquant/operators/core/blocks.hpp"
#include "random.hpp"

namespace openquant::testing {

namespace {

void check_lowest(const std::vector<double>& values, std::size_t most) {
    std::vector<double> sorted = values, kept, again, spare;
    std::sort(sorted.begin(), sorted.end());
    lowest(values, most, kept, spare);
    CAPTURE(values.size(), most);
    REQUIRE(kept.size() >= most);
    CHECK(std::equal(sorted.begin(), sorted.begin() + static_cast<std::ptrdiff_t>(most), kept.begin()));
    Blocks blocks;
    for (const double x : values) blocks.push(x);
    lowest(blocks, most, again, spare);
    CHECK(again == kept);
}

}  // namespace

TEST_CASE("the lowest values, few and many, of every distribution") {
    Random random(1);
    for (const std::size_t n : {1, 2, 100, 8'191, 8'192, 8'193, 60'000, 70'001}) {
        std::vector<std::vector<double>> all(6);
        for (std::size_t i = 0; i < n; ++i) {
            const double x = random.normal();
            all[0].push_back(x);
            all[1].push_back(std::round(x * 3.0));                                    // zeros of both signs among them
            all[2].push_back(i % (n / 1'024 + 1) == 0 ? 1.0 + x * x : -x * x);        // a sample that deceives
            all[3].push_back(static_cast<double>(i) - 0.5 * static_cast<double>(n));  // in order
            all[4].push_back(7.0);
            all[5].push_back(random.chance(0.1) ? 5e-324 * x : random.sign() * std::numeric_limits<double>::max() * random.unit());
        }
        for (const auto& values : all)
            for (const double share : {0.0, 0.01, 0.05, 0.5, 0.9, 1.0})
                check_lowest(values, std::max<std::size_t>(1, static_cast<std::size_t>(share * static_cast<double>(n))));
    }
}

}  // namespace openquant::testing
