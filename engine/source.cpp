#include "openquant/engine/source.hpp"

#include <atomic>
#include <numeric>
#include <stdexcept>

#include "openquant/engine/inlet.hpp"

namespace openquant {

std::uint64_t new_dictionary() {
    static std::atomic<std::uint64_t> next{1};
    return next.fetch_add(1, std::memory_order_relaxed);
}

const std::string& Batch::name(std::uint32_t code) const {
    if (finder) finder->find(code);
    if (code < names->size()) return (*names)[code];
    throw std::invalid_argument("a row has symbol code " + std::to_string(code) + ", but only " + std::to_string(names->size()) + " names are given");
}

Source::Source(std::string name_, const EventType& type, IdKind ids_) : name(std::move(name_)), ids(ids_) {
    rows.type = &type;
    rows.name = name;
    continuity.type = &event_type<Continuity>();
    continuity.name = name + ".continuity";
}

Source::~Source() = default;

std::uint64_t Source::rejected_total() const { return std::accumulate(rejected.begin(), rejected.end(), std::uint64_t{0}); }

}  // namespace openquant
