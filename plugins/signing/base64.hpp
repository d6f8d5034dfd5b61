// Base64 of RFC 4648, section 4: the alphabet with + and /, padded.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace switchhook::signing {

std::string base64(std::span<const std::uint8_t> bytes);

// The bytes; nothing when it is not Base64: another letter, white space, padding that is missing or stands elsewhere.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace switchhook::signing
