// HmacSha256: keyed hashes for dialects. Compiled into each of them; not a plugin of its own.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string_view>

namespace switchhook::signing {

using Sha256 = std::array<std::uint8_t, 32>;

// Fetches OpenSSL's algorithms once: a fetch per event would cost more than the hash. Any thread, many at once.
class HmacSha256 final {
public:
    // Throws std::runtime_error when OpenSSL offers no HMAC or SHA-256.
    HmacSha256();
    ~HmacSha256();
    HmacSha256(const HmacSha256&) = delete;
    HmacSha256& operator=(const HmacSha256&) = delete;

    // Of the parts, one after the other. Throws std::runtime_error when OpenSSL fails (out of memory). `key` is not
    // empty.
    Sha256 sign(std::string_view key, std::initializer_list<std::string_view> parts) const;
    // SHA-256 without a key.
    Sha256 digest(std::string_view text) const;

private:
    struct Algorithms;
    std::unique_ptr<Algorithms> algorithms_;
};

}  // namespace switchhook::signing
