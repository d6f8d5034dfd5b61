// Proves that a webhook is LiveKit's: HS256 JWT over the SHA-256 of the raw body (facts: livekit/protocol auth/verifier.go,
// webhook/verifier.go).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include <switchhook/host.hpp>

namespace switchhook::livekit {

// Why a webhook was refused; `ok` when it was not. The names are metric labels: few and fixed.
enum class Verdict : std::uint8_t {
    ok = 1,
    no_key_configured,  // 503; every other one is 401
    no_token,
    malformed_token,
    wrong_algorithm,
    unknown_key,
    bad_signature,
    expired,
    not_yet_valid,
    bad_digest,
};
std::string_view verdict_name(Verdict verdict);

// Immutable, any thread.
class Verifier {
public:
    // `keys`: API key -> secret. Leeway on exp and nbf: 60 s, as LiveKit's own.
    Verifier(std::map<std::string, std::string, std::less<>> keys, const Clock& clock);

    // `authorization`: the header's value; a leading "Bearer " is accepted. Linear time, constant-time compares.
    Verdict verify(std::string_view authorization, std::string_view body) const;

private:
    std::map<std::string, std::string, std::less<>> keys_;
    const Clock& clock_;
};

}  // namespace switchhook::livekit
