#include "core/cli/webhook_signature.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include <array>
#include <span>
#include <stdexcept>

#include "core/cli/json_text.hpp"

namespace switchhook::cli {
namespace {

constexpr std::int64_t kLifeSeconds = 300;

using Digest = std::array<unsigned char, SHA256_DIGEST_LENGTH>;

const unsigned char* bytes_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

std::string base64(std::span<const unsigned char> bytes) {
    std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');  // EVP_EncodeBlock adds a NUL
    EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes.data(), static_cast<int>(bytes.size()));
    text.pop_back();
    return text;
}

std::string base64url(std::span<const unsigned char> bytes) {  // RFC 7515: no padding
    std::string text = base64(bytes);
    while (text.ends_with('=')) text.pop_back();
    for (char& c : text) {
        if (c == '+') c = '-';
        if (c == '/') c = '_';
    }
    return text;
}

std::string base64url(std::string_view text) {
    return base64url(std::span(bytes_of(text), text.size()));
}

}  // namespace

std::string sign_webhook(std::string_view body, std::string_view key, std::string_view secret,
                         std::int64_t unix_seconds) {
    Digest digest{};
    SHA256(bytes_of(body), body.size(), digest.data());
    const Json claims = {{"iss", key},
                         {"exp", unix_seconds + kLifeSeconds},
                         {"nbf", unix_seconds},
                         {"iat", unix_seconds},
                         {"sha256", base64(digest)}};
    std::string token = base64url(std::string_view(R"({"alg":"HS256","typ":"JWT"})"));
    token.append(".").append(base64url(std::string_view(compact(claims))));
    Digest mac{};
    if (HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()), bytes_of(token), token.size(), mac.data(),
             nullptr) == nullptr)
        throw std::runtime_error("OpenSSL has no HMAC-SHA256");
    return token.append(".").append(base64url(mac));
}

}  // namespace switchhook::cli
