// Times from outside to int64 nanoseconds since the epoch, UTC.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace openquant {

/// An integer time whose unit its magnitude tells: s, ms, us or ns of the years 1973 to 2286.
constexpr std::optional<std::int64_t> ns_from_integer(std::int64_t t) {
    if (t < 100'000'000) return std::nullopt;
    if (t < 100'000'000'000) return t <= 9'200'000'000 ? std::optional(t * 1'000'000'000) : std::nullopt;
    if (t < 100'000'000'000'000) return t <= 9'200'000'000'000 ? std::optional(t * 1'000'000) : std::nullopt;
    if (t < 100'000'000'000'000'000) return t <= 9'200'000'000'000'000 ? std::optional(t * 1'000) : std::nullopt;
    return t;
}

/// `YYYY-MM-DD`, then optionally ` ` or `T`, `HH:MM` or `HH:MM:SS`, a fraction, and `Z` or an offset such as `+02:00`, `+0200` or `+02`.
inline std::optional<std::int64_t> ns_from_text(std::string_view text) {
    std::size_t at = 0;
    bool ok = true;
    const auto digits = [&](int n) {
        int value = 0;
        for (int i = 0; i < n; ++i, ++at) {
            if (at >= text.size() || text[at] < '0' || text[at] > '9') return ok = false, 0;
            value = value * 10 + (text[at] - '0');
        }
        return value;
    };
    const auto skip = [&](char c) { ok = ok && at < text.size() && text[at] == c, ++at; };
    const int year = digits(4);
    skip('-');
    const auto month = static_cast<unsigned>(digits(2));
    skip('-');
    const auto day = static_cast<unsigned>(digits(2));
    if (!ok || year < 1678 || year > 2261) return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(month), std::chrono::day(day)};
    if (!date.ok()) return std::nullopt;
    std::int64_t seconds = std::chrono::sys_days(date).time_since_epoch().count() * std::int64_t{86'400};
    std::int64_t fraction = 0;
    if (at < text.size()) {
        if (text[at] != ' ' && text[at] != 'T') return std::nullopt;
        ++at;
        const int hour = digits(2);
        skip(':');
        const int minute = digits(2);
        const bool to_the_second = at < text.size() && text[at] == ':';
        at += to_the_second;
        const int second = to_the_second ? digits(2) : 0;
        if (!ok || hour > 23 || minute > 59 || second > 59) return std::nullopt;
        seconds += hour * 3600 + minute * 60 + second;
        if (to_the_second && at < text.size() && text[at] == '.') {
            const std::size_t start = ++at;
            for (std::int64_t scale = 100'000'000; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, scale /= 10)
                fraction += (text[at] - '0') * scale;
            if (at == start) return std::nullopt;
        }
        if (at < text.size() && text[at] == 'Z') {
            ++at;
        } else if (at < text.size() && (text[at] == '+' || text[at] == '-')) {
            const int sign = text[at++] == '+' ? 1 : -1;
            const int hours = digits(2);
            const bool colon = at < text.size() && text[at] == ':';
            at += colon;
            const int minutes = colon || at < text.size() ? digits(2) : 0;
            if (!ok || hours > 23 || minutes > 59) return std::nullopt;
            seconds -= sign * (std::int64_t{3600} * hours + std::int64_t{60} * minutes);
        }
    }
    if (!ok || at != text.size()) return std::nullopt;
    return seconds * 1'000'000'000 + fraction;
}

/// `YYYY-MM-DD HH:MM:SS`, and a fraction without trailing zeros where there is one.
inline std::string text_from_ns(std::int64_t ns) {
    std::int64_t second = ns / 1'000'000'000, fraction = ns % 1'000'000'000;
    if (fraction < 0) fraction += 1'000'000'000, --second;
    const std::int64_t day = second >= 0 || second % 86'400 == 0 ? second / 86'400 : second / 86'400 - 1;
    const auto of_day = static_cast<int>(second - day * 86'400);
    const std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(day))};
    std::string out = "0000-00-00 00:00:00";
    const auto put = [&](std::size_t at, int digits, int value) {
        for (int i = digits - 1; i >= 0; --i, value /= 10) out[at + static_cast<std::size_t>(i)] = static_cast<char>('0' + value % 10);
    };
    put(0, 4, static_cast<int>(date.year()));
    put(5, 2, static_cast<int>(static_cast<unsigned>(date.month())));
    put(8, 2, static_cast<int>(static_cast<unsigned>(date.day())));
    put(11, 2, of_day / 3600), put(14, 2, of_day / 60 % 60), put(17, 2, of_day % 60);
    if (fraction > 0) {
        out += ".000000000";
        for (std::size_t i = 28; i > 19; --i, fraction /= 10) out[i] = static_cast<char>('0' + fraction % 10);
        out.erase(out.find_last_not_of('0') + 1);
    }
    return out;
}

}  // namespace openquant
