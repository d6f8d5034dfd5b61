// sip: the checks 1 and 11 to 24 of the reference, with its exact texts, in the file and in the environment alike; and
// what is asked beyond it: HTTPS, real addresses, secrets that are checked whether or not a hook is configured.
#include <algorithm>
#include <map>
#include <set>

#include "core/config/addresses.hpp"
#include "core/config/check.hpp"
#include "core/config/reading.hpp"
#include "core/config/values.hpp"

namespace switchhook::config {
namespace {

constexpr std::size_t kShortestSecret = 16;  // bytes, after trimming

bool is_prefix_letter(char c) {  // ASCII only: LiveKit's room names go into URLs, logs and SIP identifiers
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

void compile_prefix(const Node& sip, Sip& out, Reading& reading) {
    const Node* const node = given(&sip, "room_prefix");
    if (node == nullptr) {
        reading.problem(sip,
                        from_environment(sip)
                            ? "SIP_ROOM_PREFIX is required when SIP configuration is provided via environment variables"
                            : "SIP room_prefix is required when SIP configuration is present");
        return;
    }
    const auto prefix = reading.text(&sip, "sip.room_prefix");
    if (!prefix) return;
    if (prefix->empty())
        reading.problem(*node, "SIP room_prefix cannot be empty");
    else if (!std::ranges::all_of(*prefix, is_prefix_letter))
        reading.problem(*node, "SIP room_prefix must contain only alphanumeric characters, '-', or '_'");
    out.room_prefix = *prefix;
}

void compile_addresses(const Node& sip, Sip& out, Reading& reading) {
    const Node* const node = given(&sip, "allowed_addresses");
    if (node == nullptr || (node->kind == NodeKind::list && node->items.empty())) {
        reading.problem(node != nullptr ? *node : sip, "SIP allowed_addresses cannot be empty");
        return;
    }
    for (const Node& item : node->items) {
        if (item.kind != NodeKind::scalar) continue;  // reported by check_shape
        std::string address = trimmed(item.text);
        if (!is_address_or_network(address))
            reading.problem(
                item, "SIP allowed_address '" + address + "' does not look like a valid IPv4 address or CIDR range");
        out.allowed_addresses.push_back(std::move(address));
    }
}

// Checks 18 and 19, and what `standard` asks of a secret.
void check_secret(const Node& at, const std::string& owner, const std::string& secret, Reading& reading) {
    if (secret.empty())
        reading.problem(at, "SIP hook secret for '" + owner + "' cannot be empty or whitespace-only");
    else if (secret.size() < kShortestSecret)
        reading.problem(at, "SIP hook secret for '" + owner + "' must be at least 16 characters long (got " +
                                std::to_string(secret.size()) + ")");
    else if (const Status form = check_secret_form(secret); !form)
        reading.problem(at, "SIP hook secret for '" + owner + "' " + form.message());
}

// One that stands twice was meant to be another.
void check_each_once(const std::vector<GivenSecret>& secrets, const std::string& owner, Reading& reading) {
    std::set<std::string_view> seen;
    for (const auto& [node, text] : secrets)
        if (!text.empty() && !seen.insert(text).second)
            reading.problem(*node, "SIP hook secret for '" + owner + "' is in its list twice");
}

// hook_secret as it was given: checked for each hook that uses it, and once for itself.
struct SharedSecret {
    std::vector<GivenSecret> given;
    bool failed = false;  // given, but could not be read
};

bool is_https(std::string_view url) {
    constexpr std::string_view kScheme = "https://";
    return lower_case(url.substr(0, kScheme.size())) == kScheme;
}

class HookReading {
public:
    HookReading(const SharedSecret& shared, Sip& out, Reading& reading)
        : shared_(shared), out_(out), reading_(reading) {}

    void read(const Node& item, std::size_t index) {
        const std::string path = "sip.hooks[" + std::to_string(index) + "]";
        Hook hook;
        hook.configured = true;
        hook.host = lower_case(trimmed(reading_.text(&item, "sip.hooks[].host").value_or("")));
        hook.url = reading_.text(&item, "sip.hooks[].url").value_or("");
        hook.auth_id = trimmed(reading_.text(&item, "sip.hooks[].auth_id").value_or(""));
        hook.dialect = reading_.text(&item, "sip.hooks[].dialect").value_or("");
        hook.events = reading_.texts(&item, "sip.hooks[].events");
        check_host(item, path, hook);
        check_url(item, path, hook);
        check_choices(item, path, hook);
        read_pace(item, path, hook);
        read_secret(item, path, hook);
        out_.hooks.push_back(std::move(hook));
    }

private:
    void check_host(const Node& item, const std::string& path, const Hook& hook) {
        const Node* const host = given(&item, "host");
        if (host == nullptr) {
            reading_.problem(item, path + ".host is missing");
        } else if (hook.host.empty()) {
            reading_.problem(*host, path + ".host cannot be empty");
        } else if (!hosts_.insert(hook.host).second) {
            reading_.problem(*host, "Duplicate SIP hook host: " + hook.host);
        }
        if (reading_.config().auth.required && hook.auth_id.empty()) {
            const Node* const auth_id = given(&item, "auth_id");
            reading_.problem(auth_id != nullptr ? *auth_id : item,
                             "SIP hook auth_id for '" + hook.host + "' cannot be empty or whitespace-only");
        }
    }

    // Only that it is HTTPS; the forwarder is the one judge of URLs and sees them before anything starts.
    void check_url(const Node& item, const std::string& path, const Hook& hook) {
        const Node* const url = given(&item, "url");
        if (url == nullptr)
            reading_.problem(item, path + ".url is missing");
        else if (url->kind == NodeKind::scalar && !is_https(hook.url))
            reading_.problem(*url, "SIP hook URL must be HTTPS (hook '" + hook.host + "')");
    }

    void check_choices(const Node& item, const std::string& path, const Hook& hook) {
        if (const Node* const dialect = given(&item, "dialect"); dialect != nullptr && hook.dialect.empty())
            if (dialect->kind == NodeKind::scalar) reading_.problem(*dialect, path + ".dialect cannot be empty");
        const Node* const events = given(&item, "events");
        if (events == nullptr || events->kind != NodeKind::list) return;
        if (events->items.empty())
            reading_.problem(*events, path + ".events names no event; remove it to send the default ones");
        for (const Node& event : events->items)
            if (event.kind == NodeKind::scalar && trimmed(event.text).empty())
                reading_.problem(event, path + ".events holds an empty name");
    }

    // The hook's own pace; what it leaves out is the delivery block's.
    void read_pace(const Node& item, const std::string& path, Hook& hook) {
        hook.retry = reading_.text(&item, "sip.hooks[].retry").value_or("");
        if (const Node* const retry = given(&item, "retry"); retry != nullptr && hook.retry.empty())
            if (retry->kind == NodeKind::scalar) reading_.problem(*retry, path + ".retry cannot be empty");
        reading_.take_number(hook.concurrency, &item, "sip.hooks[].concurrency");
        read_rate(item, path, hook);
        const Node* const ages = given(&item, "max_age");
        if (ages == nullptr || ages->kind != NodeKind::map) return;
        const Key& declared = *find_key("sip.hooks[].max_age.*");
        if (ages->entries.size() > kMostMaxAges)
            reading_.problem(*ages, path + ".max_age names more than " + std::to_string(kMostMaxAges) + " events");
        for (const auto& [event, node] : ages->entries) {
            if (trimmed(event).empty()) reading_.problem(node, path + ".max_age holds an empty name");
            if (node.kind == NodeKind::null)
                reading_.problem(node, (path + ".max_age.").append(event).append(" has no duration"));
            else if (check_value(declared, node))
                hook.max_age.emplace(event, *parse_duration(node.text));
        }
    }

    void read_rate(const Node& item, const std::string& path, Hook& hook) {
        const Node* const node = given(&item, "rate");
        if (node == nullptr || node->kind != NodeKind::map) return;
        if (given(node, "per_second") == nullptr) return reading_.problem(*node, path + ".rate.per_second is missing");
        const auto per_second = reading_.number(node, "sip.hooks[].rate.per_second");
        if (!per_second) return;  // reported by check_shape
        const auto burst = reading_.number(node, "sip.hooks[].rate.burst").value_or(*per_second);
        hook.rate =
            Rate{.per_second = static_cast<std::uint32_t>(*per_second), .burst = static_cast<std::uint32_t>(burst)};
    }

    void read_secret(const Node& item, const std::string& path, Hook& hook) {
        if (const Node* const own = given(&item, "secret")) {
            bool failed = false;  // reported
            const auto secrets = reading_.secrets(own, path + ".secret", failed);
            for (const auto& [node, text] : secrets) {
                check_secret(*node, hook.host, text, reading_);
                hook.secrets.push_back(text);
            }
            check_each_once(secrets, hook.host, reading_);
        } else if (!shared_.given.empty()) {
            for (const auto& [node, text] : shared_.given) check_secret(*node, hook.host, text, reading_);
        } else if (!shared_.failed) {
            reading_.problem(item, "SIP hook '" + hook.host +
                                       "' has no secret configured. Either set hook_secret (global) or provide a "
                                       "per-hook secret.");
        }
    }

    const SharedSecret& shared_;
    Sip& out_;
    Reading& reading_;
    std::set<std::string> hosts_;
};

// Whoever knows a shared secret can sign events of every tenant that it is shared with.
void warn_of_shared_secrets(const Node& sip, const Sip& out, Reading& reading) {
    std::map<std::string_view, std::set<std::string_view>> tenants;
    for (const Hook& hook : out.hooks) {
        if (hook.secrets.empty() && out.derived_secrets) continue;
        for (const std::string& secret : hook.secrets.empty() ? out.hook_secrets : hook.secrets)
            tenants[secret].insert(hook.auth_id);
    }
    std::size_t most = 0;
    for (const auto& [secret, owners] : tenants) most = std::max(most, owners.size());
    if (most < 2) return;
    const Node* const hooks = given(&sip, "hooks");
    reading.warning(hooks != nullptr ? *hooks : sip,
                    std::to_string(most) +
                        " tenants share one hook secret, so that each can forge events of the others; give each hook "
                        "its own secret, or set sip.hook_secrets: derived");
}

// Checks 20 to 24.
void compile_outbound(const Node& sip, Sip& out, Reading& reading) {
    const auto blank = [&](std::string_view key, const std::string& value) {
        const Node* const node = given(&sip, key);
        if (node == nullptr || node->kind != NodeKind::scalar || !value.empty()) return;
        reading.problem(*node, "SIP " + std::string(key) + " cannot be empty or whitespace-only");
    };
    out.outbound_address = trimmed(reading.text(&sip, "sip.outbound_address").value_or(""));
    blank("outbound_address", out.outbound_address);

    const Node* const name = given(&sip, "outbound_auth_username");
    const Node* const password = given(&sip, "outbound_auth_password");
    out.outbound_auth_username = trimmed(reading.text(&sip, "sip.outbound_auth_username").value_or(""));
    blank("outbound_auth_username", out.outbound_auth_username);
    bool failed = false;
    out.outbound_auth_password = trimmed(reading.secret(password, "sip.outbound_auth_password", failed).value_or(""));
    if (!failed) blank("outbound_auth_password", out.outbound_auth_password);
    if (name != nullptr && password == nullptr)
        reading.problem(*name, "SIP outbound_auth_password is required when outbound_auth_username is set");
    if (password != nullptr && name == nullptr)
        reading.problem(*password, "SIP outbound_auth_username is required when outbound_auth_password is set");
}

}  // namespace

void compile_sip(const Node& sip, Reading& reading) {
    Sip& out = reading.config().sip.emplace();
    if (sip.kind != NodeKind::map) return;  // reported by check_shape
    compile_prefix(sip, out, reading);
    compile_addresses(sip, out, reading);

    SharedSecret shared;
    const Node* const shared_node = given(&sip, "hook_secret");
    shared.given = reading.secrets(shared_node, "sip.hook_secret", shared.failed);
    for (const auto& secret : shared.given) out.hook_secrets.push_back(secret.text);
    out.derived_secrets = reading.text(&sip, "sip.hook_secrets") == "derived";
    if (out.derived_secrets && shared_node == nullptr)
        reading.problem(*given(&sip, "hook_secrets"), "sip.hook_secrets: derived needs sip.hook_secret to derive from");

    HookReading hooks(shared, out, reading);
    if (const Node* const list = given(&sip, "hooks"); list != nullptr && list->kind == NodeKind::list)
        for (std::size_t i = 0; i < list->items.size(); ++i)
            if (list->items[i].kind == NodeKind::map) hooks.read(list->items[i], i);
    for (const auto& [node, text] : shared.given) check_secret(*node, "global", text, reading);
    check_each_once(shared.given, "global", reading);
    warn_of_shared_secrets(sip, out, reading);
    compile_outbound(sip, out, reading);
}

void check_hook_retries(std::span<const std::string_view> known, Reading& reading) {
    const Config& config = reading.config();
    if (!config.sip) return;
    for (std::size_t i = 0; i < config.sip->hooks.size(); ++i) {
        const std::string& name = config.sip->hooks[i].retry;
        const std::string path = "sip.hooks[" + std::to_string(i) + "].retry";
        Node at;
        at.place = config.place_of(path);
        if (name.empty()) continue;
        if (const Status status = known_name(name, known); !status) reading.problem(at, path + ": " + status.message());
    }
}

}  // namespace switchhook::config
