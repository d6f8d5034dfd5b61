// Makes tokens as LiveKit does, and such as it never would.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace switchhook::livekit::test {

std::string base64(std::string_view bytes);     // standard alphabet, padded
std::string base64url(std::string_view bytes);  // without padding
std::string sha256(std::string_view bytes);     // 32 bytes

inline constexpr std::string_view kHeader = R"({"alg":"HS256","typ":"JWT"})";

// header.claims.signature, HMAC-SHA256 whatever the header says.
std::string sign(std::string_view claims, std::string_view secret, std::string_view header = kHeader);
// The claims of LiveKit's tokens: iss, exp (five minutes later), nbf, iat, sha256.
std::string claims_for(std::string_view body, std::string_view key, std::int64_t unix_seconds);

}  // namespace switchhook::livekit::test
