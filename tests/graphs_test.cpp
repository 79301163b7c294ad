// Whole graphs against the reference: a trading pipeline, random wirings, and operators that see every symbol.
#include <algorithm>
#include "catch.hpp"

#include "openquant/operators/catalogue.hpp"
#include "test_operators.hpp"
#include "twin.hpp"

namespace openquant::testing {

namespace {

const EventType& trades = event_type<Trade>();

/// A stream that can be read as the type, rather a late one; nothing if there is none.
std::optional<std::size_t> pick(const Twin& twin, const EventType& wanted, Random& random) {
    std::vector<std::size_t> fit;
    for (std::size_t s = 0; s < twin.streams(); ++s)
        if (twin.type(s).readable_as(wanted)) fit.push_back(s);
    if (fit.empty()) return {};
    return fit[std::max(random.below(fit.size()), random.below(fit.size()))];
}

bool try_add(Twin& twin, const OperatorCase& op, Random& random) {
    std::vector<std::optional<std::size_t>> inputs;
    for (const NodeInput& in : op.inputs) {
        inputs.push_back(in.required || random.chance(0.6) ? pick(twin, *in.type, random) : std::nullopt);
        if (in.required && !inputs.back()) return false;
    }
    twin.add(op, inputs);
    return true;
}

Twin random_graph(std::uint64_t seed, std::size_t rows) {
    Random random(seed);
    Twin twin;
    twin.source(generate(trades, seed + 1, rows));
    const EventType* others[] = {&trades,
                                 &event_type<Price>(),
                                 &event_type<Event>(),
                                 &event_type<Prediction>(),
                                 &event_type<Volatility>(),
                                 &event_type<Quote>(),
                                 &event_type<Quote>(),
                                 &event_type<Value>(),
                                 &event_type<Clock>(),
                                 &event_type<AlignedPrice>()};
    for (std::size_t more = random.below(4); more > 0; --more) twin.source(generate(*others[random.below(std::size(others))], seed + 10 * more, rows));
    const auto& cases = catalogue_cases();
    const std::size_t nodes = 5 + random.below(6);
    for (std::size_t added = 0; added < nodes;) added += try_add(twin, cases[random.below(cases.size())], random);
    return twin;
}

/// Trades of 700 symbols in no order, more than most operators' states have room for in the near caches.
Recording crowd(std::uint64_t seed, std::size_t rows) {
    Recording out = generate(trades, seed, rows, {.dirty = false, .symbols = 1});
    Random random(seed);
    for (Tick& tick : out.ticks) tick.symbol = "S" + std::to_string(random.below(700));
    return out;
}

/// Split dollar bars -> CUSUM events and volatility -> labels -> win rate -> bets -> returns.
Twin trading_graph(std::uint64_t seed, std::size_t rows) {
    Twin twin;
    const auto source = twin.source(generate(trades, seed, rows));
    DollarBars bars{.dollar_value_per_bar = 1e6, .remainder = Remainder::split, .partial = true};
    TripleBarrier labels{.pt = 1.0, .sl = 1.0, .max_bars = 20, .use_side = true};
    const auto bar = twin.add(operator_case(bars), {std::nullopt, source});
    const auto event = twin.add(operator_case(CusumFilter{.threshold = 0.004}), {std::nullopt, bar});
    const auto volatility = twin.add(operator_case(EwmaVolatility{.span = 20.0}), {bar});
    const auto label = twin.add(operator_case(labels), {bar, volatility, std::nullopt, event});
    const auto prediction = twin.add(operator_case(WinRate{}), {label, event});
    const auto signal = twin.add(operator_case(BetSizer{}), {prediction, event});
    twin.add(operator_case(StrategyReturns{}), {bar, signal});
    return twin;
}

}  // namespace

TEST_CASE("the trading graph equals the reference at any chunking") {
    const Twin twin = trading_graph(1, 20'000);
    check_against_reference(twin);
    CHECK(not_finite(twin.reference()) == "");
    for (const Collected& c : twin.reference()) {
        INFO(c.type->name);
        CHECK(c.rows() > 100);
    }
}

TEST_CASE("seeded random graphs equal the reference at any chunking") {
    for (std::uint64_t seed = 1; seed <= 120; ++seed) {
        INFO("seed " << seed);
        check_against_reference(random_graph(seed * 1'000, 700));
    }
}

TEST_CASE("a random graph restored from a snapshot continues identically") {
    for (std::uint64_t seed = 100; seed < 115; ++seed) {
        INFO("seed " << seed);
        const Twin twin = random_graph(seed * 1'000, 400);
        const std::size_t cut = twin.rows() / 2 + seed % 7;
        const auto before = twin.build(), after = twin.build();
        replay(before->graph, twin.feeds(0, cut), {.chunk = 9, .flush = false});
        after->graph.restore(before->graph.snapshot());
        replay(after->graph, twin.feeds(cut, twin.rows()), {.chunk = 9});
        Outputs all = before->outputs();
        append(all, after->outputs());
        CHECK(difference(all, twin.reference()) == "");
    }
}

TEST_CASE("a cross-sectional operator equals the reference, alone and behind bars that fan out") {
    Twin twin;
    const auto source = twin.source(generate(trades, 5, 3'000));
    const auto other = twin.source(generate(event_type<Price>(), 6, 1'000));
    const auto bar = twin.add(operator_case(DollarBars{.dollar_value_per_bar = 2e6, .remainder = Remainder::split}), {std::nullopt, source});
    const auto distance = twin.add(operator_case(DistanceFromMean{}), {bar});
    twin.add(operator_case(StrategyReturns{}), {source, distance});
    twin.add(operator_case(DistanceFromMean{}), {other});
    check_against_reference(twin);
}

TEST_CASE("hundreds of symbols, whose states are asked for ahead, equal the reference at any chunking") {
    Twin twin;
    const auto source = twin.source(crowd(11, 15'000));
    const auto clock = twin.source(generate(event_type<Clock>(), 12, 40));
    const auto bar = twin.add(operator_case(TickBars{.ticks_per_bar = 2}), {std::nullopt, source});
    for (const auto stream : {source, bar}) {
        twin.add(operator_case(ZScoreFilter{.mean_window = 3, .std_window = 4, .threshold = 0.5}), {stream});
        twin.add(operator_case(RollingStd{.window = 5}), {stream});
        twin.add(operator_case(EwmaVolatility{}), {stream});
    }
    twin.add(operator_case(TimeBars{.interval_ns = 60'000'000'000}), {std::nullopt, source, clock});
    check_against_reference(twin);
}

TEST_CASE("rows that share a key keep their order through nodes that fan out") {
    Twin twin;
    const auto source = twin.source(generate(trades, 7, 2'000));
    const auto bar = twin.add(operator_case(DollarBars{.dollar_value_per_bar = 1e6, .remainder = Remainder::split}), {std::nullopt, source});
    const auto volatility = twin.add(operator_case(EwmaVolatility{}), {bar});
    const auto both = twin.add(operator_case(Both{}), {bar, volatility});
    const auto repeated = twin.add(operator_case(Repeat{}), {both});
    const auto mixed = twin.add(operator_case(Interleave{}), {both, repeated});
    twin.add(operator_case(Interleave{}), {mixed, repeated});
    twin.add(operator_case(Interleave{}), {repeated, mixed});
    check_against_reference(twin);
}

TEST_CASE("a break of a whole source reaches every symbol known by then, at any chunking") {
    Recording recording = generate(trades, 9, 600, {.dirty = false});
    for (const std::size_t before : {std::size_t{0}, std::size_t{1}, std::size_t{3}, std::size_t{150}, std::size_t{300}, std::size_t{600}})
        recording.breaks.push_back({before, every_name, {1'700'000'000'000'000'000, Break::disconnect, 0, 0}});
    Twin twin;
    const auto source = twin.source(recording);
    twin.add(operator_case(DollarBars{.dollar_value_per_bar = 5e5}), {std::nullopt, source});
    twin.add(operator_case(BreakCounter{}), {source + 1});
    check_against_reference(twin);
}

}  // namespace openquant::testing
