#include "openquant/operators/resampled_bars.hpp"

#include "catch.hpp"

#include "emitted.hpp"
#include "random.hpp"
#include "refusal.hpp"

namespace openquant::testing {

namespace {

Ohlcv row(std::int64_t ts, double open, double high, double low, double close, double volume, double adj_close = 0.0) {
    return {ts, open, high, low, close, volume, adj_close, 0, 0.0, 0};
}

/// Quarters and eighths: every sum is exact.
std::vector<Ohlcv> rows(std::uint64_t seed, std::size_t n) {
    Random random(seed);
    std::vector<Ohlcv> out;
    for (std::size_t i = 0; i < n; ++i) {
        const auto quarter = [&] { return 100.0 + static_cast<double>(random.below(40)) / 4.0; };
        const double open = quarter(), close = quarter();
        out.push_back(row(static_cast<std::int64_t>(i / 2), open, std::max(open, close) + 0.5, std::min(open, close) - 0.5, close,
                          random.chance(0.1) ? 0.0 : static_cast<double>(random.below(80)) / 8.0, random.chance(0.5) ? close / 2.0 : 0.0));
    }
    return out;
}

Ohlcv plain(const std::vector<Ohlcv>& in, std::size_t first, std::size_t last) {
    Ohlcv bar = in[first];
    bar.start_ts = in[first].ts, bar.volume = 0.0;
    for (std::size_t i = first; i <= last; ++i) {
        bar.ts = in[i].ts, bar.close = in[i].close, bar.adj_close = in[i].adj_close > 0.0 ? in[i].adj_close : in[i].close;
        bar.high = std::max(bar.high, in[i].high), bar.low = std::min(bar.low, in[i].low);
        bar.volume += in[i].volume, bar.dollar_value += in[i].close * in[i].volume, ++bar.n_obs;
    }
    return bar;
}

}  // namespace

TEST_CASE("resampled bars: worked example") {
    Emitted<ResampledBars> run(ResampledBars{.measure = Amount::volume, .per_bar = 10.0});
    CHECK(run(row(1, 5, 6, 4, 5, 4, 2.5)).empty());
    CHECK((run(row(2, 5, 9, 5, 8, 7)) == std::vector{Ohlcv{2, 5, 9, 4, 8, 11, 8, 1, 76, 2}}));
    run(row(3, 8, 8, 8, 8, 1));
    CHECK(run.flush().empty());
}

TEST_CASE("resampled bars: reset and carry equal the definition, for every measure") {
    const auto in = rows(1, 3'000);
    for (const Amount measure : {Amount::tick, Amount::volume, Amount::dollar})
        for (const Remainder remainder : {Remainder::reset, Remainder::carry}) {
            const double per_bar = measure == Amount::tick ? 7.0 : measure == Amount::volume ? 20.0 : 2'048.0;
            Emitted<ResampledBars> run(ResampledBars{measure, per_bar, remainder, true});
            std::vector<Ohlcv> expected;
            double sum = 0.0;
            std::size_t first = 0;
            for (std::size_t i = 0; i < in.size(); ++i) {
                run(in[i]);
                sum += measure == Amount::tick ? 1.0 : measure == Amount::volume ? in[i].volume : in[i].volume * in[i].close;
                if (sum < per_bar) continue;
                expected.push_back(plain(in, first, i));
                first = i + 1;
                sum = remainder == Remainder::carry ? sum - per_bar : 0.0;
            }
            if (first < in.size()) expected.push_back(plain(in, first, in.size() - 1));
            run.flush();
            CHECK((run.all == expected));
        }
}

TEST_CASE("resampled bars: split divides volume and dollar value, never the count") {
    Emitted<ResampledBars> run(ResampledBars{.measure = Amount::volume, .per_bar = 4.0, .remainder = Remainder::split});
    const auto out = run(row(1, 2, 2, 2, 2, 10));
    REQUIRE(out.size() == 2);
    for (const Ohlcv& bar : out) CHECK((bar == Ohlcv{1, 2, 2, 2, 2, 4, 2, 1, 8, 1}));
    CHECK((run(row(3, 4, 4, 4, 4, 2)) == std::vector{Ohlcv{3, 2, 4, 2, 4, 4, 4, 1, 12, 2}}));
    Emitted<ResampledBars> ticks(ResampledBars{.per_bar = 1.0, .remainder = Remainder::split});
    for (const Ohlcv& in : rows(2, 50)) {
        const auto one = ticks(in);
        REQUIRE(one.size() == 1);
        CHECK((one[0].volume == in.volume && one[0].n_obs == 1));
    }
    run(row(4, 1, 1, 1, 1, 1e7));  // would fill 2.5 million bars
    CHECK(run.op.refused() == 1);
}

TEST_CASE("resampled bars: a count of rows is whole") {
    CHECK(refusal([] { check(ResampledBars{.per_bar = 0.5}); }).find("whole number") != std::string::npos);
    check(ResampledBars{.measure = Amount::volume, .per_bar = 0.5});
}

}  // namespace openquant::testing
