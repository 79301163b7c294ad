// A queue in a ring that grows when it is full and then stays: the rows of a window, oldest first.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <tuple>
#include <vector>

namespace openquant {

template <class T>
class Fifo {
public:
    std::size_t size() const noexcept { return size_; }
    bool empty() const noexcept { return size_ == 0; }
    T& operator[](std::size_t i) noexcept { return ring_[(first_ + i) & (ring_.size() - 1)]; }
    const T& operator[](std::size_t i) const noexcept { return ring_[(first_ + i) & (ring_.size() - 1)]; }
    const T& front() const noexcept { return ring_[first_]; }

    void push(const T& x) {
        if (size_ == ring_.size()) grow();
        (*this)[size_++] = x;
    }
    T pop() noexcept {
        const T x = ring_[first_];
        first_ = (first_ + 1) & (ring_.size() - 1);
        --size_;
        return x;
    }
    void clear() noexcept { first_ = size_ = 0; }

    static auto state(auto& self) { return std::tie(self.ring_, self.first_, self.size_); }
    bool operator==(const Fifo&) const = default;

private:
    void grow() {
        std::rotate(ring_.begin(), ring_.begin() + static_cast<std::ptrdiff_t>(first_), ring_.end());
        first_ = 0;
        ring_.resize(ring_.empty() ? 8 : 2 * ring_.size());
    }

    std::vector<T> ring_;
    std::uint64_t first_ = 0, size_ = 0;
};

}  // namespace openquant
