// Journals for the package: recording a graph, and replaying what was recorded.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include "bindings.hpp"
#include "graph.hpp"
#include "openquant/replay/journal.hpp"
#include "openquant/replay/journal_replay.hpp"

namespace py = pybind11;
using namespace py::literals;

namespace openquant {

void bind_journal(py::module_& m) {
    m.def(
        "journal_sources",
        [](const std::string& folder) {
            std::vector<std::tuple<std::string, std::string, std::string_view>> out;
            for (const JournalSource& source : journal_sources(folder))
                out.emplace_back(source.name, source.type, id_kind_names[static_cast<std::size_t>(source.ids)]);
            return out;
        },
        "folder"_a);

    py::class_<JournalWriter, std::shared_ptr<JournalWriter>>(m, "Recording")
        .def(py::init([](PyGraph& g, const std::string& folder, std::uint64_t segment_bytes) {
                 auto writer = std::make_shared<JournalWriter>(folder, *g.graph, JournalOptions{segment_bytes});
                 g.recorder = writer;
                 return writer;
             }),
             "graph"_a, "folder"_a, "segment_bytes"_a = JournalOptions{}.segment_bytes, py::keep_alive<1, 2>())
        .def("close", &JournalWriter::close, py::call_guard<py::gil_scoped_release>())
        .def_property_readonly("closed", &JournalWriter::closed)
        .def_property_readonly("folder", &JournalWriter::folder);

    py::class_<JournalReplay>(m, "JournalReplay")
        .def(py::init(
                 [](PyGraph& g, const std::string& folder, std::size_t chunk, std::optional<bool> end_streams, const std::map<std::string, std::string>& ids) {
                     JournalReplayOptions options{chunk, end_streams};
                     for (const auto& [source, kind] : ids) options.ids[source] = id_kind(kind);
                     return std::make_unique<JournalReplay>(*g.graph, folder, std::move(options));
                 }),
             "graph"_a, "folder"_a, "chunk"_a, "end_streams"_a, "ids"_a, py::keep_alive<1, 2>())
        .def(
            "run_for", [](JournalReplay& r, std::int64_t budget_ms) { return r.run_for(std::chrono::milliseconds(budget_ms)); }, "budget_ms"_a,
            py::call_guard<py::gil_scoped_release>())
        .def("step", &JournalReplay::step, "rows"_a, py::call_guard<py::gil_scoped_release>())
        .def("pause", &JournalReplay::pause)
        .def("resume", &JournalReplay::resume)
        .def("stop", &JournalReplay::stop)
        .def_property_readonly("paused", &JournalReplay::paused)
        .def_property_readonly("done", &JournalReplay::done)
        .def_property_readonly("rows", &JournalReplay::rows)
        .def_property_readonly("progress", &JournalReplay::progress)
        .def_property_readonly("torn_bytes", &JournalReplay::torn_bytes)
        .def_property_readonly("closed", &JournalReplay::closed)
        .def("rejected", [](const JournalReplay& r) { return counts(r.rejected()); });
}

}  // namespace openquant
