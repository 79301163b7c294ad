// Live sessions and the simulator for the package.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include "bindings.hpp"
#include "graph.hpp"
#include "openquant/connectors/lines.hpp"
#include "openquant/connectors/live/session.hpp"
#include "openquant/connectors/simulator/simulator.hpp"
#include "openquant/engine/engine_loop.hpp"
#include "openquant/replay/text_file.hpp"

namespace py = pybind11;
using namespace py::literals;

namespace openquant {
namespace {

/// What a connection is made of; its venue is made anew for each session.
struct PyFeeder {
    std::string source, venue;
    std::vector<std::pair<std::string, std::string>> markets;  // symbol, channel
    std::string url, prefix;
    IdKind ids;

    std::unique_ptr<Venue> make() const {
        std::vector<Market> wanted;
        for (const auto& [symbol, channel] : markets) wanted.push_back({symbol, channel});
        if (venue != "ndjson") return make_venue(venue, wanted);
        std::vector<std::string> only;
        for (const Market& market : wanted) only.push_back(market.symbol);
        return make_lines(ids, only);
    }
};

std::vector<Feeder> made(const std::vector<PyFeeder>& given) {
    std::vector<Feeder> out;
    for (const PyFeeder& f : given) out.push_back({f.source, f.make(), f.url, f.prefix});
    return out;
}

/// Ends a session that was never stopped without the GIL, which its engine may be waiting for.
struct PySession {
    PySession(Graph& graph_, const std::vector<PyFeeder>& feeders, SessionOptions options)
        : graph(&graph_), session(std::make_unique<Session>(graph_, made(feeders), std::move(options))) {}
    ~PySession() {
        const py::gil_scoped_release release;
        session.reset();
    }
    Graph* graph;
    std::unique_ptr<Session> session;
};

py::dict stats(const PySession& self) {
    const SessionStats now = self.session->stats();
    py::list connections, sources;
    for (const auto& c : now.connections)
        connections.append(py::dict("venue"_a = c.venue, "url"_a = c.url, "state"_a = c.state, "frames"_a = c.frames, "trades"_a = c.trades,
                                    "malformed"_a = c.malformed, "bytes"_a = c.bytes, "connects"_a = c.connects, "disconnects"_a = c.disconnects,
                                    "refusals"_a = c.refusals, "last_error"_a = c.last_error, "last_event_ts"_a = c.last_event_ts,
                                    "last_receive_ts"_a = c.last_receive_ts, "lag_ns"_a = c.lag_ns));
    for (const auto& s : now.sources) sources.append(py::dict("name"_a = s.name, "queued"_a = s.queued, "pushed"_a = s.pushed, "dropped"_a = s.dropped));
    return py::dict("connections"_a = connections, "sources"_a = sources);
}

py::dict stats(const Simulator& simulator) {
    const SimulatorStats now = simulator.stats();
    py::dict faults;
    for (std::size_t i = 1; i < now.injected.size(); ++i)
        if (now.injected[i] > 0) faults[py::str(fault_kind_names[i])] = now.injected[i];
    return py::dict("connections"_a = now.connections, "clients"_a = now.clients, "trades"_a = now.trades, "position"_a = now.position,
                    "frames_sent"_a = now.sent_messages, "trades_sent"_a = now.sent_trades, "injected"_a = faults);
}

py::list injected(const Simulator& simulator) {
    py::list out;
    for (const auto& fault : simulator.injected())
        out.append(
            py::dict("kind"_a = fault_kind_names[static_cast<std::size_t>(fault.kind)], "symbol"_a = fault.symbol, "id"_a = fault.id, "count"_a = fault.count));
    return out;
}

void bind_simulator(py::module_& m) {
    m.def("simulated_venues", &simulated_venues);
    py::class_<Simulator>(m, "Simulator")
        .def(py::init([](const std::string& capture, const std::string& venue, std::uint16_t port, bool tls, double speed, const std::string& faults,
                         bool restart_per_connection) {
                 const py::gil_scoped_release release;
                 SimulatorOptions options;
                 options.venue = venue, options.port = port, options.tls = tls, options.speed = speed, options.faults = faults;
                 options.restart_per_connection = restart_per_connection;
                 TextFile file(capture);
                 return std::make_unique<Simulator>(
                     capture, [&](std::string_view& line) { return file.next(line); }, options);
             }),
             "capture"_a, "venue"_a, "port"_a, "tls"_a, "speed"_a, "faults"_a, "restart_per_connection"_a)
        .def_property_readonly("url", &Simulator::url)
        .def_property_readonly("ca_pem", &Simulator::ca_pem)
        .def("start", &Simulator::start, py::call_guard<py::gil_scoped_release>())
        .def("stop", &Simulator::stop, py::call_guard<py::gil_scoped_release>())
        .def("stats", py::overload_cast<const Simulator&>(&stats))
        .def("injected", &injected);
}

}  // namespace

void bind_live(py::module_& m) {
    m.def("venue_names", [] {
        std::vector<std::string> out(1, "ndjson");
        for (const auto name : venue_names()) out.emplace_back(name);
        std::sort(out.begin(), out.end());
        return out;
    });

    py::class_<PyFeeder>(m, "Feeder")
        .def(py::init([](std::string source, std::string venue, std::vector<std::pair<std::string, std::string>> markets, std::string url, std::string prefix,
                         const std::string& ids) {
                 PyFeeder out{std::move(source), std::move(venue), std::move(markets), std::move(url), std::move(prefix), id_kind(ids)};
                 out.make();
                 return out;
             }),
             "source"_a, "venue"_a, "markets"_a, "url"_a, "prefix"_a, "ids"_a)
        .def_readonly("source", &PyFeeder::source)
        .def_property_readonly("symbols",
                               [](const PyFeeder& f) {
                                   const auto venue = f.make();
                                   std::vector<std::string> out;
                                   for (const std::string& name : venue->symbols().names()) out.push_back(f.prefix + name);
                                   return out;
                               })
        .def_property_readonly("ids", [](const PyFeeder& f) { return std::string(id_kind_names[static_cast<std::size_t>(f.make()->rules().ids)]); });

    py::class_<PySession>(m, "Session")
        .def(py::init([](PyGraph& g, const std::vector<PyFeeder>& feeders, std::size_t capacity, const std::string& overflow, std::int64_t spin_ns,
                         const std::string& ca_file, std::int64_t clock_ms) {
                 SessionOptions options;
                 options.inlet = {capacity, overflow_named(overflow)};
                 options.spin = std::chrono::nanoseconds(spin_ns);
                 options.ca_file = ca_file;
                 options.clock_every = std::chrono::milliseconds(clock_ms);
                 return std::make_unique<PySession>(*g.graph, feeders, options);
             }),
             "graph"_a, "feeders"_a, "capacity"_a, "overflow"_a, "spin_ns"_a, "ca_file"_a, "clock_ms"_a, py::keep_alive<1, 2>())
        .def(
            "open", [](PySession& s) { s.session->open(); }, py::call_guard<py::gil_scoped_release>())
        .def(
            "start", [](PySession& s) { s.session->start(); }, py::call_guard<py::gil_scoped_release>())
        .def(
            "stop", [](PySession& s, bool flush) { s.session->stop(flush); }, "flush"_a, py::call_guard<py::gil_scoped_release>())
        .def("refuse_to_node", [](PySession& s) { s.graph->live().refuse_to_node("its end"); })
        .def("stats", py::overload_cast<const PySession&>(&stats))
        .def_property_readonly("failed", [](const PySession& s) { return s.session->failed(); });
    bind_simulator(m);
}

}  // namespace openquant
