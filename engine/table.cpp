#include "openquant/engine/table.hpp"

#include <algorithm>

namespace openquant {

Table::Table(const EventType& type, std::size_t capacity) : type_(&type), capacity_(capacity) {
    inputs.resize(1);
    contents_.type = type_;
    contents_.columns.resize(type.fields.size());
}

void Table::process(const SymbolTable& symbols) {
    const Stream& in = *inputs[0];
    const std::scoped_lock lock(mutex_);
    const std::size_t n = std::min(in.rows, capacity_ - contents_.rows());
    refused_ += in.rows - n;
    for (std::size_t id = contents_.names.size(); id < symbols.size(); ++id) contents_.names.push_back(symbols.name(static_cast<SymbolId>(id)));
    for (std::size_t row = 0; row < n; ++row) contents_.symbols.push_back(in.symbols[row]);
    for (std::size_t i = 0; i < type_->fields.size(); ++i) {
        const std::size_t bytes = width(type_->fields[i].kind);
        const auto& from = in.columns[i];
        auto& to = contents_.columns[i];
        if (from.mask) {
            to.insert(to.end(), from.data, from.data + n * bytes);
        } else {
            for (std::size_t row = 0; row < n; ++row) to.insert(to.end(), from.data, from.data + bytes);
        }
    }
}

Table::Contents Table::contents() const {
    const std::scoped_lock lock(mutex_);
    return contents_;
}

std::size_t Table::rows() const {
    const std::scoped_lock lock(mutex_);
    return contents_.rows();
}

void Table::clear() {
    const std::scoped_lock lock(mutex_);
    contents_.symbols.clear();
    for (auto& column : contents_.columns) column.clear();
}

}  // namespace openquant
