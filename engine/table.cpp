#include "openquant/engine/table.hpp"

#include <algorithm>
#include <cstring>

namespace openquant {

Table::Table(const EventType& type, std::size_t capacity, bool positions) : type_(&type), capacity_(capacity), positions_(positions) {
    inputs.resize(1);
    contents_.type = type_;
    contents_.keeps_positions = positions;
    contents_.columns.resize(type.fields.size());
}

void Table::process(const SymbolTable& symbols) {
    const Stream& in = *inputs[0];
    const std::scoped_lock lock(mutex_);
    const std::size_t n = std::min(in.rows, capacity_ - contents_.rows());
    refused_ += in.rows - n;
    for (std::size_t id = contents_.names.size(); id < symbols.size(); ++id) contents_.names.push_back(symbols.name(static_cast<SymbolId>(id)));
    if (in.symbols.mask) contents_.symbols.append({in.symbols.data, n});
    else std::fill_n(contents_.symbols.extend(n), n, in.symbols[0]);
    if (positions_) {
        std::uint64_t* const out = contents_.positions.extend(n);
        for (std::size_t row = 0; row < n; ++row) out[row] = in.keys[row].position;
    }
    for (std::size_t i = 0; i < type_->fields.size(); ++i) {
        const std::size_t bytes = width(type_->fields[i].kind);
        const auto& from = in.columns[i];
        std::byte* to = contents_.columns[i].extend(n * bytes);
        if (from.mask) {
            if (n > 0) std::memcpy(to, from.data, n * bytes);
        } else {
            for (std::size_t row = 0; row < n; ++row, to += bytes) std::memcpy(to, from.data, bytes);
        }
    }
}

Table::Contents Table::contents() const {
    const std::scoped_lock lock(mutex_);
    return contents_;
}

Table::Contents Table::newest(std::size_t rows) const {
    const std::scoped_lock lock(mutex_);
    const std::size_t n = std::min(rows, contents_.rows()), from = contents_.rows() - n;
    Contents out{type_, contents_.names, Buffer<SymbolId>({contents_.symbols.data() + from, n}), positions_, {}, {}};
    if (positions_) out.positions.append({contents_.positions.data() + from, n});
    for (std::size_t i = 0; i < contents_.columns.size(); ++i) {
        const std::size_t bytes = width(type_->fields[i].kind);
        out.columns.emplace_back(std::span<const std::byte>{contents_.columns[i].data() + from * bytes, n * bytes});
    }
    return out;
}

Table::Contents Table::take() {
    const std::scoped_lock lock(mutex_);
    Contents taken = std::move(contents_);
    contents_ = {};
    contents_.type = type_;
    contents_.keeps_positions = positions_;
    contents_.columns.resize(type_->fields.size());
    return taken;
}

std::size_t Table::rows() const {
    const std::scoped_lock lock(mutex_);
    return contents_.rows();
}

void Table::clear() {
    const std::scoped_lock lock(mutex_);
    contents_.symbols.clear();
    contents_.positions.clear();
    for (auto& column : contents_.columns) column.clear();
}

}  // namespace openquant
