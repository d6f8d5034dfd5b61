// SaynaDialect: the reference's payload and signature, byte for byte what its receivers expect; only the order of the
// SIP headers, random there, is fixed here.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <switchhook/dialect.hpp>
#include <switchhook/host.hpp>
#include <switchhook/settings.hpp>

#include "hmac_sha256.hpp"

namespace switchhook::sayna {

// The seven keys. What the event lacks (the caller hid its number, the header names no host) is an empty string.
std::string payload(const Event& event, std::string_view room_prefix);

// "v1=" and 64 hex digits over "v1:<seconds>:<event id>:<payload>".
std::string signature(const signing::HmacSha256& hmac, std::string_view secret, std::int64_t unix_seconds,
                      std::string_view event_id, std::string_view body);

class SaynaDialect final : public Dialect {
public:
    SaynaDialect(const Settings&, Host&) {}
    // Code::invalid: the hook has no secret, or one of white space only (it is trimmed, as the reference does).
    Result<Written> write(const Delivery& delivery, const Signing& signing) const override;
    std::vector<std::string> default_events() const override { return {"participant_joined"}; }

private:
    signing::HmacSha256 hmac_;
};

}  // namespace switchhook::sayna
