#include "tests/unit/livekit/signing.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

namespace switchhook::livekit::test {
namespace {

const unsigned char* bytes_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

std::string base64(std::string_view bytes) {
    std::string text(bytes.size() / 3 * 4 + 5, '\0');
    const auto size =
        EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes_of(bytes), static_cast<int>(bytes.size()));
    text.resize(static_cast<std::size_t>(size));
    return text;
}

std::string base64url(std::string_view bytes) {
    auto text = base64(bytes);
    while (text.ends_with('=')) text.pop_back();
    for (auto& c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;
    return text;
}

std::string sha256(std::string_view bytes) {
    std::string hash(SHA256_DIGEST_LENGTH, '\0');
    SHA256(bytes_of(bytes), bytes.size(), reinterpret_cast<unsigned char*>(hash.data()));
    return hash;
}

std::string sign(std::string_view claims, std::string_view secret, std::string_view header) {
    const auto text = base64url(header) + "." + base64url(claims);
    std::string mac(SHA256_DIGEST_LENGTH, '\0');
    HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()), bytes_of(text), text.size(),
         reinterpret_cast<unsigned char*>(mac.data()), nullptr);
    return text + "." + base64url(mac);
}

std::string claims_for(std::string_view body, std::string_view key, std::int64_t unix_seconds) {
    const auto now = std::to_string(unix_seconds);
    return R"({"iss":")" + std::string(key) + R"(","exp":)" + std::to_string(unix_seconds + 300) + R"(,"nbf":)" + now +
           R"(,"iat":)" + now + R"(,"sha256":")" + base64(sha256(body)) + R"("})";
}

}  // namespace switchhook::livekit::test
