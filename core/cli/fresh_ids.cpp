#include "core/cli/fresh_ids.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace switchhook::cli {
namespace {

constexpr std::array<std::string_view, 4> kPrefixes{"EV_", "RM_", "SCL_", "PA_"};
constexpr std::size_t kLeast = 6;  // characters behind the prefix; LiveKit writes 12

bool word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// The length of the id that begins here; 0: none does.
std::size_t id_at(std::string_view text) {
    for (const auto prefix : kPrefixes) {
        if (!text.starts_with(prefix)) continue;
        std::size_t end = prefix.size();
        while (end < text.size() && word(text[end])) ++end;
        return end - prefix.size() >= kLeast ? end : 0;
    }
    return 0;
}

std::string replaced(std::string text, const std::string& what, const std::string& by) {
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size()))
        text.replace(at, what.size(), by);
    return text;
}

}  // namespace

std::string with_fresh_ids(std::string_view body, std::string_view event_id, std::string_view mark) {
    std::string made;
    made.reserve(body.size() + 8 * mark.size());
    for (std::size_t i = 0; i < body.size();) {
        const bool begins = i == 0 || (!word(body[i - 1]) && body[i - 1] != '_');
        const std::size_t length = begins ? id_at(body.substr(i)) : 0;
        made.append(body.substr(i, std::max<std::size_t>(length, 1)));
        if (length > 0) made.append(mark);
        i += std::max<std::size_t>(length, 1);
    }
    if (event_id.empty() || id_at(event_id) == event_id.size()) return made;
    const std::string id = '"' + std::string(event_id) + '"';
    return replaced(std::move(made), id, '"' + std::string(event_id) + std::string(mark) + '"');
}

}  // namespace switchhook::cli
