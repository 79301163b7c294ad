#include "catalogue.hpp"

#include <pybind11/stl.h>

#include "openquant/engine/operator_node.hpp"
#include "openquant/engine/typed_source.hpp"
#include "openquant/operators/catalogue.hpp"

namespace py = pybind11;

namespace openquant {

namespace {

template <class... Ts>
void for_each_type(Types<Ts...>, auto&& visit) {
    (visit(std::type_identity<Ts>{}), ...);
}

std::string_view kind_name(Kind kind) {
    static constexpr std::string_view names[] = {"f64", "i64", "u64", "u32", "i8", "boolean", "timestamp", "choice"};
    return names[static_cast<std::size_t>(kind)];
}

std::vector<std::string> texts(Names names) { return {names.begin(), names.end()}; }

template <class Op>
py::dict operator_dict() {
    constexpr auto schema = Op::schema();
    py::list inputs, parameters;
    for_each_input<Op>([&](auto, auto in) {
        using In = typename decltype(in)::Type;
        inputs.append(py::dict(py::arg("name") = in.name, py::arg("type") = In::name, py::arg("required") = in.required, py::arg("doc") = in.doc));
    });
    for (const ParameterInfo& p : parameter_infos<Op>())
        parameters.append(py::dict(py::arg("name") = p.name, py::arg("type") = p.type, py::arg("default") = p.value, py::arg("unit") = p.unit,
                                   py::arg("range") = p.range.text(), py::arg("doc") = p.doc, py::arg("choices") = texts(p.choices)));
    return py::dict(py::arg("name") = schema.name, py::arg("doc") = schema.doc, py::arg("source") = schema.source, py::arg("inputs") = inputs,
                    py::arg("output") = OutputOf<Op>::name, py::arg("parameters") = parameters, py::arg("keyed") = schema.scope == Scope::keyed);
}

}  // namespace

py::list operator_dicts() {
    py::list out;
    for_each_type(Catalogue{}, [&]<class Op>(std::type_identity<Op>) { out.append(operator_dict<Op>()); });
    return out;
}

py::list event_type_dicts() {
    py::list out;
    for_each_type(EventTypes{}, [&]<class E>(std::type_identity<E>) {
        const EventType& type = event_type<E>();
        py::list fields, offers;
        for (const FieldInfo& f : type.fields)
            fields.append(py::dict(py::arg("name") = f.name, py::arg("kind") = kind_name(f.kind), py::arg("unit") = f.unit, py::arg("doc") = f.doc,
                                   py::arg("required") = f.required, py::arg("choices") = texts(f.choices)));
        for (const EventType* offered : type.offers) offers.append(offered->name);
        out.append(py::dict(py::arg("name") = type.name, py::arg("doc") = type.doc, py::arg("fields") = fields, py::arg("offers") = offers));
    });
    return out;
}

NodeMaker node_maker(const std::string& name, const Parameters& parameters) {
    NodeMaker maker;
    for_each_type(Catalogue{}, [&]<class Op>(std::type_identity<Op>) {
        if (Op::schema().name != name) return;
        Op op{};
        for (const auto& [parameter, value] : parameters) set_parameter(op, parameter, value);
        check(op);
        maker = [op] { return std::make_unique<OperatorNode<Op>>(op); };
    });
    if (!maker) throw std::invalid_argument("there is no operator '" + name + "'");
    return maker;
}

std::unique_ptr<Source> make_source(const std::string& type, const std::string& name, IdKind ids) {
    std::unique_ptr<Source> source;
    for_each_type(EventTypes{}, [&]<class E>(std::type_identity<E>) {
        if (E::name == type) source = std::make_unique<TypedSource<E>>(name, ids);
    });
    if (!source) throw std::invalid_argument("there is no event type '" + type + "'");
    return source;
}

const EventType& event_type_named(const std::string& name) {
    const EventType* found = nullptr;
    for_each_type(EventTypes{}, [&]<class E>(std::type_identity<E>) {
        if (E::name == name) found = &event_type<E>();
    });
    if (!found) throw std::invalid_argument("there is no event type '" + name + "'");
    return *found;
}

}  // namespace openquant
