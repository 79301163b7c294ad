// Numbers that only become more, kept in blocks: none is moved when they grow, and memory is asked for as it is filled.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <tuple>
#include <vector>

namespace openquant {

class Blocks {
public:
    std::size_t size() const noexcept { return size_; }
    bool empty() const noexcept { return size_ == 0; }
    double operator[](std::size_t i) const noexcept { return blocks_[i / block][i % block]; }

    void push(double x) {
        if (size_++ % block == 0) blocks_.emplace_back().reserve(block);
        blocks_.back().push_back(x);
    }
    /// Quicker than one by one.
    friend void for_each_part(const Blocks& values, auto&& visit) {
        for (const std::vector<double>& part : values.blocks_) visit(std::span<const double>(part));
    }

    static auto state(auto& self) { return std::tie(self.blocks_, self.size_); }
    bool operator==(const Blocks&) const = default;

private:
    static constexpr std::size_t block = 8192;
    std::vector<std::vector<double>> blocks_;
    std::uint64_t size_ = 0;
};

}  // namespace openquant
