// A user's Python callable as a node.
#pragma once

#include <pybind11/pybind11.h>

#include <memory>
#include <string>

#include "openquant/engine/node.hpp"

namespace openquant {

/// `driver` (openquant/callables.py) turns columns into rows or frames for the callable and what it returns into columns.
/// Without `output` the node is a sink.
std::unique_ptr<Node> make_callable_node(pybind11::object driver, const EventType& input, const EventType* output);

}  // namespace openquant
