#include "openquant/connectors/simulator/faults.hpp"

#include <algorithm>
#include <charconv>
#include <stdexcept>
#include <string>

namespace openquant {

namespace {

constexpr std::uint32_t no_item = 0xffffffff;

[[noreturn]] void refuse(std::string_view part, const std::string& why) {
    throw std::invalid_argument("faults: '" + std::string(part) + "': " + why +
                                "; write kind:every[:n], separated by commas: gap:1000:5, duplicate:500, reorder:700, corrupt:900, "
                                "disconnect:2000[:trades], close:3000, stall:4000:ms, drip:5000:ms");
}

std::uint64_t number(std::string_view part, std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value == 0 || value > 1'000'000'000)
        refuse(part, "'" + std::string(text) + "' is no number from 1 to 1000000000");
    return value;
}

FaultRule parse_rule(std::string_view part) {
    std::vector<std::string_view> words;
    for (std::string_view rest = part;;) {
        const std::size_t colon = rest.find(':');
        words.push_back(rest.substr(0, colon));
        if (colon == std::string_view::npos) break;
        rest.remove_prefix(colon + 1);
    }
    const auto named = std::find(std::begin(fault_kind_names) + 1, std::end(fault_kind_names) - 1, words[0]);
    if (named == std::end(fault_kind_names) - 1) refuse(part, "'" + std::string(words[0]) + "' is no kind of fault");
    FaultRule rule{static_cast<FaultKind>(named - std::begin(fault_kind_names))};
    if (words.size() < 2 || words.size() > 3) refuse(part, "it has " + std::to_string(words.size()) + " parts");
    rule.every = number(part, words[1]);
    if (words.size() == 3) rule.n = number(part, words[2]);
    switch (rule.kind) {
        case FaultKind::gap:
            rule.n = std::max<std::uint64_t>(rule.n, 1);
            if (rule.n >= rule.every) refuse(part, "it would leave out every trade");
            break;
        case FaultKind::disconnect: break;
        case FaultKind::stall:
        case FaultKind::drip:
            if (rule.n == 0) refuse(part, "it needs milliseconds");
            break;
        default:
            if (rule.n != 0) refuse(part, "it takes no third number");
    }
    if (rule.kind == FaultKind::reorder && rule.every < 2) refuse(part, "every second trade is the most that can be swapped");
    return rule;
}

bool of_connection(FaultKind kind) { return kind >= FaultKind::disconnect; }

/// The fault of trade `number`, counted from 1: a corrupt frame goes before a gap, a gap before a duplicate, that before a swap.
FaultKind fault_of(const std::vector<FaultRule>& rules, std::uint64_t number) {
    FaultKind first = FaultKind::none;
    for (const FaultRule& rule : rules) {
        if (of_connection(rule.kind)) continue;
        const bool hit = rule.kind == FaultKind::gap ? number > rule.every && (number - 1) % rule.every < rule.n : number % rule.every == 0;
        const auto rank = [](FaultKind kind) { return kind == FaultKind::corrupt ? 1 : static_cast<int>(kind) * 2; };
        if (hit && (first == FaultKind::none || rank(rule.kind) < rank(first))) first = rule.kind;
    }
    return first;
}

/// What each item tells: swapped trades have each other's, and the later one is the fault. A swap beside a lost trade, or across
/// one that is something else's, would not be seen as a swap: it is left out.
void swap(const Tape& tape, const std::vector<FaultRule>& rules, std::vector<FaultKind>& faults, std::vector<std::uint32_t>& told) {
    std::vector<std::uint32_t> before(tape.streams.size(), no_item), swapping(tape.streams.size(), no_item);
    std::uint64_t number = 0;
    for (std::uint32_t i = 0; i < tape.items.size(); ++i) {
        const TapeItem& item = tape.items[i];
        if (item.kind != TapeItem::Kind::trade) continue;
        ++number;
        for (const FaultRule& rule : rules)  // a connection's fault between the two would part them
            if (of_connection(rule.kind) && (number - 1) % rule.every == 0) std::fill(swapping.begin(), swapping.end(), no_item);
        std::uint32_t& waits = swapping[item.stream];
        if (waits != no_item && faults[i] == FaultKind::none) {
            std::swap(told[waits], told[i]);
            faults[i] = FaultKind::reorder;
            waits = no_item;
        } else {
            waits = no_item;
            const std::uint32_t last = before[item.stream];
            const bool clean = last != no_item && (faults[last] == FaultKind::none || faults[last] == FaultKind::duplicate);
            if (faults[i] == FaultKind::reorder) faults[i] = FaultKind::none, waits = clean ? i : no_item;
        }
        before[item.stream] = i;
    }
}

}  // namespace

std::vector<FaultRule> parse_faults(std::string_view spec) {
    std::vector<FaultRule> out;
    while (!spec.empty()) {
        const std::size_t comma = spec.find(',');
        out.push_back(parse_rule(spec.substr(0, comma)));
        if (comma == std::string_view::npos) break;
        spec.remove_prefix(comma + 1);
        if (spec.empty()) refuse("", "nothing follows the last comma");
    }
    return out;
}

std::vector<Step> script(const Tape& tape, const std::vector<FaultRule>& rules) {
    std::vector<FaultKind> faults(tape.items.size(), FaultKind::none);
    std::vector<std::uint32_t> told(tape.items.size());
    std::uint64_t number = 0;
    for (std::uint32_t i = 0; i < tape.items.size(); ++i) {
        told[i] = i;
        if (tape.items[i].kind == TapeItem::Kind::trade) faults[i] = fault_of(rules, ++number);
    }
    swap(tape, rules, faults, told);
    std::vector<Step> out;
    out.reserve(tape.items.size());
    number = 0;
    for (std::uint32_t i = 0; i < tape.items.size(); ++i) {
        if (faults[i] == FaultKind::duplicate) out.push_back({FaultKind::none, told[i], i});
        out.push_back({faults[i], told[i], i});
        if (tape.items[i].kind != TapeItem::Kind::trade) continue;
        ++number;
        for (const FaultRule& rule : rules)
            if (of_connection(rule.kind) && number % rule.every == 0) out.push_back({rule.kind, i, i, rule.n});
    }
    return out;
}

}  // namespace openquant
