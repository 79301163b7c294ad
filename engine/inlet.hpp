// The door for live rows: many producers push, the engine thread drains in bulk. Bounded, and every row let go is counted.
#pragma once

#include <concurrentqueue/concurrentqueue.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <iterator>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <variant>
#include <vector>

#include "openquant/engine/source.hpp"

namespace openquant {

/// What a push does when the inlet is full: wait, let the oldest row go, or keep only each symbol's newest row.
enum class Overflow : std::uint8_t { block, drop_oldest, conflate };

struct InletOptions {
    std::size_t capacity = 65'536;  // rows; under `conflate` one per symbol
    Overflow overflow = Overflow::block;
};

/// Wakes whoever waits for something to happen: the engine for rows, a producer for space. Ringing where nobody waits costs two
/// atomics; waiting goes to sleep at once, without the yields of std::atomic::wait, which cost milliseconds on a busy machine.
class Doorbell {
public:
    void ring() {
        rings_.fetch_add(1);
        if (waiting_.load() == 0) return;
        { const std::scoped_lock lock(mutex_); }  // whoever counts as waiting sleeps by now, or sees this ring
        rung_.notify_all();
    }
    std::uint32_t rings() const { return rings_.load(std::memory_order_acquire); }
    void wait_beyond(std::uint32_t seen) {
        std::unique_lock lock(mutex_);
        waiting_.fetch_add(1);
        rung_.wait(lock, [&] { return rings_.load() != seen; });
        waiting_.fetch_sub(1);
    }

private:
    std::atomic<std::uint32_t> rings_{0}, waiting_{0};
    std::mutex mutex_;
    std::condition_variable rung_;
};

class InletBase {
public:
    virtual ~InletBase() = default;

    /// Before the engine starts: how to overflow, and whom to wake. Rows that a failed session left behind count as dropped.
    void open(const InletOptions& options, Doorbell* bell) {
        options_ = options;
        bell_ = bell;
        discard();
        reported_drops_ = dropped();
        closed_.store(false, std::memory_order_release);
    }
    /// Lets blocked producers go and waits for pushes under way; later ones are refused.
    void close() {
        closed_.store(true);
        space_.ring();
        while (pushing_.load() != 0) std::this_thread::yield();
    }

    /// The code under which a symbol's rows are pushed. Thread-safe; ask once and keep it. `ids` says what the ids of its rows
    /// tell; the first to say it counts.
    std::uint32_t code(std::string_view symbol, IdKind ids = IdKind::unknown) {
        const std::scoped_lock lock(names_mutex_);
        const auto [at, fresh] = codes_.try_emplace(std::string(symbol), static_cast<std::uint32_t>(codes_.size()));
        if (fresh) names_.push_back({at->first, ids}), added(), names_count_.store(names_.size(), std::memory_order_release);
        return at->second;
    }

    std::uint64_t pushed() const { return pushed_.load(std::memory_order_relaxed); }
    /// Rows let go because the inlet was full, or overwritten under `conflate`.
    std::uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }
    /// Rows and breaks that wait.
    std::size_t depth() const { return count_.load(std::memory_order_relaxed) + breaks_.load(std::memory_order_relaxed); }

    /// Pushes a batch's rows one by one, for callers without a producer of their own; returns how many were taken before
    /// the inlet closed.
    virtual std::size_t push(const Batch& batch) = 0;

    /// Engine thread: takes up to `most` rows in the order they came and opens them on `source`; false if there are none.
    virtual bool drain(Source& source, std::size_t most, Batch& batch) = 0;

protected:
    virtual void added() = 0;  // a symbol; names_mutex_ is held
    virtual void discard() = 0;

    /// The names by code, and the kinds of their ids.
    void name(Batch& batch) {
        if (drained_names_.size() < names_count_.load(std::memory_order_acquire)) {
            const std::scoped_lock lock(names_mutex_);
            for (std::size_t i = drained_names_.size(); i < names_.size(); ++i) {
                drained_names_.push_back(names_[i].symbol);
                drained_kinds_.push_back(names_[i].ids);
                any_kind_ |= names_[i].ids != IdKind::unknown;
            }
        }
        batch.names = &drained_names_;
        batch.dictionary = dictionary_;
        batch.kinds = any_kind_ ? &drained_kinds_ : nullptr;
    }
    /// Room for up to `most` rows; how many there is room for.
    std::size_t reserve(std::size_t most = 1) {
        for (auto n = count_.load(std::memory_order_relaxed); n < options_.capacity;) {
            const std::size_t room = std::min(most, options_.capacity - n);
            if (count_.compare_exchange_weak(n, n + room, std::memory_order_acq_rel)) return room;
        }
        return 0;
    }
    void release(std::size_t n) {
        count_.fetch_sub(n, std::memory_order_acq_rel);
        if (options_.overflow != Overflow::drop_oldest) space_.ring();
    }

    InletOptions options_;
    Doorbell* bell_ = nullptr;
    Doorbell space_;
    std::atomic<bool> closed_{true};
    std::atomic<int> pushing_{0};
    std::atomic<std::size_t> count_{0}, breaks_{0};  // rows that wait, and breaks, which do not count against the capacity
    std::atomic<std::uint64_t> pushed_{0}, dropped_{0};
    std::uint64_t reported_drops_ = 0;
    const std::uint64_t dictionary_ = new_dictionary();
    std::mutex names_mutex_;

private:
    struct Named {
        std::string symbol;
        IdKind ids;
    };
    std::map<std::string, std::uint32_t, std::less<>> codes_;
    std::vector<Named> names_;
    std::vector<std::string> drained_names_;
    std::vector<IdKind> drained_kinds_;
    bool any_kind_ = false;
    std::atomic<std::size_t> names_count_{0};
};

template <class E>
class Inlet final : public InletBase {
    struct Dirty {};  // a slot holds the row
    struct Broken {
        Continuity row;
    };
    struct Message {
        std::variant<E, Broken, Dirty> what;
        std::uint32_t code = 0;
    };
    struct Slot {
        std::atomic_flag busy;
        bool dirty = false;
        E row;
    };
    struct Hold {  // a slot is held for the copy of one row
        explicit Hold(Slot& s) : slot(s) {
            while (slot.busy.test_and_set(std::memory_order_acquire)) {}
        }
        ~Hold() { slot.busy.clear(std::memory_order_release); }
        Hold(const Hold&) = delete;
        Slot& slot;
    };
    using Queue = moodycamel::ConcurrentQueue<Message>;

public:
    struct Row {
        std::uint32_t code = 0;
        E row;
    };

    /// One per producing thread: rows of one producer keep their order.
    class Producer {
    public:
        explicit Producer(Inlet& inlet) : inlet_(inlet), token_(inlet.queue_) {}

        /// False once the inlet is closed; the row was not taken then.
        bool push(std::uint32_t code, const E& row) {
            inlet_.pushing_.fetch_add(1);
            bool taken = !inlet_.closed_.load();
            if (taken) taken = inlet_.options_.overflow == Overflow::conflate ? conflate(code, row) : queue(code, row);
            if (taken) inlet_.pushed_.fetch_add(1, std::memory_order_relaxed), inlet_.bell_->ring();
            inlet_.pushing_.fetch_sub(1);
            return taken;
        }
        /// Several rows at once; how many were taken before the inlet closed.
        std::size_t push(std::span<const Row> rows) {
            inlet_.pushing_.fetch_add(1);
            std::size_t taken = 0;
            while (taken < rows.size() && !inlet_.closed_.load()) {
                const auto left = rows.subspan(taken);
                const std::size_t n = inlet_.options_.overflow == Overflow::conflate ? conflate(left[0].code, left[0].row) : queue(left);
                if (n == 0) break;
                inlet_.pushed_.fetch_add(n, std::memory_order_relaxed);
                taken += n;
                inlet_.bell_->ring();
            }
            inlet_.pushing_.fetch_sub(1);
            return taken;
        }
        /// Breaks are rare and must not be lost: they pass a full inlet.
        void report(std::uint32_t code, const Continuity& row) {
            inlet_.pushing_.fetch_add(1);
            if (!inlet_.closed_.load()) {
                inlet_.breaks_.fetch_add(1, std::memory_order_acq_rel);
                inlet_.queue_.enqueue(token_, Message{Broken{row}, code});
                inlet_.bell_->ring();
            }
            inlet_.pushing_.fetch_sub(1);
        }

    private:
        bool queue(std::uint32_t code, const E& row) {
            if (room(1) == 0) return false;
            inlet_.queue_.enqueue(token_, Message{row, code});
            return true;
        }
        /// As many as there is room for, and at least one; none if the inlet closes meanwhile.
        std::size_t queue(std::span<const Row> rows) {
            const std::size_t n = room(rows.size());
            messages_.clear();
            for (const Row& row : rows.first(n)) messages_.push_back({row.row, row.code});
            if (n > 0) inlet_.queue_.enqueue_bulk(token_, std::make_move_iterator(messages_.begin()), n);
            return n;
        }
        std::size_t room(std::size_t most) {
            for (;;) {
                const auto seen = inlet_.space_.rings();
                if (const std::size_t n = inlet_.reserve(most); n > 0) return n;
                if (inlet_.closed_.load(std::memory_order_acquire)) return 0;
                if (inlet_.options_.overflow == Overflow::drop_oldest) inlet_.drop_oldest();
                else inlet_.space_.wait_beyond(seen);
            }
        }
        bool conflate(std::uint32_t code, const E& row) {
            if (code == Batch::no_symbol) return queue(code, row);
            {
                const Hold hold(inlet_.slot(code));
                hold.slot.row = row;
                if (std::exchange(hold.slot.dirty, true)) {
                    inlet_.dropped_.fetch_add(1, std::memory_order_relaxed);
                    return true;
                }
            }
            inlet_.count_.fetch_add(1, std::memory_order_acq_rel);
            inlet_.queue_.enqueue(token_, Message{Dirty{}, code});
            return true;
        }
        Inlet& inlet_;
        moodycamel::ProducerToken token_;
        std::vector<Message> messages_;
    };

    std::size_t push(const Batch& batch) override {
        const std::scoped_lock lock(shared_mutex_);
        if (!shared_) shared_.emplace(*this);
        const FilledColumns<E> filled(batch.columns);
        const RowView<E> view = filled.view();
        std::vector<std::uint32_t> codes;  // ours by theirs
        for (std::size_t row = 0; row < batch.rows; ++row) {
            std::uint32_t mine = Batch::no_symbol;
            if (const std::uint32_t theirs = batch.codes[row]; theirs != Batch::no_symbol) {
                if (theirs >= codes.size() || codes[theirs] == Batch::no_symbol) {
                    mine = code(batch.name(theirs));
                    codes.resize(batch.names->size(), Batch::no_symbol);
                    codes[theirs] = mine;
                }
                mine = codes[theirs];
            }
            if (!shared_->push(mine, view[row])) return row;
        }
        return batch.rows;
    }

    bool drain(Source& source, std::size_t most, Batch& batch) override {
        messages_.resize(most);
        rows_.clear();
        batch.breaks.clear();
        take_displaced(batch);
        const std::size_t n = queue_.try_dequeue_bulk(messages_.begin(), most);
        if (n == 0 && batch.breaks.empty()) return false;
        for (std::size_t i = 0; i < n; ++i) unpack(messages_[i], batch);
        const std::size_t broken = batch.breaks.size();
        report_drops(batch, source);
        breaks_.fetch_sub(broken, std::memory_order_acq_rel);
        release(rows_.size());
        batch.offer(rows_);
        name(batch);
        source.open(batch);
        return true;
    }

private:
    void unpack(const Message& m, Batch& batch) {
        if (const E* row = std::get_if<E>(&m.what)) {
            rows_.append(m.code, *row);
        } else if (const auto* broken = std::get_if<Broken>(&m.what)) {
            batch.breaks.push_back({rows_.size(), m.code, broken->row});
        } else {
            const Hold hold(slot(m.code));
            hold.slot.dirty = false;
            rows_.append(m.code, hold.slot.row);
        }
    }
    void report_drops(Batch& batch, const Source& source) {
        const std::uint64_t drops = dropped() - reported_drops_;
        if (drops == 0 || options_.overflow == Overflow::conflate || rows_.size() == 0) return;
        reported_drops_ += drops;
        const std::int64_t ts = std::max<std::int64_t>(source.latest(), 0);
        batch.breaks.insert(batch.breaks.begin(), {0, every_symbol, {ts, Break::overflow, 0, drops}});
    }
    /// A break that stands in the way of a row is kept apart, for the next drain.
    void drop_oldest() {
        Message old;
        if (!queue_.try_dequeue(old)) return;
        if (const auto* broken = std::get_if<Broken>(&old.what)) {
            const std::scoped_lock lock(displaced_mutex_);
            return displaced_.push_back({0, old.code, broken->row});
        }
        dropped_.fetch_add(1, std::memory_order_relaxed);
        release(1);
    }
    void take_displaced(Batch& batch) {
        const std::scoped_lock lock(displaced_mutex_);
        batch.breaks.swap(displaced_);
        displaced_.clear();
    }
    Slot& slot(std::uint32_t code) {
        const std::scoped_lock lock(names_mutex_);
        return *slots_[code];
    }
    void added() override { slots_.push_back(std::make_unique<Slot>()); }
    void discard() override {
        for (Message left; queue_.try_dequeue(left);)
            if (!std::holds_alternative<Broken>(left.what)) dropped_.fetch_add(1, std::memory_order_relaxed);
        displaced_.clear();
        for (const auto& slot : slots_) slot->dirty = false;
        count_.store(0, std::memory_order_relaxed), breaks_.store(0, std::memory_order_relaxed);
    }

    Queue queue_;
    std::mutex shared_mutex_, displaced_mutex_;
    std::vector<BatchBreak> displaced_;
    std::optional<Producer> shared_;
    std::vector<Message> messages_;
    std::vector<std::unique_ptr<Slot>> slots_;
    Rows<E> rows_;
};

}  // namespace openquant
