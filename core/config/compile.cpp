#include "core/config/compile.hpp"

#include <algorithm>

#include "core/config/check.hpp"
#include "core/config/reading.hpp"

namespace switchhook::config {
namespace {

constexpr char kDefaultPlace[] = "default";

void compile_server(const Node* server, const Node* admin, Reading& reading) {
    Server& out = reading.config().server;
    reading.take(out.host, server, "server.host");
    reading.take_number(out.port, server, "server.port");
    reading.take(out.stop_timeout, server, "server.stop_timeout");
    reading.take_number(out.workers, server, "server.workers");
    reading.take_number(out.max_connections, server, "server.max_connections");
    reading.take_number(out.max_headers, server, "server.max_headers");
    reading.take_number(out.head_bytes, server, "server.head_bytes");
    reading.take_number(out.body_bytes, server, "server.body_bytes");
    reading.take(out.head_deadline, server, "server.head_deadline");
    reading.take(out.request_deadline, server, "server.request_deadline");
    reading.take(out.idle_timeout, server, "server.idle_timeout");
    reading.take_number(out.queued_requests, server, "server.queued_requests");
    reading.take(reading.config().admin.host, admin, "admin.host");
    reading.take_number(reading.config().admin.port, admin, "admin.port");
}

void compile_log_and_delivery(const Node* log, const Node* delivery, Reading& reading) {
    const std::string level = reading.text(log, "log.level").value_or("info");
    LogSettings& out = reading.config().log;
    out.level = level == "debug"     ? Level::debug
                : level == "warning" ? Level::warning
                : level == "error"   ? Level::error
                                     : Level::info;
    reading.take(out.format, log, "log.format");

    Delivery& how = reading.config().delivery;
    reading.take(how.dialect, delivery, "delivery.dialect");
    reading.take(how.retry, delivery, "delivery.retry");
    reading.take_number(how.concurrency, delivery, "delivery.concurrency");
    reading.take(how.timeout, delivery, "delivery.timeout");
    reading.take(how.max_age, delivery, "delivery.max_age");
    reading.take_number(how.window, delivery, "delivery.window");
    reading.take(how.park, delivery, "delivery.park");
    reading.take_number(how.park_events, delivery, "delivery.park_events");
    reading.take(how.keep, delivery, "delivery.keep");
    reading.take_number(how.keep_bytes, delivery, "delivery.keep_bytes");
}

// An empty secret would make every webhook's signature forgeable.
void add_livekit_key(const Node& at, std::string_view path, const std::string& key, const std::string& secret,
                     Reading& reading) {
    if (trimmed(key).empty())
        reading.problem(at, std::string(path) + ": a LiveKit key cannot be empty");
    else if (trimmed(secret).empty())
        reading.problem(at, std::string(path) + ": a LiveKit secret cannot be empty");
    else if (const auto [known, is_new] = reading.config().livekit.keys.emplace(key, secret);
             !is_new && known->second != secret)
        reading.problem(at, std::string(path) + ": key '" + key + "' is given twice with different secrets");
}

void compile_livekit(const Node* livekit, Reading& reading) {
    LiveKit& out = reading.config().livekit;
    reading.take(out.url, livekit, "livekit.url");
    constexpr std::string_view kSchemes[] = {"http://", "https://", "ws://", "wss://"};
    const std::string url = lower_case(out.url);
    if (const Node* const node = given(livekit, "url"); node != nullptr && node->kind == NodeKind::scalar)
        if (std::ranges::none_of(kSchemes,
                                 [&](auto each) { return url.starts_with(each) && url.size() > each.size(); }))
            reading.problem(*node, "livekit.url must begin with http://, https://, ws:// or wss://");

    const Node* const key = given(livekit, "api_key");
    const Node* const secret = given(livekit, "api_secret");
    bool failed = false;
    const auto secret_text = reading.secret(secret, "livekit.api_secret", failed);
    const auto key_text = reading.text(livekit, "livekit.api_key");
    if (key != nullptr && secret == nullptr)
        reading.problem(*key, "livekit.api_key is given without livekit.api_secret (LIVEKIT_API_SECRET)");
    if (secret != nullptr && key == nullptr)
        reading.problem(*secret, "livekit.api_secret is given without livekit.api_key (LIVEKIT_API_KEY)");
    if (key_text && trimmed(*key_text).empty()) reading.problem(*key, "livekit.api_key: a LiveKit key cannot be empty");
    if (secret_text && trimmed(*secret_text).empty())
        reading.problem(*secret, "livekit.api_secret: a LiveKit secret cannot be empty");
    if (key_text && secret_text && !trimmed(*key_text).empty() && !trimmed(*secret_text).empty())
        add_livekit_key(*secret, "livekit.api_secret", *key_text, *secret_text, reading);

    if (key_text) out.api_key = *key_text;
    reading.take(out.wait, livekit, "livekit.wait");
    reading.take(out.reconcile, livekit, "livekit.reconcile");

    const Node* const keys = given(livekit, "keys");
    if (keys == nullptr) return;
    for (const auto& [name, node] : keys->entries) {
        const std::string path = "livekit.keys." + name;
        if (node.kind == NodeKind::null) {
            reading.problem(node, path + ": a LiveKit secret cannot be empty");
            continue;
        }
        bool unreadable = false;
        if (const auto text = reading.secret(&node, path, unreadable))
            add_livekit_key(node, path, name, *text, reading);
    }
    if (out.api_key.empty() && !out.keys.empty()) out.api_key = out.keys.begin()->first;
}

Node text_node(std::string text) {
    Node node;
    node.kind = NodeKind::scalar;
    node.place = kDefaultPlace;
    node.text = std::move(text);
    return node;
}

// A default instance with at most one setting.
Instance default_instance(std::string use, std::string key = {}, std::string value = {}) {
    Instance instance{.use = std::move(use), .settings = {}, .place = kDefaultPlace};
    if (key.empty()) return instance;
    instance.settings.kind = NodeKind::map;
    instance.settings.place = kDefaultPlace;
    instance.settings.entries.emplace_back(std::move(key), text_node(std::move(value)));
    return instance;
}

// The block as it is given, without `use`. `fallback` is the component of a block that does not name one.
Instance read_instance(const Node& block, const std::string& path, std::string_view fallback, Reading& reading) {
    Instance instance{.use = std::string(fallback), .settings = block, .place = block.place};
    if (block.kind != NodeKind::map) return instance;  // reported by check_shape
    std::erase_if(instance.settings.entries, [](const auto& entry) { return entry.first == "use"; });
    const Node* const use = given(&block, "use");
    if (use != nullptr && use->kind == NodeKind::scalar) instance.use = trimmed(use->text);
    if (instance.use.empty())
        reading.problem(use != nullptr ? *use : block, path + ".use is missing; name a component");
    return instance;
}

void compile_stores(const Node& root, Reading& reading) {
    Config& out = reading.config();
    const Node* const storage = given(&root, "storage");
    out.storage = storage != nullptr ? read_instance(*storage, "storage", "sqlite", reading)
                                     : default_instance("sqlite", "path", "/var/lib/switchhook/switchhook.db");

    const Node* const hook_store = given(&root, "hook_store");
    const Node* const cache_path = given(given(&root, "cache"), "path");
    if (cache_path != nullptr && cache_path->kind == NodeKind::scalar && cache_path->text.empty())
        reading.problem(*cache_path, "cache.path cannot be empty");
    out.hook_store_is_storage = hook_store == nullptr && cache_path == nullptr;
    if (hook_store != nullptr) {
        out.hook_store = read_instance(*hook_store, "hook_store", "", reading);
    } else if (cache_path != nullptr) {
        const std::string separator = cache_path->text.ends_with('/') ? "" : "/";
        out.hook_store = default_instance("file", "path", cache_path->text + separator + "sip_hooks.json");
        out.hook_store.place = cache_path->place;
        out.hook_store.settings.entries.front().second.place = cache_path->place;
    } else {
        out.hook_store = out.storage;
    }
}

// A component that calls LiveKit. It needs something to do and keys to call with: without them it is `none`.
Instance instance_for_livekit(const Node& root, std::string_view path, Reading& reading) {
    const bool possible = given(&root, "sip") != nullptr && !reading.config().livekit.keys.empty();
    const Node* const block = given(&root, path);
    if (block == nullptr) return default_instance(possible ? "livekit" : "none");
    Instance instance = read_instance(*block, std::string(path), "livekit", reading);
    if (instance.use == "none") {
        for (const auto& [name, node] : instance.settings.entries)
            reading.problem(node, std::string(path) + "." + name + ": nothing is set for `use: none`; remove it");
        instance.settings = {};
    } else if (!possible && block->kind == NodeKind::map) {
        reading.warning(*block, std::string(path) + " does nothing without a sip block and LiveKit keys");
        instance = default_instance("none");
    }
    return instance;
}

void compile_instances(const Node& root, Reading& reading) {
    Config& out = reading.config();
    compile_stores(root, reading);
    const Node* const matchers = given(&root, "matchers");
    if (matchers == nullptr) {
        out.matchers.push_back(default_instance("sip_host"));
        out.matchers.push_back(default_instance("wildcard"));
    } else if (matchers->items.empty() && matchers->kind == NodeKind::list) {
        reading.problem(*matchers, "matchers is empty; remove it to have the default chain");
    } else {
        for (std::size_t i = 0; i < matchers->items.size(); ++i)
            out.matchers.push_back(
                read_instance(matchers->items[i], "matchers[" + std::to_string(i) + "]", "", reading));
    }
    const Node* const forwarder = given(&root, "forwarder");
    out.forwarder =
        forwarder != nullptr ? read_instance(*forwarder, "forwarder", "https", reading) : default_instance("https");
    out.provisioner = instance_for_livekit(root, "provisioner", reading);
    out.call_control = instance_for_livekit(root, "call_control", reading);
    out.plugins = reading.texts(&root, "plugins");
}

void note_places(const Node& node, const std::string& path, Config& out) {
    if (!path.empty() && !node.place.empty()) out.places.emplace(path, node.place);
    for (const auto& [name, child] : node.entries) note_places(child, joined(path, name), out);
    for (std::size_t i = 0; i < node.items.size(); ++i)
        note_places(node.items[i], path + "[" + std::to_string(i) + "]", out);
}

void note_foreign(const Node& root, const std::vector<std::string>& foreign, Config& out) {
    if (foreign.empty()) return;
    std::string names;
    for (const std::string& each : foreign) names.append(names.empty() ? "" : ", ").append(each);
    out.notices.push_back({root.place, "these keys have no meaning here and are ignored: " + names});
}

}  // namespace

std::string Config::place_of(std::string_view path) const {
    while (!path.empty()) {
        if (const auto found = places.find(path); found != places.end()) return found->second;
        const auto cut = path.find_last_of(".[");
        path = cut == std::string_view::npos ? std::string_view{} : path.substr(0, cut);
    }
    return {};
}

std::vector<std::string_view> retry_names(const Delivery&) {
    const auto choices = find_key("delivery.retry")->choices;
    return {choices.begin(), choices.end()};
}

Config compile(const Node& merged, std::vector<Problem>& problems) {
    Config config;
    std::vector<std::string> foreign;
    check_shape(merged, problems, foreign);
    if (!foreign.empty()) note_foreign(merged, foreign, config);
    note_places(merged, "", config);

    Reading reading(config, problems);
    compile_server(given(&merged, "server"), given(&merged, "admin"), reading);
    compile_livekit(given(&merged, "livekit"), reading);
    compile_auth(given(&merged, "auth"), reading);
    if (const Node* const sip = given(&merged, "sip")) compile_sip(*sip, reading);
    compile_instances(merged, reading);
    compile_log_and_delivery(given(&merged, "log"), given(&merged, "delivery"), reading);
    check_hook_retries(retry_names(config.delivery), reading);
    return config;
}

}  // namespace switchhook::config
