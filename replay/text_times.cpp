#include "openquant/replay/text_times.hpp"

#include <array>
#include <optional>
#include <stdexcept>
#include <string>

#include "openquant/engine/timestamps.hpp"

namespace openquant {

namespace {

/// Three numbers with slashes between them, and what follows.
struct SlashDate {
    std::array<int, 3> number{};
    std::array<std::size_t, 3> digits{};
    std::string_view rest;

    bool year_first() const { return digits[0] == 4; }
};

std::optional<SlashDate> slash_date(std::string_view text) {
    SlashDate out;
    std::size_t at = 0;
    for (std::size_t i = 0; i < 3; ++i) {
        if (i > 0 && (at >= text.size() || text[at++] != '/')) return std::nullopt;
        for (; at < text.size() && text[at] >= '0' && text[at] <= '9' && out.digits[i] < 4; ++at, ++out.digits[i])
            out.number[i] = out.number[i] * 10 + (text[at] - '0');
        if (out.digits[i] == 0) return std::nullopt;
    }
    out.rest = text.substr(at);
    return out;
}

/// The time after a date as `ns_from_text` wants it: two digits of the hour, and seconds.
std::string padded(std::string_view time) {
    std::string out(time);
    if (out.size() > 2 && out[2] == ':') out.insert(1, 1, '0');
    const bool ends = out.size() == 6 || (out.size() > 6 && std::string_view("Z+-").find(out[6]) != std::string_view::npos);
    if (ends && out[3] == ':') out.insert(6, ":00");
    return out;
}

std::optional<std::int64_t> ns_from_slash_date(const SlashDate& date) {
    const auto [year, month, day] = date.year_first() ? date.number : std::array{date.number[2], date.number[0], date.number[1]};
    std::string text = "0000-00-00";
    const auto put = [&](std::size_t at, std::size_t digits, int value) {
        for (std::size_t i = digits; i-- > 0; value /= 10) text[at + i] = static_cast<char>('0' + value % 10);
    };
    if (month > 12 || day > 31) return std::nullopt;
    put(0, 4, year), put(5, 2, month), put(8, 2, day);
    return ns_from_text(text.append(padded(date.rest)));
}

/// Throws unless the column shows that the month comes before the day, which needs no showing after a year.
void require_month_first(std::span<const std::string_view> texts) {
    bool shown = false;
    std::optional<std::size_t> unclear;
    for (std::size_t row = 0; row < texts.size(); ++row) {
        const auto date = slash_date(texts[row]);
        if (!date || (date->year_first() && date->number[1] <= 12)) continue;
        const bool odd = date->year_first() || date->digits[2] != 4 || date->number[0] > 12;
        if (odd || !unclear) unclear = row;
        if (odd) {
            shown = false;
            break;
        }
        shown = shown || date->number[1] > 12;
    }
    if (unclear && !shown)
        throw std::invalid_argument("slash date '" + std::string(texts[*unclear]) + "' at row " + std::to_string(*unclear) +
                                    ": day and month cannot be told apart for the whole column; give date_format=, such as '%d/%m/%Y'");
}

}  // namespace

TextTimes read_times(std::span<const std::string_view> texts, Slashes slashes) {
    if (slashes == Slashes::dates) require_month_first(texts);
    TextTimes out;
    out.ns.resize(texts.size()), out.readable.resize(texts.size());
    for (std::size_t row = 0; row < texts.size(); ++row) {
        auto ns = ns_from_text(texts[row]);
        if (!ns && slashes == Slashes::dates)
            if (const auto date = slash_date(texts[row])) ns = ns_from_slash_date(*date);
        if (!ns) continue;
        out.ns[row] = *ns - (*ns % 1000 + 1000) % 1000;
        out.readable[row] = 1;
    }
    return out;
}

}  // namespace openquant
