// Memory that grows at its end.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <new>
#include <span>
#include <type_traits>
#include <utility>

namespace openquant {

/// Values without constructors, one after another. A copy shares the memory and is made at once, however many there are: what it shows
/// stays as it is, while the one it was made of goes on behind it. Unlike a std::vector one that nobody shares grows where it lies if
/// it can: the system moves the pages of a large one instead of its bytes, so that what was collected is never held twice.
template <class T>
class Buffer {
    static_assert(std::is_trivially_copyable_v<T>);

public:
    Buffer() = default;
    explicit Buffer(std::span<const T> values) { append(values); }
    Buffer(const Buffer& other) noexcept : block_(other.block_), size_(other.size_), capacity_(other.size_) {
        if (block_) holders().fetch_add(1, std::memory_order_relaxed);
    }
    Buffer(Buffer&& other) noexcept
        : block_(std::exchange(other.block_, nullptr)), size_(std::exchange(other.size_, 0)), capacity_(std::exchange(other.capacity_, 0)) {}
    Buffer& operator=(Buffer other) noexcept {
        std::swap(block_, other.block_), std::swap(size_, other.size_), std::swap(capacity_, other.capacity_);
        return *this;
    }
    ~Buffer() {
        if (block_ && holders().fetch_sub(1, std::memory_order_acq_rel) == 1) std::free(block_);
    }

    std::size_t size() const { return size_; }
    const T* data() const { return block_ ? values() : nullptr; }
    const T* begin() const { return data(); }
    const T* end() const { return data() + size_; }
    const T& operator[](std::size_t i) const { return values()[i]; }
    void clear() {
        if (shared()) *this = {};
        size_ = 0;
    }

    /// Room for `n` more, which the caller fills.
    T* extend(std::size_t n) {
        if (size_ + n > capacity_) grow(std::max({size_ + n, 2 * capacity_, std::size_t{64}}));
        return values() + std::exchange(size_, size_ + n);
    }
    void append(std::span<const T> more) {
        if (!more.empty()) std::memcpy(extend(more.size()), more.data(), more.size_bytes());
    }
    /// The values, to be changed: nobody shares them from here on.
    T* own() {
        if (shared()) grow(size_);
        return block_ ? values() : nullptr;
    }

private:
    struct alignas(std::max_align_t) Block {
        std::size_t holders;
    };
    static_assert(alignof(T) <= alignof(Block));

    T* values() const { return reinterpret_cast<T*>(block_ + 1); }
    std::atomic_ref<std::size_t> holders() const { return std::atomic_ref(block_->holders); }
    bool shared() const { return block_ && holders().load(std::memory_order_acquire) > 1; }
    void grow(std::size_t capacity) {
        const std::size_t bytes = sizeof(Block) + capacity * sizeof(T);
        const bool moves = !block_ || shared();
        void* const memory = moves ? std::malloc(bytes) : std::realloc(static_cast<void*>(block_), bytes);
        if (!memory) throw std::bad_alloc();
        if (moves) {
            Buffer larger;
            larger.block_ = new (memory) Block{1};
            if (size_ > 0) std::memcpy(larger.values(), values(), size_ * sizeof(T));
            larger.size_ = size_;
            *this = std::move(larger);
        } else {
            block_ = static_cast<Block*>(memory);
        }
        capacity_ = capacity;
    }

    Block* block_ = nullptr;
    std::size_t size_ = 0, capacity_ = 0;  // of a copy just its size: what lies behind is another's
};

}  // namespace openquant
