#include "plugins/config_env/environment.hpp"

#include <gtest/gtest.h>

#include "core/config/keys.hpp"
#include "plugins/config_env/env_source.hpp"
#include "tests/unit/config/reading_sources.hpp"

namespace switchhook::config::test {
namespace {

std::string faults(const Variables& variables) {
    std::string all;
    for (const auto& problem : from_environment(variables).problems) all += problem.place + ": " + problem.text + "\n";
    return all;
}

TEST(Environment, without_variables_of_ours_holds_nothing) {
    const auto document = from_environment({{"HOME", "/root"}, {"SIP_UNKNOWN", "x"}});
    EXPECT_EQ(document.root.kind, NodeKind::null);
    EXPECT_TRUE(document.problems.empty());
}

TEST(Environment, yields_the_tree_of_the_file_with_its_own_places) {
    const auto document = from_environment({{"SIP_ROOM_PREFIX", " sip-"}, {"PORT", "8080"}});
    EXPECT_EQ(document.root.find("sip")->find("room_prefix")->text, " sip-");  // not trimmed, as in the reference
    EXPECT_EQ(document.root.find("sip")->find("room_prefix")->place, "$SIP_ROOM_PREFIX");
    EXPECT_EQ(document.root.find("server")->find("port")->text, "8080");
}

TEST(Environment, takes_an_empty_variable_for_a_given_one) {
    const auto document = from_environment({{"SIP_HOOK_SECRET", ""}, {"SIP_ALLOWED_ADDRESSES", ""}});
    EXPECT_EQ(document.root.find("sip")->find("hook_secret")->kind, NodeKind::scalar);
    EXPECT_EQ(document.root.find("sip")->find("allowed_addresses")->kind, NodeKind::list);
}

TEST(Environment, splits_addresses_at_commas_trims_them_and_drops_empty_ones) {
    const auto document = from_environment({{"SIP_ALLOWED_ADDRESSES", " 10.0.0.1 ,, 10.0.0.0/8\t,"}});
    const Node& list = *document.root.find("sip")->find("allowed_addresses");
    ASSERT_EQ(list.items.size(), 2U);
    EXPECT_EQ(list.items[0].text, "10.0.0.1");
    EXPECT_EQ(list.items[1].text, "10.0.0.0/8");
}

TEST(Environment, understands_every_variable_that_the_table_of_keys_names) {
    for (const Key& key : keys()) {
        if (key.variable.empty()) continue;
        const auto document = from_environment({{std::string(key.variable), "1"}});
        const auto dot = key.path.find('.');
        const Node* section = document.root.find(key.path.substr(0, dot));
        ASSERT_NE(section, nullptr) << key.variable;
        const Node* node = section->find(key.path.substr(dot + 1));
        ASSERT_NE(node, nullptr) << key.variable;
        EXPECT_EQ(node->place, "$" + std::string(key.variable));
    }
}

TEST(Environment, reads_auth_required_in_six_spellings_of_any_case) {
    for (const char* text : {"true", "TRUE", "1", "yes", "YeS"})
        EXPECT_EQ(from_environment({{"AUTH_REQUIRED", text}}).root.find("auth")->find("required")->text, "true")
            << text;
    for (const char* text : {"false", "False", "0", "no", "NO"})
        EXPECT_EQ(from_environment({{"AUTH_REQUIRED", text}}).root.find("auth")->find("required")->text, "false")
            << text;
}

TEST(Environment, refuses_any_other_auth_required_instead_of_switching_it_off) {
    for (const char* text : {"maybe", "", "on", "2", " true", "tru"})
        EXPECT_TRUE(faults({{"AUTH_REQUIRED", text}})
                        .starts_with("$AUTH_REQUIRED: Invalid AUTH_REQUIRED environment variable: "))
            << text;
}

TEST(Environment, reads_hooks_from_json) {
    const auto document = from_environment(
        {{"SIP_HOOKS_JSON",
          R"([{"host":"a.com","url":"https://a","secret":null,"auth_id":"t","events":["room_finished"]}])"}});
    ASSERT_TRUE(document.problems.empty());
    const Node& hook = document.root.find("sip")->find("hooks")->items.at(0);
    EXPECT_EQ(hook.find("host")->text, "a.com");
    EXPECT_EQ(hook.find("secret")->kind, NodeKind::null);
    EXPECT_EQ(hook.find("events")->items.at(0).text, "room_finished");
    EXPECT_EQ(hook.find("host")->place, "$SIP_HOOKS_JSON");
}

TEST(Environment, reads_the_pace_and_the_secrets_of_a_hook_from_json) {
    const auto result = compiled_environment(
        {{"SIP_ROOM_PREFIX", "sip-"},
         {"SIP_ALLOWED_ADDRESSES", "10.0.0.1"},
         {"SIP_HOOKS_JSON",
          R"([{"host":"a.com","url":"https://a","secret":["0123456789abcdef","fedcba9876543210"],"retry":"call",)"
          R"("concurrency":4,"rate":{"per_second":10,"burst":20},"max_age":{"participant_joined":"5s"}}])"}});
    ASSERT_EQ(result.all(), "");
    const Hook& hook = result.config.sip->hooks.at(0);
    EXPECT_EQ(hook.secrets, (std::vector<std::string>{"0123456789abcdef", "fedcba9876543210"}));
    EXPECT_EQ(hook.retry, "call");
    EXPECT_EQ(hook.concurrency, 4U);
    EXPECT_EQ(hook.rate, (Rate{.per_second = 10, .burst = 20}));
    EXPECT_EQ(hook.max_age.at("participant_joined"), std::chrono::seconds(5));
}

TEST(Environment, takes_a_hook_secret_as_one_text_whatever_it_looks_like) {
    const auto result = compiled({from_file("sip: { room_prefix: a, allowed_addresses: [10.0.0.1], hook_secret: "
                                            "[0123456789abcdef, fedcba9876543210] }\n"),
                                  from_environment({{"SIP_HOOK_SECRET", "[\"0123456789\", \"9876543210\"]"}})});
    ASSERT_EQ(result.all(), "");
    EXPECT_EQ(result.config.sip->hook_secrets, std::vector<std::string>{"[\"0123456789\", \"9876543210\"]"});
}

TEST(Environment, names_what_is_wrong_with_json_and_nothing_of_its_secrets) {
    const std::vector<std::pair<const char*, const char*>> cases{
        {"", "Empty"},
        {"[", ""},
        {"not json", ""},
        {"{}", "array of objects"},
        {R"([{"host":"a","url":"https://a"}]x)", ""},
        {R"(["a"])", "[0] must be an object"},
        {R"([{"url":"https://a","secret":"s3cret"}])", "[0] needs a string `host`"},
        {R"([{"host":"a","secret":"s3cret"}])", "[0] needs a string `url`"},
        {R"([{"host":null,"url":"u"}])", "[0] needs a string `host`"},
        {R"([{"host":1,"url":"u"}])", "[0].host must be a string"},
        {R"([{"host":"a","url":"u"},{"host":"a","url":"u","secret":true}])", "[1].secret must be a string"},
        {R"([{"host":"a","url":"u","host":"b"}])", "[0] has the key 'host' twice"},
        {R"([{"host":"a","url":"u","events":[1]}])", "[0].events must hold strings only"},
        {R"([{"host":"a","url":"u","extra":{}}])", "[0].extra must be a string"},
        {R"([{"host":"a","url":"u","secret":["s3cret",7]}])", "[0].secret must hold strings only"},
        {R"([{"host":"a","url":"u","concurrency":1.5}])", "[0].concurrency must be a string"},
        {R"([{"host":"a","url":"u","concurrency":{}}])", "[0].concurrency must be a string"},
        {R"([{"host":"a","url":"u","retry":1}])", "[0].retry must be a string"},
        {R"([{"host":"a","url":"u","rate":5}])", "[0].rate must be an object"},
        {R"([{"host":"a","url":"u","rate":{"per_second":1,"per_second":2}}])",
         "[0].rate has the key 'per_second' twice"},
        {R"([{"host":"a","url":"u","max_age":{"a":{"b":"5s"}}}])", "[0].max_age.a must be a string"},
        {R"([{"host":"a","url":"u","max_age":{"a":true}}])", "[0].max_age.a must be a string"},
        {R"([{"host":"a\u0000","url":"u"}])", "NUL"},
        {"[{\"host\":\"\xFF\",\"url\":\"u\"}]", "UTF-8"},
    };
    for (const auto& [text, part] : cases) {
        const std::string fault = faults({{"SIP_HOOKS_JSON", text}});
        EXPECT_TRUE(fault.starts_with("$SIP_HOOKS_JSON: Invalid SIP_HOOKS_JSON format: ")) << text << fault;
        EXPECT_NE(fault.find(part), std::string::npos) << text << "\n" << fault;
        EXPECT_EQ(fault.find("s3cret"), std::string::npos);
    }
    EXPECT_TRUE(
        faults({{"AUTH_API_SECRETS_JSON", R"([{"id":"a"}])"}})
            .starts_with("$AUTH_API_SECRETS_JSON: Invalid AUTH_API_SECRETS_JSON format: [0] needs a string `secret`"));
}

TEST(Environment, with_an_unknown_key_in_json_is_an_error_as_in_the_file) {
    const auto result = compiled_environment({{"SIP_HOOKS_JSON", R"([{"host":"a","url":"https://a","auth":"t"}])"}});
    EXPECT_TRUE(result.has("$SIP_HOOKS_JSON: sip.hooks[0].auth: unknown key"));
    const auto bad = compiled_environment(
        {{"SIP_HOOKS_JSON", R"([{"host":"a","url":"https://a","concurrency":"8","max_age":{"a":5}}])"}});
    EXPECT_TRUE(bad.has("$SIP_HOOKS_JSON: sip.hooks[0].concurrency: must be a whole number, not quoted")) << bad.all();
    EXPECT_TRUE(bad.has("$SIP_HOOKS_JSON: sip.hooks[0].max_age.a: '5' is not a duration")) << bad.all();
}

TEST(Environment, names_a_bad_port_as_the_reference_does) {
    for (const char* port : {"", "abc", "65536", "-1", "+1", "80 ", "0x50"}) {
        const auto alone = compiled_environment({{"PORT", port}});
        ASSERT_EQ(alone.problems.size(), 1U) << port;
        EXPECT_TRUE(alone.problems[0].text.starts_with("Invalid port number: ")) << alone.all();
        EXPECT_EQ(alone.problems[0].place, "$PORT");
        const auto beside_a_file = compiled({from_file(""), from_environment({{"PORT", port}})});
        ASSERT_EQ(beside_a_file.problems.size(), 1U) << port;
        EXPECT_TRUE(beside_a_file.problems[0].text.starts_with("Invalid PORT environment variable: "))
            << beside_a_file.all();
    }
    EXPECT_EQ(compiled_environment({{"PORT", "0"}}).config.server.port, 0);
}

TEST(Environment, as_a_source_takes_no_argument) {
    const auto nothing = [](const std::string&) { return std::optional<std::string>(); };
    EXPECT_TRUE(config_env::EnvSource("", nothing).load().ok());
    EXPECT_FALSE(config_env::EnvSource("PREFIX_", nothing).load().ok());
}

}  // namespace
}  // namespace switchhook::config::test
