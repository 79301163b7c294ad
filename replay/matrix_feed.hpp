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

/// Prices are read where they are. A row's place repeats from batch to batch: only times are written anew.
class MatrixFeed final : public Feed {
public:
    /// `prices` by rows of one price for each name, `times` of the rows; `owner` keeps both alive.
    MatrixFeed(std::span<const double> prices, std::span<const std::int64_t> times, std::vector<std::string> names, std::shared_ptr<const void> owner)
        : prices_(prices), times_(times), names_(std::move(names)), owner_(std::move(owner)) {
        const std::size_t n = names_.size();
        if (n == 0 || prices_.size() != times_.size() * n)
            throw std::invalid_argument("a matrix of prices must have a row for each time and a column for each of one or more names");
        const std::size_t most = n * std::min(times_.size(), std::max<std::size_t>(1, rows_per_batch / n));
        ts_.resize(most), index_.resize(most), codes_.resize(most), of_.assign(most, static_cast<std::int64_t>(n));
        for (std::size_t row = 0; row < most; ++row) index_[row] = static_cast<std::int64_t>(row % n), codes_[row] = static_cast<std::uint32_t>(row % n);
    }

    const EventType& type() const override { return event_type<AlignedPrice>(); }
    double progress() const override { return times_.empty() ? 1.0 : static_cast<double>(at_) / static_cast<double>(times_.size()); }

    bool next(Batch& batch) override {
        if (at_ == times_.size()) return false;
        const std::size_t n = names_.size(), begin = at_;
        at_ = std::min(times_.size(), begin + ts_.size() / n);
        auto ts = ts_.begin();
        for (std::size_t row = begin; row < at_; ++row) ts = std::fill_n(ts, n, times_[row]);
        batch.rows = (at_ - begin) * n;
        batch.columns = {column(ts_.data()), column(prices_.data() + begin * n), column(index_.data()), column(of_.data())};
        batch.codes = {codes_.data()};
        batch.names = &names_;
        batch.dictionary = dictionary_;
        return true;
    }

private:
    static constexpr std::size_t rows_per_batch = 4096;
    static Column<std::byte> column(const auto* data) { return {reinterpret_cast<const std::byte*>(data)}; }

    std::span<const double> prices_;
    std::span<const std::int64_t> times_;
    std::vector<std::string> names_;
    std::shared_ptr<const void> owner_;
    std::size_t at_ = 0;
    std::vector<std::int64_t> ts_, index_, of_;
    std::vector<std::uint32_t> codes_;
    const std::uint64_t dictionary_ = new_dictionary();
};

}  // namespace openquant
