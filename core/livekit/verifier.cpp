#include "core/livekit/verifier.hpp"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <optional>
#include <stdexcept>

namespace switchhook::livekit {
namespace {

namespace json = simdjson::dom;

constexpr std::size_t kMaxToken = 8192;  // LiveKit's are about 300 bytes
constexpr std::size_t kMaxMembers = 64;  // of header or claims: bounds the search for claims that come twice
constexpr std::size_t kMaxDepth = 32;    // of claims; grants of access tokens nest 3 deep
constexpr std::int64_t kLeewaySeconds = 60;
constexpr std::int64_t kMaxTime = 253'402'300'799;  // the last second of the year 9999
constexpr std::size_t kHashSize = 32;
using Hash = std::array<unsigned char, kHashSize>;

template <auto free>
struct Free {
    template <typename T>
    void operator()(T* object) const {
        free(object);
    }
};
using Digest = std::unique_ptr<EVP_MD, Free<EVP_MD_free>>;
using Mac = std::unique_ptr<EVP_MAC, Free<EVP_MAC_free>>;
using MacContext = std::unique_ptr<EVP_MAC_CTX, Free<EVP_MAC_CTX_free>>;

// RFC 4648 5: the value of each character, 64 for every other byte.
constexpr auto kBase64Url = [] {
    std::array<unsigned char, 256> values{};
    values.fill(64);
    constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for (std::size_t i = 0; i < alphabet.size(); ++i)
        values[static_cast<unsigned char>(alphabet[i])] = static_cast<unsigned char>(i);
    return values;
}();

// What is decoded is parsed or compared in place; simdjson reads up to its padding behind it.
using Decoded = std::array<char, kMaxToken * 3 / 4 + simdjson::SIMDJSON_PADDING>;

// RFC 7515 2: no padding, and RFC 4648 3.5: unused bits are zero, so that a token has one spelling only.
std::optional<std::string_view> decode_base64url(std::string_view text, Decoded& into) {
    if (text.empty() || text.size() % 4 == 1 || text.size() > kMaxToken) return {};
    std::uint32_t bits = 0;
    unsigned count = 0;
    std::size_t size = 0;
    for (const char c : text) {
        const auto value = kBase64Url[static_cast<unsigned char>(c)];
        if (value == 64) return {};
        bits = bits << 6U | value;
        count += 6;
        if (count < 8) continue;
        count -= 8;
        into[size++] = static_cast<char>(bits >> count & 0xffU);
    }
    if ((bits & ((1U << count) - 1)) != 0) return {};
    return std::string_view(into.data(), size);
}

// "Bearer " in any case (RFC 7235 2.1) is taken off; LiveKit sends the bare token.
std::string_view token_of(std::string_view authorization) {
    constexpr std::string_view scheme = "bearer ";
    const auto trim = [&authorization] {
        const auto begin = std::min(authorization.find_first_not_of(" \t"), authorization.size());
        authorization.remove_prefix(begin);
        authorization = authorization.substr(0, authorization.find_last_not_of(" \t") + 1);
    };
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    trim();
    if (authorization.size() + 1 == scheme.size() && std::ranges::equal(authorization, scheme.substr(0, 6), {}, lower))
        return {};
    if (std::ranges::equal(authorization.substr(0, scheme.size()), scheme, {}, lower)) {
        authorization.remove_prefix(scheme.size());
        trim();
    }
    return authorization;
}

struct Parts {
    std::string_view header, claims, signature, signed_part;
};

std::optional<Parts> split(std::string_view token) {
    const auto first = token.find('.');
    const auto last = token.rfind('.');
    if (first == last || token.find('.', first + 1) != last) return {};
    return Parts{token.substr(0, first), token.substr(first + 1, last - first - 1), token.substr(last + 1),
                 token.substr(0, last)};
}

// The members of a JSON object; none when it is none, has too many of them, or one name twice: two readers of such a
// token could see two different claims.
std::optional<json::object> object_of(json::parser& parser, std::string_view text) {
    json::object object;
    if (parser.parse(text.data(), text.size(), false).get(object) != simdjson::SUCCESS) return {};
    std::array<std::string_view, kMaxMembers> names;
    std::size_t count = 0;
    for (const auto& member : object) {
        const auto seen = names.begin() + static_cast<std::ptrdiff_t>(count);
        if (count == names.size() || std::find(names.begin(), seen, member.key) != seen) return {};
        names[count++] = member.key;
    }
    return object;
}

// HS256 and nothing else. A header that brings a key, names one, or needs to be understood is a trick: LiveKit's never
// do.
Verdict judge_header(json::parser& parser, std::string_view text) {
    const auto header = object_of(parser, text);
    if (!header) return Verdict::malformed_token;
    constexpr std::array<std::string_view, 11> tricks{"jwk",      "jku",  "kid", "x5u", "x5c", "x5t",
                                                      "x5t#S256", "crit", "enc", "zip", "b64"};
    std::string_view algorithm;
    for (const auto& [name, value] : *header) {
        if (std::ranges::find(tricks, name) != tricks.end()) return Verdict::wrong_algorithm;
        if (name == "alg" && value.get(algorithm) != simdjson::SUCCESS) return Verdict::wrong_algorithm;
    }
    return algorithm == "HS256" ? Verdict::ok : Verdict::wrong_algorithm;
}

struct Claims {
    std::string_view issuer;
    std::string_view digest;  // empty when absent
    std::int64_t expires = 0;
    std::int64_t not_before = 0;
};

// Whole seconds between 1970 and 9999: no fraction, no text, nothing that could overflow.
bool read_time(const json::element& value, std::int64_t& into) {
    return value.is_int64() && value.get(into) == simdjson::SUCCESS && into >= 0 && into <= kMaxTime;
}

std::optional<Claims> read_claims(json::parser& parser, std::string_view text) {
    const auto object = object_of(parser, text);
    if (!object) return {};
    Claims claims;
    bool expires = false;
    for (const auto& [name, value] : *object) {
        if (name == "iss" && value.get(claims.issuer) != simdjson::SUCCESS) return {};
        if (name == "sha256" && value.get(claims.digest) != simdjson::SUCCESS) return {};
        if (name == "exp" && !read_time(value, claims.expires)) return {};
        if (name == "exp") expires = true;
        if (name == "nbf" && !read_time(value, claims.not_before)) return {};
    }
    if (claims.issuer.empty() || !expires) return {};
    return claims;
}

}  // namespace

std::string_view verdict_name(Verdict verdict) {
    switch (verdict) {
        case Verdict::ok:
            return "ok";
        case Verdict::no_key_configured:
            return "no_key_configured";
        case Verdict::no_token:
            return "no_token";
        case Verdict::malformed_token:
            return "malformed_token";
        case Verdict::wrong_algorithm:
            return "wrong_algorithm";
        case Verdict::unknown_key:
            return "unknown_key";
        case Verdict::bad_signature:
            return "bad_signature";
        case Verdict::expired:
            return "expired";
        case Verdict::not_yet_valid:
            return "not_yet_valid";
        case Verdict::bad_digest:
            return "bad_digest";
    }
    return "unknown";
}

struct Verifier::Keys {
    // Fetched once: a fetch by name costs more than the hash itself.
    Digest sha256{EVP_MD_fetch(nullptr, "SHA256", nullptr)};
    std::map<std::string, MacContext, std::less<>> macs;  // keyed HMACs, copied for each use

    bool hmac(const MacContext& key, std::string_view text, Hash& into) const {
        const MacContext mac(EVP_MAC_CTX_dup(key.get()));
        std::size_t size = 0;
        return mac &&
               EVP_MAC_update(mac.get(), reinterpret_cast<const unsigned char*>(text.data()), text.size()) == 1 &&
               EVP_MAC_final(mac.get(), into.data(), &size, into.size()) == 1 && size == into.size();
    }
    bool has_digest(std::string_view body, std::string_view claim) const {
        Hash hash{};
        unsigned size = 0;
        std::array<unsigned char, kHashSize / 3 * 4 + 5> text{};  // 44 characters and the zero that OpenSSL appends
        if (EVP_Digest(body.data(), body.size(), hash.data(), &size, sha256.get(), nullptr) != 1) return false;
        const auto length =
            static_cast<std::size_t>(EVP_EncodeBlock(text.data(), hash.data(), static_cast<int>(hash.size())));
        return claim.size() == length && CRYPTO_memcmp(claim.data(), text.data(), length) == 0;
    }
};

std::shared_ptr<const Verifier::Keys> Verifier::made_of(const std::map<std::string, std::string, std::less<>>& keys) {
    auto made = std::make_shared<Keys>();
    const Mac hmac(EVP_MAC_fetch(nullptr, "HMAC", nullptr));
    char digest[] = "SHA256";
    const std::array<OSSL_PARAM, 2> parameters{OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                                               OSSL_PARAM_construct_end()};
    for (const auto& [key, secret] : keys) {
        if (key.empty() || secret.empty())
            throw std::invalid_argument("a LiveKit API key and its secret must not be empty");
        MacContext context(hmac ? EVP_MAC_CTX_new(hmac.get()) : nullptr);
        if (!made->sha256 || !context ||
            EVP_MAC_init(context.get(), reinterpret_cast<const unsigned char*>(secret.data()), secret.size(),
                         parameters.data()) != 1)
            throw std::runtime_error("OpenSSL offers no HMAC-SHA256");
        made->macs.emplace(key, std::move(context));
    }
    return made;
}

Verifier::Verifier(const std::map<std::string, std::string, std::less<>>& keys, const Clock& clock)
    : keys_(made_of(keys)), clock_(clock) {}

Verifier::~Verifier() = default;

void Verifier::replace(const std::map<std::string, std::string, std::less<>>& keys) {
    auto made = made_of(keys);
    keys_.with([&](auto& held) { held.swap(made); });
}

bool Verifier::has_keys() const {
    return keys_.with([](const auto& held) { return !held->macs.empty(); });
}

Verdict Verifier::verify(std::string_view authorization, std::string_view body) const {
    const auto keys = keys_.with([](const auto& held) { return held; });
    if (keys->macs.empty()) return Verdict::no_key_configured;
    const auto token = token_of(authorization);
    if (token.empty()) return Verdict::no_token;
    if (token.size() > kMaxToken) return Verdict::malformed_token;
    const auto parts = split(token);
    if (!parts) return Verdict::malformed_token;

    Decoded buffer;
    json::parser parser;
    if (parser.allocate(token.size(), kMaxDepth) != simdjson::SUCCESS) return Verdict::malformed_token;
    const auto header = decode_base64url(parts->header, buffer);
    if (!header) return Verdict::malformed_token;
    if (const auto verdict = judge_header(parser, *header); verdict != Verdict::ok) return verdict;

    const auto text = decode_base64url(parts->claims, buffer);
    if (!text) return Verdict::malformed_token;
    const auto claims = read_claims(parser, *text);
    if (!claims) return Verdict::malformed_token;
    const auto key = keys->macs.find(claims->issuer);
    if (key == keys->macs.end()) return Verdict::unknown_key;

    // The claims are views into the parser, so the buffer is free again.
    const auto signature = decode_base64url(parts->signature, buffer);
    if (!signature) return Verdict::malformed_token;
    Hash expected{};
    if (!keys->hmac(key->second, parts->signed_part, expected) || signature->size() != expected.size() ||
        CRYPTO_memcmp(signature->data(), expected.data(), expected.size()) != 0)
        return Verdict::bad_signature;

    const auto now = clock_.unix_ms();
    if (now > (claims->expires + kLeewaySeconds) * 1000) return Verdict::expired;
    if (now < (claims->not_before - kLeewaySeconds) * 1000) return Verdict::not_yet_valid;
    return keys->has_digest(body, claims->digest) ? Verdict::ok : Verdict::bad_digest;
}

}  // namespace switchhook::livekit
