#include "standard_dialect.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <exception>
#include <nlohmann/json.hpp>
#include <utility>

#include "base64.hpp"

namespace switchhook::standard {
namespace {

constexpr std::string_view kSecretPrefix = "whsec_";

std::string_view trimmed(std::string_view json) {
    constexpr std::string_view kBlanks = " \t\r\n";  // RFC 8259, 2
    const auto begin = json.find_first_not_of(kBlanks);
    if (begin == std::string_view::npos) return {};
    return json.substr(begin, json.find_last_not_of(kBlanks) - begin + 1);
}

}  // namespace

std::string rfc3339(std::int64_t unix_seconds) {
    constexpr std::int64_t kFirst = -62'135'596'800;  // 0001-01-01T00:00:00Z
    constexpr std::int64_t kLast = 253'402'300'799;   // 9999-12-31T23:59:59Z
    const std::chrono::sys_seconds time{std::chrono::seconds(std::clamp(unix_seconds, kFirst, kLast))};
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(time - day);
    std::array<char, 64> text{};
    const int length = std::snprintf(
        text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02dZ", static_cast<int>(date.year()),
        static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
        static_cast<int>(clock.minutes().count()), static_cast<int>(clock.seconds().count()));
    return {text.data(), static_cast<std::size_t>(length)};
}

std::optional<std::string> payload(const Event& event) {
    // The host has read it as JSON; a body that is none must not become part of one that looks whole.
    const auto data = trimmed(event.body);
    if (data.size() < 2 || data.front() != '{' || data.back() != '}') return std::nullopt;
    const std::string type = nlohmann::json(event.name).dump();
    std::string body;
    body.reserve(data.size() + type.size() + 64);
    body.append(R"({"type":)").append(type).append(R"(,"timestamp":")").append(rfc3339(event.created_at));
    return body.append(R"(","data":)").append(data).append("}");
}

std::optional<std::string> key_of(std::string_view secret) {
    auto key = secret.starts_with(kSecretPrefix) ? signing::from_base64(secret.substr(kSecretPrefix.size()))
                                                 : std::optional<std::string>(secret);
    if (key && key->empty()) return std::nullopt;
    return key;
}

std::string signature(const signing::HmacSha256& hmac, std::string_view key, std::string_view id,
                      std::int64_t unix_seconds, std::string_view body) {
    return "v1," + signing::base64(hmac.sign(key, {id, ".", std::to_string(unix_seconds), ".", body}));
}

Result<Written> StandardDialect::write(const Delivery& delivery, const Signing& signing) const {
    if (signing.secret.empty()) return Status(Code::invalid, "the hook has no secret to sign with");
    try {
        auto body = payload(delivery.event);
        if (!body) return Status(Code::invalid, "the event's body is no JSON object");
        std::string signatures;
        const auto sign = [&](std::string_view secret) {
            const auto key = key_of(secret);
            if (!key) return false;
            if (!signatures.empty()) signatures.push_back(' ');
            signatures.append(signature(hmac_, *key, delivery.event.id, signing.unix_seconds, *body));
            return true;
        };
        if (!sign(signing.secret) || !std::ranges::all_of(signing.other_secrets, sign))
            return Status(Code::invalid, "a secret of the hook is empty, or begins with whsec_ and is no Base64");
        Written written;
        written.headers = {{"Content-Type", "application/json"},
                           {"webhook-timestamp", std::to_string(signing.unix_seconds)},
                           {"webhook-signature", std::move(signatures)}};
        written.body = std::move(body);
        return written;
    } catch (const std::exception& failure) {
        return Status(Code::internal, failure.what());
    }
}

}  // namespace switchhook::standard
