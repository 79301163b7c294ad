// openquant._core: the engine for the package. What the package adds on top is Python's own: frames, names, docs.
#include <pybind11/functional.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

#include "bindings.hpp"
#include "callable_node.hpp"
#include "catalogue.hpp"
#include "frames.hpp"
#include "graph.hpp"
#include "openquant/engine/engine_loop.hpp"
#include "openquant/engine/signal_buffer.hpp"
#include "openquant/replay/matrix_feed.hpp"
#include "openquant/replay/numbered_feed.hpp"
#include "openquant/replay/replay.hpp"
#include "openquant/replay/text_file.hpp"

namespace py = pybind11;
using namespace py::literals;

namespace openquant {

IdKind id_kind(const std::string& name) {
    for (std::size_t i = 0; i < std::size(id_kind_names); ++i)
        if (name == id_kind_names[i]) return static_cast<IdKind>(i);
    throw std::invalid_argument("ids = '" + name + "' must be one of unknown, opaque, monotonic, dense");
}
Overflow overflow_named(const std::string& name) {
    static const std::map<std::string, Overflow> policies = {
        {"block", Overflow::block}, {"drop_oldest", Overflow::drop_oldest}, {"conflate", Overflow::conflate}};
    const auto at = policies.find(name);
    if (at == policies.end()) throw std::invalid_argument("overflow = '" + name + "' must be one of block, drop_oldest, conflate");
    return at->second;
}

py::dict counts(const Rejections& rejected) {
    py::dict out;
    for (std::size_t i = 1; i < rejected.size(); ++i)
        if (rejected[i] > 0) out[py::str(fault_names[i])] = rejected[i];
    return out;
}

namespace {

struct PyTable {
    Table* table;
};
struct PyChecksum {
    Checksum* checksum;
    Graph* graph;
};

struct PyOperator {
    NodeMaker make_node;
};

py::dict describe_node(const Node& node) {
    py::list inputs;
    for (const Stream* in : node.inputs)
        if (in) inputs.append(in->name);
    const Metrics& m = node.metrics;
    return py::dict("name"_a = node.name, "operator"_a = node.signature(), "inputs"_a = inputs, "keyed"_a = node.scope() == Scope::keyed,
                    "lawful"_a = node.lawful(), "calls"_a = m.calls, "rows_in"_a = m.rows_in, "rows_out"_a = m.rows_out, "refused"_a = node.refused(),
                    "latency_ns_p50"_a = m.call_ns.quantile(0.5), "latency_ns_p99"_a = m.call_ns.quantile(0.99),
                    "latency_ns_p999"_a = m.call_ns.quantile(0.999), "latency_ns_max"_a = m.call_ns.quantile(1.0),
                    "ns_per_row"_a = m.timed_rows ? static_cast<double>(m.timed_ns) / static_cast<double>(m.timed_rows) : 0.0);
}

py::dict describe_source(Source& source) {
    return py::dict("name"_a = source.name, "type"_a = source.rows.type->name, "rows"_a = source.accepted, "rejected"_a = counts(source.rejected),
                    "pushed"_a = source.inlet().pushed(), "dropped"_a = source.inlet().dropped(), "queued"_a = source.inlet().depth(),
                    "ts_first"_a = source.accepted ? py::cast(source.earliest) : py::none(),
                    "ts_last"_a = source.accepted ? py::cast(source.latest()) : py::none());
}

/// Runs `task` between two chunks of a live engine, or at once.
void at_boundary(Graph& graph, const std::function<void()>& task) {
    const py::gil_scoped_release release;
    graph.live().between_chunks([&] {
        const py::gil_scoped_acquire gil;
        task();
    });
}

py::dict describe(PyGraph& self) {
    py::list sources, nodes;
    std::uint64_t position = 0;
    std::size_t symbols = 0;
    at_boundary(*self.graph, [&] {
        position = self.graph->position(), symbols = self.graph->symbols().size();
        for (const auto& source : self.graph->sources()) sources.append(describe_source(*source));
        for (const auto& node : self.graph->nodes()) nodes.append(describe_node(*node));
    });
    return py::dict("sources"_a = sources, "nodes"_a = nodes, "position"_a = position, "symbols"_a = symbols);
}

py::dict table_columns(const PyTable& self, bool take) {
    Table::Contents all;
    {
        const py::gil_scoped_release release;
        all = take ? self.table->take() : self.table->contents();
    }
    return arrays_of(std::move(all), take);
}

std::size_t push(PyGraph& self, const std::string& name, const PyFeed& rows) {
    Source& source = *self.graph->sources()[self.graph->source_index(name)];
    const py::gil_scoped_release release;
    Batch batch;
    std::size_t taken = 0;
    while (rows.feed->next(batch)) {
        const std::size_t n = source.inlet().push(batch);
        taken += n;
        if (n < batch.rows) break;
    }
    return taken;
}

/// Aligned prices from a matrix, time by asset; the arrays are read where they are.
PyFeed matrix_feed(const py::array_t<double, py::array::c_style>& prices, const py::array_t<std::int64_t, py::array::c_style>& times,
                   std::vector<std::string> names) {
    if (prices.ndim() != 2 || times.ndim() != 1 || prices.shape(0) != times.shape(0) || static_cast<std::size_t>(prices.shape(1)) != names.size())
        throw std::invalid_argument("matrix_feed: prices must be times by names");
    const std::span<const double> cells(prices.data(), static_cast<std::size_t>(prices.size()));
    const std::span<const std::int64_t> rows(times.data(), static_cast<std::size_t>(times.size()));
    return PyFeed{std::make_unique<MatrixFeed>(cells, rows, std::move(names), keep_alive({prices, times}))};
}

/// Values from row `first` on, at the times first, first + 1, ...; the array is read where it is.
PyFeed numbered_feed(const std::string& type, const py::array_t<double, py::array::c_style>& values, std::size_t first, std::string name) {
    const std::span<const double> numbers(values.data(), static_cast<std::size_t>(values.size()));
    return PyFeed{std::make_unique<NumberedFeed>(event_type_named(type), numbers, first, std::move(name), keep_alive({values}))};
}

void bind_feed(py::module_& m) {
    py::class_<PyFeed>(m, "Feed")
        .def_property_readonly("type", [](const PyFeed& f) { return f.feed ? f.feed->type().name : ""; })
        .def(
            "say_ids",
            [](PyFeed& f, const std::string& ids) {
                if (!f.feed) throw std::invalid_argument("a feed can be replayed once: open it again");
                f.feed = std::make_unique<IdentifiedFeed>(std::move(f.feed), id_kind(ids));
            },
            "ids"_a);
    const auto open = [&m](const char* name, std::unique_ptr<Feed> (*open_file)(const std::string&, const OpenOptions&)) {
        m.def(
            name,
            [open_file](const std::vector<std::string>& paths, const std::string& symbol, const std::vector<std::string>& instruments,
                        const std::vector<std::string>& only) {
                std::vector<std::unique_ptr<Feed>> feeds;
                for (const std::string& path : paths) feeds.push_back(open_file(path, {symbol, instruments, only}));
                return PyFeed{merge_feeds(std::move(feeds))};
            },
            "paths"_a, "symbol"_a, "instruments"_a, "only"_a);
    };
    open("open_trades", &open_trades);
    open("open_quotes", &open_quotes);
    m.def(
        "columns_feed",
        [](const std::string& type, const py::list& columns, const std::optional<py::array>& codes, std::vector<std::string> names) {
            const EventType& event = event_type_named(type);
            auto [batch, owner] = borrow_columns(event, columns, codes, std::move(names));
            return PyFeed{std::make_unique<ColumnsFeed>(event, std::move(batch), std::move(owner))};
        },
        "type"_a, "columns"_a, "codes"_a, "names"_a);
    m.def("numbered_feed", &numbered_feed, "type"_a, py::arg("values").noconvert(), "first"_a, "name"_a);
    m.def("matrix_feed", &matrix_feed, py::arg("prices").noconvert(), py::arg("times").noconvert(), "names"_a);
}

template <class T>
void store(std::byte* to, const py::handle& value) {
    const T x = py::cast<T>(value);
    std::memcpy(to, &x, sizeof x);
}

/// One row, its values by field of the source's type.
std::size_t push_row(PyGraph& self, const std::string& name, const std::optional<std::string>& symbol, const py::list& values) {
    Source& source = *self.graph->sources()[self.graph->source_index(name)];
    const auto& fields = source.rows.type->fields;
    if (values.size() != fields.size()) throw std::invalid_argument("one value for each field of " + std::string(source.rows.type->name) + " is wanted");
    std::vector<std::array<std::byte, 8>> cells(fields.size());
    Batch batch;
    for (std::size_t i = 0; i < fields.size(); ++i) {
        std::byte* cell = cells[i].data();
        try {
            switch (fields[i].kind) {
                case Kind::f64: store<double>(cell, values[i]); break;
                case Kind::u64: store<std::uint64_t>(cell, values[i]); break;
                case Kind::u32: store<std::uint32_t>(cell, values[i]); break;
                case Kind::i8:
                case Kind::choice: store<std::int8_t>(cell, values[i]); break;
                case Kind::boolean: store<bool>(cell, values[i]); break;
                default: store<std::int64_t>(cell, values[i]);
            }
        } catch (const py::cast_error&) {
            throw std::invalid_argument("source '" + name + "': " + std::string(fields[i].name) + " = " + py::cast<std::string>(py::repr(values[i])) +
                                        " is out of its type's range");
        }
        batch.columns.push_back({cell});
    }
    const std::vector<std::string> names = {symbol.value_or("")};
    const std::uint32_t code = symbol ? 0 : Batch::no_symbol;
    batch.rows = 1;
    batch.codes = {&code};
    batch.names = &names;
    const py::gil_scoped_release release;
    return source.inlet().push(batch);
}

void bind_graph(py::module_& m) {
    py::class_<Port>(m, "Port")
        .def_property_readonly("name", [](const Port& p) { return p.stream->name; })
        .def_property_readonly("type", [](const Port& p) { return p.stream->type ? std::string(p.stream->type->name) : std::string(); })
        .def("continuity", &Port::continuity, py::keep_alive<0, 1>());

    py::class_<PyTable>(m, "Table")
        .def_property_readonly("name", [](const PyTable& t) { return t.table->name; })
        .def_property_readonly("type", [](const PyTable& t) { return t.table->type().name; })
        .def_property_readonly("keeps_positions", [](const PyTable& t) { return t.table->keeps_positions(); })
        .def("columns", [](const PyTable& t) { return table_columns(t, false); })
        .def("take", [](const PyTable& t) { return table_columns(t, true); })
        .def(
            "newest",
            [](const PyTable& t, std::size_t rows) {
                Table::Contents newest;
                {
                    const py::gil_scoped_release release;
                    newest = t.table->newest(rows);
                }
                return arrays_of(std::move(newest), true);
            },
            "rows"_a)
        .def("clear", [](const PyTable& t) { t.table->clear(); })
        .def("__len__", [](const PyTable& t) { return t.table->rows(); });

    py::class_<PyChecksum>(m, "Checksum")
        .def_property_readonly("name", [](const PyChecksum& c) { return c.checksum->name; })
        .def_property_readonly("type", [](const PyChecksum& c) { return c.checksum->type().name; })
        .def("state", [](const PyChecksum& c) {
            std::pair<std::uint64_t, std::uint64_t> state;
            at_boundary(*c.graph, [&] { state = {c.checksum->value(), c.checksum->rows()}; });
            return state;
        });

    py::class_<PyGraph>(m, "Graph")
        .def(py::init())
        .def(
            "source",
            [](PyGraph& g, const std::string& name, const std::string& type, const std::string& ids) {
                return g.graph->add_source(make_source(type, name, id_kind(ids)));
            },
            "name"_a, "type"_a, "ids"_a, py::keep_alive<0, 1>())
        .def(
            "add",
            [](PyGraph& g, const PyOperator& op, const std::vector<Port>& ports, const std::map<std::string, Port>& named, const std::string& name) {
                std::vector<Named> inputs;
                for (const auto& [input, port] : named) inputs.push_back({input, port});
                return g.graph->add_node(op.make_node(), ports, inputs, name);
            },
            "operator"_a, "ports"_a, "named"_a, "name"_a, py::keep_alive<0, 1>())
        .def(
            "add_callable",
            [](PyGraph& g, py::object driver, const Port& port, const std::string& output, const std::string& name) {
                const EventType* type = output.empty() ? nullptr : &event_type_named(output);
                return g.graph->add_node(make_callable_node(std::move(driver), port.type(), type), {port}, {}, name);
            },
            "driver"_a, "port"_a, "output"_a, "name"_a, py::keep_alive<0, 1>())
        .def(
            "collect",
            [](PyGraph& g, const Port& port, const std::string& name, std::size_t capacity, bool positions) {
                return PyTable{&g.graph->collect(port, name, capacity, positions)};
            },
            "port"_a, "name"_a, "capacity"_a, "positions"_a, py::keep_alive<0, 1>())
        .def(
            "checksum",
            [](PyGraph& g, const Port& port, const std::string& name) {
                return PyChecksum{&g.graph->checksum(port, name), g.graph.get()};
            },
            "port"_a, "name"_a, py::keep_alive<0, 1>())
        .def(
            "add_buffer",
            [](PyGraph& g, const std::shared_ptr<SignalBuffer>& buffer, const Port& port, const std::string& name) {
                return collect(*g.graph, port, buffer, name);
            },
            "buffer"_a, "port"_a, "name"_a, py::keep_alive<0, 1>())
        .def(
            "start",
            [](PyGraph& g, std::size_t capacity, const std::string& overflow) {
                const InletOptions options{capacity, overflow_named(overflow)};
                const py::gil_scoped_release release;
                g.graph->live().start(options);
            },
            "capacity"_a, "overflow"_a)
        .def("push", &push, "source"_a, "rows"_a)
        .def("push_row", &push_row, "source"_a, "symbol"_a, "values"_a)
        .def(
            "stop",
            [](PyGraph& g, bool flush) {
                const py::gil_scoped_release release;
                g.graph->live().stop(flush);
            },
            "flush"_a)
        .def_property_readonly("running", [](PyGraph& g) { return g.graph->live().running(); })
        .def_property_readonly("failed", [](PyGraph& g) { return g.graph->live().failed(); })
        .def("snapshot",
             [](PyGraph& g) {
                 std::vector<std::uint8_t> bytes;
                 at_boundary(*g.graph, [&] { bytes = g.graph->snapshot(); });
                 return py::bytes(reinterpret_cast<const char*>(bytes.data()), bytes.size());
             })
        .def(
            "restore",
            [](PyGraph& g, const py::bytes& state) {
                const std::string_view bytes = state;
                g.graph->restore({bytes.begin(), bytes.end()});
            },
            "state"_a)
        .def(
            "hand_over", [](PyGraph& g) { g.graph->hand_over(); }, py::call_guard<py::gil_scoped_release>())
        .def("describe", &describe)
        .def("to_dot", [](PyGraph& g) { return g.graph->to_dot(); });
}

void bind_replay(py::module_& m) {
    py::class_<Replay>(m, "Replay")
        .def(py::init([](PyGraph& g, const std::map<std::string, PyFeed*>& feeds, std::size_t chunk, double speed, bool flush) {
                 std::vector<std::pair<std::string, std::unique_ptr<Feed>>> taken;
                 for (const auto& [name, feed] : feeds) {
                     if (!feed->feed) throw std::invalid_argument("a feed can be replayed once: open it again");
                     taken.emplace_back(name, std::move(feed->feed));
                 }
                 return std::make_unique<Replay>(*g.graph, std::move(taken), ReplayOptions{chunk, speed, flush});
             }),
             "graph"_a, "feeds"_a, "chunk"_a, "speed"_a, "flush"_a, py::keep_alive<1, 2>())
        .def(
            "run_for", [](Replay& r, std::int64_t budget_ms) { return r.run_for(std::chrono::milliseconds(budget_ms)); }, "budget_ms"_a,
            py::call_guard<py::gil_scoped_release>())
        .def("step", &Replay::step, "rows"_a, py::call_guard<py::gil_scoped_release>())
        .def("pause", &Replay::pause)
        .def("resume", &Replay::resume)
        .def("stop", &Replay::stop)
        .def_property_readonly("paused", &Replay::paused)
        .def_property_readonly("done", &Replay::done)
        .def_property_readonly("rows", &Replay::rows)
        .def_property_readonly("progress", &Replay::progress)
        .def("rejected", [](const Replay& r) { return counts(r.rejected()); });
}

}  // namespace
}  // namespace openquant

PYBIND11_MODULE(_core, m) {
    using namespace openquant;
    m.doc() = "The openquant engine.";
    py::register_local_exception_translator([](std::exception_ptr p) {
        try {
            if (p) std::rethrow_exception(p);
        } catch (const FileMissing& e) { py::set_error(PyExc_FileNotFoundError, e.what()); } catch (const std::overflow_error& e) {
            py::set_error(PyExc_ValueError, e.what());
        } catch (const std::length_error& e) { py::set_error(PyExc_ValueError, e.what()); }
    });
    m.def("operators", &operator_dicts);
    m.def("event_types", &event_type_dicts);
    py::class_<PyOperator>(m, "Operator", "An operator with its parameters, from which a graph makes nodes.")
        .def(py::init([](const std::string& name, const Parameters& parameters) { return PyOperator{node_maker(name, parameters)}; }), "name"_a,
             "parameters"_a);
    bind_feed(m);
    bind_signal_buffer(m);
    bind_graph(m);
    bind_replay(m);
    bind_journal(m);
    bind_live(m);
    bind_arguments(m);
    bind_category_codes(m);
    bind_text_codes(m);
    bind_data(m.def_submodule("data", "Cleaning, report and calendar of OHLCV rows."));
    bind_kernels(m.def_submodule("kernels", "What is no function of a stream: bet sizes, one allocation, drawdowns of a curve."));
    bind_sampling(m.def_submodule("sampling", "Uniqueness of labels and the sequential bootstrap (AFML chapter 4)."));
}
