#include "openquant/operators/align.hpp"

#include <limits>
#include <string>
#include "catch.hpp"

#include "extremes.hpp"
#include "refusal.hpp"

namespace openquant::testing {

namespace {

/// A row that came out, with the symbol it is of.
using Out = std::pair<SymbolId, AlignedPrice>;

/// Align with the symbols of a graph: ids 0, 1, ... in the order of `graph`.
class Aligned {
public:
    Aligned(const Align& align, const NameList& graph) : op(align) {
        for (const std::string& name : graph) op.meet(met_++, name);
    }
    std::vector<Out> price(SymbolId symbol, std::int64_t ts, double price) {
        return taken([&](auto emit) { op.update(Price{ts, price}, symbol, emit); });
    }
    std::vector<Out> clock(std::int64_t ts) {
        return taken([&](auto emit) { op.update(Clock{ts}, every_symbol, emit); });
    }
    std::vector<Out> flush() {
        return taken([&](auto emit) { op.flush(emit); });
    }
    void meet(const std::string& name) { op.meet(met_++, name); }

    Align op;

private:
    std::vector<Out> taken(auto&& call) {
        std::vector<Out> out;
        call([&](SymbolId symbol, const AlignedPrice& row) { out.emplace_back(symbol, row); });
        return out;
    }
    SymbolId met_ = 0;
};

/// A price, or only a time, of a market of four symbols.
struct Step {
    std::int64_t ts;
    SymbolId symbol;
    double price;
    bool clock;
};

/// The definition: a price belongs to the latest interval that any listed step so far has reached; an interval with a price gives,
/// once a later one is reached, each listed symbol's last price of the steps before, if all have one. `ids`: of the listed symbols.
std::vector<std::vector<Out>> plain_rows(const std::vector<Step>& steps, const std::vector<SymbolId>& ids, std::int64_t interval, std::int64_t lateness) {
    std::vector<std::vector<Out>> out(steps.size());
    const auto listed = [&](const Step& s) { return !s.clock && std::find(ids.begin(), ids.end(), s.symbol) != ids.end(); };
    std::int64_t now = 0;
    bool any = false;  // a price in the interval
    for (std::size_t i = 0; i < steps.size(); ++i) {
        if (!steps[i].clock && !listed(steps[i])) continue;
        const std::int64_t ts = steps[i].ts - (steps[i].clock ? lateness : 0), reached = ts < 0 ? 0 : ts / interval;
        if (reached > now) {
            for (std::size_t index = 0; any && index < ids.size(); ++index) {
                std::size_t at = i;
                while (at > 0 && !(listed(steps[at - 1]) && steps[at - 1].symbol == ids[index])) --at;
                if (at == 0) {
                    out[i].clear();
                    break;
                }
                const auto n = static_cast<std::int64_t>(ids.size());
                out[i].emplace_back(ids[index], AlignedPrice{(now + 1) * interval, steps[at - 1].price, static_cast<std::int64_t>(index), n});
            }
            now = reached, any = false;
        }
        any |= listed(steps[i]);
    }
    return out;
}

}  // namespace

TEST_CASE("align: worked example") {
    Aligned run(Align{.symbols = {"B", "A"}, .interval_ns = 10}, {"A", "X", "B"});
    CHECK(run.price(0, 3, 100).empty());
    CHECK(run.price(1, 25, 7).empty());   // not listed: not even its time counts
    CHECK(run.price(2, 12, 50).empty());  // the first interval lacked B
    CHECK(run.price(2, 19, 51).empty());
    // The boundary opens the next interval; rows in the order of the list.
    CHECK((run.price(0, 20, 101) == std::vector<Out>{{2, {20, 51, 0, 2}}, {0, {20, 100, 1, 2}}}));
    CHECK((run.price(0, 57, 102) == std::vector<Out>{{2, {30, 51, 0, 2}}, {0, {30, 101, 1, 2}}}));  // none for the silent intervals
    CHECK(run.flush().empty());

    Aligned partial(Align{.symbols = {"A"}, .interval_ns = 10, .partial = true}, {"A"});
    partial.price(0, 13, 5);
    CHECK((partial.flush() == std::vector<Out>{{0, {13, 5, 0, 1}}}));
}

TEST_CASE("align: a clock ends an interval on a silent market, lateness after its end, and once") {
    Aligned run(Align{.symbols = {"A"}, .interval_ns = 10, .lateness_ns = 4}, {"A"});
    run.price(0, 12, 5);
    CHECK(run.clock(23).empty());
    CHECK((run.clock(24) == std::vector<Out>{{0, {20, 5, 0, 1}}}));
    for (const std::int64_t ts : {24, 1, 90}) CHECK(run.clock(ts).empty());
}

TEST_CASE("align: symbols met late, and ids beyond those met") {
    Aligned run(Align{.symbols = {"A", "C"}, .interval_ns = 10}, {"X", "A"});
    run.price(1, 1, 5);
    CHECK(run.price(7, 15, 9).empty());
    CHECK(run.price(1, 15, 6).empty());
    run.meet("B"), run.meet("C");
    CHECK(run.price(3, 25, 8).empty());
    CHECK((run.price(1, 30, 7) == std::vector<Out>{{1, {30, 6, 0, 2}}, {3, {30, 8, 1, 2}}}));
}

TEST_CASE("align: late prices and clocks equal the definition, and time never falls") {
    for (std::uint64_t seed = 1; seed <= 5; ++seed)
        for (const std::int64_t interval : {1, 7, 100})
            for (const std::int64_t lateness : {0, 30}) {
                Random random(seed);
                std::vector<Step> steps;
                std::int64_t ts = 0, before = 0;
                for (int i = 0; i < 5'000; ++i) {
                    ts += static_cast<std::int64_t>(random.below(random.chance(0.02) ? 400 : 5));
                    const std::int64_t back = random.chance(0.1) ? static_cast<std::int64_t>(random.below(60)) : 0;
                    steps.push_back(
                        {std::max<std::int64_t>(0, ts - back), static_cast<SymbolId>(random.below(i < 500 ? 3 : 4)), random.uniform(1, 2), random.chance(0.2)});
                }
                const auto expected = plain_rows(steps, {3, 0, 2}, interval, lateness);
                Aligned run(Align{.symbols = {"D", "A", "C"}, .interval_ns = interval, .lateness_ns = lateness}, {"A", "B", "C", "D"});
                std::size_t rows = 0;
                for (std::size_t i = 0; i < steps.size(); ++i) {
                    const auto got = steps[i].clock ? run.clock(steps[i].ts) : run.price(steps[i].symbol, steps[i].ts, steps[i].price);
                    CHECK((got == expected[i]));
                    rows += got.size();
                    for (const auto& [symbol, row] : got) {
                        CHECK((row.ts >= before && i >= 500));  // the last symbol has its first price after 500 steps
                        before = row.ts;
                    }
                }
                CHECK(rows > 150);
            }
}

TEST_CASE("align: pathologies") {
    SECTION("no event, one event, equal timestamps, a flat market") {
        Aligned run(Align{.symbols = {"A"}, .interval_ns = 10, .partial = true}, {});
        CHECK((run.clock(100).empty() && run.flush().empty()));
        run.meet("A");
        CHECK(run.flush().empty());
        for (int i = 0; i < 100; ++i) CHECK(run.price(0, 107, 3).empty());
        CHECK((run.flush() == std::vector<Out>{{0, {107, 3, 0, 1}}}));
    }
    SECTION("a price jump of 1e6 and extreme values pass as they came") {
        Aligned run(Align{.symbols = {"A"}, .interval_ns = 1}, {"A"});
        Random random(5);
        double last = 1.0;
        run.price(0, 0, last);
        for (int i = 1; i < 1'000; ++i) {
            CHECK((run.price(0, i, last * 1e6) == std::vector<Out>{{0, {i, last, 0, 1}}}));
            last = random.chance(0.1) ? extreme_value(random) : 3.0;
            run.price(0, i, last);
        }
    }
    SECTION("a late price after a clock: the unfinished interval's rows do not fall behind those before") {
        Aligned run(Align{.symbols = {"A"}, .interval_ns = 10, .partial = true}, {"A"});
        run.price(0, 5, 1);
        const auto first = run.clock(20);
        REQUIRE(first.size() == 1);
        CHECK(run.price(0, 6, 2).empty());
        const auto rest = run.flush();
        REQUIRE(rest.size() == 1);
        CHECK((rest[0].second.price == 2 && rest[0].second.ts >= first[0].second.ts));
    }
    SECTION("the longest lateness: a clock never ends an interval") {
        Aligned run(Align{.symbols = {"A"}, .interval_ns = 10, .lateness_ns = 9'000'000'000'000'000}, {"A"});
        run.price(0, 1'000, 1);
        for (const std::int64_t ts : {0, 999, 1'000, 5'000}) CHECK(run.clock(ts).empty());
    }
}

TEST_CASE("align: lists that name no symbol, one twice or too many are refused by name") {
    NameList many;
    for (std::int64_t i = 0; i <= max_aligned; ++i) many.push_back("S" + std::to_string(i));
    for (const NameList& symbols : {NameList{}, NameList{"A", "B", "A"}, many})
        CHECK(says(refusal([&] { check(Align{.symbols = symbols}); }), {"Align", "symbols"}));
    CHECK(says(refusal([] { check(Align{.symbols = {"A", "B", "B"}}); }), {"'B'", "twice"}));
    many.pop_back();
    CHECK(refusal([&] { check(Align{.symbols = many}); }).empty());
    CHECK(says(refusal([] { check(Align{.symbols = {"A"}, .interval_ns = 0}); }), {"Align", "interval_ns"}));
    CHECK(says(refusal([] { check(Align{.symbols = {"A"}, .lateness_ns = -1}); }), {"Align", "lateness_ns"}));
}

}  // namespace openquant::testing
