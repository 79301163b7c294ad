#include "openquant/operators/price_returns.hpp"

#include "windows.hpp"

namespace openquant::testing {

namespace {

/// Every return against the price found by looking back over all of them.
void check_definition(PriceReturns op, const Samples& samples) {
    for (const ReturnKind kind : {ReturnKind::simple, ReturnKind::log}) {
        op.kind = kind;
        Emitted<PriceReturns> run(op);
        std::vector<std::int64_t> times;
        for (std::size_t i = 0; i < samples.size(); ++i) {
            times.push_back(i == 0 ? samples[i].ts : std::max(times.back(), samples[i].ts));
            std::optional<std::size_t> from;
            for (std::size_t j = 0; j < i; ++j)
                if (op.time_ns > 0 ? times[j] <= times[i] - op.time_ns : j + static_cast<std::size_t>(op.rows) == i) from = j;
            const auto out = run(Price{samples[i].ts, samples[i].x});
            if (out.size() != static_cast<std::size_t>(from.has_value())) FAIL("row " << i << ": " << out.size() << " rows out");
            if (!from) continue;
            const double ratio = samples[i].x / samples[*from].x;
            const bool equal = kind == ReturnKind::simple ? out[0].value == std::min(ratio - 1.0, largest)
                                                          : std::abs(out[0].value - std::log(static_cast<long double>(ratio))) <=
                                                                2.3e-16L * std::abs(std::log(static_cast<long double>(ratio)));
            if (!equal || out[0].ts != samples[i].ts) FAIL("row " << i << ": " << out[0].value << " from row " << *from);
        }
        CHECK(run.op.refused() == 0);
    }
}

void check_all(const Samples& samples) {
    for (const std::int64_t rows : {1, 2, 3, 4, 5, 10, 99, 100}) check_definition(PriceReturns{.rows = rows}, samples);
    for (const std::int64_t ns : {1, 2, 5, 30, 200, 1'000}) check_definition(PriceReturns{.time_ns = ns}, samples);
}

}  // namespace

TEST_CASE("price returns: worked example") {
    Emitted<PriceReturns> one, two(PriceReturns{.rows = 2}), logs(PriceReturns{.kind = ReturnKind::log});
    for (const double price : {100.0, 125.0, 50.0, 75.0}) one(Price{1, price}), two(Price{1, price}), logs(Price{1, price});
    CHECK((one.all == std::vector<Value>{{1, 0.25}, {1, -0.6}, {1, 0.5}}));
    CHECK((two.all == std::vector<Value>{{1, -0.5}, {1, 75.0 / 125.0 - 1.0}}));
    REQUIRE(logs.all.size() == 3);
    CHECK(logs.all[0].value == Approx(std::log(1.25)).epsilon(1e-15));
}

TEST_CASE("price returns: over a time, from the last price at least that old") {
    Emitted<PriceReturns> run(PriceReturns{.time_ns = 10});
    CHECK(run(Price{100, 1.0}).empty());
    CHECK(run(Price{105, 2.0}).empty());
    CHECK(run(Price{109, 4.0}).empty());
    CHECK((run(Price{110, 8.0}) == std::vector<Value>{{110, 7.0}}));
    CHECK((run(Price{114, 16.0}) == std::vector<Value>{{114, 15.0}}));
    CHECK((run(Price{115, 32.0}) == std::vector<Value>{{115, 15.0}}));
    CHECK((run(Price{90, 64.0}) == std::vector<Value>{{90, 31.0}}));  // as of 115
    CHECK((run(Price{500, 96.0}) == std::vector<Value>{{500, 0.5}}));
    Emitted<PriceReturns> back(PriceReturns{.time_ns = 10});
    for (const std::int64_t ts : {100, 80, 105}) CHECK(back(Price{ts, 1.0}).empty());  // 80 counts as of 100
    CHECK(back(Price{110, 2.0}).size() == 1);
}

TEST_CASE("price returns: equals the definition, also after a spike") {
    check_all(noise(1, 500));
    Samples samples = noise(2, 500);
    for (std::size_t i = 50; i < 500; i += 100) samples[i].x = std::pow(1e4, static_cast<double>(i / 100));
    check_all(samples);
}

TEST_CASE("price returns: pathologies") {
    Samples equal = noise(3, 300), flat = noise(4, 300), extreme = noise(5, 300);
    Random random(6);
    for (Sample& s : equal) s.ts = 7;
    for (Sample& s : flat) s.x = 100.1;
    for (Sample& s : extreme) s.x = random.chance(0.5) ? smallest : largest;
    check_all({{7, 5.0, 0.0}});
    for (const Samples& samples : {equal, flat, extreme}) check_all(samples);
}

TEST_CASE("price returns: a time that holds too many prices loses the oldest, and counts them") {
    Emitted<PriceReturns> run(PriceReturns{.time_ns = 1});
    for (std::int64_t i = 0; i < PriceReturns::max_rows + 1'000; ++i) run(Price{5, 1.0});
    run(Price{5, 2.0});
    CHECK(run.all.empty());
    CHECK(run.op.refused() == 1'000);
    CHECK((run(Price{6, 3.0}) == std::vector<Value>{{6, 0.5}}));
}

}  // namespace openquant::testing
