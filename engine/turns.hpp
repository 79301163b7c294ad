// One of several streams that are read in the order of their rows' positions.
#pragma once

#include <cstdint>
#include <limits>

#include "openquant/engine/stream.hpp"

namespace openquant {

/// The rows of a stream that are still to come, and the position at which its next turn is.
class Turns {
public:
    static constexpr std::uint64_t none = std::numeric_limits<std::uint64_t>::max() - 1;  // behind every row

    Turns() = default;
    explicit Turns(const Stream& stream) : keys_(&stream.keys), rows_(stream.rows) { go_to(0); }

    std::uint64_t next() const { return next_; }
    std::size_t row() const { return row_; }
    void go_to(std::size_t row) {
        row_ = row;
        next_ = row == rows_ ? none : keys_->position ? keys_->position[row] : keys_->first + row;
    }
    /// The first row whose position is not below `others`.
    std::size_t end(std::uint64_t others) const { return keys_->first_beyond(row_, rows_, {others, 0}, false); }

private:
    const Keys* keys_ = nullptr;
    std::size_t row_ = 0, rows_ = 0;
    std::uint64_t next_ = none;
};

}  // namespace openquant
