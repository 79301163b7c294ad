// One table of symbols per graph: names to dense ids, in the order in which the engine first met them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "openquant/operators/core/archive.hpp"
#include "openquant/operators/core/events.hpp"

namespace openquant {

class SymbolTable {
public:
    static constexpr std::size_t max_symbols = 1'000'000;

    std::size_t size() const { return names_.size(); }
    const std::string& name(SymbolId id) const { return names_[id]; }
    const std::vector<std::string>& names() const { return names_; }

    /// The symbol's id; `position` is kept if this is the first row that speaks of it.
    SymbolId id(std::string_view name, std::uint64_t position = 0) {
        if (const auto at = ids_.find(name); at != ids_.end()) return at->second;
        if (names_.size() == max_symbols)
            throw std::length_error("a graph holds at most " + std::to_string(max_symbols) + " symbols; '" + std::string(name) + "' would be one more");
        const auto fresh = static_cast<SymbolId>(names_.size());
        names_.emplace_back(name);
        since_.push_back(position);
        ids_.emplace(names_.back(), fresh);
        return fresh;
    }

    /// Ids in the order of their names: the order in which symbols are flushed and broadcast to. With a position: those
    /// met before it, for a chunk may hold the first row of a symbol behind the row that is broadcast.
    std::vector<SymbolId> by_name(std::uint64_t position = std::numeric_limits<std::uint64_t>::max()) const {
        std::vector<SymbolId> out;
        out.reserve(ids_.size());
        for (const auto& [name, id] : ids_)
            if (since_[id] < position) out.push_back(id);
        return out;
    }

    void save(Writer& out) const { out.put(names_), out.put(since_); }
    void load(Reader& in) {
        *this = {};
        for (const auto& name : in.get<std::vector<std::string>>()) id(name);
        in.get(since_);
        if (since_.size() != names_.size()) throw std::invalid_argument("snapshot is damaged: its symbols disagree");
    }

private:
    std::vector<std::string> names_;
    std::vector<std::uint64_t> since_;  // by id: position of the first row
    std::map<std::string, SymbolId, std::less<>> ids_;
};

}  // namespace openquant
