// Memory that grows at its end.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <new>
#include <span>
#include <type_traits>
#include <utility>

namespace openquant {

/// Values without constructors, one after another. Unlike a std::vector it grows where it lies if it can: the system moves the pages of
/// a large one instead of its bytes, so that what was collected is never held twice.
template <class T>
class Buffer {
    static_assert(std::is_trivially_copyable_v<T>);

public:
    Buffer() = default;
    explicit Buffer(std::span<const T> values) { append(values); }
    Buffer(const Buffer& other) : Buffer(std::span<const T>(other.data_, other.size_)) {}
    Buffer(Buffer&& other) noexcept
        : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)), capacity_(std::exchange(other.capacity_, 0)) {}
    Buffer& operator=(Buffer other) noexcept {
        std::swap(data_, other.data_), std::swap(size_, other.size_), std::swap(capacity_, other.capacity_);
        return *this;
    }
    ~Buffer() { std::free(data_); }

    std::size_t size() const { return size_; }
    T* data() { return data_; }
    const T* data() const { return data_; }
    T* begin() { return data_; }
    T* end() { return data_ + size_; }
    const T* begin() const { return data_; }
    const T* end() const { return data_ + size_; }
    const T& operator[](std::size_t i) const { return data_[i]; }
    void clear() { size_ = 0; }

    /// Room for `n` more, which the caller fills.
    T* extend(std::size_t n) {
        if (size_ + n > capacity_) grow(size_ + n);
        return data_ + std::exchange(size_, size_ + n);
    }
    void append(std::span<const T> values) {
        if (!values.empty()) std::memcpy(extend(values.size()), values.data(), values.size_bytes());
    }

private:
    void grow(std::size_t wanted) {
        const std::size_t capacity = std::max({wanted, 2 * capacity_, std::size_t{64}});
        void* const larger = std::realloc(static_cast<void*>(data_), capacity * sizeof(T));
        if (!larger) throw std::bad_alloc();
        data_ = static_cast<T*>(larger);
        capacity_ = capacity;
    }
    T* data_ = nullptr;
    std::size_t size_ = 0, capacity_ = 0;
};

}  // namespace openquant
