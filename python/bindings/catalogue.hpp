// The catalogue by name: what Python needs to make classes, check parameters and build nodes.
#pragma once

#include <pybind11/pybind11.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "openquant/engine/node.hpp"
#include "openquant/engine/source.hpp"

namespace openquant {

using Parameters = std::map<std::string, Setting>;

/// Name, doc, inputs, output and parameters of every operator and event type, as dicts.
pybind11::list operator_dicts();
pybind11::list event_type_dicts();

/// An operator with its parameters, as a maker of nodes that run it.
using NodeMaker = std::function<std::unique_ptr<Node>()>;

/// Throws std::invalid_argument for an unknown operator or parameter, or a value out of range.
NodeMaker node_maker(const std::string& name, const Parameters& parameters);
std::unique_ptr<Source> make_source(const std::string& type, const std::string& name, IdKind ids);
const EventType& event_type_named(const std::string& name);

}  // namespace openquant
