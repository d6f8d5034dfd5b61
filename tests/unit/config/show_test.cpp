#include "core/config/show.hpp"

#include <gtest/gtest.h>

#include "tests/unit/config/reading_sources.hpp"

namespace switchhook::config::test {
namespace {

constexpr Setting kSqlite[] = {{"path", SettingType::path, "/default.db", "File.", 0, INT64_MAX},
                               {"token", SettingType::secret, "", "Secret.", 0, INT64_MAX}};
constexpr Setting kSipHost[] = {{"headers", SettingType::text_list, "x-to-ip, to", "Headers.", 0, INT64_MAX}};
const Declared kComponents[] = {{"outbox", "sqlite", "", kSqlite}, {"matcher", "sip_host", "", kSipHost}};

std::string shown(const std::vector<Document>& documents) {
    const auto result = compiled(documents);
    return show(result.merged, result.config, kComponents);
}

// The line of that key: its value and its origin, with single blanks.
std::string line(const std::string& text, const std::string& key) {
    const auto at = text.find(" " + key + ": ");
    if (at == std::string::npos) return {};
    std::string found;
    for (const char c : text.substr(at + 1, text.find('\n', at) - at - 1))
        if (c != ' ' || found.empty() || found.back() != ' ') found += c;
    return found;
}

TEST(Showing, names_the_origin_of_every_value) {
    const auto text = shown({from_file("server:\n  host: a.example\n  port: 1\n"), from_environment({{"PORT", "2"}})});
    EXPECT_EQ(line(text, "host"), "host: a.example # switchhook.yaml:2");
    EXPECT_EQ(line(text, "port"), "port: 2 # $PORT");
    EXPECT_EQ(line(text, "stop_timeout"), "stop_timeout: 10s # default");
    EXPECT_EQ(line(text, "use"), "use: sqlite # default");
    EXPECT_EQ(line(text, "path"), "path: /var/lib/switchhook/switchhook.db # default");
    EXPECT_EQ(line(text, "headers"), "headers: [x-to-ip, to] # default");
}

constexpr char kSecrets[] = R"(livekit:
  api_key: APIkey
  api_secret: LEAK1
  keys: { other: LEAK2 }
sip:
  room_prefix: sip-
  allowed_addresses: [10.0.0.1]
  hook_secret: LEAK3LEAK3LEAK3LEAK3
  hooks:
    - host: a.com
      url: https://a.example/x
      secret: LEAK4LEAK4LEAK4LEAK4
      events: [room_finished]
  outbound_auth_username: u
  outbound_auth_password: LEAK5
auth:
  api_secrets: [ { id: a, secret: LEAK6 } ]
  api_secret: LEAK7
storage: { use: sqlite, token: LEAK8 }
hook_store: { use: stranger, password: LEAK9, list: [LEAK10], map: { a: LEAK11 } }
providers: { key: LEAK12 }
unknown: LEAK13
)";

TEST(Showing, masks_every_secret) {
    const auto text = shown({from_file(kSecrets)});
    EXPECT_EQ(text.find("LEAK"), std::string::npos) << text;
    EXPECT_EQ(line(text, "api_secret"), "api_secret: '***' # switchhook.yaml:3");
    EXPECT_EQ(line(text, "token"), "token: '***' # switchhook.yaml:19");
    EXPECT_EQ(line(text, "password"), "password: '***' # switchhook.yaml:20");
    EXPECT_NE(text.find("  - host: a.com"), std::string::npos) << text;
    EXPECT_EQ(line(text, "events"), "events: [room_finished] # switchhook.yaml:13");
}

TEST(Showing, masks_every_secret_of_a_list_and_keeps_references) {
    const auto text =
        shown({from_file("sip:\n  hook_secret: [ LEAK1, file:/new, LEAK2 ]\n  hooks:\n"
                         "    - { host: a, secret: [ LEAK3, env:OLD ], rate: { per_second: 5 }, max_age: { "
                         "room_finished: 5s } }\n")});
    EXPECT_EQ(text.find("LEAK"), std::string::npos) << text;
    EXPECT_EQ(line(text, "hook_secret"), "hook_secret: ['***', file:/new, '***'] # switchhook.yaml:2");
    EXPECT_EQ(line(text, "secret"), "secret: ['***', env:OLD] # switchhook.yaml:4");
    EXPECT_EQ(line(text, "per_second"), "per_second: 5 # switchhook.yaml:4");
    EXPECT_EQ(line(text, "room_finished"), "room_finished: 5s # switchhook.yaml:4");
}

TEST(Showing, keeps_the_reference_to_a_secret_and_not_what_it_points_to) {
    const auto text = shown({from_file("livekit: { api_key: a, api_secret: file:/nonexistent }\n")});
    EXPECT_EQ(line(text, "api_secret"), "api_secret: file:/nonexistent # switchhook.yaml:1");
}

TEST(Showing, does_not_mention_sip_when_it_is_off) {
    const auto text = shown({from_file("")});
    EXPECT_EQ(text.find("\nsip:"), std::string::npos);
    EXPECT_EQ(text.find("room_prefix"), std::string::npos);
}

TEST(Showing, quotes_what_yaml_would_read_otherwise_and_lets_nothing_forge_a_line) {
    const auto text = shown({from_file("server: { host: \"a\\nb: \\\"c # \\e[1m\" }\nlog: { format: \"text\" }\n")});
    EXPECT_EQ(line(text, "host"), R"(host: "a\x0ab: \"c # \x1b[1m" # switchhook.yaml:1)");
}

TEST(Showing, is_yaml_that_compiles_to_the_same) {
    const std::string yaml =
        "server: { port: 5 }\nsip:\n  room_prefix: s\n  allowed_addresses: ['::1/128', 10.0.0.1]\n  hook_secret: "
        "0123456789abcdef\n"
        "  hooks: [ { host: '*.a.com', url: 'https://a/?x=1&y=#z' } ]\nmatchers: [ { use: sip_host, headers: [to] } "
        "]\n";
    const auto once = shown({from_file(yaml)});
    const auto again = compiled_file(once);
    EXPECT_EQ(again.config.server.port, 5);
    EXPECT_EQ(again.config.sip->hooks.at(0).host, "*.a.com");
    EXPECT_EQ(again.config.sip->hooks.at(0).url, "https://a/?x=1&y=#z");
    EXPECT_EQ(again.config.sip->allowed_addresses, (std::vector<std::string>{"::1/128", "10.0.0.1"}));
    EXPECT_EQ(again.config.matchers.at(0).settings.find("headers")->items.size(), 1U);
    // Only the masked secrets are not what they were.
    for (const auto& problem : again.problems)
        EXPECT_NE(problem.text.find("must be at least 16 characters"), std::string::npos) << problem.text << once;
}

}  // namespace
}  // namespace switchhook::config::test
