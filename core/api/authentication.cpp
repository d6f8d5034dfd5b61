#include "core/api/authentication.hpp"

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <Poco/Exception.h>
#include <Poco/URI.h>

#include <algorithm>
#include <array>
#include <optional>

#include "core/api/body.hpp"

namespace switchhook::api {
namespace {

constexpr std::string_view kBearer = "Bearer ";

bool blank(std::string_view text) {
    return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

// The form encoding: "+" is a blank, as client libraries write it. Poco's own plusAsSpace only works behind a "?".
std::string decoded(std::string_view text) {
    std::string encoded(text);
    std::ranges::replace(encoded, '+', ' ');
    std::string plain;
    try {
        Poco::URI::decode(encoded, plain);
    } catch (const Poco::Exception&) {
        plain.clear();  // half an escape is no token
    }
    return plain;
}

std::optional<std::string> token_of_query(std::string_view query) {
    while (!query.empty()) {
        const auto end = query.find('&');
        const auto pair = query.substr(0, end);
        query = end == std::string_view::npos ? std::string_view() : query.substr(end + 1);
        const auto equals = pair.find('=');
        if (equals == std::string_view::npos || decoded(pair.substr(0, equals)) != "api_key") continue;
        std::string token = decoded(pair.substr(equals + 1));
        if (!blank(token)) return token;
    }
    return std::nullopt;
}

// Digests of equal length are compared, so that not even the length of a secret shows in the time.
std::array<unsigned char, SHA256_DIGEST_LENGTH> digest(std::string_view text) {
    std::array<unsigned char, SHA256_DIGEST_LENGTH> hash{};
    SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), hash.data());
    return hash;
}

http::Response unauthorized(std::string_view code, std::string_view message) {
    http::Response response = json_response(401, {{"error", code}, {"message", message}});
    response.headers.emplace_back("WWW-Authenticate", "Bearer");  // RFC 9110, 15.5.2: a 401 names a scheme
    return response;
}

}  // namespace

Authentication::Authentication(config::Auth auth) : auth_(std::make_shared<const config::Auth>(std::move(auth))) {}

void Authentication::replace(config::Auth auth) {
    auto made = std::make_shared<const config::Auth>(std::move(auth));
    auth_.with([&](auto& held) { held.swap(made); });
}

std::variant<Identity, http::Response> Authentication::identify(const http::Request& request) const {
    const auto auth = this->auth();
    if (!auth->required) return Identity{.is_operator = true, .tenant = {}};

    const std::string_view header = request.header("Authorization");
    std::optional<std::string> token;
    // The prefix is case-sensitive, as in the reference.
    if (header.starts_with(kBearer) && !blank(header.substr(kBearer.size())))
        token = header.substr(kBearer.size());
    else
        token = token_of_query(request.query);
    if (!token) {
        if (request.has_header("Authorization"))
            return unauthorized("invalid_auth_header",
                                "Invalid Authorization header format (expected 'Bearer {token}') and missing api_key "
                                "query parameter");
        return unauthorized("missing_auth_header",
                            "Missing authentication token (Authorization header or api_key query parameter)");
    }

    const auto given = digest(*token);
    const config::ApiSecret* match = nullptr;
    for (const auto& entry : auth->api_secrets) {
        const auto known = digest(entry.secret);
        if (CRYPTO_memcmp(given.data(), known.data(), given.size()) == 0) match = &entry;
    }
    if (match == nullptr) return unauthorized("unauthorized", "Unauthorized: Invalid API secret");
    if (match->role == config::Role::operator_) return Identity{.is_operator = true, .tenant = {}};
    return Identity{.is_operator = false, .tenant = match->id};
}

}  // namespace switchhook::api
