#include "core/base/mask_numbers.hpp"

#include <algorithm>

namespace switchhook::base {
namespace {

constexpr std::size_t kUnbroken = 5;  // digits in a row
constexpr std::size_t kBroken = 7;    // digits with separators between them
constexpr std::size_t kShown = 2;

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
bool is_separator(char c) {
    return c == ' ' || c == '-' || c == '.' || c == '(' || c == ')' || c == '/';
}

struct Run {
    std::size_t end = 0;  // behind its last digit
    std::size_t digits = 0;
    std::size_t longest = 0;  // digits in a row
    std::size_t dots = 0;
    bool dots_only = true;
};

// The run of digits, at most two separators between any two of them, that begins at `from`.
Run run_at(std::string_view text, std::size_t from) {
    Run run;
    std::size_t row = 0;
    std::size_t gap = 0;
    std::size_t gap_dots = 0;
    for (std::size_t at = from; at < text.size(); ++at) {
        const char c = text[at];
        if (is_digit(c)) {
            row = gap == 0 ? row + 1 : 1;
            run.dots += gap_dots;
            run.dots_only = run.dots_only && gap == gap_dots && gap <= 1;
            gap = gap_dots = 0;
            ++run.digits;
            run.longest = std::max(run.longest, row);
            run.end = at + 1;
        } else if (is_separator(c) && gap < 2) {
            ++gap;
            if (c == '.') ++gap_dots;
        } else {
            break;
        }
    }
    return run;
}

bool is_number(const Run& run) {
    if (run.longest >= kUnbroken) return true;
    const bool ipv4 = run.dots == 3 && run.dots_only && run.longest <= 3;
    return run.digits >= kBroken && !ipv4;
}

}  // namespace

std::string mask_numbers(std::string_view text) {
    std::string masked(text);
    for (std::size_t at = 0; at < text.size();) {
        if (!is_digit(text[at])) {
            ++at;
            continue;
        }
        const Run run = run_at(text, at);
        if (is_number(run)) {
            std::size_t left = run.digits;
            for (std::size_t i = at; i < run.end; ++i) {
                if (!is_digit(masked[i])) continue;
                if (left > kShown) masked[i] = '*';
                --left;
            }
        }
        at = run.end;
    }
    return masked;
}

std::string shown(std::string_view text, std::size_t limit) {
    // A number that the cut divides is masked by what is left of it: mask first, but not more than is needed.
    const std::size_t kept = std::min(text.size(), limit + 64);
    std::string result = mask_numbers(text.substr(0, kept));
    if (text.size() > limit) {
        std::size_t end = limit;
        while (end > 0 && (static_cast<unsigned char>(result[end]) & 0xC0U) == 0x80U) --end;
        result.resize(end);
        result += "...";
    }
    for (char& c : result)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = '?';
    return result;
}

}  // namespace switchhook::base
