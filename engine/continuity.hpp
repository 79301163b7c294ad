// Judges the ids of one symbol's rows: what was lost, what came twice, what came late after all.
#pragma once

#include <cstdint>
#include <string_view>
#include <tuple>
#include <vector>

#include "openquant/engine/recent_ids.hpp"

namespace openquant {

/// dense: rises by one per row and symbol. monotonic: rises. opaque: has no order, and is its row's alone. unknown: is not judged.
enum class IdKind : std::uint8_t { unknown, opaque, monotonic, dense };
inline constexpr std::string_view id_kind_names[] = {"unknown", "opaque", "monotonic", "dense"};

class IdTracker {
public:
    /// overlap: a repeat that was to be expected, of a venue's snapshot or of the history before a hand-over.
    enum class Verdict : std::uint8_t { next, gap, late, duplicate, overlap };
    struct Judgement {
        Verdict verdict = Verdict::next;
        std::uint64_t first_missing = 0, missing = 0;
    };

    Judgement judge(IdKind kind, std::uint64_t id, bool of_snapshot = false) {
        if (kind == IdKind::unknown || id == 0) return {};
        if (kind == IdKind::opaque) {
            const auto number = recent_.add(id);
            return number ? repeated(id, of_snapshot || *number < known_) : Judgement{};
        }
        if (last_ == 0) first_ = id;
        if (last_ == 0 || id > last_) {
            const std::uint64_t first = last_ + 1;
            const bool gap = kind == IdKind::dense && last_ != 0 && id > first;
            if (gap) remember({first, id - 1});
            last_ = id;
            return gap ? Judgement{Verdict::gap, first, id - first} : Judgement{};
        }
        if (id < first_) return before_first(kind, id, of_snapshot);
        if (id != last_ && (kind == IdKind::monotonic || fill(id))) return {Verdict::late, id, 0};
        return repeated(id, of_snapshot || id <= known_);
    }

    /// Whether a row of id `first` is the next, and so are those after it whose ids rise by one each.
    bool expects(IdKind kind, std::uint64_t first) const {
        if (kind == IdKind::unknown) return true;
        return kind != IdKind::opaque && first != 0 && (last_ == 0 || (kind == IdKind::dense ? first == last_ + 1 : first > last_));
    }
    /// Takes such rows all at once.
    void take(IdKind kind, std::uint64_t first, std::uint64_t last) {
        if (kind == IdKind::unknown) return;
        if (last_ == 0) first_ = first;
        last_ = last;
    }

    /// The stream is known to have come to id `until`, of which no row tells: what is missing, if that is news.
    Judgement miss(IdKind kind, std::uint64_t until) {
        if (kind != IdKind::dense || last_ == 0 || until <= last_) return {};
        const std::uint64_t first = last_ + 1;
        remember({first, until});
        last_ = until;
        return {Verdict::gap, first, until - first + 1};
    }

    /// History ends here: rows of it that come again are no fault of the stream that takes over.
    void hand_over() { known_ = recent_.added() > 0 ? recent_.added() : last_; }

    /// After a state was read: whether it can be one of ours.
    bool adopt() { return missing_.size() <= max_missing && recent_.adopt(); }

    static auto state(auto& self) { return std::tie(self.last_, self.first_, self.missing_, self.recent_, self.known_); }

private:
    /// Ranges of ids still missing, oldest first. The oldest is forgotten beyond the limit: ids that old count as repeats.
    struct Missing {
        std::uint64_t first = 0, last = 0;
        static auto state(auto& self) { return std::tie(self.first, self.last); }
    };
    static constexpr std::size_t max_missing = 64;

    void remember(Missing range) {
        if (missing_.size() == max_missing) missing_.erase(missing_.begin());
        missing_.push_back(range);
    }
    bool fill(std::uint64_t id) {
        for (std::size_t i = 0; i < missing_.size(); ++i) {
            const Missing range = missing_[i];
            if (id < range.first || id > range.last) continue;
            if (id == range.first && id == range.last) {
                missing_.erase(missing_.begin() + static_cast<std::ptrdiff_t>(i));
            } else if (id == range.first) {
                missing_[i].first = id + 1;
            } else {
                missing_[i].last = id - 1;
                if (id < range.last) remember({id + 1, range.last});
            }
            return true;
        }
        return false;
    }
    /// Never seen, and older than all that was: kept, if late. What lies between may still come. A snapshot reaches back to what is
    /// not wanted.
    Judgement before_first(IdKind kind, std::uint64_t id, bool of_snapshot) {
        if (of_snapshot) return {Verdict::overlap, id, 0};
        if (kind == IdKind::dense && id + 1 < first_) remember({id + 1, first_ - 1});
        first_ = id;
        return {Verdict::late, id, 0};
    }
    static Judgement repeated(std::uint64_t id, bool expected) { return {expected ? Verdict::overlap : Verdict::duplicate, id, 0}; }

    std::uint64_t last_ = 0, first_ = 0;
    std::vector<Missing> missing_;
    RecentIds recent_;         // of opaque ids
    std::uint64_t known_ = 0;  // ids up to it, or opaque ones numbered below it, came before the hand-over
};

}  // namespace openquant
