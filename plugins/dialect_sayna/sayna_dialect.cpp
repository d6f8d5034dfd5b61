#include "sayna_dialect.hpp"

#include <exception>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include <switchhook/sip_host.hpp>

namespace switchhook::sayna {
namespace {

constexpr std::string_view kHeaderPrefix = "sip.h.";

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view blanks = " \t\r\n\v\f";
    const auto begin = text.find_first_not_of(blanks);
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

}  // namespace

std::string payload(const Event& event, std::string_view room_prefix) {
    std::map<std::string_view, std::string_view> headers;
    for (const auto& [key, value] : event.attributes)
        if (key.starts_with(kHeaderPrefix)) headers.emplace(key.substr(kHeaderPrefix.size()), value);

    nlohmann::ordered_json body;
    auto& participant = body["participant"];
    participant["name"] = event.participant_name;
    participant["identity"] = event.participant_identity;
    participant["sid"] = event.participant_sid;
    auto& room = body["room"];
    room["name"] = event.room_name;
    room["sid"] = event.room_sid;
    body["from_phone_number"] = event.attribute("sip.phoneNumber");
    body["to_phone_number"] = event.attribute("sip.trunkPhoneNumber");
    body["room_prefix"] = room_prefix;
    body["sip_host"] = host_of(event);
    auto& sip_headers = body["sip_headers"] = nlohmann::ordered_json::object();
    for (const auto& [name, value] : headers) sip_headers[std::string(name)] = value;
    return body.dump();
}

std::string signature(const signing::HmacSha256& hmac, std::string_view secret, std::int64_t unix_seconds,
                      std::string_view event_id, std::string_view body) {
    const std::string seconds = std::to_string(unix_seconds);
    std::string text = "v1=";
    for (const auto byte : hmac.sign(secret, {"v1:", seconds, ":", event_id, ":", body})) {
        constexpr char digits[] = "0123456789abcdef";
        text.push_back(digits[byte >> 4]);
        text.push_back(digits[byte & 15]);
    }
    return text;
}

Result<Written> SaynaDialect::write(const Delivery& delivery, const Signing& signing) const {
    const auto secret = trimmed(signing.secret);
    if (secret.empty()) return Status(Code::invalid, "the hook has no secret to sign with");
    try {
        const std::string id(delivery.event.id);
        std::string body = payload(delivery.event, delivery.room_prefix);
        Written written;
        written.headers = {{"Content-Type", "application/json"},
                           {"X-Sayna-Signature", signature(hmac_, secret, signing.unix_seconds, id, body)},
                           {"X-Sayna-Timestamp", std::to_string(signing.unix_seconds)},
                           {"X-Sayna-Event-Id", id},
                           {"X-Sayna-Signature-Version", "v1"}};
        written.body = std::move(body);
        return written;
    } catch (const std::exception& failure) {
        return Status(Code::internal, failure.what());
    }
}

}  // namespace switchhook::sayna
