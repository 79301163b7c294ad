// Names of symbols to small numbers, found without an allocation.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace openquant {

class SymbolIndex {
public:
    static constexpr std::uint32_t none = 0xffffffff;

    const std::vector<std::string>& names() const { return names_; }
    std::size_t size() const { return names_.size(); }

    /// The number of a symbol, `none` if it is not known.
    std::uint32_t find(std::string_view symbol) const {
        if (last_ < names_.size() && names_[last_] == symbol) return last_;
        const auto at = lower_bound(symbol);
        if (at == sorted_.end() || names_[*at] != symbol) return none;
        return last_ = *at;
    }
    /// The number of a symbol, which is new if it was not known.
    std::uint32_t add(std::string_view symbol) {
        if (const std::uint32_t known = find(symbol); known != none) return known;
        const auto at = lower_bound(symbol);
        const auto fresh = static_cast<std::uint32_t>(names_.size());
        sorted_.insert(at, fresh);
        names_.emplace_back(symbol);
        return last_ = fresh;
    }

private:
    std::vector<std::uint32_t>::const_iterator lower_bound(std::string_view symbol) const {
        return std::lower_bound(sorted_.begin(), sorted_.end(), symbol, [&](std::uint32_t a, std::string_view b) { return names_[a] < b; });
    }
    std::vector<std::string> names_;
    std::vector<std::uint32_t> sorted_;  // by name
    mutable std::uint32_t last_ = 0;     // most rows speak of the symbol of the row before
};

}  // namespace openquant
