#include "core/api/hooks_api.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "core/config/check.hpp"
#include "core/config/keys.hpp"
#include "core/config/values.hpp"

namespace switchhook::api {
namespace {

// As the configuration normalises hosts and auth ids (reference: SipConfig::new).
std::string trimmed(std::string_view text) {
    constexpr std::string_view kBlanks = " \t\r\n";
    const auto begin = text.find_first_not_of(kBlanks);
    if (begin == std::string_view::npos) return {};
    return std::string(text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1));
}

std::string lowercase(std::string text) {
    for (char& c : text)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return text;
}

bool has_control(std::string_view text) {
    return std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

bool wildcard(std::string_view host) {
    return host.starts_with('*');
}

const Hook* find_host(std::span<const Hook> sorted, std::string_view host) {
    const auto found =
        std::ranges::lower_bound(sorted, host, {}, [](const Hook& hook) -> std::string_view { return hook.host; });
    return found != sorted.end() && found->host == host ? &*found : nullptr;
}

// Whose calls to that host would be as things stand: the host's own row, else the longest wildcard above it. A default
// route ("*") claims no host: it takes what nobody asked for.
const Hook* owner_row(std::span<const Hook> sorted, std::string_view host) {
    if (const Hook* own = find_host(sorted, host)) return own;
    for (auto dot = host.find('.'); dot != std::string_view::npos; dot = host.find('.', dot + 1))
        if (const Hook* above = find_host(sorted, "*" + std::string(host.substr(dot)))) return above;
    return nullptr;
}

std::vector<std::string> unique_hosts(std::span<const Hook> hooks) {
    std::set<std::string> hosts;
    for (const auto& hook : hooks) hosts.insert(hook.host);
    return {hosts.begin(), hosts.end()};
}

// Whether all of the change is the caller's to make. Whoever owns what was asked for, the answer is the same.
Status may_change(const Identity& caller, const HookChange& change, const routing::Routes& routes) {
    if (caller.is_operator) return {};
    const auto refused = [](std::string_view host) {
        return Status(Code::conflict,
                      "Host '" + std::string(host) +
                          "' cannot be changed by this caller: the host or the auth_id is not its own.");
    };
    for (const auto& hook : change.put) {
        const Hook* row = owner_row(routes.hooks(), hook.host);
        if (wildcard(hook.host) || !caller.acts_for(hook.auth_id) || (row != nullptr && !caller.acts_for(row->auth_id)))
            return refused(hook.host);
    }
    for (const auto& host : change.remove) {
        // A host that has no row is nobody's: removing it changes nothing and tells nothing.
        const Hook* row = find_host(routes.hooks(), host);
        if (row != nullptr && (wildcard(host) || !caller.acts_for(row->auth_id))) return refused(host);
    }
    return {};
}

constexpr std::string_view kBadEventName = "an event's name is 1 to 128 bytes without control characters";

bool is_event_name(std::string_view name) {
    return !name.empty() && name.size() <= HooksApi::kEventNameBytes && !has_control(name);
}

Status known_or_absent(const std::optional<std::string>& name, std::span<const std::string_view> known) {
    return name ? config::known_name(*name, known) : Status{};
}

// As the configuration has it.
Status in_range(std::string_view key, std::int64_t number) {
    return config::in_range(*config::find_key(key), number);
}

http::Response forbidden(const Status& refused) {
    return error_response(403, "FORBIDDEN", refused.message());
}

http::Response too_many() {
    return error_response(400, "TOO_MANY_ENTRIES",
                          "Validation error: at most " + std::to_string(HooksApi::kHooksPerRequest) +
                              " entries are allowed in one request");
}

http::Response invalid(std::string_view code, std::size_t index, std::string_view key, std::string_view why) {
    std::string text = "Validation error: hooks[" + std::to_string(index) + "]";
    return error_response(400, code, text.append(".").append(key).append(": ").append(why));
}

}  // namespace

HooksApi::HooksApi(routing::Hooks& hooks, const Forwarder& forwarder, const Authentication& authentication,
                   HookRules rules, Log& log, HookStates states)
    : hooks_(hooks),
      forwarder_(forwarder),
      authentication_(authentication),
      rules_(std::make_shared<const HookRules>(std::move(rules))),
      log_(log),
      states_(std::move(states)) {}

void HooksApi::replace(HookRules rules) {
    auto made = std::make_shared<const HookRules>(std::move(rules));
    rules_.with([&](auto& held) { held.swap(made); });
}

http::Response HooksApi::list(const http::Request& request) const {
    const auto caller = authentication_.identify(request);
    if (const auto* refused = std::get_if<http::Response>(&caller)) return *refused;
    if (!rules()->sip) return hooks_response({});
    return visible_to(std::get<Identity>(caller));
}

http::Response HooksApi::put(const http::Request& request) {
    const auto identified = authentication_.identify(request);
    if (const auto* refused = std::get_if<http::Response>(&identified)) return *refused;
    const auto& caller = std::get<Identity>(identified);
    if (auto refusal = without_sip()) return *std::move(refusal);
    const auto sent = read_hooks(request);
    if (const auto* refused = std::get_if<http::Response>(&sent)) return *refused;
    const auto& entries = std::get<std::vector<SentHook>>(sent);
    if (entries.size() > kHooksPerRequest) return too_many();

    HookChange wanted;
    for (const auto& entry : entries) {
        Hook& hook = wanted.put.emplace_back();
        hook.host = lowercase(trimmed(entry.host));
        hook.url = entry.url;
        hook.auth_id = trimmed(entry.auth_id.value_or(""));
        if (!hook.auth_id.empty()) continue;
        if (authentication_.required())
            return error_response(400, "MISSING_AUTH_ID",
                                  "Hook for host '" + entry.host +
                                      "' has empty auth_id. When AUTH_REQUIRED=true, auth_id must be provided.");
        hook.auth_id = "default";
    }

    const auto hosts = unique_hosts(wanted.put);
    if (const Status allowed = may_change(caller, wanted, *hooks_.routes()); !allowed) return forbidden(allowed);
    if (auto refusal = configured(hosts)) return *std::move(refusal);
    std::set<std::string_view> seen;
    for (const auto& hook : wanted.put)
        if (!seen.insert(hook.host).second)
            return error_response(400, "DUPLICATE_HOST", "Validation error: Duplicate host detected: " + hook.host);
    for (std::size_t i = 0; i < wanted.put.size(); ++i) {
        if (auto refusal = unfit(wanted.put[i], i)) return *std::move(refusal);
        if (auto refusal = take_choices(caller, entries[i], i, wanted.put[i])) return *std::move(refusal);
    }
    return change(caller, wanted);
}

http::Response HooksApi::remove(const http::Request& request) {
    const auto identified = authentication_.identify(request);
    if (const auto* refused = std::get_if<http::Response>(&identified)) return *refused;
    const auto& caller = std::get<Identity>(identified);
    if (auto refusal = without_sip()) return *std::move(refusal);
    const auto sent = read_hosts(request);
    if (const auto* refused = std::get_if<http::Response>(&sent)) return *refused;
    const auto& entries = std::get<std::vector<std::string>>(sent);
    if (entries.empty()) return error_response(400, "NO_HOSTS", "No hosts provided to delete.");
    if (entries.size() > kHooksPerRequest) return too_many();

    std::set<std::string> hosts;
    for (const auto& entry : entries) hosts.insert(lowercase(trimmed(entry)));
    const HookChange wanted{.put = {}, .remove = {hosts.begin(), hosts.end()}};

    if (const Status allowed = may_change(caller, wanted, *hooks_.routes()); !allowed) return forbidden(allowed);
    if (auto refusal = configured(wanted.remove)) return *std::move(refusal);
    return change(caller, wanted);
}

// A fresh installation listens before anybody has configured it, keys of the API included: what a stranger stored then
// would be in force from the day on which there is a sip block.
HooksApi::Refusal HooksApi::without_sip() const {
    if (rules()->sip) return std::nullopt;
    return error_response(409, "SIP_NOT_CONFIGURED",
                          "There are no hooks without SIP: add the sip block to the configuration first.");
}

HooksApi::Refusal HooksApi::configured(std::span<const std::string> hosts) const {
    std::string named;
    for (const auto& host : hosts) {  // unique and sorted
        if (!hooks_.configured(host)) continue;
        if (!named.empty()) named.append(", ");
        named.append(host);
    }
    if (named.empty()) return std::nullopt;
    http::Response response = error_response(
        405, "HOST_CONFIGURED", "Host(s) " + named + " are hardcoded in the application config and cannot be changed.");
    response.headers.emplace_back("Allow", "GET, HEAD, POST, DELETE");  // RFC 9110, 15.5.6: what the resource supports
    return response;
}

HooksApi::Refusal HooksApi::unfit(const Hook& hook, std::size_t index) const {
    if (hook.host.empty()) return invalid("INVALID_HOST", index, "host", "the host is empty");
    if (!hooks_.accepts(hook.host))
        return invalid("INVALID_HOST", index, "host",
                       "'" + hook.host + "' is no host that a configured matcher can find");
    if (hook.auth_id.size() > kAuthIdBytes || has_control(hook.auth_id))
        return invalid("INVALID_AUTH_ID", index, "auth_id",
                       "at most " + std::to_string(kAuthIdBytes) + " bytes without control characters");
    if (hook.url.size() > kUrlBytes)
        return invalid("INVALID_URL", index, "url", "longer than " + std::to_string(kUrlBytes) + " bytes");
    if (!lowercase(hook.url.substr(0, 8)).starts_with("https://"))
        return invalid("INVALID_URL", index, "url", "SIP hook URL must be HTTPS");
    if (const Status fit = forwarder_.check(hook.url); !fit) return invalid("INVALID_URL", index, "url", fit.message());
    if (const auto known = rules(); known->sip && !known->secret_usable)
        return error_response(400, "NO_SECRET",
                              "SIP hook '" + hook.host + "' has no secret configured: hooks[" + std::to_string(index) +
                                  "] would use sip.hook_secret (SIP_HOOK_SECRET), which is not set.");
    return std::nullopt;
}

HooksApi::Refusal HooksApi::take_choices(const Identity& caller, const SentHook& entry, std::size_t index,
                                         Hook& hook) const {
    hook.dialect = entry.dialect.value_or("");
    if (const Status known = known_or_absent(entry.dialect, rules()->dialects); !known)
        return invalid("INVALID_DIALECT", index, "dialect", known.message());
    hook.retry = entry.retry.value_or("");
    if (const Status known = known_or_absent(entry.retry, rules()->retries); !known)
        return invalid("INVALID_RETRY", index, "retry", known.message());
    hook.events = entry.events.value_or(std::vector<std::string>{});
    if (entry.events && (hook.events.empty() || hook.events.size() > kEvents))
        return invalid("INVALID_EVENTS", index, "events",
                       "must name 1 to " + std::to_string(kEvents) + " events; leave it out to have the default ones");
    if (!std::ranges::all_of(hook.events, is_event_name))
        return invalid("INVALID_EVENTS", index, "events", kBadEventName);
    if (entry.concurrency) {
        if (const Status fit = in_range("sip.hooks[].concurrency", *entry.concurrency); !fit)
            return invalid("INVALID_CONCURRENCY", index, "concurrency", fit.message());
        if (!caller.is_operator && *entry.concurrency > kTenantConcurrency)
            return invalid(
                "INVALID_CONCURRENCY", index, "concurrency",
                "at most " + std::to_string(kTenantConcurrency) + " for a tenant; the operator can give a hook more");
        hook.concurrency = static_cast<std::uint32_t>(*entry.concurrency);
    }
    if (entry.rate) {
        const std::int64_t burst = entry.rate->burst.value_or(entry.rate->per_second);
        if (const Status fit = in_range("sip.hooks[].rate.per_second", entry.rate->per_second); !fit)
            return invalid("INVALID_RATE", index, "rate.per_second", fit.message());
        if (const Status fit = in_range("sip.hooks[].rate.burst", burst); !fit)
            return invalid("INVALID_RATE", index, "rate.burst", fit.message());
        hook.rate = Rate{.per_second = static_cast<std::uint32_t>(entry.rate->per_second),
                         .burst = static_cast<std::uint32_t>(burst)};
    }
    if (entry.max_age.size() > config::kMostMaxAges)
        return invalid("INVALID_MAX_AGE", index, "max_age",
                       "names more than " + std::to_string(config::kMostMaxAges) + " events");
    for (const auto& [event, text] : entry.max_age) {
        if (!is_event_name(event)) return invalid("INVALID_MAX_AGE", index, "max_age", kBadEventName);
        const auto age = config::parse_duration(text);
        if (!age) return invalid("INVALID_MAX_AGE", index, "max_age." + event, age.status().message());
        if (const Status fit = in_range("sip.hooks[].max_age.*", age->count()); !fit)
            return invalid("INVALID_MAX_AGE", index, "max_age." + event, fit.message());
        hook.max_age.emplace(event, *age);
    }
    return std::nullopt;
}

http::Response HooksApi::change(const Identity& caller, const HookChange& change) {
    if (change.put.empty() && change.remove.empty()) return visible_to(caller);
    // Asked again at the moment of the change: of two tenants that want a free host at the same time one is too late.
    Status allowed;
    routing::Judge judge;
    if (!caller.is_operator)
        judge = [&](const routing::Routes& routes) { return allowed = may_change(caller, change, routes); };
    const Status written = hooks_.change(change, judge);
    if (!allowed) return forbidden(allowed);
    if (!written) {
        log_.error("hooks were not changed", {{"why", written.message()}});
        return error_response(500, "STORE_FAILED", "Failed to write hooks cache: " + written.message());
    }
    log_.info("hooks changed",
              {{"put", std::to_string(change.put.size())},
               {"removed", std::to_string(change.remove.size())},
               {"by", caller.is_operator ? std::string_view("operator") : std::string_view(caller.tenant)}});
    if (states_.changed) states_.changed();
    return visible_to(caller);
}

http::Response HooksApi::visible_to(const Identity& caller) const {
    const auto routes = hooks_.routes();
    std::vector<const Hook*> visible;
    for (const auto& hook : routes->hooks())
        if (caller.acts_for(hook.auth_id)) visible.push_back(&hook);
    return hooks_response(visible, states_.of);
}

}  // namespace switchhook::api
