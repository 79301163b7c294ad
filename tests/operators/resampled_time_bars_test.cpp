#include "openquant/operators/resampled_time_bars.hpp"

#include <map>

#include "catch.hpp"

#include "emitted.hpp"
#include "random.hpp"

namespace openquant::testing {

namespace {

Ohlcv row(std::int64_t ts, double close, double volume) { return {ts, close, close + 1, close - 1, close, volume, 0.0, 0, 0.0, 0}; }

}  // namespace

TEST_CASE("resampled time bars: worked example; the row on the boundary opens the next bar") {
    Emitted<ResampledTimeBars> run(ResampledTimeBars{.interval_ns = 10});
    CHECK(run(row(3, 5, 1)).empty());
    CHECK(run(row(9, 7, 2)).empty());
    CHECK((run(row(10, 6, 1)) == std::vector{Ohlcv{9, 5, 8, 4, 7, 3, 7, 3, 19, 2}}));
    CHECK((run(row(35, 6, 0)) == std::vector{Ohlcv{10, 6, 7, 5, 6, 1, 6, 10, 6, 1}}));  // no bars for windows without rows
    CHECK((run.flush() == std::vector{Ohlcv{35, 6, 7, 5, 6, 0, 6, 35, 0, 1}}));
}

TEST_CASE("resampled time bars: rows by window; a late one goes into the open bar") {
    Random random(1);
    Emitted<ResampledTimeBars> run(ResampledTimeBars{.interval_ns = 100});
    std::map<std::int64_t, std::pair<double, std::int64_t>> windows;  // volume and rows
    std::int64_t ts = 0, latest = 0;
    for (int i = 0; i < 3'000; ++i) {
        ts += static_cast<std::int64_t>(random.below(30));
        const std::int64_t now = random.chance(0.02) ? std::max<std::int64_t>(0, ts - 250) : ts;
        latest = std::max(latest, now);
        run(row(now, 50.0, 1.0));
        auto& [volume, n] = windows[latest / 100];
        volume += 1.0, ++n;
    }
    run.flush();
    REQUIRE(run.all.size() == windows.size());
    std::size_t k = 0;
    for (const auto& [window, sums] : windows) {
        CHECK((run.all[k].volume == sums.first && run.all[k].n_obs == sums.second && run.all[k].ts / 100 == window));
        ++k;
    }
    Emitted<ResampledTimeBars> dropped(ResampledTimeBars{.interval_ns = 100, .partial = false});
    dropped(row(1, 5, 1));
    CHECK(dropped.flush().empty());
}

}  // namespace openquant::testing
