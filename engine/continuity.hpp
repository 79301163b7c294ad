// Judges the ids of one symbol's rows: what was lost, what came twice, what came late after all.
#pragma once

#include <cstdint>
#include <string_view>
#include <tuple>
#include <vector>

namespace openquant {

/// dense: rises by one per row and symbol. monotonic: rises. opaque: says nothing about order, and is not judged.
enum class IdKind : std::uint8_t { opaque, monotonic, dense };
inline constexpr std::string_view id_kind_names[] = {"opaque", "monotonic", "dense"};

class IdTracker {
public:
    enum class Verdict : std::uint8_t { next, gap, late, duplicate };
    struct Judgement {
        Verdict verdict = Verdict::next;
        std::uint64_t first_missing = 0, missing = 0;
    };

    Judgement judge(IdKind kind, std::uint64_t id) {
        if (kind == IdKind::opaque || id == 0) return {};
        if (last_ == 0 || id > last_) {
            const std::uint64_t first = last_ + 1;
            const bool gap = kind == IdKind::dense && last_ != 0 && id > first;
            if (gap) remember({first, id - 1});
            last_ = id;
            return gap ? Judgement{Verdict::gap, first, id - first} : Judgement{};
        }
        if (id == last_) return {Verdict::duplicate, id, 0};
        if (kind == IdKind::monotonic || fill(id)) return {Verdict::late, id, 0};
        return {Verdict::duplicate, id, 0};
    }

    static auto state(auto& self) { return std::tie(self.last_, self.missing_); }

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
            Missing& range = missing_[i];
            if (id < range.first || id > range.last) continue;
            const Missing rest{id + 1, range.last};
            if (id == range.first) {
                range.first = id + 1;
                if (range.first > range.last) missing_.erase(missing_.begin() + static_cast<std::ptrdiff_t>(i));
            } else {
                range.last = id - 1;
                if (rest.first <= rest.last) remember(rest);
            }
            return true;
        }
        return false;
    }
    std::uint64_t last_ = 0;
    std::vector<Missing> missing_;
};

}  // namespace openquant
