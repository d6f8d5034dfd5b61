// auth: the checks 2 to 10 of the reference, with its exact texts, and who gets which role.
#include <filesystem>
#include <map>

#include "core/config/reading.hpp"

namespace switchhook::config {
namespace {

struct ApiSecretGiven {
    const Node* node = nullptr;
    std::optional<std::string> id;
    std::optional<std::string> secret;
    std::optional<std::string> role;
};

// Setting the external service is refused, never ignored: a deployment that relies on it would stand open.
void check_service(const Node* auth, Reading& reading) {
    const Node* const url = given(auth, "service_url");
    const Node* const key = given(auth, "signing_key_path");
    if (key != nullptr && url == nullptr)
        reading.problem(*key, "AUTH_SERVICE_URL is required when AUTH_SIGNING_KEY_PATH is set");
    if (url != nullptr && key == nullptr)
        reading.problem(*url, "AUTH_SIGNING_KEY_PATH is required when AUTH_SERVICE_URL is set");
    std::error_code error;
    if (key != nullptr && key->kind == NodeKind::scalar && !std::filesystem::exists(key->text, error))
        reading.problem(*key, "AUTH_SIGNING_KEY_PATH file does not exist: " + key->text);
    if (const Node* const any = url != nullptr ? url : key)
        reading.problem(*any,
                        "external authentication service is not available yet; remove auth.service_url and "
                        "auth.signing_key_path and use auth.api_secrets");
}

std::vector<ApiSecretGiven> listed_secrets(const Node& list, Reading& reading) {
    std::vector<ApiSecretGiven> secrets;
    for (std::size_t i = 0; i < list.items.size(); ++i) {
        const Node& item = list.items[i];
        if (item.kind != NodeKind::map) continue;  // reported by check_shape
        const std::string path = "auth.api_secrets[" + std::to_string(i) + "]";
        ApiSecretGiven entry;
        entry.node = &item;
        bool failed = false;
        entry.id = reading.text(&item, "auth.api_secrets[].id");
        entry.role = reading.text(&item, "auth.api_secrets[].role");
        entry.secret = reading.secret(given(&item, "secret"), path + ".secret", failed);
        if (given(&item, "id") == nullptr) reading.problem(item, path + ".id is missing");
        if (given(&item, "secret") == nullptr) reading.problem(item, path + ".secret is missing");
        secrets.push_back(std::move(entry));
    }
    return secrets;
}

std::vector<ApiSecretGiven> given_secrets(const Node* auth, Reading& reading) {
    const Node* const list = given(auth, "api_secrets");
    const Node* const single = given(auth, "api_secret");
    if (list != nullptr && list->kind == NodeKind::list && !list->items.empty()) {
        if (single != nullptr)
            reading.warning(*single, "auth.api_secret is not used, because auth.api_secrets is given");
        return listed_secrets(*list, reading);
    }
    if (single == nullptr) return {};
    bool failed = false;
    ApiSecretGiven entry;
    entry.node = single;
    entry.id = reading.text(auth, "auth.api_secret_id").value_or("default");
    entry.secret = reading.secret(single, "auth.api_secret", failed);
    std::vector<ApiSecretGiven> secrets;
    secrets.push_back(std::move(entry));
    return secrets;
}

void check_id(const Node& at, const std::string& id, std::size_t index, std::map<std::string, std::string>& ids,
              Reading& reading) {
    if (trimmed(id).empty()) {
        reading.problem(at,
                        "Auth API secret id at index " + std::to_string(index) + " cannot be empty or whitespace-only");
        return;
    }
    if (trimmed(id) != id)
        reading.problem(at, "Auth API secret id '" + id + "' must not include leading or trailing whitespace");
    if (!ids.emplace(lower_case(id), id).second)
        reading.problem(at, "Duplicate auth API secret id '" + id + "'; ids are case-insensitive");
}

void check_secret(const Node& at, const std::string& id, const std::string& secret,
                  std::map<std::string, std::string>& owners, Reading& reading) {
    if (trimmed(secret).empty()) {
        reading.problem(at, "Auth API secret for id '" + id + "' cannot be empty or whitespace-only");
        return;
    }
    const auto [first, is_new] = owners.emplace(secret, id);
    if (!is_new)
        reading.problem(at,
                        "Auth API secret for id '" + id + "' duplicates the secret used by id '" + first->second + "'");
}

Role role_of(const ApiSecretGiven& entry, bool single) {
    if (entry.role) return *entry.role == "operator" ? Role::operator_ : Role::tenant;
    return single ? Role::operator_ : Role::tenant;
}

}  // namespace

void compile_auth(const Node* auth, Reading& reading) {
    Auth& out = reading.config().auth;
    check_service(auth, reading);

    const auto secrets = given_secrets(auth, reading);
    std::map<std::string, std::string> ids;
    std::map<std::string, std::string> owners;
    for (std::size_t i = 0; i < secrets.size(); ++i) {
        const ApiSecretGiven& entry = secrets[i];
        if (entry.id) check_id(*entry.node, *entry.id, i, ids, reading);
        if (entry.secret) check_secret(*entry.node, entry.id.value_or(""), *entry.secret, owners, reading);
        out.api_secrets.push_back({.id = entry.id.value_or(""),
                                   .secret = entry.secret.value_or(""),
                                   .role = role_of(entry, secrets.size() == 1),
                                   .role_was_given = entry.role.has_value()});
    }

    out.required = reading.boolean(auth, "auth.required").value_or(false);
    const bool service = given(auth, "service_url") != nullptr || given(auth, "signing_key_path") != nullptr;
    if (out.required && secrets.empty() && !service)
        reading.problem(*given(auth, "required"),
                        "When AUTH_REQUIRED=true, either (AUTH_SERVICE_URL + AUTH_SIGNING_KEY_PATH) or "
                        "AUTH_API_SECRETS_JSON/AUTH_API_SECRET must be configured");
}

}  // namespace switchhook::config
