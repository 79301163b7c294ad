// Signals kept for a reader who looks at any moment, such as a notebook beside a live engine. Neither waits for the other.
#pragma once

#include <array>
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "openquant/engine/node.hpp"

namespace openquant {

class Graph;
struct Port;

/// Rows of (ts, signal, side, symbol) in the order of their appends; with a capacity the newest of them. Several threads may
/// append, any may read. Rows lie in segments of fixed size and never move: a writer fills the last one and raises its count,
/// a reader copies what is counted.
class SignalBuffer {
public:
    static constexpr std::uint64_t unbounded = ~std::uint64_t{0};
    static constexpr std::uint64_t live_capacity = 1'000'000;
    static constexpr std::uint32_t no_symbol = ~std::uint32_t{0};

    /// The finest unit of time appended so far.
    enum class Unit : std::uint8_t { none, ms, us, ns };

    /// Rows to append. Without sides or symbols they have none; a side of NaN is none, too.
    struct Rows {
        std::size_t size = 0;
        const std::int64_t* ts = nullptr;
        const double* signal = nullptr;
        const double* side = nullptr;
        const std::uint32_t* symbol = nullptr;
        Unit unit = Unit::ns;
    };

    explicit SignalBuffer(std::uint64_t capacity = unbounded);
    SignalBuffer(const SignalBuffer&) = delete;
    SignalBuffer& operator=(const SignalBuffer&) = delete;

    /// Ids of names, for `Rows::symbol`; they hold as long as the buffer does.
    void intern(std::span<const std::string_view> names, std::uint32_t* ids);
    void append(const Rows& rows);
    /// Forgets every row, and that any was dropped.
    void clear();
    /// What a graph's sink does: bounds a buffer that is not, and makes sure of every column, in nanoseconds.
    void attach();
    std::uint64_t capacity() const;

    class Contents;
    /// What the buffer holds now; costs a pointer's copy, and what is appended later does not show in it.
    Contents contents() const;

private:
    struct Segment {
        explicit Segment(std::size_t rows);
        std::unique_ptr<std::int64_t[]> ts;
        std::unique_ptr<double[]> signal, side;
        std::unique_ptr<std::uint32_t[]> symbol;
        std::atomic<std::size_t> rows{0};  // complete ones
    };
    /// Rows are numbered since the buffer was made; all segments but the last are full.
    struct View {
        std::vector<std::shared_ptr<Segment>> segments;
        std::uint64_t first = 0;    // the number of their first row
        std::uint64_t cleared = 0;  // rows below this are forgotten
        std::uint64_t capacity = unbounded;

        std::uint64_t end(std::size_t segment_rows) const;
    };
    /// Names that never move, so that they are read while others are added; blocks double in size.
    struct Names {
        static constexpr std::size_t first_block = 64, most = 1'000'000;
        std::array<std::unique_ptr<std::string[]>, 15> blocks;
        std::atomic<std::uint32_t> size{0};

        std::string& at(std::uint32_t id) const;
        void add(std::string_view name);
    };

    std::shared_ptr<const View> view() const;
    void show(View next);
    void start_segment();
    std::size_t write(const Rows& rows, std::size_t from);

    const std::size_t segment_rows_;
    std::mutex writing_;  // among writers only
    std::map<std::string_view, std::uint32_t> ids_;
    Names names_;
    std::atomic<Unit> unit_{Unit::none};
    std::atomic<bool> sides_{false}, symbols_{false};
    mutable std::mutex looking_;  // held to copy or swap the pointer, no longer
    std::shared_ptr<const View> view_;
};

/// A moment of the buffer, which must outlive it.
class SignalBuffer::Contents {
public:
    std::size_t rows() const { return static_cast<std::size_t>(end_ - begin_); }
    /// Rows since the last clear that the capacity let go.
    std::uint64_t dropped() const { return begin_ - view_->cleared; }
    /// Whether any row since the buffer was made had one, or a graph was attached.
    bool sides() const { return sides_; }
    bool symbols() const { return symbols_; }
    Unit unit() const { return unit_; }
    std::vector<std::string> names() const;  // by id
    /// Copies every row; null for a column that is not wanted.
    void copy(std::int64_t* ts, double* signal, double* side, std::uint32_t* symbol) const;

private:
    friend class SignalBuffer;
    explicit Contents(const SignalBuffer& buffer);

    const SignalBuffer* buffer_;
    std::shared_ptr<const View> view_;
    std::uint64_t begin_, end_;
    bool sides_, symbols_;
    Unit unit_;
};

/// The sink that fills a buffer with a graph's signals, each with its side and symbol.
class SignalSink final : public Node {
public:
    explicit SignalSink(std::shared_ptr<SignalBuffer> buffer);

    std::string signature() const override { return "SignalStreamBuffer"; }
    std::vector<NodeInput> declared() const override { return {{"signals", &event_type<Signal>(), true}}; }
    void prepare(int) override {}
    void process(const SymbolTable& symbols) override;
    void flush(const SymbolTable&, std::uint64_t&) override {}
    void save(Writer&) const override {}  // what was collected is the user's, not the graph's state
    void load(Reader&, std::size_t) override {}
    void adopt() override { ids_.clear(); }  // the graph's symbols are others now

private:
    std::shared_ptr<SignalBuffer> buffer_;
    std::vector<std::uint32_t> ids_;  // in the buffer, by the graph's id
    std::vector<std::uint32_t> row_ids_;
};

/// Attaches a buffer to a port of signals; one buffer may be attached to several, of several graphs.
Port collect(Graph& graph, const Port& port, const std::shared_ptr<SignalBuffer>& buffer, std::string name = {});

}  // namespace openquant
