// The graph and feeds as the package holds them, shared by the files that bind what works on them.
#pragma once

#include <pybind11/pybind11.h>

#include <memory>
#include <string>

#include "openquant/engine/engine_loop.hpp"
#include "openquant/engine/graph.hpp"
#include "openquant/engine/inlet.hpp"
#include "openquant/replay/feed.hpp"

namespace openquant {

/// Ends an engine thread without the GIL, which that thread may be waiting for.
struct PyGraph {
    std::unique_ptr<Graph> graph = std::make_unique<Graph>();
    std::shared_ptr<Recorder> recorder;  // outlives all that runs the graph
    ~PyGraph() {
        const pybind11::gil_scoped_release release;
        try {
            graph->live().stop(false);
        } catch (...) {  // nobody is left to tell
        }
        recorder.reset();
        graph.reset();
    }
};

struct PyFeed {
    std::unique_ptr<Feed> feed;
};

/// Rejections other than none, by name.
pybind11::dict counts(const Rejections& rejected);

/// Both throw std::invalid_argument with the names that there are.
IdKind id_kind(const std::string& name);
Overflow overflow_named(const std::string& name);

}  // namespace openquant
