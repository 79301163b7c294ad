// Who is told of all that a graph takes in, before it is worked on: a journal, for one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "openquant/engine/source.hpp"

namespace openquant {

/// Called by the thread that runs the graph. What it throws ends the run.
class Recorder {
public:
    virtual ~Recorder() = default;
    /// Rows [begin, end) of the batch that is open on a source, and the breaks reported before them.
    virtual void taken(std::size_t source, const Batch& batch, std::size_t begin, std::size_t end) = 0;
    /// What was taken so far is worked on now.
    virtual void chunk_begins() = 0;
    /// The streams end here.
    virtual void flushed() = 0;
    /// The graph took over a snapshot.
    virtual void restored(const std::vector<std::uint8_t>& snapshot) = 0;
    /// What a source has been told is history that a live feed may repeat.
    virtual void handed_over() = 0;
};

}  // namespace openquant
