// Times in answers and parameters: RFC 3339.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace switchhook::api {

// "2026-11-22T12:03:28.000Z": UTC with milliseconds.
std::string rfc3339(std::int64_t unix_ms);

// Any RFC 3339 time from 1970 on: "Z" or an offset, with or without fractions of a second (beyond milliseconds cut
// off). Nothing: it is none. A leap second counts as the second after it.
std::optional<std::int64_t> parse_rfc3339(std::string_view text);

}  // namespace switchhook::api
