// A webhook's signature as LiveKit makes it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace switchhook::cli {

// The value of Authorization: an HS256 JWT of `key` over the body's SHA-256, valid for 5 minutes (livekit/protocol
// webhook/url_notifier.go). Throws std::runtime_error when OpenSSL has no HMAC-SHA256.
std::string sign_webhook(std::string_view body, std::string_view key, std::string_view secret,
                         std::int64_t unix_seconds);

}  // namespace switchhook::cli
