// StandardDialect: Standard Webhooks 1.0 (standard-webhooks/standard-webhooks, spec/standard-webhooks.md). What
// verifies it exists for most languages; several signatures in one header let a secret rotate without a gap.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <switchhook/dialect.hpp>
#include <switchhook/host.hpp>
#include <switchhook/settings.hpp>

#include "hmac_sha256.hpp"

namespace switchhook::standard {

// {"type": event name, "timestamp": createdAt in RFC 3339, "data": the event's own bytes}. An event that does not say
// when it was created says 1970, as protobuf reads an absent number. Nothing when the event's body is not a JSON
// object.
std::optional<std::string> payload(const Event& event);

// Unix seconds as RFC 3339 in UTC, "2023-11-14T22:13:20Z"; outside the years 0001 to 9999 the nearest time in them.
std::string rfc3339(std::int64_t unix_seconds);

// The key of a secret: the decoded bytes of whsec_ and Base64, the bytes themselves of any other. Nothing when it is
// empty, or whsec_ is not followed by Base64.
std::optional<std::string> key_of(std::string_view secret);

// "v1," and the Base64 of HMAC-SHA256 over id, full stop, seconds, full stop, body. `key` is not empty.
std::string signature(const signing::HmacSha256& hmac, std::string_view key, std::string_view id,
                      std::int64_t unix_seconds, std::string_view body);

class StandardDialect final : public Dialect {
public:
    StandardDialect(const Settings&, Host&) {}
    // Signed with every secret, the first one first. Code::invalid: one of them has no key, or the event's body is no
    // JSON object.
    Result<Written> write(const Delivery& delivery, const Signing& signing) const override;

private:
    signing::HmacSha256 hmac_;
};

}  // namespace switchhook::standard
