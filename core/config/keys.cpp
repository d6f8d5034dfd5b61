#include "core/config/keys.hpp"

#include <array>

namespace switchhook::config {
namespace {

using enum SettingType;

constexpr std::int64_t kSecond = 1'000;
constexpr std::int64_t kMinute = 60 * kSecond;
constexpr std::int64_t kHour = 60 * kMinute;
constexpr std::int64_t kDay = 24 * kHour;
constexpr std::int64_t kKiB = 1024;
constexpr std::int64_t kMiB = 1024 * kKiB;
constexpr std::int64_t kGiB = 1024 * kMiB;
constexpr std::int64_t kPorts = 65'535;
constexpr std::int64_t kMostConcurrency = 1'024;
constexpr std::int64_t kMostPerSecond = 1'000'000;

constexpr std::array<std::string_view, 2> kHookSecrets{"shared", "derived"};
constexpr std::array<std::string_view, 2> kRoles{"operator", "tenant"};
constexpr std::array<std::string_view, 1> kRetries{"call"};
constexpr std::array<std::string_view, 4> kLevels{"debug", "info", "warning", "error"};
constexpr std::array<std::string_view, 2> kFormats{"text", "json"};

constexpr Key section(std::string_view path, const char* help) {
    return {.path = path, .help = help};
}
constexpr Key list(std::string_view path, const char* help, std::string_view variable = {}) {
    return {.path = path, .shape = Shape::list, .help = help, .variable = variable};
}
constexpr Key instance(std::string_view path, const char* help) {
    return {.path = path, .shape = Shape::instance, .help = help};
}
constexpr Key foreign(std::string_view path) {
    return {.path = path, .shape = Shape::foreign, .help = "A key of the reference; ignored with one notice."};
}
constexpr Key value(std::string_view path, SettingType type, const char* fallback, std::string_view variable,
                    const char* help) {
    return {
        .path = path, .shape = Shape::value, .help = help, .type = type, .fallback = fallback, .variable = variable};
}
constexpr Key required(std::string_view path, SettingType type, const char* help) {
    return {.path = path, .shape = Shape::value, .help = help, .type = type, .required = true};
}
constexpr Key secrets(std::string_view path, std::string_view variable, const char* help) {
    return {.path = path, .shape = Shape::value, .help = help, .type = secret, .variable = variable, .several = true};
}
constexpr Key ranged(std::string_view path, SettingType type, const char* fallback, std::int64_t min, std::int64_t max,
                     const char* help, std::string_view variable = {}) {
    return {.path = path,
            .shape = Shape::value,
            .help = help,
            .type = type,
            .fallback = fallback,
            .variable = variable,
            .min = min,
            .max = max};
}
constexpr Key required_number(std::string_view path, std::int64_t max, const char* help) {
    return {.path = path, .shape = Shape::value, .help = help, .type = integer, .min = 1, .max = max, .required = true};
}
constexpr Key choice(std::string_view path, const char* fallback, std::span<const std::string_view> choices,
                     const char* help) {
    return {.path = path, .shape = Shape::value, .help = help, .fallback = fallback, .choices = choices};
}

constexpr std::array kKeys{
    section("server", "The listener that LiveKit and the users of the API reach."),
    value("server.host", text, "0.0.0.0", "HOST", "Address to listen on."),
    ranged("server.port", integer, "3001", 0, kPorts, "Port to listen on; 0 takes any free one.", "PORT"),
    ranged("server.stop_timeout", duration, "10s", 0, kHour, "How long a stop may take to finish what is in hand."),
    ranged("server.workers", integer, "2", 1, 1024, "Threads that verify, read and match complete requests."),
    ranged("server.max_connections", integer, "20000", 1, 1'000'000,
           "Open connections; beyond it the one idle longest is closed."),
    ranged("server.max_headers", integer, "100", 1, 10'000, "Header lines of one request; more are answered 431."),
    ranged("server.head_bytes", bytes, "16KiB", kKiB, kMiB, "Request line and headers together; more is answered 431."),
    ranged("server.body_bytes", bytes, "2MiB", kKiB, 64 * kMiB, "Body of one request; more is answered 413."),
    ranged("server.head_deadline", duration, "5s", 100, kHour, "Until the head of a request is complete; then 408."),
    ranged("server.request_deadline", duration, "15s", 100, kHour, "Until the whole request is complete; then 408."),
    ranged("server.idle_timeout", duration, "120s", kSecond, kDay,
           "How long an idle connection lives; LiveKit keeps its own 90 s, and this must be longer."),
    ranged("server.queued_requests", integer, "4096", 1, 1'000'000,
           "Complete requests that wait for a worker; more are answered 503."),

    section("admin", "The listener for health, readiness and metrics."),
    value("admin.host", text, "127.0.0.1", {}, "Address to listen on."),
    ranged("admin.port", integer, "3002", 0, kPorts, "Port to listen on; 0 takes any free one."),

    section("livekit", "The LiveKit server whose webhooks arrive here."),
    value("livekit.url", text, "http://localhost:7880", "LIVEKIT_URL", "Address of LiveKit (http, https, ws or wss)."),
    value("livekit.api_key", text, nullptr, "LIVEKIT_API_KEY", "Key that LiveKit signs its webhooks with."),
    value("livekit.api_secret", secret, nullptr, "LIVEKIT_API_SECRET", "Secret of api_key."),
    section("livekit.keys", "Further keys, for rotation: each key with its secret."),
    value("livekit.keys.*", secret, nullptr, {}, "Secret of that key."),
    ranged("livekit.wait", duration, "30s", 0, kHour,
           "How long LiveKit may be out of reach at the first start; then exit code 69."),
    ranged("livekit.reconcile", duration, "5min", 0, kDay,
           "How often trunk and dispatch rule are compared with the wanted state; 0 never."),
    foreign("livekit.public_url"),

    section("sip", "SIP calls. Absent: nothing is forwarded, and the log does not mention SIP."),
    value("sip.room_prefix", text, nullptr, "SIP_ROOM_PREFIX",
          "What the names of SIP rooms begin with: letters, digits, '-' and '_'. Required in this block."),
    value("sip.allowed_addresses", text_list, nullptr, "SIP_ALLOWED_ADDRESSES",
          "Addresses and networks that may send calls (IPv4, IPv6, CIDR). Required in this block."),
    secrets(
        "sip.hook_secret", "SIP_HOOK_SECRET",
        "Secret that events are signed with for hooks without one of their own; 16 bytes or more. A list while it is "
        "being changed: the first signs."),
    choice("sip.hook_secrets", "shared", kHookSecrets,
           "shared: hook_secret itself signs. derived: a key derived from it for each tenant."),
    list("sip.hooks", "Where the events of a host's calls are sent.", "SIP_HOOKS_JSON"),
    section("sip.hooks[]", "One hook."),
    required("sip.hooks[].host", text, "Host of the called SIP address, *.example.com, or * for any."),
    required("sip.hooks[].url", text, "Where its events go; https:// only."),
    value("sip.hooks[].auth_id", text, nullptr, {}, "Tenant that the hook belongs to; required when auth.required."),
    secrets("sip.hooks[].secret", {},
            "Secret of this hook alone, instead of hook_secret; a list while it is being changed: the first signs."),
    value("sip.hooks[].dialect", text, nullptr, {},
          "How events are written for this hook, instead of delivery.dialect."),
    value("sip.hooks[].events", text_list, nullptr, {},
          "Names of the events that are sent; all of its calls by default."),
    value("sip.hooks[].retry", text, nullptr, {}, "Retry profile of this hook, instead of delivery.retry."),
    ranged("sip.hooks[].concurrency", integer, nullptr, 1, kMostConcurrency,
           "Streams of this hook that are under way at once, instead of delivery.concurrency."),
    section("sip.hooks[].rate", "Most events that this hook is sent; absent: as fast as it takes them."),
    required_number("sip.hooks[].rate.per_second", kMostPerSecond, "Events per second."),
    ranged("sip.hooks[].rate.burst", integer, nullptr, 1, kMostPerSecond,
           "Events at once after a pause; those of one second by default."),
    section("sip.hooks[].max_age", "Age after which an event is not sent any more, by its name."),
    ranged("sip.hooks[].max_age.*", duration, nullptr, 1, 30 * kDay, "Age of events of that name."),
    value("sip.outbound_address", text, nullptr, "SIP_OUTBOUND_ADDRESS", "Where outbound calls go: host or host:port."),
    value("sip.outbound_auth_username", text, nullptr, "SIP_OUTBOUND_AUTH_USERNAME", "User name for outbound calls."),
    value("sip.outbound_auth_password", secret, nullptr, "SIP_OUTBOUND_AUTH_PASSWORD", "Password for outbound calls."),

    section("auth", "Who may use the API."),
    value("auth.required", boolean, "false", "AUTH_REQUIRED", "false: every caller acts as the operator."),
    list("auth.api_secrets", "Who may call, and with which secret.", "AUTH_API_SECRETS_JSON"),
    section("auth.api_secrets[]", "One caller."),
    required("auth.api_secrets[].id", text, "Name of the caller; for a tenant, the auth_id of its hooks."),
    required("auth.api_secrets[].secret", secret, "What the caller presents."),
    choice("auth.api_secrets[].role", nullptr, kRoles,
           "operator or tenant; without it a single secret is the operator's, and each of several a tenant's."),
    value("auth.api_secret", secret, nullptr, "AUTH_API_SECRET",
          "A single secret, used when api_secrets is not given."),
    value("auth.api_secret_id", text, nullptr, "AUTH_API_SECRET_ID", "Its name; `default` when not given."),
    value("auth.service_url", text, nullptr, "AUTH_SERVICE_URL", "External authentication service; not available yet."),
    value("auth.signing_key_path", path, nullptr, "AUTH_SIGNING_KEY_PATH",
          "Key for the external authentication service; not available yet."),
    ranged("auth.timeout_seconds", integer, nullptr, 1, 3600,
           "Time limit of the external authentication service; not available yet.", "AUTH_TIMEOUT_SECONDS"),

    value("plugins", text_list, nullptr, {}, "Plugin libraries, or folders of them, beside our own."),

    section("cache", "The reference's name for the folder of the hook file."),
    value("cache.path", path, nullptr, "CACHE_PATH",
          "Hooks are kept in sip_hooks.json in this folder, unless hook_store says otherwise."),
    foreign("cache.ttl_seconds"),

    instance("storage", "Keeps events, deliveries, calls and hooks."),
    value("storage.use", text, "sqlite", {}, "Which outbox."),
    instance("hook_store", "Keeps the hooks that were added over the API, when not in storage."),
    required("hook_store.use", text, "Which hook store."),
    list("matchers", "Find the hook for an event, in order: the first that finds any decides."),
    instance("matchers[]", "One matcher."),
    required("matchers[].use", text, "Which matcher."),
    instance("forwarder", "How written requests travel."),
    value("forwarder.use", text, "https", {}, "Which forwarder."),
    instance("provisioner", "Who brings LiveKit's trunk and dispatch rule to the wanted state."),
    value(
        "provisioner.use", text, nullptr, {},
        "none: trunk and rule are managed elsewhere. By default livekit when there are a sip block and LiveKit keys."),
    instance("call_control", "Who tells LiveKit which tenant a room belongs to."),
    value("call_control.use", text, nullptr, {},
          "none: rooms are not marked. By default livekit when there are a sip block and LiveKit keys."),

    section("delivery", "How events are delivered; a hook may choose its own dialect."),
    value("delivery.dialect", text, "livekit", {}, "How events are written and signed."),
    choice("delivery.retry", "call", kRetries, "Which steps retries take: call (0.2 s to 10 s)."),
    ranged("delivery.concurrency", integer, "8", 1, kMostConcurrency,
           "Streams of one hook that are under way at once."),
    ranged("delivery.timeout", duration, "10s", 100, 5 * kMinute, "Time limit of one attempt, body included."),
    ranged("delivery.max_age", duration, "60s", kSecond, 30 * kDay, "After that an event becomes a dead letter."),
    ranged("delivery.window", integer, "256", 1, 100'000, "Deliveries of one hook that are held in memory."),
    ranged("delivery.park", duration, "30s", 0, kDay,
           "How long events of an unknown call wait after their room has finished."),
    ranged("delivery.park_events", integer, "100000", 1, 10'000'000, "Events that wait for their call at once."),
    ranged("delivery.keep", duration, "24h", 0, 365 * kDay, "How long delivered events are kept."),
    ranged("delivery.keep_bytes", bytes, "1GiB", kMiB, 1024 * kGiB, "How many bytes of delivered events are kept."),

    section("log", "What the program logs."),
    choice("log.level", "info", kLevels, "The least important lines that are written."),
    choice("log.format", "text", kFormats, "text for people, json for programs."),

    foreign("providers"),
    foreign("recording"),
    foreign("stt"),
};

// What stands before the last word: "sip.hooks[]" of "sip.hooks[].url", "matchers" of "matchers[]", "" of "sip".
std::string_view section_of(std::string_view path) {
    if (path.ends_with("[]")) return path.substr(0, path.size() - 2);
    const auto dot = path.rfind('.');
    return dot == std::string_view::npos ? std::string_view{} : path.substr(0, dot);
}

}  // namespace

std::span<const Key> keys() {
    return kKeys;
}

const Key* find_key(std::string_view path) {
    for (const Key& key : kKeys)
        if (key.path == path) return &key;
    for (const Key& key : kKeys)
        if (key.path.ends_with(".*") && section_of(key.path) == section_of(path)) return &key;
    return nullptr;
}

std::vector<const Key*> keys_inside(std::string_view section) {
    std::vector<const Key*> inside;
    for (const Key& key : kKeys)
        if (!key.path.ends_with("[]") && section_of(key.path) == section) inside.push_back(&key);
    return inside;
}

std::string joined(std::string_view path, std::string_view key) {
    std::string whole(path);
    if (!whole.empty()) whole += '.';
    return whole.append(key);
}

std::string_view last_word(std::string_view path) {
    const auto dot = path.rfind('.');
    return dot == std::string_view::npos ? path : path.substr(dot + 1);
}

}  // namespace switchhook::config
