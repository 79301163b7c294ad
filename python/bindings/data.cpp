#include "bindings.hpp"

namespace py = pybind11;

namespace openquant {

void bind_data(py::module_) {}

}  // namespace openquant
