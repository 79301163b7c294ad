// Times from outside to int64 nanoseconds since the epoch, UTC.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "openquant/engine/digits.hpp"

namespace openquant {

/// An integer time whose unit its magnitude tells: s, ms, us or ns of the years 1973 to 2286.
constexpr std::optional<std::int64_t> ns_from_integer(std::int64_t t) {
    if (t < 100'000'000) return std::nullopt;
    if (t < 100'000'000'000) return t <= 9'200'000'000 ? std::optional(t * 1'000'000'000) : std::nullopt;
    if (t < 100'000'000'000'000) return t <= 9'200'000'000'000 ? std::optional(t * 1'000'000) : std::nullopt;
    if (t < 100'000'000'000'000'000) return t <= 9'200'000'000'000'000 ? std::optional(t * 1'000) : std::nullopt;
    return t;
}

namespace detail {

/// Seconds of a day's midnight and of a time in it; nothing where there is no such day or time, or ns would not hold it.
inline std::optional<std::int64_t> seconds_of(unsigned year, unsigned month, unsigned day, unsigned hour, unsigned minute, unsigned second) {
    const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(year)), std::chrono::month(month), std::chrono::day(day)};
    if (year < 1678 || year > 2261 || !date.ok() || hour > 23 || minute > 59 || second > 59) return std::nullopt;
    return std::chrono::sys_days(date).time_since_epoch().count() * std::int64_t{86'400} + (hour * 3600 + minute * 60 + second);
}

/// Eight characters in the shape of `00:00:00` or the like: at each byte with a digit behind it, the number of the two.
inline bool pairs_of(const char* text, const char* shape, std::uint64_t limits, std::uint64_t& pairs) {
    const std::uint64_t digits = eight_characters(text) ^ eight_characters(shape);
    pairs = digits * 10 + (digits >> 8);
    return ((digits | (digits + limits)) & 0x8080808080808080) == 0;  // more than 9, or than 0 where the shape has no digit
}

/// `YYYY-MM-DDTHH:MM:SS` at the beginning, the shape that most texts have, eight characters at once; nothing for any other.
inline std::optional<std::int64_t> seconds_of_plain(std::string_view text) {
    std::uint64_t date = 0, time = 0;
    if (!eight_at_once || text.size() < 19 || (text[10] != 'T' && text[10] != ' ')) return std::nullopt;
    if (!pairs_of(text.data(), "0000-00-", 0x7f76767f76767676, date) || !pairs_of(text.data() + 11, "00:00:00", 0x76767f76767f7676, time)) return std::nullopt;
    const auto tens = static_cast<unsigned char>(text[8] - '0'), ones = static_cast<unsigned char>(text[9] - '0');
    if (tens > 9 || ones > 9) return std::nullopt;
    const auto pair = [](std::uint64_t pairs, int at) { return static_cast<unsigned>(pairs >> (8 * at)) & 0xff; };
    return seconds_of(pair(date, 0) * 100 + pair(date, 2), pair(date, 5), tens * 10u + ones, pair(time, 0), pair(time, 3), pair(time, 6));
}

/// The nanoseconds that the digits from `at` on are as a fraction of a second; `at` goes behind them. Further digits are passed over.
inline std::int64_t fraction_of(std::string_view text, std::size_t& at) {
    static constexpr std::int64_t scales[] = {1'000'000'000, 100'000'000, 10'000'000, 1'000'000, 100'000, 10'000, 1'000, 100, 10, 1, 0};
    std::size_t n = 0;
    std::int64_t out = 0;
    if (eight_at_once && text.size() >= 8) {  // those that are left, from a word that ends with the text
        const std::size_t left = text.size() - at;
        std::uint64_t number = 0;
        if (left > 0) n = digits_of(left >= 8 ? eight_characters(&text[at]) : eight_characters(text.data() + text.size() - 8) >> (64 - 8 * left), number);
        at += n, out = static_cast<std::int64_t>(number) * scales[n];
    }
    for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at) out += (text[at] - '0') * scales[n = std::min<std::size_t>(n + 1, 10)];
    return out;
}

}  // namespace detail

/// `YYYY-MM-DD`, then optionally ` ` or `T`, `HH:MM` or `HH:MM:SS`, a fraction, and `Z` or an offset such as `+02:00`, `+0200` or `+02`.
inline std::optional<std::int64_t> ns_from_text(std::string_view text) {
    std::size_t at = 0;
    bool ok = true;
    const auto digits = [&](int n) {
        unsigned value = 0;
        for (int i = 0; i < n; ++i, ++at) {
            if (at >= text.size() || text[at] < '0' || text[at] > '9') return ok = false, 0u;
            value = value * 10 + static_cast<unsigned>(text[at] - '0');
        }
        return value;
    };
    const auto skip = [&](char c) { ok = ok && at < text.size() && text[at] == c, ++at; };
    bool timed = true, to_the_second = true;
    std::optional<std::int64_t> seconds = detail::seconds_of_plain(text);
    if (seconds) {
        at = 19;
    } else {
        unsigned hour = 0, minute = 0, second = 0;
        const unsigned year = digits(4);
        skip('-');
        const unsigned month = digits(2);
        skip('-');
        const unsigned day = digits(2);
        timed = ok && at < text.size();
        if (timed) {
            if (text[at] != ' ' && text[at] != 'T') return std::nullopt;
            ++at;
            hour = digits(2);
            skip(':');
            minute = digits(2);
        }
        to_the_second = timed && at < text.size() && text[at] == ':';
        if (to_the_second) ++at, second = digits(2);
        seconds = detail::seconds_of(year, month, day, hour, minute, second);
        if (!ok || !seconds) return std::nullopt;
    }
    std::int64_t fraction = 0;
    if (to_the_second && at < text.size() && text[at] == '.') {
        const std::size_t start = ++at;
        fraction = detail::fraction_of(text, at);
        if (at == start) return std::nullopt;
    }
    if (timed && at < text.size() && text[at] == 'Z') {
        ++at;
    } else if (timed && at < text.size() && (text[at] == '+' || text[at] == '-')) {
        const int sign = text[at++] == '+' ? 1 : -1;
        const unsigned hours = digits(2);
        const bool colon = at < text.size() && text[at] == ':';
        at += colon;
        const unsigned minutes = colon || at < text.size() ? digits(2) : 0;
        if (!ok || hours > 23 || minutes > 59) return std::nullopt;
        *seconds -= sign * (std::int64_t{3600} * hours + std::int64_t{60} * minutes);
    }
    if (!ok || at != text.size()) return std::nullopt;
    return *seconds * 1'000'000'000 + fraction;
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
