// What a market will say, in its order: the frames of a capture, or a capture's trades as another venue writes them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "openquant/connectors/symbol_index.hpp"

namespace openquant {

struct TapeItem {
    enum class Kind : std::uint8_t { trade, past, other };  // past: a trade of before, told again

    std::int64_t received_ns = 0, publish_ns = 0, id = 0;
    std::uint32_t stream = 0;
    std::uint32_t payload = 0;  // where a combined frame's own payload begins
    Kind kind = Kind::other;
    bool aggregate = false;
    std::string text;  // the frame, or one trade of a message
};

class Tape {
public:
    SymbolIndex streams;               // what can be subscribed to
    std::vector<std::string> symbols;  // by stream, as trades name them
    std::vector<TapeItem> items;       // receive times never fall

    void add(TapeItem item, std::string_view stream, std::string_view symbol) {
        item.stream = streams.add(stream);
        if (symbols.size() < streams.size()) symbols.emplace_back(symbol);
        if (!items.empty()) item.received_ns = std::max(item.received_ns, items.back().received_ns);
        items.push_back(std::move(item));
    }
    /// Once all items are there.
    void close() {
        trades_.assign(streams.size(), {});
        for (std::uint32_t i = 0; i < items.size(); ++i)
            if (items[i].kind != TapeItem::Kind::other) trades_[items[i].stream].push_back(i);
    }
    /// Up to `most` trades of a stream before item `position`, oldest first.
    std::vector<const TapeItem*> past(std::uint32_t stream, std::size_t position, std::size_t most) const {
        const auto& all = trades_[stream];
        const auto end = std::lower_bound(all.begin(), all.end(), position);
        auto at = end - static_cast<std::ptrdiff_t>(std::min(most, static_cast<std::size_t>(end - all.begin())));
        std::vector<const TapeItem*> out;
        for (; at != end; ++at) out.push_back(&items[*at]);
        return out;
    }

private:
    std::vector<std::vector<std::uint32_t>> trades_;  // items by stream
};

}  // namespace openquant
