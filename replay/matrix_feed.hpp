// A matrix of prices, time by asset, as rows for a cross-sectional operator; never more than a batch of them at once.
#pragma once

#include <algorithm>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "openquant/engine/stream.hpp"
#include "openquant/replay/feed.hpp"

namespace openquant {

class MatrixFeed final : public Feed {
public:
    /// `prices` by rows of one price for each name, `times` of the rows; `owner` keeps both alive.
    MatrixFeed(std::span<const double> prices, std::span<const std::int64_t> times, std::vector<std::string> names, std::shared_ptr<const void> owner)
        : prices_(prices), times_(times), names_(std::move(names)), owner_(std::move(owner)) {
        if (names_.empty() || prices_.size() != times_.size() * names_.size())
            throw std::invalid_argument("a matrix of prices must have a row for each time and a column for each of one or more names");
    }

    const EventType& type() const override { return event_type<AlignedPrice>(); }
    double progress() const override { return times_.empty() ? 1.0 : static_cast<double>(at_) / static_cast<double>(times_.size()); }

    bool next(Batch& batch) override {
        if (at_ == times_.size()) return false;
        const std::size_t n = names_.size(), end = std::min(times_.size(), at_ + std::max<std::size_t>(1, rows_per_batch / n));
        rows_.clear();
        for (; at_ < end; ++at_)
            for (std::size_t i = 0; i < n; ++i)
                rows_.append(static_cast<SymbolId>(i),
                             AlignedPrice{times_[at_], prices_[at_ * n + i], static_cast<std::int64_t>(i), static_cast<std::int64_t>(n)});
        batch.offer(rows_, names_, dictionary_);
        return true;
    }

private:
    static constexpr std::size_t rows_per_batch = 4096;
    std::span<const double> prices_;
    std::span<const std::int64_t> times_;
    std::vector<std::string> names_;
    std::shared_ptr<const void> owner_;
    std::size_t at_ = 0;
    Rows<AlignedPrice> rows_;
    const std::uint64_t dictionary_ = new_dictionary();
};

}  // namespace openquant
