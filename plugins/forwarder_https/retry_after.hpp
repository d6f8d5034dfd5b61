// Retry-After, RFC 9110 10.2.3: seconds, or a date in one of the three forms of 5.6.7.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace switchhook::https {

// The value of the header; `unix_seconds`: now. How long is to be waited; a date that has passed asks for nothing:
// zero. A number too large to count is the largest. Nothing: it is neither of the forms.
std::optional<std::chrono::seconds> read_retry_after(std::string_view value, std::int64_t unix_seconds);

}  // namespace switchhook::https
