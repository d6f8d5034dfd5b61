#include "hmac_sha256.hpp"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <stdexcept>
#include <string>

namespace switchhook::signing {
namespace {

const unsigned char* bytes(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

void must(bool worked, const char* what) {
    if (!worked) throw std::runtime_error(std::string("OpenSSL: ") + what + " failed");
}

struct Free {
    void operator()(EVP_MAC* mac) const { EVP_MAC_free(mac); }
    void operator()(EVP_MAC_CTX* context) const { EVP_MAC_CTX_free(context); }
    void operator()(EVP_MD* digest) const { EVP_MD_free(digest); }
};

}  // namespace

struct HmacSha256::Algorithms {
    std::unique_ptr<EVP_MD, Free> sha256;
    std::unique_ptr<EVP_MAC, Free> hmac;
    std::unique_ptr<EVP_MAC_CTX, Free> keyless;  // knows its digest; each signature starts from a copy
};

HmacSha256::HmacSha256() : algorithms_(std::make_unique<Algorithms>()) {
    algorithms_->sha256.reset(EVP_MD_fetch(nullptr, "SHA256", nullptr));
    algorithms_->hmac.reset(EVP_MAC_fetch(nullptr, "HMAC", nullptr));
    must(algorithms_->sha256 && algorithms_->hmac, "HMAC-SHA256");
    algorithms_->keyless.reset(EVP_MAC_CTX_new(algorithms_->hmac.get()));
    char name[] = "SHA256";
    const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
                                     OSSL_PARAM_construct_end()};
    must(algorithms_->keyless && EVP_MAC_CTX_set_params(algorithms_->keyless.get(), parameters) == 1, "HMAC-SHA256");
}

HmacSha256::~HmacSha256() = default;

Sha256 HmacSha256::sign(std::string_view key, std::initializer_list<std::string_view> parts) const {
    const std::unique_ptr<EVP_MAC_CTX, Free> context(EVP_MAC_CTX_dup(algorithms_->keyless.get()));
    must(context && EVP_MAC_init(context.get(), bytes(key), key.size(), nullptr) == 1, "HMAC");
    for (const auto part : parts) must(EVP_MAC_update(context.get(), bytes(part), part.size()) == 1, "HMAC");
    Sha256 result{};
    std::size_t size = 0;
    must(EVP_MAC_final(context.get(), result.data(), &size, result.size()) == 1 && size == result.size(), "HMAC");
    return result;
}

Sha256 HmacSha256::digest(std::string_view text) const {
    Sha256 result{};
    unsigned size = 0;
    must(EVP_Digest(text.data(), text.size(), result.data(), &size, algorithms_->sha256.get(), nullptr) == 1,
         "SHA-256");
    return result;
}

}  // namespace switchhook::signing
