// Where replayed rows come from: batches of columns, one after another, in the order they were recorded.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "openquant/engine/source.hpp"

namespace openquant {

class Feed {
public:
    virtual ~Feed() = default;
    virtual const EventType& type() const = 0;
    /// The next rows, valid until the call after; false at the end. A batch may be empty.
    virtual bool next(Batch& batch) = 0;
    /// Share of the input read so far, 0 to 1.
    virtual double progress() const = 0;

    Rejections rejected{};  // rows that could not even be read
};

struct OpenOptions {
    /// Symbol of a file that names none; by default taken from the file's name (BTCUSDT-trades-2024-08-08.csv).
    std::string symbol;
    /// Names for instruments that a file only numbers; elsewhere nothing.
    std::vector<std::string> instruments;
    /// Symbols to keep; empty: all.
    std::vector<std::string> only;
};

/// Opens a file of trades, plain or gzip, and tells its format from its first line: a raw websocket capture, JSON lines,
/// a Binance public-data CSV or a CSV with named columns. Throws FileMissing or std::invalid_argument.
std::unique_ptr<Feed> open_trades(const std::string& path, const OpenOptions& options = {});

/// Opens a file of best bids and asks: a capture's bookTicker frames, or JSON lines (items of OrderBookL1, or ts, symbol, bid,
/// ask). Throws as `open_trades`.
std::unique_ptr<Feed> open_quotes(const std::string& path, const OpenOptions& options = {});

/// Several feeds of trades, or of quotes, as one: merged by the running maximum of their times; ties go to the earlier feed. Ids
/// are not judged.
std::unique_ptr<Feed> merge_feeds(std::vector<std::unique_ptr<Feed>> feeds);

/// Columns that someone else owns, such as a frame's; `batch` is offered once, whole.
class ColumnsFeed final : public Feed {
public:
    ColumnsFeed(const EventType& type, Batch batch, std::shared_ptr<const void> owner) : type_(&type), batch_(std::move(batch)), owner_(std::move(owner)) {}
    const EventType& type() const override { return *type_; }
    bool next(Batch& batch) override {
        if (std::exchange(offered_, true)) return false;
        batch = batch_;
        return true;
    }
    double progress() const override { return offered_ ? 1.0 : 0.0; }

private:
    const EventType* type_;
    Batch batch_;
    std::shared_ptr<const void> owner_;
    bool offered_ = false;
};

/// A feed whose rows' ids are of a known kind, where it does not say so itself.
class IdentifiedFeed final : public Feed {
public:
    IdentifiedFeed(std::unique_ptr<Feed> feed, IdKind ids) : feed_(std::move(feed)), ids_(ids) {}
    const EventType& type() const override { return feed_->type(); }
    bool next(Batch& batch) override {
        const bool more = feed_->next(batch);
        if (batch.ids == IdKind::unknown) batch.ids = ids_;
        rejected = feed_->rejected;
        return more;
    }
    double progress() const override { return feed_->progress(); }

private:
    std::unique_ptr<Feed> feed_;
    IdKind ids_;
};

}  // namespace openquant
