// LiveKitDialect: an event as LiveKit itself would send it, signed for the tenant. LiveKit's own
// WebhookReceiver(auth_id, secret) accepts it unchanged.
#pragma once

#include <string>

#include <switchhook/dialect.hpp>
#include <switchhook/host.hpp>
#include <switchhook/settings.hpp>

#include "hmac_sha256.hpp"

namespace switchhook::livekit_dialect {

// The bare JWT of livekit-protocol's webhook notifier: HS256, `iss` = auth_id, five minutes from `now` (Unix seconds),
// `sha256` = base64 of the body's SHA-256. Throws std::exception: no memory, or auth_id is not UTF-8.
std::string make_token(const signing::HmacSha256& hmac, std::string_view secret, std::string_view auth_id,
                       std::int64_t now, std::string_view body);

class LiveKitDialect final : public Dialect {
public:
    LiveKitDialect(const Settings&, Host&) {}
    // The body stays the event's own bytes. Code::invalid: the hook has no secret.
    Result<Written> write(const Delivery& delivery, const Signing& signing) const override;

private:
    signing::HmacSha256 hmac_;
};

}  // namespace switchhook::livekit_dialect
