#include "access_token.hpp"

#include <openssl/evp.h>

#include <nlohmann/json.hpp>
#include <span>

namespace switchhook::livekit_api {
namespace {

constexpr std::int64_t kLifeSeconds = 60;
constexpr std::int64_t kSkewSeconds = 60;

std::string base64url(std::span<const std::uint8_t> bytes) {   // RFC 7515: no padding
    std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');  // EVP_EncodeBlock adds a NUL
    EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes.data(), static_cast<int>(bytes.size()));
    text.pop_back();
    while (text.ends_with('=')) text.pop_back();
    for (char& c : text) {
        if (c == '+') c = '-';
        if (c == '/') c = '_';
    }
    return text;
}

std::string base64url(std::string_view text) {
    return base64url(std::span(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
}

}  // namespace

std::string make_access_token(const signing::HmacSha256& hmac, std::string_view api_key, std::string_view api_secret,
                              std::int64_t unix_seconds, Grant grant, std::string_view room) {
    nlohmann::ordered_json claims = {
        {"iss", api_key}, {"nbf", unix_seconds - kSkewSeconds}, {"exp", unix_seconds + kLifeSeconds}};
    switch (grant) {
        case Grant::sip_admin:
            claims["sip"] = {{"admin", true}};
            break;
        case Grant::room_list:
            claims["video"] = {{"roomList", true}};
            break;
        case Grant::room_admin:
            claims["video"] = {{"roomAdmin", true}, {"room", room}};
            break;
    }
    std::string token = base64url(std::string_view(R"({"alg":"HS256","typ":"JWT"})"));
    token.append(".").append(base64url(std::string_view(claims.dump())));
    const auto signature = hmac.sign(api_secret, {token});
    return token.append(".").append(base64url(signature));
}

}  // namespace switchhook::livekit_api
