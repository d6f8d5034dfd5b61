// Which secret a tenant's events are signed with.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <switchhook/hook.hpp>

namespace switchhook::delivery {

// How a derived key is written: lower-case hex, or for the dialect `standard` as whsec_ and base64.
enum class SecretForm : unsigned char { hex = 1, standard };

// HKDF-SHA256 (RFC 5869) of `hook_secret`: empty salt, info "switchhook/hook-secret/v1/" and `auth_id`, 32 bytes.
// Whoever knows one tenant's key cannot compute another's. Throws std::runtime_error when OpenSSL fails.
std::string derived_secret(std::string_view hook_secret, std::string_view auth_id, SecretForm form);

// auth_id of a hook in signatures and derivations: "default" when it has none.
std::string_view signing_name(const Hook& hook);

// How a derived key is written for that dialect.
SecretForm form_for(std::string_view dialect);

// One thread. Derived keys are kept, because an attempt is signed each time.
class Secrets {
public:
    // `hook_secrets`: sip.hook_secret, the one that signs first; may be empty. `derived`: sip.hook_secrets is
    // `derived`.
    Secrets(std::vector<std::string> hook_secrets, bool derived)
        : hook_secrets_(std::move(hook_secrets)), derived_(derived) {}

    // The hook's own, else derived from or equal to sip.hook_secret, the one that signs first; empty: there is none.
    // Valid until the next call.
    std::span<const std::string_view> of(const Hook& hook, std::string_view dialect);

private:
    static constexpr std::size_t kKept = 4'096;

    const std::vector<std::string>& derived_for(const Hook& hook, std::string_view dialect);

    std::vector<std::string> hook_secrets_;
    bool derived_;
    std::unordered_map<std::string, std::vector<std::string>> kept_;  // form and auth_id -> a key of each hook_secret
    std::vector<std::string_view> answer_;
};

}  // namespace switchhook::delivery
