// Proves that a webhook is LiveKit's: HS256 JWT over the SHA-256 of the raw body (facts: livekit/protocol
// auth/verifier.go, webhook/verifier.go).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include <switchhook/host.hpp>

#include "core/base/guarded.hpp"

namespace switchhook::livekit {

// Why a webhook was refused; `ok` when it was not. The names are metric labels: few and fixed.
enum class Verdict : std::uint8_t {
    ok = 1,
    no_key_configured,  // 503; every other one is 401
    no_token,
    malformed_token,  // also: longer than 8 KiB, a claim twice, no exp, a time that is no whole number of seconds
    wrong_algorithm,  // not HS256, or a header that brings or names a key, or asks for more than a signature
    unknown_key,
    bad_signature,
    expired,
    not_yet_valid,
    bad_digest,  // also: no sha256, as in LiveKit's access tokens, which the same key signs
};
std::string_view verdict_name(Verdict verdict);

// Any thread.
class Verifier {
public:
    // `keys`: API key -> secret; `clock` outlives the verifier. Leeway on exp and nbf: 60 s, as LiveKit's own.
    // Throws std::invalid_argument for an empty key or secret, std::runtime_error when OpenSSL has no HMAC-SHA256.
    Verifier(const std::map<std::string, std::string, std::less<>>& keys, const Clock& clock);
    ~Verifier();
    Verifier(const Verifier&) = delete;
    Verifier& operator=(const Verifier&) = delete;

    // From the next webhook on. Throws as the constructor does, and then the old keys stay.
    void replace(const std::map<std::string, std::string, std::less<>>& keys);

    bool has_keys() const;

    // `authorization`: the header's value; a leading "Bearer " is accepted. Linear time, constant-time compares.
    Verdict verify(std::string_view authorization, std::string_view body) const;

private:
    struct Keys;
    static std::shared_ptr<const Keys> made_of(const std::map<std::string, std::string, std::less<>>& keys);

    base::Guarded<std::shared_ptr<const Keys>> keys_;
    const Clock& clock_;
};

}  // namespace switchhook::livekit
