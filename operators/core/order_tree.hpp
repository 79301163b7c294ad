// Values in order: insert, erase, the k-th, and the sum of the k smallest, each O(log n). A treap (Seidel and Aragon 1996)
// whose priorities are hashes of slots, so that its shape is a function of what it holds. Sums are only ever added up from
// the subtrees, so that an erased value leaves no trace.
#pragma once

#include <cstdint>
#include <tuple>
#include <vector>

namespace openquant {

class OrderTree {
public:
    std::size_t size() const noexcept { return nodes_.empty() ? 0 : nodes_[root_].size; }

    /// The slot of the new value, by which it is erased.
    std::uint32_t insert(double value) {
        if (nodes_.empty()) nodes_.emplace_back();  // slot 0: none
        std::uint32_t slot = 0;
        if (free_.empty()) {
            slot = static_cast<std::uint32_t>(nodes_.size());
            nodes_.emplace_back();
        } else {
            slot = free_.back();
            free_.pop_back();
        }
        nodes_[slot] = {value, value, 0, 0, 1};
        root_ = insert(root_, slot);
        return slot;
    }
    void erase(std::uint32_t slot) {
        root_ = erase(root_, slot);
        free_.push_back(slot);
    }

    /// The value that k others precede; k < size().
    double at(std::size_t k) const noexcept {
        std::uint32_t t = root_;
        for (;;) {
            const std::size_t left = nodes_[nodes_[t].left].size;
            if (k == left) return nodes_[t].value;
            if (k < left) t = nodes_[t].left;
            else k -= left + 1, t = nodes_[t].right;
        }
    }
    /// Sum of the k smallest; k <= size().
    double sum_of(std::size_t k) const noexcept {
        double sum = 0.0;
        for (std::uint32_t t = root_; t != 0 && k > 0;) {
            const Node& node = nodes_[t];
            const std::size_t left = nodes_[node.left].size;
            if (k <= left) {
                t = node.left;
            } else {
                sum += nodes_[node.left].sum + node.value;
                k -= left + 1, t = node.right;
            }
        }
        return sum;
    }

    static auto state(auto& self) { return std::tie(self.nodes_, self.free_, self.root_); }
    bool operator==(const OrderTree&) const = default;

private:
    struct Node {
        double value = 0.0, sum = 0.0;
        std::uint32_t left = 0, right = 0, size = 0;
        static auto state(auto& self) { return std::tie(self.value, self.sum, self.left, self.right, self.size); }
        bool operator==(const Node&) const = default;
    };
    /// A bijection of 32 bits, so that no two slots have one priority (C. Wellons' lowbias32).
    static std::uint32_t priority(std::uint32_t x) noexcept {
        x ^= x >> 16, x *= 0x7feb352d;
        x ^= x >> 15, x *= 0x846ca68b;
        return x ^ (x >> 16);
    }
    bool before(std::uint32_t a, std::uint32_t b) const noexcept { return nodes_[a].value != nodes_[b].value ? nodes_[a].value < nodes_[b].value : a < b; }
    std::uint32_t pull(std::uint32_t t) noexcept {
        Node& node = nodes_[t];
        node.size = nodes_[node.left].size + 1 + nodes_[node.right].size;
        node.sum = nodes_[node.left].sum + node.value + nodes_[node.right].sum;
        return t;
    }
    std::uint32_t insert(std::uint32_t t, std::uint32_t slot) noexcept {
        if (t == 0) return slot;
        if (priority(slot) > priority(t)) {
            split(t, slot, nodes_[slot].left, nodes_[slot].right);
            return pull(slot);
        }
        std::uint32_t& child = before(slot, t) ? nodes_[t].left : nodes_[t].right;
        child = insert(child, slot);
        return pull(t);
    }
    void split(std::uint32_t t, std::uint32_t slot, std::uint32_t& left, std::uint32_t& right) noexcept {
        if (t == 0) return void(left = right = 0);
        if (before(t, slot)) {
            left = t;
            split(nodes_[t].right, slot, nodes_[t].right, right);
        } else {
            right = t;
            split(nodes_[t].left, slot, left, nodes_[t].left);
        }
        pull(t);
    }
    std::uint32_t erase(std::uint32_t t, std::uint32_t slot) noexcept {
        if (t == slot) return merge(nodes_[t].left, nodes_[t].right);
        std::uint32_t& child = before(slot, t) ? nodes_[t].left : nodes_[t].right;
        child = erase(child, slot);
        return pull(t);
    }
    std::uint32_t merge(std::uint32_t left, std::uint32_t right) noexcept {
        if (left == 0 || right == 0) return left + right;
        if (priority(left) > priority(right)) {
            nodes_[left].right = merge(nodes_[left].right, right);
            return pull(left);
        }
        nodes_[right].left = merge(left, nodes_[right].left);
        return pull(right);
    }

    std::vector<Node> nodes_;
    std::vector<std::uint32_t> free_;
    std::uint32_t root_ = 0;
};

}  // namespace openquant
