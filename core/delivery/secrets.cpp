#include "core/delivery/secrets.hpp"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include <array>
#include <memory>
#include <stdexcept>
#include <utility>

namespace switchhook::delivery {
namespace {

constexpr std::string_view kInfo = "switchhook/hook-secret/v1/";
using Key = std::array<unsigned char, 32>;

Key hkdf(std::string_view hook_secret, std::string info) {
    const std::unique_ptr<EVP_KDF, decltype(&EVP_KDF_free)> kdf(EVP_KDF_fetch(nullptr, "HKDF", nullptr), &EVP_KDF_free);
    const std::unique_ptr<EVP_KDF_CTX, decltype(&EVP_KDF_CTX_free)> context(EVP_KDF_CTX_new(kdf.get()),
                                                                            &EVP_KDF_CTX_free);
    std::string digest = "SHA256";
    std::string secret(hook_secret);
    // Without a salt OpenSSL takes HashLen zeros, which RFC 5869 2.2 makes equal to an empty one.
    const std::array<OSSL_PARAM, 4> parameters{
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest.data(), 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, secret.data(), secret.size()),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info.data(), info.size()), OSSL_PARAM_construct_end()};
    Key key{};
    if (!context || EVP_KDF_derive(context.get(), key.data(), key.size(), parameters.data()) != 1)
        throw std::runtime_error("OpenSSL cannot derive a key with HKDF-SHA256");
    return key;
}

std::string hex(const Key& key) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string text;
    for (const unsigned char byte : key) {
        text.push_back(kDigits[byte >> 4U]);
        text.push_back(kDigits[byte & 15U]);
    }
    return text;
}

std::string base64(const Key& key) {
    std::array<unsigned char, 64> text{};
    const int length = EVP_EncodeBlock(text.data(), key.data(), static_cast<int>(key.size()));
    return {text.begin(), text.begin() + length};
}

}  // namespace

std::string derived_secret(std::string_view hook_secret, std::string_view auth_id, SecretForm form) {
    const Key key = hkdf(hook_secret, std::string(kInfo).append(auth_id));
    return form == SecretForm::standard ? "whsec_" + base64(key) : hex(key);
}

std::string_view signing_name(const Hook& hook) {
    if (hook.auth_id.empty()) return "default";  // not ?: with two types: that makes a temporary string
    return hook.auth_id;
}

SecretForm form_for(std::string_view dialect) {
    return dialect == "standard" ? SecretForm::standard : SecretForm::hex;
}

std::span<const std::string_view> Secrets::of(const Hook& hook, std::string_view dialect) {
    const auto& secrets = !hook.secrets.empty() ? hook.secrets : derived_ ? derived_for(hook, dialect) : hook_secrets_;
    answer_.clear();
    for (const std::string& secret : secrets)
        if (!secret.empty()) answer_.push_back(secret);
    return answer_;
}

const std::vector<std::string>& Secrets::derived_for(const Hook& hook, std::string_view dialect) {
    const SecretForm form = form_for(dialect);
    std::string key = form == SecretForm::standard ? "s" : "h";
    key.append(signing_name(hook));
    if (const auto found = kept_.find(key); found != kept_.end()) return found->second;
    if (kept_.size() >= kKept) kept_.clear();
    std::vector<std::string> made;
    for (const std::string& secret : hook_secrets_)
        if (!secret.empty()) made.push_back(derived_secret(secret, signing_name(hook), form));
    return kept_.emplace(std::move(key), std::move(made)).first->second;
}

}  // namespace switchhook::delivery
