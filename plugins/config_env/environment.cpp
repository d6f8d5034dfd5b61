#include "environment.hpp"

#include <span>
#include <string_view>
#include <utility>

#include "json_list.hpp"

namespace switchhook::config_env {
namespace {

enum class Form { text = 1, boolean, comma_list, json_list };

struct Variable {
    const char* name;
    std::string_view section;
    std::string_view key;
    Form form = Form::text;
    ObjectKeys keys = {};  // of a JSON list
};

constexpr std::string_view kHookKeys[] = {"host", "url"};
constexpr std::string_view kHookNumbers[] = {"concurrency"};
constexpr std::string_view kHookMaps[] = {"rate", "max_age"};
constexpr std::string_view kSecretKeys[] = {"id", "secret"};

constexpr Variable kVariables[] = {
    {"HOST", "server", "host"},
    {"PORT", "server", "port"},
    {"LIVEKIT_URL", "livekit", "url"},
    {"LIVEKIT_API_KEY", "livekit", "api_key"},
    {"LIVEKIT_API_SECRET", "livekit", "api_secret"},
    {"SIP_ROOM_PREFIX", "sip", "room_prefix"},
    {"SIP_ALLOWED_ADDRESSES", "sip", "allowed_addresses", Form::comma_list},
    {"SIP_HOOK_SECRET", "sip", "hook_secret"},
    {"SIP_HOOKS_JSON", "sip", "hooks", Form::json_list, {kHookKeys, kHookNumbers, kHookMaps}},
    {"SIP_OUTBOUND_ADDRESS", "sip", "outbound_address"},
    {"SIP_OUTBOUND_AUTH_USERNAME", "sip", "outbound_auth_username"},
    {"SIP_OUTBOUND_AUTH_PASSWORD", "sip", "outbound_auth_password"},
    {"AUTH_REQUIRED", "auth", "required", Form::boolean},
    {"AUTH_API_SECRETS_JSON", "auth", "api_secrets", Form::json_list, {kSecretKeys}},
    {"AUTH_API_SECRET", "auth", "api_secret"},
    {"AUTH_API_SECRET_ID", "auth", "api_secret_id"},
    {"AUTH_SERVICE_URL", "auth", "service_url"},
    {"AUTH_SIGNING_KEY_PATH", "auth", "signing_key_path"},
    {"AUTH_TIMEOUT_SECONDS", "auth", "timeout_seconds"},
    {"CACHE_PATH", "cache", "path"},
};

std::string lower_case(std::string text) {
    for (char& each : text)
        if (each >= 'A' && each <= 'Z') each = static_cast<char>(each - 'A' + 'a');
    return text;
}

std::string trimmed(std::string_view text) {
    constexpr std::string_view kBlanks = " \t\r\n\v\f";
    const auto first = text.find_first_not_of(kBlanks);
    if (first == std::string_view::npos) return {};
    return std::string(text.substr(first, text.find_last_not_of(kBlanks) - first + 1));
}

Node scalar(const std::string& place, std::string text) {
    Node node;
    node.kind = NodeKind::scalar;
    node.place = place;
    node.text = std::move(text);
    return node;
}

Node comma_list(const std::string& place, std::string_view text) {
    Node list;
    list.kind = NodeKind::list;
    list.place = place;
    for (;;) {
        const auto comma = text.find(',');
        if (std::string item = trimmed(text.substr(0, comma)); !item.empty())
            list.items.push_back(scalar(place, std::move(item)));
        if (comma == std::string_view::npos) return list;
        text.remove_prefix(comma + 1);
    }
}

// The reference reads any other text as false, and so switches authentication off; here it is an error.
Node boolean(const Variable& variable, const std::string& place, const std::string& text,
             std::vector<Problem>& problems) {
    const std::string word = lower_case(text);
    if (word == "true" || word == "1" || word == "yes") return scalar(place, "true");
    if (word == "false" || word == "0" || word == "no") return scalar(place, "false");
    problems.push_back({place, "Invalid " + std::string(variable.name) +
                                   " environment variable: must be true, 1, yes, false, 0 or no"});
    Node none;
    none.place = place;
    return none;
}

Node value_of(const Variable& variable, std::string text, std::vector<Problem>& problems) {
    const std::string place = "$" + std::string(variable.name);
    switch (variable.form) {
        case Form::comma_list:
            return comma_list(place, text);
        case Form::json_list:
            return json_list(variable.name, text, variable.keys, problems);
        case Form::boolean:
            return boolean(variable, place, text, problems);
        case Form::text:
            break;
    }
    return scalar(place, std::move(text));
}

Node& section(Node& root, std::string_view name, const std::string& place) {
    root.kind = NodeKind::map;
    if (Node* known = root.find(name)) return *known;
    Node map;
    map.kind = NodeKind::map;
    map.place = place;
    return root.entries.emplace_back(name, std::move(map)).second;
}

}  // namespace

Document read_environment(const Getter& get) {
    Document document;
    document.root.place = "$";
    for (const Variable& variable : kVariables) {
        auto text = get(variable.name);
        if (!text) continue;
        const std::string place = "$" + std::string(variable.name);
        Node value = value_of(variable, std::move(*text), document.problems);
        section(document.root, variable.section, place).entries.emplace_back(variable.key, std::move(value));
    }
    return document;
}

}  // namespace switchhook::config_env
