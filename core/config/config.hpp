// The configuration as plain values: checked whole, merged from all sources, secrets resolved.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <switchhook/document.hpp>
#include <switchhook/hook.hpp>
#include <switchhook/host.hpp>

namespace switchhook::config {

using std::chrono::milliseconds;

// One configured use of a component: `use: NAME` and its own settings, still unchecked (the plugin declares them).
struct Instance {
    std::string use;
    Node settings;      // a map without `use`; may be null
    std::string place;  // of the block
};

struct Server {
    std::string host = "0.0.0.0";
    std::uint16_t port = 3001;          // 0: any free one
    milliseconds stop_timeout{10'000};  // for everything that a stop has to finish
    std::uint32_t workers = 2;
    std::uint32_t max_connections = 20'000;
    std::int64_t head_bytes = 16 * 1024;
    std::int64_t body_bytes = 2 * 1024 * 1024;
    std::uint32_t max_headers = 100;
    milliseconds head_deadline{5'000};
    milliseconds request_deadline{15'000};
    milliseconds idle_timeout{120'000};
    std::uint32_t queued_requests = 4'096;
};

struct Admin {
    std::string host = "127.0.0.1";
    std::uint16_t port = 3002;
};

struct LiveKit {
    std::string url = "http://localhost:7880";
    std::map<std::string, std::string, std::less<>>
        keys;                         // API key -> secret; api_key/api_secret and livekit.keys together
    std::string api_key;              // that we call LiveKit with: api_key, else the first of keys; empty: none
    milliseconds wait{30'000};        // until a LiveKit that was never reached ends the start
    milliseconds reconcile{300'000};  // between two looks at trunk and rule; 0: never
};

struct Sip {
    std::string room_prefix;
    std::vector<std::string> allowed_addresses;
    std::vector<std::string> hook_secrets;  // sip.hook_secret, the one that signs first; may be empty
    bool derived_secrets = false;           // sip.hook_secrets: derived
    std::vector<Hook> hooks;                // configured = true; ids not set yet
    std::string outbound_address;           // host or host:port; empty: none
    std::string outbound_auth_username;     // both or neither
    std::string outbound_auth_password;
};

enum class Role : std::uint8_t { operator_ = 1, tenant };

struct ApiSecret {
    std::string id;
    std::string secret;
    Role role = Role::operator_;
    bool role_was_given = false;
};

struct Auth {
    bool required = false;
    std::vector<ApiSecret> api_secrets;
};

struct Delivery {
    std::string dialect = "livekit";
    std::string retry = "call";     // the only profile so far
    std::uint32_t concurrency = 8;  // streams of one hook under way at once
    milliseconds timeout{10'000};   // whole attempt, body included
    milliseconds max_age{60'000};   // after the append; then dead letter
    std::uint32_t window = 256;     // deliveries of one hook kept in memory
    milliseconds park{30'000};      // after the room finished; otherwise ten minutes
    std::uint32_t park_events = 100'000;
    milliseconds keep{24 * 3'600'000};
    std::int64_t keep_bytes = std::int64_t{1} << 30;
};

// The names that delivery.retry and a hook's retry may have. Views into the configuration, or static.
std::vector<std::string_view> retry_names(const Delivery& delivery);

struct LogSettings {
    Level level = Level::info;
    std::string format = "text";  // or json
};

struct Config {
    Server server;
    Admin admin;
    LiveKit livekit;
    std::optional<Sip> sip;  // absent: no provisioning, no forwarding, no line about SIP
    Auth auth;
    LogSettings log;
    std::vector<std::string> plugins;   // libraries or folders beside our own
    Instance storage;                   // default: sqlite
    Instance hook_store;                // default: `file` in cache.path when that is given, else that of storage
    bool hook_store_is_storage = true;  // hook_store was not configured: the storage component keeps the hooks too
    std::vector<Instance> matchers;     // default: sip_host, wildcard
    Instance forwarder;                 // default: https
    Instance provisioner;               // `none` when there is nothing to provision
    Instance call_control;              // `none` when there is nobody to tell
    Delivery delivery;
    std::vector<Problem> warnings;  // shown at start and in readiness; they stop nothing
    std::vector<Problem> notices;   // shown once at start: keys of the reference that mean nothing here
    // Where every given value was written: "sip.hooks[2].url" -> "switchhook.yaml:17". Lists, maps and values.
    std::map<std::string, std::string, std::less<>> places;

    // The place of that key, else of the nearest block around it; empty when neither was given.
    std::string place_of(std::string_view path) const;
};

}  // namespace switchhook::config
