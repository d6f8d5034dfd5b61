// Which secret a tenant's events are signed with.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include <switchhook/hook.hpp>

namespace switchhook::delivery {

// How a derived key is written: lower-case hex, or for the dialect `standard` as whsec_ and base64.
enum class SecretForm : unsigned char { hex = 1, standard };

// HKDF-SHA256 (RFC 5869) of `hook_secret`: empty salt, info "switchhook/hook-secret/v1/" and `auth_id`, 32 bytes.
// Whoever knows one tenant's key cannot compute another's. Throws std::runtime_error when OpenSSL fails.
std::string derived_secret(std::string_view hook_secret, std::string_view auth_id, SecretForm form);

// auth_id of a hook in signatures and derivations: "default" when it has none.
std::string_view signing_name(const Hook& hook);

// One thread. Derived keys are kept, because an attempt is signed each time.
class Secrets {
public:
    // `hook_secret`: sip.hook_secret, may be empty. `derived`: sip.hook_secrets is `derived`.
    Secrets(std::string hook_secret, bool derived) : hook_secret_(std::move(hook_secret)), derived_(derived) {}

    // The hook's own, else derived from or equal to hook_secret; nothing: there is none. Valid until the next call.
    std::optional<std::string_view> of(const Hook& hook, std::string_view dialect);

private:
    static constexpr std::size_t kKept = 4'096;

    std::string hook_secret_;
    bool derived_;
    std::unordered_map<std::string, std::string> kept_;  // form and auth_id -> key
};

}  // namespace switchhook::delivery
