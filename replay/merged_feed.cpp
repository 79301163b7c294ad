// Several files as one feed, such as one a day or one a symbol.
#include <algorithm>
#include <limits>
#include <map>
#include <stdexcept>

#include "openquant/engine/stream.hpp"
#include "openquant/replay/feed.hpp"

namespace openquant {

namespace {

template <class E>
class MergedFeed final : public Feed {
public:
    explicit MergedFeed(std::vector<std::unique_ptr<Feed>> feeds) {
        for (auto& feed : feeds) lanes_.emplace_back().feed = std::move(feed);
    }
    const EventType& type() const override { return event_type<E>(); }

    double progress() const override {
        double total = 0.0;
        for (const Lane& lane : lanes_) total += lane.feed->progress();
        return total / static_cast<double>(lanes_.size());
    }

    bool next(Batch& batch) override {
        rows_.clear();
        batch.breaks.clear();
        bool more = true;
        while (rows_.size() < rows_per_batch && (more = take_earliest(batch))) {}
        batch.offer(rows_, names_, dictionary_);
        batch.ids = IdKind::unknown;  // two files may be of two venues, whose ids have nothing to do with each other
        return more || batch.rows > 0 || !batch.breaks.empty();
    }

private:
    static constexpr std::size_t rows_per_batch = 8192;

    struct Lane {
        std::unique_ptr<Feed> feed;
        Batch batch;
        FilledColumns<E> columns;
        std::size_t at = 0, next_break = 0;
        bool open = true;
        std::int64_t latest = std::numeric_limits<std::int64_t>::min();
    };

    bool take_earliest(Batch& out) {
        Lane* earliest = nullptr;
        std::int64_t time = 0;
        for (Lane& lane : lanes_) {
            if (!load(lane, out)) continue;
            const E t = lane.columns.view()[lane.at];
            const std::int64_t now = fault_of(t) == Fault::none ? std::max(lane.latest, t.ts) : lane.latest;
            if (!earliest || now < time) earliest = &lane, time = now;
        }
        if (!earliest) return false;
        pass_breaks(*earliest, out);
        rows_.append(code(*earliest, earliest->batch.codes[earliest->at]), earliest->columns.view()[earliest->at]);
        earliest->latest = time;
        ++earliest->at;
        return true;
    }

    bool load(Lane& lane, Batch& out) {
        while (lane.open && lane.at == lane.batch.rows) {
            pass_breaks(lane, out);
            lane.at = lane.next_break = 0;
            lane.open = lane.feed->next(lane.batch);
            for (std::size_t i = 0; i < rejected.size(); ++i) rejected[i] += std::exchange(lane.feed->rejected[i], 0);
            if (!lane.open) break;
            lane.columns = FilledColumns<E>(lane.batch.columns);
        }
        return lane.open;
    }

    void pass_breaks(Lane& lane, Batch& out) {
        for (; lane.next_break < lane.batch.breaks.size() && lane.batch.breaks[lane.next_break].before <= lane.at; ++lane.next_break) {
            BatchBreak b = lane.batch.breaks[lane.next_break];
            b.before = rows_.size();
            if (b.code != every_symbol) b.code = code(lane, b.code);
            out.breaks.push_back(b);
        }
    }

    std::uint32_t code(const Lane& lane, std::uint32_t theirs) {
        const auto [at, fresh] = codes_.try_emplace(lane.batch.name(theirs), static_cast<std::uint32_t>(names_.size()));
        if (fresh) names_.push_back(at->first);
        return at->second;
    }

    std::vector<Lane> lanes_;
    Rows<E> rows_;
    std::vector<std::string> names_;
    std::map<std::string, std::uint32_t, std::less<>> codes_;
    const std::uint64_t dictionary_ = new_dictionary();
};

}  // namespace

std::unique_ptr<Feed> merge_feeds(std::vector<std::unique_ptr<Feed>> feeds) {
    if (feeds.empty()) throw std::invalid_argument("merge_feeds: no files were given");
    const EventType& type = feeds.front()->type();
    for (const auto& feed : feeds)
        if (&feed->type() != &type)
            throw std::invalid_argument("merge_feeds: a feed of " + std::string(feed->type().name) + " rows does not go with one of " + std::string(type.name) +
                                        " rows");
    if (feeds.size() == 1) return std::move(feeds.front());
    if (&type == &event_type<Trade>()) return std::make_unique<MergedFeed<Trade>>(std::move(feeds));
    if (&type == &event_type<Quote>()) return std::make_unique<MergedFeed<Quote>>(std::move(feeds));
    throw std::invalid_argument("merge_feeds: " + std::string(type.name) + " rows cannot be merged; only trades and quotes");
}

}  // namespace openquant
