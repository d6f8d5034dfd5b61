#include "core/livekit/json_span.hpp"

namespace switchhook::livekit {
namespace {

// RFC 8259 2: the characters that end a value or stand between values.
constexpr std::string_view kBlanks = " \t\r\n";
constexpr std::string_view kAfterScalar = " \t\r\n,:]}";

std::size_t skip_blanks(std::string_view json, std::size_t at) {
    return json.find_first_not_of(kBlanks, at);
}

std::size_t skip_string(std::string_view json, std::size_t at) {
    for (++at; json[at] != '"'; ++at)
        if (json[at] == '\\') ++at;
    return at + 1;
}

std::size_t skip_value(std::string_view json, std::size_t at) {
    if (json[at] == '"') return skip_string(json, at);
    if (json[at] != '{' && json[at] != '[') return json.find_first_of(kAfterScalar, at);
    std::size_t depth = 0;
    do {
        at = json.find_first_of("\"{}[]", at);
        if (json[at] == '"') {
            at = skip_string(json, at);
            continue;
        }
        if (json[at] == '{' || json[at] == '[')
            ++depth;
        else
            --depth;
        ++at;
    } while (depth > 0);
    return at;
}

}  // namespace

std::vector<Span> member_values(std::string_view json, std::size_t object, std::span<const std::size_t> ordinals) {
    std::vector<Span> values;
    std::size_t at = object;
    for (std::size_t ordinal = 0; values.size() < ordinals.size(); ++ordinal) {
        at = skip_string(json, skip_blanks(json, at + 1));                // the name, behind '{' or ','
        const auto begin = skip_blanks(json, skip_blanks(json, at) + 1);  // behind ':'
        const auto end = skip_value(json, begin);
        if (ordinal == ordinals[values.size()]) values.push_back({begin, end});
        at = skip_blanks(json, end);
    }
    return values;
}

}  // namespace switchhook::livekit
