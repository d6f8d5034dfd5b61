#include "core/config/compile.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "core/config/keys.hpp"
#include "tests/unit/config/reading_sources.hpp"

namespace switchhook::config::test {
namespace {

using namespace std::chrono_literals;

constexpr char kSip[] =
    "sip:\n  room_prefix: sip-\n  allowed_addresses: [10.0.0.1, '2001:db8::/32']\n  hook_secret: 0123456789abcdef\n";

std::string with_hooks(const std::string& hooks) {
    return std::string(kSip) + "  hooks:\n" + hooks;
}

TEST(Compiling, nothing_yields_the_defaults) {
    const auto result = compiled_file("");
    EXPECT_EQ(result.all(), "");
    EXPECT_FALSE(result.config.sip.has_value());
    EXPECT_EQ(result.config.server.port, 3001);
    EXPECT_EQ(result.config.storage.use, "sqlite");
    EXPECT_EQ(result.config.storage.settings.find("path")->text, "/var/lib/switchhook/switchhook.db");
    EXPECT_TRUE(result.config.hook_store_is_storage);
    EXPECT_EQ(result.config.hook_store.use, "sqlite");
    ASSERT_EQ(result.config.matchers.size(), 2U);
    EXPECT_EQ(result.config.matchers[0].use, "sip_host");
    EXPECT_EQ(result.config.matchers[1].use, "wildcard");
    EXPECT_EQ(result.config.forwarder.use, "https");
    EXPECT_EQ(result.config.provisioner.use, "none");
    EXPECT_TRUE(result.config.livekit.keys.empty());
    EXPECT_TRUE(result.config.warnings.empty());
}

TEST(CallersOfLiveKit, are_the_livekit_plugin_when_there_is_something_to_do_and_a_key) {
    const std::string sip = "sip: { room_prefix: a, allowed_addresses: [ 10.0.0.1 ] }\n";
    const std::string key = "livekit: { api_key: k, api_secret: s }\n";
    EXPECT_EQ(compiled_file(sip + key).config.provisioner.use, "livekit");
    EXPECT_EQ(compiled_file(sip + key).config.call_control.use, "livekit");
    EXPECT_EQ(compiled_file(key).config.provisioner.use, "none");
    EXPECT_EQ(compiled_file(sip).config.provisioner.use, "none");
    const auto own = compiled_file(sip + key + "provisioner: { trunk: mine }\ncall_control: { use: none }\n");
    EXPECT_EQ(own.all(), "");
    EXPECT_EQ(own.config.provisioner.use, "livekit");
    EXPECT_EQ(own.config.provisioner.settings.find("trunk")->text, "mine");
    EXPECT_EQ(own.config.call_control.use, "none");
    const auto idle = compiled_file(key + "provisioner: { use: livekit }\n");
    EXPECT_EQ(idle.config.provisioner.use, "none");
    EXPECT_EQ(idle.config.warnings.size(), 1U);
}

TEST(CallersOfLiveKit, use_the_api_key_or_the_first_of_the_keys) {
    EXPECT_EQ(compiled_file("livekit: { api_key: z, api_secret: s, keys: { a: t } }\n").config.livekit.api_key, "z");
    EXPECT_EQ(compiled_file("livekit: { keys: { b: t, a: t } }\n").config.livekit.api_key, "a");
    EXPECT_EQ(compiled_file("").config.livekit.api_key, "");
}

// One tree in which every key with a default is given its default.
Node declared_defaults() {
    Node root;
    root.kind = NodeKind::map;
    for (const Key& key : keys()) {
        const auto dot = key.path.find('.');
        if (key.shape != Shape::value || key.fallback == nullptr || key.path.find("[]") != std::string_view::npos ||
            key.path.starts_with("sip"))
            continue;
        const auto section = key.path.substr(0, dot);
        if (root.find(section) == nullptr)
            root.entries.emplace_back(
                section,
                Node{.kind = NodeKind::map, .place = {}, .text = {}, .quoted = false, .items = {}, .entries = {}});
        root.find(section)->entries.emplace_back(key.path.substr(dot + 1), Node{.kind = NodeKind::scalar,
                                                                                .place = "t",
                                                                                .text = key.fallback,
                                                                                .quoted = false,
                                                                                .items = {},
                                                                                .entries = {}});
    }
    return root;
}

TEST(Compiling, declared_defaults_are_those_of_the_structs) {
    std::vector<Problem> problems;
    const Config given = compile(declared_defaults(), problems);
    EXPECT_TRUE(problems.empty());
    const Config plain;
    EXPECT_EQ(given.server.host, plain.server.host);
    EXPECT_EQ(given.server.port, plain.server.port);
    EXPECT_EQ(given.server.stop_timeout, plain.server.stop_timeout);
    EXPECT_EQ(given.server.workers, plain.server.workers);
    EXPECT_EQ(given.server.max_connections, plain.server.max_connections);
    EXPECT_EQ(given.server.max_headers, plain.server.max_headers);
    EXPECT_EQ(given.server.head_bytes, plain.server.head_bytes);
    EXPECT_EQ(given.server.body_bytes, plain.server.body_bytes);
    EXPECT_EQ(given.server.head_deadline, plain.server.head_deadline);
    EXPECT_EQ(given.server.request_deadline, plain.server.request_deadline);
    EXPECT_EQ(given.server.idle_timeout, plain.server.idle_timeout);
    EXPECT_EQ(given.server.queued_requests, plain.server.queued_requests);
    EXPECT_EQ(given.admin.host, plain.admin.host);
    EXPECT_EQ(given.admin.port, plain.admin.port);
    EXPECT_EQ(given.livekit.url, plain.livekit.url);
    EXPECT_EQ(given.auth.required, plain.auth.required);
    EXPECT_EQ(given.delivery.dialect, plain.delivery.dialect);
    EXPECT_EQ(given.delivery.retry, plain.delivery.retry);
    EXPECT_EQ(given.delivery.concurrency, plain.delivery.concurrency);
    EXPECT_EQ(given.delivery.timeout, plain.delivery.timeout);
    EXPECT_EQ(given.delivery.max_age, plain.delivery.max_age);
    EXPECT_EQ(given.delivery.window, plain.delivery.window);
    EXPECT_EQ(given.delivery.park, plain.delivery.park);
    EXPECT_EQ(given.delivery.park_events, plain.delivery.park_events);
    EXPECT_EQ(given.delivery.keep, plain.delivery.keep);
    EXPECT_EQ(given.delivery.keep_bytes, plain.delivery.keep_bytes);
    EXPECT_EQ(given.log.level, plain.log.level);
    EXPECT_EQ(given.log.format, plain.log.format);
}

TEST(Compiling, takes_every_scalar_key) {
    const auto result = compiled_file(
        "server: { host: '::', port: 1, stop_timeout: 1min, workers: 3, max_connections: 4, max_headers: 5, "
        "head_bytes: 6KiB,\n"
        "  body_bytes: 7MiB, head_deadline: 8s, request_deadline: 9s, idle_timeout: 10s, queued_requests: 11 }\n"
        "admin: { host: a, port: 0 }\nlog: { level: debug, format: json }\n"
        "delivery: { dialect: sayna, retry: call, concurrency: 1, timeout: 2s, max_age: 3h, window: 4, park: 5s, "
        "park_events: 6,\n"
        "  keep: 7d, keep_bytes: 8MiB }\nplugins: [/a, /b]\n");
    ASSERT_EQ(result.all(), "");
    const Config& config = result.config;
    EXPECT_EQ(config.server.host, "::");
    EXPECT_EQ(config.server.port, 1);
    EXPECT_EQ(config.server.stop_timeout, 60s);
    EXPECT_EQ(config.server.workers, 3U);
    EXPECT_EQ(config.server.max_connections, 4U);
    EXPECT_EQ(config.server.max_headers, 5U);
    EXPECT_EQ(config.server.head_bytes, 6144);
    EXPECT_EQ(config.server.body_bytes, 7'340'032);
    EXPECT_EQ(config.server.head_deadline, 8s);
    EXPECT_EQ(config.server.request_deadline, 9s);
    EXPECT_EQ(config.server.idle_timeout, 10s);
    EXPECT_EQ(config.server.queued_requests, 11U);
    EXPECT_EQ(config.admin.host, "a");
    EXPECT_EQ(config.admin.port, 0);
    EXPECT_EQ(config.log.level, Level::debug);
    EXPECT_EQ(config.log.format, "json");
    EXPECT_EQ(config.delivery.dialect, "sayna");
    EXPECT_EQ(config.delivery.concurrency, 1U);
    EXPECT_EQ(config.delivery.timeout, 2s);
    EXPECT_EQ(config.delivery.max_age, 3h);
    EXPECT_EQ(config.delivery.window, 4U);
    EXPECT_EQ(config.delivery.park, 5s);
    EXPECT_EQ(config.delivery.park_events, 6U);
    EXPECT_EQ(config.delivery.keep, 168h);
    EXPECT_EQ(config.delivery.keep_bytes, 8'388'608);
    EXPECT_EQ(config.plugins, (std::vector<std::string>{"/a", "/b"}));
    EXPECT_EQ(config.place_of("plugins[1]"), "switchhook.yaml:7");
}

TEST(Shape, of_wrong_values_is_reported_with_key_and_place) {
    const std::vector<std::pair<const char*, const char*>> cases{
        {"server: 5\n", "switchhook.yaml:1: server must be a map of keys"},
        {"server: [a]\n", "server must be a map of keys"},
        {"server:\n  port: abc\n", "switchhook.yaml:2: server.port: 'abc' is not a whole number"},
        {"server:\n  port: \"3001\"\n", "server.port: must be a whole number, not quoted text"},
        {"server:\n  port: 65536\n", "server.port: must be between 0 and 65535"},
        {"server:\n  port: -1\n", "server.port: must be between 0 and 65535"},
        {"server:\n  port: [1]\n", "server.port: must be a single value"},
        {"server:\n  stop_timeout: 10\n", "server.stop_timeout: '10' is not a duration"},
        {"server:\n  stop_timeout: 48h\n", "server.stop_timeout: must be between 0ms and 3600000ms"},
        {"server:\n  body_bytes: 2MB\n", "server.body_bytes: '2MB' is not a size"},
        {"auth:\n  required: maybe\n", "auth.required: 'maybe' is not true or false"},
        {"auth:\n  required: \"true\"\n", "auth.required: must be true or false, not quoted text"},
        {"auth:\n  required: yes\n", "auth.required: 'yes' is not true or false"},
        {"auth:\n  api_secrets: { id: a }\n", "auth.api_secrets must be a list"},
        {"auth:\n  api_secrets: [ a ]\n", "auth.api_secrets[0] must be a map of keys"},
        {"auth:\n  api_secrets: [ ~ ]\n", "auth.api_secrets[0] must be a map of keys"},
        {"auth:\n  api_secrets: [ { secret: x } ]\n", "auth.api_secrets[0].id is missing"},
        {"auth:\n  api_secrets: [ { id: x } ]\n", "auth.api_secrets[0].secret is missing"},
        {"auth:\n  api_secrets: [ { id: x, secret: y, role: admin } ]\n",
         "auth.api_secrets[0].role: must be one of operator, tenant"},
        {"auth:\n  api_secrets: [ { id: x, secret: [y] } ]\n", "auth.api_secrets[0].secret: must be a single value"},
        {"log:\n  level: warn\n", "log.level: must be one of debug, info, warning, error"},
        {"log:\n  format: jsn\n", "did you mean 'json'?"},
        {"plugins: /opt\n", "plugins: must be a list of texts"},
        {"plugins: [[a]]\n", "plugins: must be a list of texts"},
        {"storage: sqlite\n", "storage must be a map with `use` and settings"},
        {"matchers: []\n", "matchers is empty"},
        {"matchers: { use: wildcard }\n", "matchers must be a list"},
        {"matchers: [ { headers: [to] } ]\n", "matchers[0].use is missing"},
        {"hook_store: { path: /x }\n", "hook_store.use is missing"},
        {"forwarder: { use: '' }\n", "forwarder.use is missing"},
        {"provisioner: none\n", "provisioner must be a map with `use` and settings"},
        {"call_control: { use: '' }\n", "call_control.use is missing"},
        {"livekit: { wait: 2h }\n", "livekit.wait: must be between 0ms and 3600000ms"},
        {"livekit: { reconcile: often }\n", "livekit.reconcile: "},
        {"delivery:\n  retry: never\n", "delivery.retry: must be call"},
        {"delivery:\n  concurrency: 0\n", "delivery.concurrency: must be between 1 and 1024"},
        {"livekit:\n  keys: [a]\n", "livekit.keys must be a map of keys"},
        {"cache:\n  path: ''\n", "cache.path cannot be empty"},
    };
    for (const auto& [yaml, expected] : cases)
        EXPECT_TRUE(compiled_file(yaml).has(expected)) << yaml << compiled_file(yaml).all();
}

TEST(UnknownKeys, are_errors_with_the_nearest_known_key) {
    const std::vector<std::pair<const char*, const char*>> cases{
        {"servre:\n  port: 1\n", "switchhook.yaml:2: servre: unknown key; did you mean 'server'?"},
        {"sip:\n  rom_prefix: a\n", "sip.rom_prefix: unknown key; did you mean 'sip.room_prefix'?"},
        {"sip:\n  hooks:\n    - { hots: a }\n", "sip.hooks[0].hots: unknown key; did you mean 'sip.hooks[0].host'?"},
        {"hook_secret: x\n", "hook_secret: unknown key; did you mean 'sip.hook_secret'?"},
        {"provisioner: { use: none, url: x }\n", "provisioner.url: nothing is set for `use: none`; remove it"},
        {"zzzzzzz: 1\n", "zzzzzzz: unknown key\n"},
        {"'': 1\n", ": unknown key\n"},
        {"<<: { server: { port: 1 } }\n", "<<: unknown key"},
    };
    for (const auto& [yaml, expected] : cases)
        EXPECT_TRUE(compiled_file(yaml).has(expected)) << yaml << compiled_file(yaml).all();
}

TEST(UnknownKeys, of_the_reference_that_mean_nothing_here_are_one_notice) {
    const auto result = compiled_file(
        "providers: { deepgram_api_key: x }\nrecording: { s3_bucket: b }\nstt: [1]\ncache: { ttl_seconds: 5 }\n"
        "livekit: { public_url: 'http://x' }\n");
    EXPECT_EQ(result.all(), "");
    ASSERT_EQ(result.config.notices.size(), 1U);
    EXPECT_EQ(result.config.notices[0].text,
              "these keys have no meaning here and are ignored: providers, recording, stt, cache.ttl_seconds, "
              "livekit.public_url");
    EXPECT_TRUE(result.config.warnings.empty());
    EXPECT_TRUE(result.config.hook_store_is_storage);
}

TEST(LiveKitKeys, come_from_both_forms) {
    const auto result =
        compiled_file("livekit:\n  api_key: a\n  api_secret: x\n  keys:\n    b: y\n    c.d: z\n    a: x\n");
    EXPECT_EQ(result.all(), "");
    EXPECT_EQ(result.config.livekit.keys,
              (std::map<std::string, std::string, std::less<>>{{"a", "x"}, {"b", "y"}, {"c.d", "z"}}));
}

TEST(LiveKitKeys, without_a_usable_secret_are_errors) {
    const std::vector<std::pair<const char*, const char*>> cases{
        {"livekit:\n  api_key: a\n  api_secret: ''\n",
         "switchhook.yaml:3: livekit.api_secret: a LiveKit secret cannot be empty"},
        {"livekit:\n  api_key: a\n  api_secret: '  '\n", "livekit.api_secret: a LiveKit secret cannot be empty"},
        {"livekit:\n  api_key: ''\n  api_secret: x\n", "livekit.api_key: a LiveKit key cannot be empty"},
        {"livekit:\n  api_key: a\n", "livekit.api_key is given without livekit.api_secret"},
        {"livekit:\n  api_secret: a\n", "livekit.api_secret is given without livekit.api_key"},
        {"livekit:\n  keys: { a: '' }\n", "livekit.keys.a: a LiveKit secret cannot be empty"},
        {"livekit:\n  keys: { a: }\n", "livekit.keys.a: a LiveKit secret cannot be empty"},
        {"livekit:\n  keys: { '': x }\n", "a LiveKit key cannot be empty"},
        {"livekit:\n  api_key: a\n  api_secret: x\n  keys: { a: y }\n",
         "key 'a' is given twice with different secrets"},
        {"livekit:\n  url: localhost:7880\n", "livekit.url must begin with http://, https://, ws:// or wss://"},
        {"livekit:\n  url: 'http://'\n", "livekit.url must begin with"},
    };
    for (const auto& [yaml, expected] : cases)
        EXPECT_TRUE(compiled_file(yaml).has(expected)) << yaml << compiled_file(yaml).all();
    EXPECT_TRUE(compiled_environment({{"LIVEKIT_API_KEY", "a"}, {"LIVEKIT_API_SECRET", ""}})
                    .has("$LIVEKIT_API_SECRET: livekit.api_secret: a LiveKit secret cannot be empty"));
}

TEST(Sip, is_off_without_a_block_and_without_its_variables) {
    EXPECT_FALSE(compiled({from_file("sip:\n"), from_environment({{"PORT", "1"}})}).config.sip.has_value());
    EXPECT_TRUE(compiled_file("sip: {}\n").config.sip.has_value());
    for (const char* name : {"SIP_ROOM_PREFIX", "SIP_ALLOWED_ADDRESSES", "SIP_HOOKS_JSON", "SIP_HOOK_SECRET",
                             "SIP_OUTBOUND_ADDRESS", "SIP_OUTBOUND_AUTH_USERNAME", "SIP_OUTBOUND_AUTH_PASSWORD"})
        EXPECT_TRUE(compiled_environment({{name, ""}}).config.sip.has_value()) << name;
}

TEST(Sip, hooks_are_trimmed_and_lowered_as_in_the_reference) {
    const auto result =
        compiled_file(with_hooks("    - { host: ' Customer-A.COM ', url: 'https://a.example/X', auth_id: ' t ', "
                                 "secret: ' 0123456789abcdef0 ', dialect: sayna,\n"
                                 "        events: [room_finished] }\n    - { host: '*', url: 'HTTPS://b.example' }\n"));
    ASSERT_EQ(result.all(), "");
    const Hook& hook = result.config.sip->hooks.at(0);
    EXPECT_EQ(hook.host, "customer-a.com");
    EXPECT_EQ(hook.url, "https://a.example/X");
    EXPECT_EQ(hook.auth_id, "t");
    EXPECT_EQ(hook.secrets, std::vector<std::string>{"0123456789abcdef0"});
    EXPECT_EQ(hook.dialect, "sayna");
    EXPECT_EQ(hook.events, std::vector<std::string>{"room_finished"});
    EXPECT_TRUE(hook.configured);
    EXPECT_TRUE(result.config.sip->hooks.at(1).secrets.empty());
    EXPECT_EQ(result.config.sip->hook_secrets, std::vector<std::string>{"0123456789abcdef"});
    EXPECT_EQ(result.config.place_of("sip.hooks[1].url"), "switchhook.yaml:8");
    EXPECT_EQ(result.config.sip->allowed_addresses, (std::vector<std::string>{"10.0.0.1", "2001:db8::/32"}));
}

TEST(Sip, hooks_that_lack_something_are_errors) {
    const std::vector<std::pair<const char*, const char*>> cases{
        {"    - { url: 'https://a' }\n", "sip.hooks[0].host is missing"},
        {"    - { host: ' ', url: 'https://a' }\n", "sip.hooks[0].host cannot be empty"},
        {"    - { host: a }\n", "sip.hooks[0].url is missing"},
        {"    - { host: a, url: '' }\n", "SIP hook URL must be HTTPS (hook 'a')"},
        {"    - { host: a, url: 'https:/a' }\n", "SIP hook URL must be HTTPS (hook 'a')"},
        {"    - { host: a, url: ' https://a' }\n", "SIP hook URL must be HTTPS (hook 'a')"},
        {"    - { host: a, url: 'https://a', events: [] }\n", "sip.hooks[0].events names no event"},
        {"    - { host: a, url: 'https://a', events: [''] }\n", "sip.hooks[0].events holds an empty name"},
        {"    - { host: a, url: 'https://a', events: x }\n", "sip.hooks[0].events: must be a list of texts"},
        {"    - { host: a, url: 'https://a', dialect: '' }\n", "sip.hooks[0].dialect cannot be empty"},
        {"    - { host: a, url: 'https://a', secret: 'env:SWITCHHOOK_TEST_ABSENT' }\n",
         "sip.hooks[0].secret: environment variable"},
        {"    - a\n", "sip.hooks[0] must be a map of keys"},
    };
    for (const auto& [hooks, expected] : cases)
        EXPECT_TRUE(compiled_file(with_hooks(hooks)).has(expected)) << hooks << compiled_file(with_hooks(hooks)).all();
}

TEST(Sip, a_secret_that_cannot_be_read_is_one_problem_and_not_one_for_each_hook) {
    const auto result = compiled_file(
        "sip:\n  room_prefix: a\n  allowed_addresses: [10.0.0.1]\n  hook_secret: file:/nonexistent/secret\n  hooks:\n"
        "    - { host: a, url: 'https://a' }\n    - { host: b, url: 'https://b' }\n");
    ASSERT_EQ(result.problems.size(), 1U) << result.all();
    EXPECT_TRUE(result.problems[0].text.starts_with("sip.hook_secret: secret file /nonexistent/secret cannot be read"));
}

TEST(Sip, derived_secrets_need_something_to_derive_from) {
    EXPECT_TRUE(compiled_file(std::string(kSip) + "  hook_secrets: derived\n").config.sip->derived_secrets);
    EXPECT_FALSE(compiled_file(std::string(kSip) + "  hook_secrets: shared\n").config.sip->derived_secrets);
    EXPECT_TRUE(compiled_file("sip: { room_prefix: a, allowed_addresses: [10.0.0.1], hook_secrets: derived }\n")
                    .has("sip.hook_secrets: derived needs sip.hook_secret"));
    EXPECT_TRUE(compiled_file(std::string(kSip) + "  hook_secrets: dervied\n").has("did you mean 'derived'?"));
}

TEST(Sip, one_secret_for_several_tenants_is_a_warning) {
    const std::string two =
        "    - { host: a, url: 'https://a', auth_id: t1 }\n    - { host: b, url: 'https://b', auth_id: t2 }\n";
    const auto shared = compiled_file(with_hooks(two));
    EXPECT_EQ(shared.all(), "");
    ASSERT_EQ(shared.config.warnings.size(), 1U);
    EXPECT_TRUE(shared.config.warnings[0].text.starts_with("2 tenants share one hook secret"));
    EXPECT_EQ(shared.config.warnings[0].place, "switchhook.yaml:6");

    EXPECT_TRUE(compiled_file(with_hooks(two) + "  hook_secrets: derived\n").config.warnings.empty());
    EXPECT_TRUE(
        compiled_file(
            with_hooks(
                "    - { host: a, url: 'https://a', auth_id: t1 }\n    - { host: b, url: 'https://b', auth_id: t1 }\n"))
            .config.warnings.empty());
    EXPECT_TRUE(compiled_file(with_hooks("    - { host: a, url: 'https://a', auth_id: t1, secret: fedcba9876543210 }\n"
                                         "    - { host: b, url: 'https://b', auth_id: t2 }\n"))
                    .config.warnings.empty());
}

TEST(Sip, outbound_settings_are_kept) {
    const auto result =
        compiled_file(std::string(kSip) +
                      "  outbound_address: ' a:5060 '\n  outbound_auth_username: u\n  outbound_auth_password: ' p '\n");
    ASSERT_EQ(result.all(), "");
    EXPECT_EQ(result.config.sip->outbound_address, "a:5060");
    EXPECT_EQ(result.config.sip->outbound_auth_username, "u");
    EXPECT_EQ(result.config.sip->outbound_auth_password, "p");
}

TEST(ApiSecrets, without_a_role_are_the_operators_when_single_and_a_tenants_when_several) {
    const auto single = compiled_file("auth:\n  api_secrets: [ { id: a, secret: x } ]\n");
    EXPECT_EQ(single.config.auth.api_secrets.at(0).role, Role::operator_);
    EXPECT_FALSE(single.config.auth.api_secrets.at(0).role_was_given);
    const auto several = compiled_file(
        "auth:\n  required: true\n  api_secrets:\n    - { id: a, secret: x }\n    - { id: b, secret: y, role: operator "
        "}\n    - { id: c, secret: z, role: tenant }\n");
    EXPECT_EQ(several.all(), "");
    EXPECT_TRUE(several.config.auth.required);
    EXPECT_EQ(several.config.auth.api_secrets.at(0).role, Role::tenant);
    EXPECT_EQ(several.config.auth.api_secrets.at(1).role, Role::operator_);
    EXPECT_TRUE(several.config.auth.api_secrets.at(1).role_was_given);
    EXPECT_EQ(several.config.auth.api_secrets.at(2).role, Role::tenant);
}

TEST(ApiSecrets, the_single_form_is_used_when_there_is_no_list) {
    const auto single = compiled_environment({{"AUTH_API_SECRET", "x"}, {"AUTH_REQUIRED", "true"}});
    EXPECT_EQ(single.all(), "");
    EXPECT_EQ(single.config.auth.api_secrets.at(0).id, "default");
    EXPECT_EQ(
        compiled_environment({{"AUTH_API_SECRET", "x"}, {"AUTH_API_SECRET_ID", "me"}}).config.auth.api_secrets.at(0).id,
        "me");
    const auto both = compiled(
        {from_file("auth:\n  api_secrets: [ { id: a, secret: y } ]\n"), from_environment({{"AUTH_API_SECRET", "x"}})});
    ASSERT_EQ(both.config.auth.api_secrets.size(), 1U);
    EXPECT_EQ(both.config.auth.api_secrets[0].id, "a");
    EXPECT_EQ(both.config.warnings.at(0).place, "$AUTH_API_SECRET");
    EXPECT_EQ(compiled({from_file("auth:\n  api_secrets: []\n"), from_environment({{"AUTH_API_SECRET", "x"}})})
                  .config.auth.api_secrets.size(),
              1U);
}

TEST(Stores, hooks_are_kept_in_a_file_when_the_reference_named_a_folder) {
    for (const auto& result :
         {compiled_file("cache:\n  path: /var/cache/x\n"), compiled_environment({{"CACHE_PATH", "/var/cache/x/"}})}) {
        EXPECT_EQ(result.all(), "");
        EXPECT_FALSE(result.config.hook_store_is_storage);
        EXPECT_EQ(result.config.hook_store.use, "file");
        EXPECT_EQ(result.config.hook_store.settings.find("path")->text, "/var/cache/x/sip_hooks.json");
    }
}

TEST(Stores, that_are_configured_win_over_the_folder) {
    const auto result = compiled_file("cache: { path: /x }\nhook_store: { use: file, path: /y.json }\n");
    EXPECT_EQ(result.config.hook_store.settings.find("path")->text, "/y.json");
    EXPECT_FALSE(result.config.hook_store_is_storage);
}

TEST(Stores, keep_their_own_settings_without_use) {
    const auto result =
        compiled_file("storage:\n  use: redis\n  url: x\nmatchers:\n  - use: sip_host\n    headers: [to]\n");
    EXPECT_EQ(result.all(), "");
    EXPECT_EQ(result.config.storage.use, "redis");
    EXPECT_EQ(result.config.storage.place, "switchhook.yaml:2");
    EXPECT_EQ(result.config.storage.settings.find("use"), nullptr);
    EXPECT_EQ(result.config.storage.settings.find("url")->text, "x");
    EXPECT_EQ(result.config.matchers.at(0).settings.find("headers")->items.size(), 1U);
    EXPECT_EQ(compiled_file("storage: { path: /x }\n").config.storage.use, "sqlite");
}

}  // namespace
}  // namespace switchhook::config::test
