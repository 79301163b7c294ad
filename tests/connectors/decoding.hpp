// Frames for decoders: padded as a socket's buffer is, decoded by a venue, and broken in every way.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "openquant/connectors/json.hpp"
#include "openquant/connectors/venue.hpp"
#include "random.hpp"

namespace openquant::testing {

inline constexpr std::int64_t received = 1'700'000'000'000'000'000;

/// A frame in a buffer of its own, so that a sanitizer sees what is read beyond the padding.
class Padded {
public:
    explicit Padded(std::string_view frame) : bytes_(new char[frame.size() + json::padding]()), size_(frame.size()) {
        std::copy(frame.begin(), frame.end(), bytes_.get());
    }
    std::string_view view() const { return {bytes_.get(), size_}; }

private:
    std::unique_ptr<char[]> bytes_;
    std::size_t size_;
};

struct Decoded {
    Frame frame;
    Told told;
    std::vector<std::string> symbols;  // beside told.trades
};

inline Decoded decode(Venue& venue, std::string_view frame) {
    const Padded padded(frame);
    Decoded out;
    out.frame = venue.decode(padded.view(), received, out.told);
    for (const Told::Row& row : out.told.trades) out.symbols.push_back(venue.symbols().names().at(row.symbol));
    return out;
}

/// The one trade of a frame; a default one if it is of another kind.
inline Trade only_trade(Venue& venue, std::string_view frame) {
    const Decoded decoded = decode(venue, frame);
    return decoded.frame == Frame::trades && decoded.told.trades.size() == 1 ? decoded.told.trades[0].trade : Trade{};
}

/// The frame and texts made of it: cut after every byte, with every byte flipped in some bit, edited in `edits` places.
std::vector<std::string> broken(const std::string& frame, std::uint64_t seed, std::size_t edits);

/// Texts that no venue sends.
std::vector<std::string> hostile(const std::string& frame);

/// Feeds broken and hostile frames between sound ones: the venue must refuse or decode them, keep what it told before, and go on.
/// Returns how many were malformed.
std::size_t survive(Venue& venue, const std::string& frame);

/// Counts of operator new of this executable so far.
std::size_t allocations();

}  // namespace openquant::testing
