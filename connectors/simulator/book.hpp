// What a simulator counts and lists, for readers on other threads.
#pragma once

#include <mutex>

#include "openquant/connectors/simulator/simulator.hpp"

namespace openquant {

class Book {
public:
    void count(auto&& change) {
        const std::scoped_lock lock(mutex_);
        change(stats_);
    }
    void note(FaultKind kind, std::string_view symbol, std::int64_t id, std::uint64_t n) {
        const std::scoped_lock lock(mutex_);
        injected_.push_back({kind, std::string(symbol), id, n});
        ++stats_.injected[static_cast<std::size_t>(kind)];
    }
    SimulatorStats stats() const {
        const std::scoped_lock lock(mutex_);
        return stats_;
    }
    std::vector<Injected> injected() const {
        const std::scoped_lock lock(mutex_);
        return injected_;
    }

private:
    mutable std::mutex mutex_;
    SimulatorStats stats_;
    std::vector<Injected> injected_;
};

}  // namespace openquant
