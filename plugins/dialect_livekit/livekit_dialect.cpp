#include "livekit_dialect.hpp"

#include <cstdint>
#include <exception>
#include <nlohmann/json.hpp>
#include <span>

#include "base64.hpp"

namespace switchhook::livekit_dialect {
namespace {

constexpr std::int64_t kLifeSeconds =
    300;  // livekit-protocol webhook/resource_url_notifier.go: SetValidFor(5 * time.Minute)

std::string base64url(std::span<const std::uint8_t> bytes) {  // RFC 7515: no padding
    std::string text = signing::base64(bytes);
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

std::string make_token(const signing::HmacSha256& hmac, std::string_view secret, std::string_view auth_id,
                       std::int64_t now, std::string_view body) {
    const nlohmann::ordered_json claims = {{"iss", auth_id},
                                           {"exp", now + kLifeSeconds},
                                           {"nbf", now},
                                           {"iat", now},
                                           {"sha256", signing::base64(hmac.digest(body))}};
    std::string token = base64url(std::string_view(R"({"alg":"HS256","typ":"JWT"})"));
    token.append(".").append(base64url(std::string_view(claims.dump())));
    const auto signature = hmac.sign(secret, {token});
    return token.append(".").append(base64url(signature));
}

Result<Written> LiveKitDialect::write(const Delivery& delivery, const Signing& signing) const {
    if (signing.secret.empty()) return Status(Code::invalid, "the hook has no secret to sign with");
    try {
        Written written;
        written.headers.push_back({"Content-Type", "application/webhook+json"});
        written.headers.push_back({"Authorization", make_token(hmac_, signing.secret, signing.auth_id,
                                                               signing.unix_seconds, delivery.event.body)});
        return written;
    } catch (const nlohmann::json::exception&) {
        return Status(Code::invalid, "the hook's auth_id is not UTF-8");
    } catch (const std::exception& failure) {
        return Status(Code::internal, failure.what());
    }
}

}  // namespace switchhook::livekit_dialect
