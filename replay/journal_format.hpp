// The bytes of a journal: segments 00000001.oqj, 00000002.oqj and so on, each a prefix and records; little-endian.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "openquant/operators/core/archive.hpp"
#include "openquant/operators/core/fields.hpp"

namespace openquant::journal {

inline constexpr std::array<char, 8> magic = {'o', 'q', 'j', 'o', 'u', 'r', 'n', '\n'};
inline constexpr std::uint32_t version = 1;
inline constexpr std::uint64_t largest_record = 1ull << 30, largest_segment = 1ull << 30;

struct Prefix {
    std::array<char, 8> magic;
    std::uint32_t version, segment;
};

/// sources: what a segment's rows are of, always its first record. snapshot: the graph as the recording found it. names: of a
/// source's dictionary, from a code on; from 0 on they begin a new one. end: the next segment goes on. closed: nothing more comes.
enum class Type : std::uint8_t { sources, snapshot, names, rows, flush, hand_over, end, closed };

/// Stands before a record's payload, which is padded with zeros to a multiple of 8: so every column in a file read at once is
/// aligned.
struct Header {
    std::uint32_t length = 0;  // of the payload without its padding
    Type type = Type::sources;
    std::uint8_t ids = 0;  // IdKind of rows
    std::uint16_t source = 0;
    std::uint32_t crc = 0;    // of the padded payload
    std::uint32_t check = 0;  // CRC of what stands before it
};
static_assert(sizeof(Prefix) == 16 && sizeof(Header) == 16);

/// A payload of rows begins with these numbers, one Presence by field, padding to 8, and the breaks.
struct RowCounts {
    std::uint32_t rows = 0, breaks = 0;
};
enum class Presence : std::uint8_t { absent, whole, repeated };  // repeated: one value stands for all rows
struct StoredBreak {
    std::uint32_t before = 0, code = 0;
    std::int64_t ts = 0;
    std::uint64_t id = 0, count = 0, kind = 0;
};
static_assert(sizeof(StoredBreak) == 40);

std::uint32_t crc(const std::byte* data, std::size_t size);
inline std::uint32_t check_of(const Header& header) { return crc(reinterpret_cast<const std::byte*>(&header), offsetof(Header, check)); }

constexpr std::uint64_t padded(std::uint64_t size) { return (size + 7) & ~std::uint64_t{7}; }

/// A column of a rows record; the one that is no field holds the codes of symbols.
struct Place {
    std::size_t field, width;
    bool required;

    std::uint64_t size(Presence presence, std::uint64_t rows) const {
        return rows == 0 || presence == Presence::absent ? 0 : presence == Presence::repeated ? width : rows * width;
    }
};

/// Columns lie behind the breaks, the widest first: so each is aligned without padding.
inline std::vector<Place> places(const EventType& type) {
    std::vector<Place> out;
    for (const std::size_t wide : {8u, 4u, 1u}) {
        if (wide == 4) out.push_back({type.fields.size(), wide, true});
        for (std::size_t i = 0; i < type.fields.size(); ++i)
            if (width(type.fields[i].kind) == wide) out.push_back({i, wide, type.fields[i].required});
    }
    return out;
}

inline std::string segment_name(std::uint64_t number) {
    const std::string digits = std::to_string(number);
    return std::string(digits.size() < 8 ? 8 - digits.size() : 0, '0') + digits + ".oqj";
}

/// A source as a segment describes it.
struct StoredSource {
    struct Field {
        std::string name;
        std::uint8_t kind = 0;
        static auto state(auto& self) { return std::tie(self.name, self.kind); }
        bool operator==(const Field&) const = default;
    };
    std::string name, type;
    std::uint8_t ids = 0;
    std::vector<Field> fields;
    static auto state(auto& self) { return std::tie(self.name, self.type, self.ids, self.fields); }
    bool operator==(const StoredSource&) const = default;
};

/// New names of a dictionary and the kinds of their ids, from a code on.
struct StoredNames {
    std::uint64_t first = 0;
    std::vector<std::string> names;
    std::vector<std::uint8_t> kinds;
    static auto state(auto& self) { return std::tie(self.first, self.names, self.kinds); }
};

}  // namespace openquant::journal
