#include "retry_after.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <limits>

namespace switchhook::https {
namespace {

using std::chrono::seconds;

// A hundred years: whoever caps it can still multiply it.
constexpr std::int64_t kMost = std::int64_t{100} * 365 * 24 * 3'600;

constexpr std::array<std::string_view, 7> kDays{"Monday", "Tuesday",  "Wednesday", "Thursday",
                                                "Friday", "Saturday", "Sunday"};
constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

bool digit(char c) {
    return c >= '0' && c <= '9';
}

// Reads a date from its front; once something does not fit, nothing fits any more.
class Cursor {
public:
    explicit Cursor(std::string_view text) : text_(text) {}

    bool ok() const { return ok_; }
    bool whole() const { return ok_ && text_.empty(); }
    void skip(std::string_view expected) {
        ok_ = ok_ && text_.starts_with(expected);
        if (ok_) text_.remove_prefix(expected.size());
    }
    // Exactly that many digits. With `padded`, the first may be a blank (asctime).
    int number(std::size_t digits, bool padded = false) {
        if (text_.size() < digits) ok_ = false;
        int value = 0;
        for (std::size_t i = 0; ok_ && i < digits; ++i) {
            const char c = padded && i == 0 && text_[0] == ' ' ? '0' : text_[i];
            ok_ = digit(c);
            value = value * 10 + (c - '0');
        }
        if (ok_) text_.remove_prefix(digits);
        return value;
    }
    // A day's name, whole or its first three letters.
    void day(bool whole_name) {
        for (const auto name : kDays) {
            const auto word = whole_name ? name : name.substr(0, 3);
            if (!ok_ || !text_.starts_with(word)) continue;
            text_.remove_prefix(word.size());
            return;
        }
        ok_ = false;
    }
    unsigned month() {
        for (unsigned i = 0; i < kMonths.size(); ++i) {
            if (!ok_ || !text_.starts_with(kMonths[i])) continue;
            text_.remove_prefix(3);
            return i + 1;
        }
        ok_ = false;
        return 0;
    }

private:
    std::string_view text_;
    bool ok_ = true;
};

struct Date {
    int year = 0;
    unsigned month = 0;
    int day = 0;
    int hour = 0;
    int minute = 0;
    int second = 0;
};

void time_of_day(Cursor& at, Date& date) {
    date.hour = at.number(2);
    at.skip(":");
    date.minute = at.number(2);
    at.skip(":");
    date.second = at.number(2);
}

std::optional<std::int64_t> unix_of(const Date& date) {
    using namespace std::chrono;
    const auto day = year(date.year) / month(date.month) / std::chrono::day(static_cast<unsigned>(date.day));
    if (!day.ok() || date.hour > 23 || date.minute > 59 || date.second > 60) return std::nullopt;  // 60: a leap second
    return duration_cast<seconds>(sys_days(day).time_since_epoch()).count() + date.hour * 3'600 + date.minute * 60 +
           date.second;
}

// Sun, 06 Nov 1994 08:49:37 GMT
std::optional<std::int64_t> fixed_date(std::string_view text) {
    Cursor at(text);
    Date date;
    at.day(false);
    at.skip(", ");
    date.day = at.number(2);
    at.skip(" ");
    date.month = at.month();
    at.skip(" ");
    date.year = at.number(4);
    at.skip(" ");
    time_of_day(at, date);
    at.skip(" GMT");
    return at.whole() ? unix_of(date) : std::nullopt;
}

// Sunday, 06-Nov-94 08:49:37 GMT
std::optional<std::int64_t> long_date(std::string_view text, std::int64_t now) {
    Cursor at(text);
    Date date;
    at.day(true);
    at.skip(", ");
    date.day = at.number(2);
    at.skip("-");
    date.month = at.month();
    at.skip("-");
    date.year = at.number(2);
    at.skip(" ");
    time_of_day(at, date);
    at.skip(" GMT");
    if (!at.whole()) return std::nullopt;
    // A year that seems more than 50 years ahead is of the century before (RFC 9110, 5.6.7).
    using namespace std::chrono;
    const int this_year(year_month_day(floor<days>(sys_seconds(seconds(now)))).year());
    date.year += this_year / 100 * 100 + 100;
    while (date.year > this_year + 50) date.year -= 100;
    return unix_of(date);
}

// Sun Nov  6 08:49:37 1994
std::optional<std::int64_t> asctime_date(std::string_view text) {
    Cursor at(text);
    Date date;
    at.day(false);
    at.skip(" ");
    date.month = at.month();
    at.skip(" ");
    date.day = at.number(2, true);
    at.skip(" ");
    time_of_day(at, date);
    at.skip(" ");
    date.year = at.number(4);
    return at.whole() ? unix_of(date) : std::nullopt;
}

}  // namespace

std::optional<seconds> read_retry_after(std::string_view value, std::int64_t unix_seconds) {
    constexpr std::string_view kBlanks = " \t\r\n";
    const auto first = value.find_first_not_of(kBlanks);
    if (first == std::string_view::npos) return std::nullopt;
    value = value.substr(first, value.find_last_not_of(kBlanks) - first + 1);
    if (std::all_of(value.begin(), value.end(), digit)) {
        std::int64_t count = 0;
        const auto read = std::from_chars(value.data(), value.data() + value.size(), count);
        return seconds(read.ec == std::errc() ? std::min(count, kMost) : kMost);
    }
    auto date = fixed_date(value);
    if (!date) date = long_date(value, unix_seconds);
    if (!date) date = asctime_date(value);
    if (!date) return std::nullopt;
    return seconds(std::clamp<std::int64_t>(*date - unix_seconds, 0, kMost));
}

}  // namespace switchhook::https
