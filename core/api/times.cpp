#include "core/api/times.hpp"

#include <chrono>
#include <cstdio>

namespace switchhook::api {
namespace {

using namespace std::chrono;

// Takes exactly that many digits from the front.
std::optional<int> digits(std::string_view& text, std::size_t count) {
    if (text.size() < count) return std::nullopt;
    int value = 0;
    for (const char each : text.substr(0, count)) {
        if (each < '0' || each > '9') return std::nullopt;
        value = value * 10 + (each - '0');
    }
    text.remove_prefix(count);
    return value;
}

bool skip(std::string_view& text, std::string_view any_of) {
    if (text.empty() || any_of.find(text.front()) == std::string_view::npos) return false;
    text.remove_prefix(1);
    return true;
}

// Of a second, if there are any; false when there is a point and no digit.
bool fraction(std::string_view& text, int& ms) {
    if (!skip(text, ".")) return true;
    int weight = 100;
    std::size_t count = 0;
    while (const auto digit = digits(text, 1)) {
        ms += *digit * weight;
        weight /= 10;
        ++count;
    }
    return count > 0;
}

std::optional<minutes> offset(std::string_view& text) {
    if (skip(text, "Zz")) return minutes(0);
    const bool behind = text.starts_with('-');
    if (!skip(text, "+-")) return std::nullopt;
    const auto hour = digits(text, 2);
    if (!hour || *hour > 23 || !skip(text, ":")) return std::nullopt;
    const auto minute = digits(text, 2);
    if (!minute || *minute > 59) return std::nullopt;
    const minutes ahead = hours(*hour) + minutes(*minute);
    return behind ? -ahead : ahead;
}

}  // namespace

std::string rfc3339(std::int64_t unix_ms) {
    const sys_time<milliseconds> time{milliseconds(unix_ms)};
    const auto day = floor<days>(time);
    const year_month_day date(day);
    const hh_mm_ss<milliseconds> clock(time - day);
    char text[64];
    const int length =
        std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", static_cast<int>(date.year()),
                      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                      static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                      static_cast<int>(clock.seconds().count()), static_cast<int>(clock.subseconds().count()));
    return {text, static_cast<std::size_t>(length)};
}

std::optional<std::int64_t> parse_rfc3339(std::string_view text) {
    const auto year_number = digits(text, 4);
    if (!year_number || *year_number < 1970 || !skip(text, "-")) return std::nullopt;
    const auto month_number = digits(text, 2);
    if (!month_number || !skip(text, "-")) return std::nullopt;
    const auto day_number = digits(text, 2);
    if (!day_number || !skip(text, "Tt ")) return std::nullopt;
    const year_month_day date(year(*year_number), month(static_cast<unsigned>(*month_number)),
                              day(static_cast<unsigned>(*day_number)));
    const auto hour = digits(text, 2);
    if (!date.ok() || !hour || *hour > 23 || !skip(text, ":")) return std::nullopt;
    const auto minute = digits(text, 2);
    if (!minute || *minute > 59 || !skip(text, ":")) return std::nullopt;
    const auto second = digits(text, 2);
    int ms = 0;
    if (!second || *second > 60 || !fraction(text, ms)) return std::nullopt;
    const auto ahead = offset(text);
    if (!ahead || !text.empty()) return std::nullopt;
    const sys_time<milliseconds> time =
        sys_days(date) + hours(*hour) + minutes(*minute) + seconds(*second) + milliseconds(ms) - *ahead;
    return time.time_since_epoch().count();
}

}  // namespace switchhook::api
