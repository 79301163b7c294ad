// Laws over the whole catalogue: repeatable, the same at any chunking, equal to the reference, no look-ahead, finite.
#include <algorithm>
#include <map>
#include "catch.hpp"

#include "twin.hpp"

namespace openquant::testing {

namespace {

constexpr std::size_t rows_per_source = 2'500;

/// One source per declared input and the operator; without the optional inputs if `bare`.
Twin twin_of(const OperatorCase& op, std::uint64_t seed, bool bare) {
    Twin twin;
    std::vector<std::optional<std::size_t>> inputs;
    for (const NodeInput& in : op.inputs) {
        if (bare && !in.required) inputs.emplace_back();
        else inputs.emplace_back(twin.source(generate(*in.type, ++seed * 77, rows_per_source)));
    }
    twin.add(op, inputs);
    return twin;
}

bool has_optional(const OperatorCase& op) {
    return std::any_of(op.inputs.begin(), op.inputs.end(), [](const NodeInput& in) { return !in.required; });
}

/// Runs `law` on the twin of every case, bare ones included.
void for_each_twin(auto&& law) {
    std::uint64_t seed = 0;
    for (const OperatorCase& op : catalogue_cases())
        for (const bool bare : {false, true}) {
            if (bare && !has_optional(op)) continue;
            INFO(op.signature << (bare ? " without optional inputs" : ""));
            law(twin_of(op, seed += 10, bare));
        }
}

}  // namespace

TEST_CASE("every catalogue operator emits something on the streams that judge it") {
    struct Count {
        std::size_t all = 0, running = 0, cases = 0;  // cases: each counted for each of its symbols
    };
    std::map<std::string, Count> rows;
    for (const OperatorCase& op : catalogue_cases()) {
        Count& count = rows[op.signature.substr(0, op.signature.find('('))];
        const Twin twin = twin_of(op, 5, false);
        count.all += twin.reference().back().rows();
        count.running += twin.run({.chunk = 1024, .flush = false}).back().rows();
        count.cases += op.keyed ? 3 : 1;
    }
    for (const auto& [name, count] : rows) {
        INFO(name);
        if (count.running > 0) CHECK(count.running > 50);
        else CHECK(count.all >= count.cases);  // what emits only when the stream ends does so for each symbol
    }
}

TEST_CASE("law 1: the same input gives the same bytes") {
    for_each_twin([](const Twin& twin) { CHECK(difference(twin.run({.chunk = 64}), twin.run({.chunk = 64})) == ""); });
}

TEST_CASE("laws 2 and 3: any chunking equals the reference executor") {
    for_each_twin([](const Twin& twin) { check_against_reference(twin); });
}

TEST_CASE("law 4: a graph restored from a snapshot into a fresh graph continues identically") {
    std::uint64_t seed = 3;
    for_each_twin([&](const Twin& twin) {
        const std::size_t cut = 1 + Random(++seed).below(twin.rows() - 1);
        const auto before = twin.build(), after = twin.build();
        replay(before->graph, twin.feeds(0, cut), {.chunk = 50, .flush = false});
        after->graph.restore(before->graph.snapshot());
        CHECK(after->graph.snapshot() == before->graph.snapshot());
        replay(after->graph, twin.feeds(cut, twin.rows()), {.chunk = 50});
        Outputs all = before->outputs();
        append(all, after->outputs());
        CHECK(difference(all, twin.reference()) == "");
    });
}

TEST_CASE("law 5: the outputs on a prefix are a prefix of the outputs") {
    std::uint64_t seed = 5;
    for_each_twin([&](const Twin& twin) {
        Random random(++seed);
        for (int i = 0; i < 3; ++i) {
            const auto built = twin.build();
            replay(built->graph, twin.feeds(0, 1 + random.below(twin.rows())), {.chunk = 33, .flush = false});
            CHECK(not_a_prefix(built->outputs(), twin.reference()) == "");
        }
    });
}

TEST_CASE("law 6: no NaN and no infinity comes out of valid input") {
    for_each_twin([](const Twin& twin) { CHECK(not_finite(twin.reference()) == ""); });
}

TEST_CASE("positions and state go on over replays without a flush, and state starts anew after one") {
    for_each_twin([](const Twin& twin) {
        const auto in_two = twin.build(), twice = twin.build();
        replay(in_two->graph, twin.feeds(0, twin.rows() / 2), {.chunk = 100, .flush = false});
        replay(in_two->graph, twin.feeds(twin.rows() / 2, twin.rows()), {.chunk = 100});
        CHECK(difference(in_two->outputs(), twin.reference()) == "");
        const auto position = in_two->graph.position();
        in_two->graph.flush();
        CHECK(in_two->graph.position() == position);
    });
}

}  // namespace openquant::testing
