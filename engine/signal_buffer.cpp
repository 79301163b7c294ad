#include "openquant/engine/signal_buffer.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <stdexcept>

#include "openquant/engine/graph.hpp"

namespace openquant {

namespace {

constexpr std::uint64_t smallest_segment = 64, largest_segment = 16'384;

template <class T>
void copy_rows(T* to, const T* from, std::size_t n) {
    if (to && n) std::memcpy(to, from, n * sizeof(T));
}

/// `from` may be missing; then every row gets `none`.
template <class T>
void copy_or_fill(T* to, const T* from, std::size_t n, T none) {
    if (from) copy_rows(to, from, n);
    else std::fill_n(to, n, none);
}

std::uint64_t oldest_kept(std::uint64_t cleared, std::uint64_t end, std::uint64_t capacity) { return std::max(cleared, end > capacity ? end - capacity : 0); }

}  // namespace

SignalBuffer::Segment::Segment(std::size_t n)
    : ts(std::make_unique_for_overwrite<std::int64_t[]>(n)),
      signal(std::make_unique_for_overwrite<double[]>(n)),
      side(std::make_unique_for_overwrite<double[]>(n)),
      symbol(std::make_unique_for_overwrite<std::uint32_t[]>(n)) {}

std::uint64_t SignalBuffer::View::end(std::size_t segment_rows) const {
    if (segments.empty()) return first;
    return first + (segments.size() - 1) * segment_rows + segments.back()->rows.load(std::memory_order_acquire);
}

std::string& SignalBuffer::Names::at(std::uint32_t id) const {
    // Block k begins at first_block * (2^k - 1).
    const auto k = static_cast<std::size_t>(std::bit_width(id / first_block + 1) - 1);
    return blocks[k][id - first_block * ((std::size_t{1} << k) - 1)];
}

void SignalBuffer::Names::add(std::string_view name) {
    const std::uint32_t id = size.load(std::memory_order_relaxed);
    if (id == most) throw std::length_error("a signal buffer holds at most " + std::to_string(most) + " symbols; '" + std::string(name) + "' is one more");
    const auto k = static_cast<std::size_t>(std::bit_width(id / first_block + 1) - 1);
    if (!blocks[k]) blocks[k] = std::make_unique<std::string[]>(first_block << k);
    at(id) = name;
    size.store(id + 1, std::memory_order_release);
}

SignalBuffer::SignalBuffer(std::uint64_t capacity) : segment_rows_(static_cast<std::size_t>(std::clamp(capacity, smallest_segment, largest_segment))) {
    if (capacity == 0) throw std::invalid_argument("signal buffer: capacity = 0 is out of range; it must be >= 1 (rows)");
    View empty;
    empty.capacity = capacity;
    view_ = std::make_shared<const View>(std::move(empty));
}

void SignalBuffer::intern(std::span<const std::string_view> names, std::uint32_t* ids) {
    const std::scoped_lock lock(writing_);
    for (const std::string_view name : names) {
        auto at = ids_.find(name);
        if (at == ids_.end()) {
            names_.add(name);
            const std::uint32_t id = names_.size.load(std::memory_order_relaxed) - 1;
            at = ids_.emplace(names_.at(id), id).first;
        }
        *ids++ = at->second;
    }
}

void SignalBuffer::append(const Rows& rows) {
    if (rows.size == 0) return;
    const std::scoped_lock lock(writing_);
    // Before the rows are counted, so that whoever sees a row knows of its columns.
    if (rows.unit > unit_.load(std::memory_order_relaxed)) unit_.store(rows.unit, std::memory_order_relaxed);
    if (rows.side) sides_.store(true, std::memory_order_relaxed);
    if (rows.symbol) symbols_.store(true, std::memory_order_relaxed);
    for (std::size_t done = 0; done < rows.size;) {
        const auto& segments = view_->segments;
        if (segments.empty() || segments.back()->rows.load(std::memory_order_relaxed) == segment_rows_) start_segment();
        done += write(rows, done);
    }
}

std::size_t SignalBuffer::write(const Rows& rows, std::size_t from) {
    Segment& to = *view_->segments.back();
    const std::size_t at = to.rows.load(std::memory_order_relaxed);
    const std::size_t n = std::min(segment_rows_ - at, rows.size - from);
    copy_rows(&to.ts[at], rows.ts + from, n);
    copy_rows(&to.signal[at], rows.signal + from, n);
    copy_or_fill(&to.side[at], rows.side ? rows.side + from : nullptr, n, std::numeric_limits<double>::quiet_NaN());
    copy_or_fill(&to.symbol[at], rows.symbol ? rows.symbol + from : nullptr, n, no_symbol);
    to.rows.store(at + n, std::memory_order_release);
    return n;
}

void SignalBuffer::start_segment() {
    View next = *view_;
    next.segments.push_back(std::make_shared<Segment>(segment_rows_));
    show(std::move(next));
}

/// Makes `next` what readers see, without the segments of which nothing is kept.
void SignalBuffer::show(View next) {
    const std::uint64_t kept = oldest_kept(next.cleared, next.end(segment_rows_), next.capacity);
    const auto gone = std::min<std::uint64_t>((kept - next.first) / segment_rows_, next.segments.size());
    next.segments.erase(next.segments.begin(), next.segments.begin() + static_cast<std::ptrdiff_t>(gone));
    next.first += gone * segment_rows_;
    auto shown = std::make_shared<const View>(std::move(next));
    {
        const std::scoped_lock lock(looking_);
        view_.swap(shown);
    }  // what nobody looks at any more is freed here, outside the lock
}

void SignalBuffer::clear() {
    const std::scoped_lock lock(writing_);
    View next;
    next.first = next.cleared = view_->end(segment_rows_);
    next.capacity = view_->capacity;
    show(std::move(next));
}

void SignalBuffer::attach() {
    const std::scoped_lock lock(writing_);
    unit_.store(Unit::ns, std::memory_order_relaxed);
    sides_.store(true, std::memory_order_relaxed);
    symbols_.store(true, std::memory_order_relaxed);
    View next = *view_;
    if (next.capacity == unbounded) next.capacity = live_capacity;
    show(std::move(next));
}

std::shared_ptr<const SignalBuffer::View> SignalBuffer::view() const {
    const std::scoped_lock lock(looking_);
    return view_;
}

std::uint64_t SignalBuffer::capacity() const { return view()->capacity; }

SignalBuffer::Contents SignalBuffer::contents() const { return Contents(*this); }

SignalBuffer::Contents::Contents(const SignalBuffer& buffer)
    : buffer_(&buffer),
      view_(buffer.view()),
      begin_(0),
      end_(view_->end(buffer.segment_rows_)),
      sides_(buffer.sides_),
      symbols_(buffer.symbols_),
      unit_(buffer.unit_) {
    begin_ = oldest_kept(view_->cleared, end_, view_->capacity);
}

std::vector<std::string> SignalBuffer::Contents::names() const {
    const Names& known = buffer_->names_;
    const std::uint32_t n = known.size.load(std::memory_order_acquire);
    std::vector<std::string> out;
    out.reserve(n);
    for (std::uint32_t id = 0; id < n; ++id) out.push_back(known.at(id));
    return out;
}

void SignalBuffer::Contents::copy(std::int64_t* ts, double* signal, double* side, std::uint32_t* symbol) const {
    const std::size_t size = buffer_->segment_rows_;
    for (std::uint64_t row = begin_; row < end_;) {
        const Segment& from = *view_->segments[static_cast<std::size_t>((row - view_->first) / size)];
        const auto at = static_cast<std::size_t>((row - view_->first) % size);
        const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(size - at, end_ - row));
        const auto to = static_cast<std::size_t>(row - begin_);
        copy_rows(ts ? ts + to : ts, &from.ts[at], n);
        copy_rows(signal ? signal + to : signal, &from.signal[at], n);
        copy_rows(side ? side + to : side, &from.side[at], n);
        copy_rows(symbol ? symbol + to : symbol, &from.symbol[at], n);
        row += n;
    }
}

SignalSink::SignalSink(std::shared_ptr<SignalBuffer> buffer) : buffer_(std::move(buffer)) { inputs.resize(1); }

void SignalSink::process(const SymbolTable& symbols) {
    const Stream& in = *inputs[0];
    if (in.rows == 0) return;
    if (ids_.size() < symbols.size()) {
        const std::vector<std::string_view> fresh(symbols.names().begin() + static_cast<std::ptrdiff_t>(ids_.size()), symbols.names().end());
        std::vector<std::uint32_t> ids(fresh.size());
        buffer_->intern(fresh, ids.data());
        ids_.insert(ids_.end(), ids.begin(), ids.end());
    }
    row_ids_.resize(in.rows);
    for (std::size_t row = 0; row < in.rows; ++row) row_ids_[row] = in.symbols[row] == every_symbol ? SignalBuffer::no_symbol : ids_[in.symbols[row]];
    const RowView<Signal> rows(in, places_in<Signal>(*in.type));
    buffer_->append({in.rows, rows.column<0>().data, rows.column<3>().data, rows.column<2>().data, row_ids_.data(), SignalBuffer::Unit::ns});
}

Port collect(Graph& graph, const Port& port, const std::shared_ptr<SignalBuffer>& buffer, std::string name) {
    const Port sink = graph.add_node(std::make_unique<SignalSink>(buffer), {port}, {}, std::move(name));
    buffer->attach();
    return sink;
}

}  // namespace openquant
