// Names as codes in the order in which they first appear.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace openquant {

/// Gives each distinct text the next code. Arrow's own shape of a text, 16 bytes that hold up to 12 of its characters, is the
/// key: a short text is never read again, a long one is compared where it was first seen.
class TextCodes {
public:
    /// As in an Arrow string view: the length, then the text padded with zeros, or its first four bytes and what finds the rest.
    struct View {
        std::uint32_t length = 0;
        char head[4] = {};
        char tail[8] = {};
    };
    static_assert(sizeof(View) == 16);
    static constexpr std::uint32_t longest_short = 12;

    static View short_view(std::string_view text) {
        View view;
        view.length = static_cast<std::uint32_t>(text.size());
        std::memcpy(reinterpret_cast<char*>(&view) + offsetof(View, head), text.data(), text.size());
        return view;
    }

    std::uint32_t code(std::string_view text) {
        if (text.size() <= longest_short) return code_of_short(short_view(text));
        Key key{static_cast<std::uint64_t>(text.size()), 0};
        for (std::size_t at = 0; at < text.size(); at += 8) {
            std::uint64_t eight = 0;
            std::memcpy(&eight, text.data() + at, std::min<std::size_t>(8, text.size() - at));
            key.second = (std::rotl(key.second, 29) ^ eight) * multiplier;
        }
        return find(
            key, [&](std::uint32_t code) { return names_[code] == text; }, [&] { return std::string(text); });
    }
    std::uint32_t code_of_short(const View& view) {
        const Key key = std::bit_cast<Key>(view);
        return find(
            key, [](std::uint32_t) { return true; }, [&] { return std::string(view.head, view.length); });
    }

    const std::vector<std::string>& names() const { return names_; }

private:
    struct Key {
        std::uint64_t first = 0, second = 0;
        bool operator==(const Key&) const = default;
    };
    struct Slot {
        Key key;
        std::uint32_t code = empty;
    };
    static constexpr std::uint32_t empty = 0xffffffff;
    static constexpr std::uint64_t multiplier = 0x9e3779b97f4a7c15;

    std::size_t home(const Key& key) const { return ((key.first ^ std::rotl(key.second, 32)) * multiplier) >> shift_; }

    [[gnu::always_inline]] std::uint32_t find(const Key& key, auto&& same, auto&& name) {
        for (std::size_t at = home(key);; at = (at + 1) & (slots_.size() - 1)) {
            const Slot& slot = slots_[at];
            if (slot.key == key && slot.code != empty && same(slot.code)) [[likely]]
                return slot.code;
            if (slot.code == empty) return add(key, name());
        }
    }
    [[gnu::noinline]] std::uint32_t add(const Key& key, std::string name) {
        const auto code = static_cast<std::uint32_t>(names_.size());
        names_.push_back(std::move(name));
        if (2 * names_.size() > slots_.size()) grow();
        place({key, code});
        return code;
    }
    void place(const Slot& slot) {
        std::size_t at = home(slot.key);
        while (slots_[at].code != empty) at = (at + 1) & (slots_.size() - 1);
        slots_[at] = slot;
    }
    void grow() {
        --shift_;
        const std::vector<Slot> before = std::exchange(slots_, std::vector<Slot>(2 * slots_.size()));
        for (const Slot& slot : before)
            if (slot.code != empty) place(slot);
    }

    int shift_ = 58;  // 64 less the bits of a slot's number
    std::vector<Slot> slots_ = std::vector<Slot>(64);
    std::vector<std::string> names_;
};

}  // namespace openquant
