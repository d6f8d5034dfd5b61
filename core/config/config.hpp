// The configuration as plain values: checked whole, merged from all sources, secrets resolved.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
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
    std::uint16_t port = 3001;
    milliseconds stop_timeout{10'000};
};

struct Admin {
    std::string host = "127.0.0.1";
    std::uint16_t port = 3002;
};

struct LiveKit {
    std::string url = "http://localhost:7880";
    std::map<std::string, std::string, std::less<>> keys;  // API key -> secret; api_key/api_secret and livekit.keys together
};

struct Sip {
    std::string room_prefix;
    std::vector<std::string> allowed_addresses;
    std::string hook_secret;              // may be empty
    bool derived_secrets = false;         // sip.hook_secrets: derived
    std::vector<Hook> hooks;              // configured = true; ids not set yet
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
    std::string retry = "call";             // the only profile so far
    std::uint32_t concurrency = 8;          // streams of one hook under way at once
    milliseconds timeout{10'000};           // whole attempt, body included
    milliseconds max_age{60'000};           // after the append; then dead letter
    std::uint32_t window = 256;             // deliveries of one hook kept in memory
    milliseconds park{30'000};              // after the room finished; otherwise ten minutes
    std::uint32_t park_events = 100'000;
    milliseconds keep{24 * 3'600'000};
    std::int64_t keep_bytes = std::int64_t{1} << 30;
};

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
    std::vector<std::string> plugins;  // libraries or folders beside our own
    Instance storage;                  // default: sqlite
    Instance hook_store;               // default: that of storage
    std::vector<Instance> matchers;    // default: sip_host, wildcard
    Instance forwarder;                // default: https
    Instance provisioner;              // default and only one so far: none
    Delivery delivery;
    std::vector<Problem> warnings;     // shown at start and in readiness; they stop nothing
};

}  // namespace switchhook::config
