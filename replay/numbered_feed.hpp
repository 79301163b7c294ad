// Numbers one after another, at the times 0, 1, 2, ...: for those of which only the order is known.
#pragma once

#include <algorithm>
#include <memory>
#include <numeric>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "openquant/replay/feed.hpp"

namespace openquant {

/// Rows of a type of two fields, a time and a number, all of one symbol. The numbers are read where they are; only a batch of times
/// is ever written.
class NumberedFeed final : public Feed {
public:
    /// The numbers from `first` on, each at its place as time; `owner` keeps them alive. Throws std::invalid_argument for another type.
    NumberedFeed(const EventType& type, std::span<const double> values, std::size_t first, std::string name, std::shared_ptr<const void> owner)
        : type_(&type), values_(values), at_(std::min(first, values.size())), names_{std::move(name)}, owner_(std::move(owner)) {
        if (type.fields.size() != 2 || type.fields[1].kind != Kind::f64)
            throw std::invalid_argument(std::string(type.name) + " rows are not a time and a number");
        ts_.resize(std::min(rows_per_batch, values_.size()));
    }

    const EventType& type() const override { return *type_; }
    double progress() const override { return values_.empty() ? 1.0 : static_cast<double>(at_) / static_cast<double>(values_.size()); }

    bool next(Batch& batch) override {
        if (at_ == values_.size()) return false;
        batch.rows = std::min(rows_per_batch, values_.size() - at_);
        std::iota(ts_.begin(), ts_.begin() + static_cast<std::ptrdiff_t>(batch.rows), static_cast<std::int64_t>(at_));
        batch.columns = {{reinterpret_cast<const std::byte*>(ts_.data())}, {reinterpret_cast<const std::byte*>(values_.data() + at_)}};
        batch.codes = {&code_, 0};
        batch.names = &names_;
        batch.dictionary = dictionary_;
        at_ += batch.rows;
        return true;
    }

private:
    static constexpr std::size_t rows_per_batch = 4096;
    static constexpr std::uint32_t code_ = 0;

    const EventType* type_;
    std::span<const double> values_;
    std::size_t at_;
    std::vector<std::string> names_;
    std::vector<std::int64_t> ts_;
    const std::uint64_t dictionary_ = new_dictionary();
    std::shared_ptr<const void> owner_;
};

}  // namespace openquant
