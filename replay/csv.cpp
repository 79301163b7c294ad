// Trades as CSV: Binance's public-data layouts, or any file whose header names its columns.
#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "openquant/connectors/decimal.hpp"
#include "openquant/engine/timestamps.hpp"
#include "openquant/replay/market_file.hpp"

namespace openquant {

namespace {

enum class Role { ignore, ts, symbol, price, size, side, maker, id, ts_publish, ts_recv, flags };

struct Layout {
    std::vector<Role> roles;
    IdKind ids = IdKind::unknown;
    bool header = false;
};

constexpr std::size_t most_columns = 64;

/// Where a character stands among 64, as bits.
std::uint64_t places(const char* text, char wanted) {
    std::uint64_t out = 0;
#ifdef __SSE2__
    for (int at = 0; at < 64; at += 16) {
        const __m128i same = _mm_cmpeq_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(text + at)), _mm_set1_epi8(wanted));
        out |= static_cast<std::uint64_t>(static_cast<std::uint32_t>(_mm_movemask_epi8(same))) << at;
    }
#else
    for (int at = 0; at < 64; ++at) out |= std::uint64_t{text[at] == wanted} << at;
#endif
    return out;
}

/// The cells of a line, which has 64 readable bytes behind it. All commas are found before any cell is read, so that none waits for another.
class Cells {
public:
    void split(std::string_view line) {
        const char *block = line.data(), *const end = block + line.size();
        const char** to = bounds_.data();
        *to++ = block - 1;
        for (; block < end && to <= &bounds_[most_columns]; block += 64) {
            std::uint64_t commas = places(block, ',');
            if (end - block < 64) commas &= (std::uint64_t{1} << (end - block)) - 1;
            for (; commas != 0; commas &= commas - 1) *to++ = block + std::countr_zero(commas);
        }
        *to = end;
        size_ = std::min(most_columns + 1, static_cast<std::size_t>(to - bounds_.data()));
    }
    /// How many there are; of very many, one more than those that are looked at.
    std::size_t size() const { return size_; }
    std::string_view operator[](std::size_t i) const { return {bounds_[i] + 1, bounds_[i + 1]}; }

private:
    std::size_t size_ = 0;
    std::array<const char*, most_columns + 64 + 1> bounds_;  // what stands before each cell, and behind the last one
};

std::string folded(std::string_view name) {
    std::string out;
    for (const char c : name)
        if (c != ' ' && c != '_' && c != '-' && c != '"') out += static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    if (out.starts_with("\xef\xbb\xbf")) out.erase(0, 3);
    return out;
}

Role role_of(std::string_view name) {
    static constexpr std::pair<std::string_view, Role> roles[] = {{"ts", Role::ts},           {"time", Role::ts},
                                                                  {"timestamp", Role::ts},    {"datetime", Role::ts},
                                                                  {"transacttime", Role::ts}, {"symbol", Role::symbol},
                                                                  {"ticker", Role::symbol},   {"price", Role::price},
                                                                  {"size", Role::size},       {"qty", Role::size},
                                                                  {"quantity", Role::size},   {"amount", Role::size},
                                                                  {"side", Role::side},       {"isbuyermaker", Role::maker},
                                                                  {"id", Role::id},           {"tradeid", Role::id},
                                                                  {"aggtradeid", Role::id},   {"tspublish", Role::ts_publish},
                                                                  {"tsrecv", Role::ts_recv},  {"flags", Role::flags}};
    const std::string wanted = folded(name);
    for (const auto& [known, role] : roles)
        if (known == wanted) return role;
    return Role::ignore;
}

bool is_flag(std::string_view text) {
    const auto t = folded(text);
    return t == "true" || t == "false";
}

/// Binance public-data files without a header, told apart by width and by where their booleans stand.
Layout binance_layout(const Cells& cells, const std::string& path) {
    using enum Role;
    const std::size_t n = cells.size();
    const auto flag = [&](std::size_t i) { return i < n && is_flag(cells[i]); };
    if (n == 6 && flag(5)) return {{id, price, size, ignore, ts, maker}, IdKind::dense};                     // USD-M, COIN-M trades
    if (n == 7 && flag(5) && flag(6)) return {{id, price, size, ignore, ts, maker, ignore}, IdKind::dense};  // spot trades
    if (n == 7 && flag(6)) return {{id, price, size, ignore, ignore, ts, maker}, IdKind::dense};             // futures aggTrades
    if (n == 8 && flag(6)) return {{id, price, size, ignore, ignore, ts, maker, ignore}, IdKind::dense};     // spot aggTrades
    throw std::invalid_argument("'" + path +
                                "' is in no known format: not a capture, JSON lines, a Binance CSV, or a CSV with a "
                                "header that names ts, price and size");
}

Layout layout_of(std::string_view first, const std::string& path) {
    Cells cells;
    cells.split(first);
    Layout named{{}, IdKind::unknown, true};
    bool binance = false;
    for (std::size_t i = 0; i < cells.size(); ++i) {
        named.roles.push_back(i < most_columns ? role_of(cells[i]) : Role::ignore);
        binance |= named.roles.back() == Role::maker;
    }
    if (binance) named.ids = IdKind::dense;
    const auto count = [&](Role role) { return std::count(named.roles.begin(), named.roles.end(), role); };
    if (count(Role::ts) + count(Role::price) + count(Role::size) == 0) return binance_layout(cells, path);
    for (const auto& [role, what] : {std::pair{Role::ts, "ts"}, {Role::price, "price"}, {Role::size, "size"}})
        if (count(role) != 1)
            throw std::invalid_argument("'" + path + "': the header must name exactly one " + what + " column; it names " + std::to_string(count(role)));
    return named;
}

/// BTCUSDT-trades-2024-08-08.csv.gz -> BTCUSDT
std::string symbol_from(const std::string& path) {
    std::string name = std::filesystem::path(path).filename().string();
    name.resize(std::min(name.find_first_of("-."), name.size()));
    return name;
}

bool time(std::string_view text, std::int64_t& out) {
    std::int64_t integer = 0;
    const auto ns = parse_number(text, integer) ? ns_from_integer(integer) : ns_from_text(text);
    out = ns.value_or(0);
    return ns.has_value();
}

bool side(std::string_view text, std::int8_t& out) {
    const std::string t = folded(text);  // drops a minus
    if (t == "sell" || t == "s" || text == "-1") out = -1;
    else if (t == "buy" || t == "b" || text == "1" || text == "+1") out = 1;
    else if (t.empty() || t == "0" || t == "unknown") out = 0;
    else return false;
    return true;
}

/// Whether a text is a word of four letters or five, in either case.
bool is_word(std::string_view text, std::string_view word) {
    const auto four = [](const char* at) {
        std::uint32_t out = 0;
        std::memcpy(&out, at, 4);
        return out | 0x20202020;
    };
    const std::size_t last = word.size() - 4;
    return (text.size() == word.size()) & (four(text.data()) == four(word.data())) & (four(text.data() + last) == four(word.data() + last));
}

/// Whether the buyer made the price: then the aggressor sold. Nothing predicts it, so there is no branch between the two.
bool maker(std::string_view text, std::int8_t& side) {
    const bool yes = is_word(text, "true"), no = is_word(text, "false");
    side = yes ? -1 : 1;
    if (yes | no) return true;
    if (!is_flag(text)) return false;
    side = text[0] == 't' || text[0] == 'T' ? -1 : 1;
    return true;
}

class CsvFile final : public MarketFile<Trade> {
public:
    CsvFile(TextFile file, Layout layout, std::string symbol, std::vector<std::string> only)
        : MarketFile(std::move(file), layout.ids, std::move(only)), columns_(layout.roles.size()), header_(layout.header), symbol_(std::move(symbol)) {
        for (std::size_t i = 0; i < columns_; ++i)
            if (layout.roles[i] != Role::ignore) wanted_.emplace_back(i, layout.roles[i]);
    }

private:
    Line parse(std::string_view line, Row& row) override {
        if (std::exchange(header_, false)) return Line::skip;
        cells_.split(line);
        if (cells_.size() != columns_) return Line::malformed;
        row.symbol = symbol_;
        Trade& t = row.event;
        for (const auto& [column, role] : wanted_) {
            const std::string_view cell = cells_[column];
            bool ok = true;
            switch (role) {
                case Role::ignore: break;
                case Role::ts: ok = time(cell, t.ts); break;
                case Role::symbol: row.symbol = cell, ok = !cell.empty(); break;
                case Role::price: ok = parse_number(cell, t.price); break;
                case Role::size: ok = parse_number(cell, t.size); break;
                case Role::side: ok = side(cell, t.side); break;
                case Role::maker: ok = maker(cell, t.side); break;
                case Role::id: ok = cell.empty() || parse_number(cell, t.id); break;
                case Role::ts_publish: ok = cell.empty() || time(cell, t.ts_publish); break;
                case Role::ts_recv: ok = cell.empty() || time(cell, t.ts_recv); break;
                case Role::flags: ok = cell.empty() || parse_number(cell, t.flags); break;
            }
            if (!ok) return Line::malformed;
        }
        return Line::row;
    }

    std::size_t columns_;
    std::vector<std::pair<std::size_t, Role>> wanted_;
    bool header_;  // is still to come
    std::string symbol_;
    Cells cells_;
};

}  // namespace

std::unique_ptr<Feed> open_csv(TextFile file, const OpenOptions& options) {
    Layout layout = layout_of(file.peek(), file.path());
    std::string symbol = options.symbol.empty() ? symbol_from(file.path()) : options.symbol;
    return std::make_unique<CsvFile>(std::move(file), std::move(layout), std::move(symbol), options.only);
}

}  // namespace openquant
