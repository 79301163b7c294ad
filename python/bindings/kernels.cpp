#include "bindings.hpp"

namespace py = pybind11;

namespace openquant {

void bind_kernels(py::module_) {}

}  // namespace openquant
