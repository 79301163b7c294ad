#include "bindings.hpp"

namespace py = pybind11;

namespace openquant {

void bind_sampling(py::module_) {}

}  // namespace openquant
