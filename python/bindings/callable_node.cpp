#include "callable_node.hpp"

#include <pybind11/numpy.h>

#include <cstring>
#include <stdexcept>

#include "frames.hpp"

namespace py = pybind11;

namespace openquant {

namespace {

class CallableNode final : public Node {
public:
    CallableNode(py::object driver, const EventType& in, const EventType* out) : driver_(std::move(driver)), in_(&in) {
        inputs.resize(1);
        output.type = out;
        signature_ = py::cast<std::string>(driver_.attr("signature"));
    }
    ~CallableNode() override {
        const py::gil_scoped_acquire gil;
        driver_ = py::object();
        held_.clear();
    }

    std::string signature() const override { return signature_; }
    std::vector<NodeInput> declared() const override { return {{"rows", in_, true}}; }
    Scope scope() const override { return Scope::cross_sectional; }
    bool fans_out() const override { return output.type != nullptr; }
    bool lawful() const override { return false; }
    void prepare(int digit_bits) override { digit_bits_ = digit_bits; }

    void process(const SymbolTable& symbols) override {
        symbols_.clear(), positions_.clear(), subs_.clear();
        output.rows = 0;
        if (inputs[0]->rows == 0) return;
        const py::gil_scoped_acquire gil;
        const py::object result = driver_.attr("run")(columns(symbols));
        if (output.type) take(py::cast<py::tuple>(result));
    }
    void flush(const SymbolTable&, std::uint64_t&) override {}

    void save(Writer& out) const override {
        const py::gil_scoped_acquire gil;
        out.put(py::cast<std::string>(driver_.attr("snapshot")()));
    }
    void load(Reader& in, std::size_t) override { staged_ = in.get<std::string>(); }
    void adopt() override {
        const py::gil_scoped_acquire gil;
        driver_.attr("restore")(py::bytes(staged_));
    }

private:
    py::dict columns(const SymbolTable& symbols) const {
        const Stream& in = *inputs[0];
        py::dict out;
        py::list known;
        for (const std::string& name_ : symbols.names()) known.append(name_);
        py::array_t<std::uint64_t> positions(static_cast<py::ssize_t>(in.rows));
        for (std::size_t row = 0; row < in.rows; ++row) positions.mutable_data()[row] = in.keys[row].position;
        out["names"] = known;
        out["position"] = positions;
        out["symbol"] = array_of(Kind::u32, {reinterpret_cast<const std::byte*>(in.symbols.data), in.symbols.mask}, in.rows);
        for (std::size_t i = 0; i < in_->fields.size(); ++i) out[py::str(in_->fields[i].name)] = array_of(in_->fields[i].kind, in.columns[i], in.rows);
        return out;
    }

    /// (input row of each output row, ascending; columns by field)
    void take(const py::tuple& result) {
        const auto rows = py::cast<py::array_t<std::int64_t>>(result[0]);
        const auto arrays = py::cast<py::list>(result[1]);
        const Stream& in = *inputs[0];
        const auto n = static_cast<std::size_t>(rows.size());
        std::size_t count = 0;
        for (std::size_t i = 0; i < n; ++i) {
            const auto row = static_cast<std::size_t>(rows.data()[i]);
            count = i > 0 && rows.data()[i] == rows.data()[i - 1] ? count + 1 : 0;
            if (count >> digit_bits_) throw std::overflow_error("node '" + name + "' emitted more rows for one row than this graph can order");
            const Key key = in.keys[row];
            symbols_.push_back(in.symbols[row]);
            positions_.push_back(key.position);
            subs_.push_back(key.sub | (Sub{count} << (128 - digit_bits_ * output.depth)));
        }
        held_.clear();
        output.columns.clear();
        for (const auto& array : arrays) {
            held_.push_back(py::cast<py::array>(array));
            output.columns.push_back({static_cast<const std::byte*>(held_.back().data())});
        }
        check(in, rows);
        output.rows = n;
        output.symbols = {symbols_.data()};
        output.keys = {positions_.data(), subs_.data(), 0};
    }

    /// What a callable emits is held to the same ranges as what a source takes.
    void check(const Stream& in, const py::array_t<std::int64_t>& rows) const {
        for (std::size_t i = 0; i < output.columns.size(); ++i) {
            const FieldInfo& field = output.type->fields[i];
            if (field.fault == Fault::none) continue;
            for (std::size_t row = 0; row < static_cast<std::size_t>(rows.size()); ++row) {
                const double x = number(field.kind, output.columns[i].data + row * width(field.kind));
                if (x >= field.low && x <= field.high) continue;
                const Key key = in.keys[static_cast<std::size_t>(rows.data()[row])];
                throw std::runtime_error("node '" + name + "' emitted " + std::string(field.name) + " = " + text_of(x) + " for the row at position " +
                                         std::to_string(key.position) + "; it must lie in [" + text_of(field.low) + ", " + text_of(field.high) + "]");
            }
        }
    }
    static double number(Kind kind, const std::byte* cell) {
        double f = 0.0;
        std::int64_t i = 0;
        std::int8_t b = 0;
        switch (kind) {
            case Kind::f64: std::memcpy(&f, cell, sizeof f); return f;
            case Kind::i8: std::memcpy(&b, cell, sizeof b); return b;
            default: std::memcpy(&i, cell, sizeof i); return static_cast<double>(i);
        }
    }

    py::object driver_;
    const EventType* in_;
    std::string signature_, staged_;
    int digit_bits_ = 32;
    std::vector<SymbolId> symbols_;
    std::vector<std::uint64_t> positions_;
    std::vector<Sub> subs_;
    std::vector<py::array> held_;  // let go in process and in the destructor, both under the GIL
};

}  // namespace

std::unique_ptr<Node> make_callable_node(py::object driver, const EventType& input, const EventType* output) {
    return std::make_unique<CallableNode>(std::move(driver), input, output);
}

}  // namespace openquant
