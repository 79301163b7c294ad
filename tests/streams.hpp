// Seeded market-like recordings of every event type, and feeds that replay them.
#pragma once

#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "openquant/replay/feed.hpp"
#include "random.hpp"

namespace openquant::testing {

template <class List>
struct VariantOf;
template <class... Es>
struct VariantOf<Types<Es...>> {
    using Type = std::variant<Es...>;
};
/// A row of any event type.
using Row = VariantOf<EventTypes>::Type;

struct Tick {
    std::string symbol;
    Row row;
};

/// What a reader reports just before row `before`; symbol "*" is every symbol.
struct ReportedBreak {
    std::size_t before = 0;
    std::string symbol;
    Continuity row;
};

/// The rows of one source, all of `type`.
struct Recording {
    const EventType* type = nullptr;
    IdKind ids = IdKind::unknown;
    std::vector<Tick> ticks;
    std::vector<ReportedBreak> breaks;
};

inline constexpr char every_name[] = "*";

const EventType& type_of(const Row& row);
std::int64_t time_of(const Row& row);
Fault fault_of(const Row& row);

struct StreamOptions {
    bool dirty = true;        // some rows are invalid, late, repeated or missing
    std::size_t symbols = 3;  // the last one appears late, and its name sorts first
};

/// `rows` rows of the type: several symbols, equal timestamps, steps back, jumps, huge trades.
Recording generate(const EventType& type, std::uint64_t seed, std::size_t rows, StreamOptions options = {});

/// Rows [begin, end) in batches of `per_batch`.
std::unique_ptr<Feed> feed_of(const Recording& recording, std::size_t begin, std::size_t end, std::size_t per_batch = 1 << 20);
std::unique_ptr<Feed> feed_of(const Recording& recording, std::size_t per_batch = 1 << 20);

/// A recording from rows of one symbol.
template <class E>
Recording recording_of(const std::vector<E>& rows, std::string symbol = "BTCUSDT", IdKind ids = IdKind::unknown) {
    Recording out{&event_type<E>(), ids, {}, {}};
    for (const E& row : rows) out.ticks.push_back({symbol, row});
    return out;
}

/// Calls visit.template operator()<E>() for the type.
template <class Visit>
decltype(auto) with_type(const EventType& type, Visit&& visit) {
    return [&]<class First, class... Es>(Types<First, Es...>) {
        using Result = decltype(visit.template operator()<First>());
        std::unique_ptr<Result> out;
        const auto attempt = [&]<class E>() {
            if (&event_type<E>() == &type) out = std::make_unique<Result>(visit.template operator()<E>());
        };
        attempt.template operator()<First>();
        (attempt.template operator()<Es>(), ...);
        return std::move(*out);
    }(EventTypes{});
}

}  // namespace openquant::testing
