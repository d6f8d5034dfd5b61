// Every text of the reference's checks, word for word, for the file and for the environment.
#include <gtest/gtest.h>

#include <ostream>

#include "tests/unit/config/reading_sources.hpp"

namespace switchhook::config::test {
namespace {

struct Case {
    const char* name;
    const char* yaml;
    const char* file_place;
    Variables variables;
    const char* environment_place;
    const char* text;
    const char* environment_text = nullptr;  // where the reference has two
};

void PrintTo(const Case& each, std::ostream* out) {
    *out << each.name;
}

// A SIP block without a fault; a case adds one.
constexpr char kSip[] = "sip:\n  room_prefix: sip-\n  allowed_addresses: [10.0.0.1]\n";
Variables sip(Variables more) {
    more.try_emplace("SIP_ROOM_PREFIX", "sip-");
    more.try_emplace("SIP_ALLOWED_ADDRESSES", "10.0.0.1");
    return more;
}
#define SIP "sip:\n  room_prefix: sip-\n  allowed_addresses: [10.0.0.1]\n"
#define SECRET "  hook_secret: 0123456789abcdef\n"
constexpr char kSecret[] = "0123456789abcdef";

const Case kCases[] = {
    {"no 1 prefix missing",
     "sip:\n  allowed_addresses: [10.0.0.1]\n",
     "switchhook.yaml:2",
     {{"SIP_ALLOWED_ADDRESSES", "10.0.0.1"}},
     "$SIP_ALLOWED_ADDRESSES",
     "SIP room_prefix is required when SIP configuration is present",
     "SIP_ROOM_PREFIX is required when SIP configuration is provided via environment variables"},
    {"no 2 signing key without url",
     "auth:\n  signing_key_path: /etc/hostname\n",
     "switchhook.yaml:2",
     {{"AUTH_SIGNING_KEY_PATH", "/etc/hostname"}},
     "$AUTH_SIGNING_KEY_PATH",
     "AUTH_SERVICE_URL is required when AUTH_SIGNING_KEY_PATH is set"},
    {"no 3 url without signing key",
     "auth:\n  service_url: https://a\n",
     "switchhook.yaml:2",
     {{"AUTH_SERVICE_URL", "https://a"}},
     "$AUTH_SERVICE_URL",
     "AUTH_SIGNING_KEY_PATH is required when AUTH_SERVICE_URL is set"},
    {"no 4 key file absent",
     "auth:\n  service_url: https://a\n  signing_key_path: /nonexistent/key.pem\n",
     "switchhook.yaml:3",
     {{"AUTH_SERVICE_URL", "https://a"}, {"AUTH_SIGNING_KEY_PATH", "/nonexistent/key.pem"}},
     "$AUTH_SIGNING_KEY_PATH",
     "AUTH_SIGNING_KEY_PATH file does not exist: /nonexistent/key.pem"},
    {"external service",
     "auth:\n  service_url: https://a\n  signing_key_path: /etc/hostname\n",
     "switchhook.yaml:2",
     {{"AUTH_SERVICE_URL", "https://a"}, {"AUTH_SIGNING_KEY_PATH", "/etc/hostname"}},
     "$AUTH_SERVICE_URL",
     "external authentication service is not available yet; remove auth.service_url and auth.signing_key_path and use "
     "auth.api_secrets"},
    {"no 5 id blank",
     "auth:\n  api_secrets:\n    - { id: a, secret: x }\n    - { id: ' ', secret: y }\n",
     "switchhook.yaml:4",
     {{"AUTH_API_SECRETS_JSON", R"([{"id":"a","secret":"x"},{"id":" ","secret":"y"}])"}},
     "$AUTH_API_SECRETS_JSON",
     "Auth API secret id at index 1 cannot be empty or whitespace-only"},
    {"no 5 legacy id blank",
     "auth:\n  api_secret: x\n  api_secret_id: ''\n",
     "switchhook.yaml:2",
     {{"AUTH_API_SECRET", "x"}, {"AUTH_API_SECRET_ID", ""}},
     "$AUTH_API_SECRET",
     "Auth API secret id at index 0 cannot be empty or whitespace-only"},
    {"no 6 id with blanks",
     "auth:\n  api_secrets:\n    - { id: 'a ', secret: x }\n",
     "switchhook.yaml:3",
     {{"AUTH_API_SECRETS_JSON", R"([{"id":"a ","secret":"x"}])"}},
     "$AUTH_API_SECRETS_JSON",
     "Auth API secret id 'a ' must not include leading or trailing whitespace"},
    {"no 7 id twice",
     "auth:\n  api_secrets:\n    - { id: a, secret: x }\n    - { id: A, secret: y }\n",
     "switchhook.yaml:4",
     {{"AUTH_API_SECRETS_JSON", R"([{"id":"a","secret":"x"},{"id":"A","secret":"y"}])"}},
     "$AUTH_API_SECRETS_JSON",
     "Duplicate auth API secret id 'A'; ids are case-insensitive"},
    {"no 8 secret blank",
     "auth:\n  api_secrets:\n    - { id: a, secret: ' ' }\n",
     "switchhook.yaml:3",
     {{"AUTH_API_SECRETS_JSON", R"([{"id":"a","secret":" "}])"}},
     "$AUTH_API_SECRETS_JSON",
     "Auth API secret for id 'a' cannot be empty or whitespace-only"},
    {"no 8 legacy secret blank",
     "auth:\n  api_secret: ''\n",
     "switchhook.yaml:2",
     {{"AUTH_API_SECRET", ""}},
     "$AUTH_API_SECRET",
     "Auth API secret for id 'default' cannot be empty or whitespace-only"},
    {"no 9 secret twice",
     "auth:\n  api_secrets:\n    - { id: a, secret: x }\n    - { id: b, secret: x }\n",
     "switchhook.yaml:4",
     {{"AUTH_API_SECRETS_JSON", R"([{"id":"a","secret":"x"},{"id":"b","secret":"x"}])"}},
     "$AUTH_API_SECRETS_JSON",
     "Auth API secret for id 'b' duplicates the secret used by id 'a'"},
    {"no 10 required without method",
     "auth:\n  required: true\n",
     "switchhook.yaml:2",
     {{"AUTH_REQUIRED", "yes"}},
     "$AUTH_REQUIRED",
     "When AUTH_REQUIRED=true, either (AUTH_SERVICE_URL + AUTH_SIGNING_KEY_PATH) or "
     "AUTH_API_SECRETS_JSON/AUTH_API_SECRET "
     "must be configured"},
    {"no 11 prefix empty", "sip:\n  room_prefix: ''\n  allowed_addresses: [10.0.0.1]\n", "switchhook.yaml:2",
     sip({{"SIP_ROOM_PREFIX", ""}}), "$SIP_ROOM_PREFIX", "SIP room_prefix cannot be empty"},
    {"no 12 prefix with a blank", "sip:\n  room_prefix: 'sip '\n  allowed_addresses: [10.0.0.1]\n", "switchhook.yaml:2",
     sip({{"SIP_ROOM_PREFIX", "sip "}}), "$SIP_ROOM_PREFIX",
     "SIP room_prefix must contain only alphanumeric characters, '-', or '_'"},
    {"no 12 prefix of another script", "sip:\n  room_prefix: s\xC3\xADp-\n  allowed_addresses: [10.0.0.1]\n",
     "switchhook.yaml:2", sip({{"SIP_ROOM_PREFIX", "s\xC3\xADp-"}}), "$SIP_ROOM_PREFIX",
     "SIP room_prefix must contain only alphanumeric characters, '-', or '_'"},
    {"no 13 no addresses",
     "sip:\n  room_prefix: sip-\n",
     "switchhook.yaml:2",
     {{"SIP_ROOM_PREFIX", "sip-"}},
     "$SIP_ROOM_PREFIX",
     "SIP allowed_addresses cannot be empty"},
    {"no 13 empty list", "sip:\n  room_prefix: sip-\n  allowed_addresses: []\n", "switchhook.yaml:3",
     sip({{"SIP_ALLOWED_ADDRESSES", " , "}}), "$SIP_ALLOWED_ADDRESSES", "SIP allowed_addresses cannot be empty"},
    {"no 14 impossible address",
     "sip:\n  room_prefix: sip-\n  allowed_addresses:\n    - 10.0.0.1\n    - 999.999.999.999/99\n", "switchhook.yaml:5",
     sip({{"SIP_ALLOWED_ADDRESSES", "10.0.0.1,999.999.999.999/99"}}), "$SIP_ALLOWED_ADDRESSES",
     "SIP allowed_address '999.999.999.999/99' does not look like a valid IPv4 address or CIDR range"},
    {"no 14 leading zeros", "sip:\n  room_prefix: sip-\n  allowed_addresses: [010.0.0.1]\n", "switchhook.yaml:3",
     sip({{"SIP_ALLOWED_ADDRESSES", "010.0.0.1"}}), "$SIP_ALLOWED_ADDRESSES",
     "SIP allowed_address '010.0.0.1' does not look like a valid IPv4 address or CIDR range"},
    {"no 15 host twice",
     SIP SECRET "  hooks:\n    - { host: a.com, url: 'https://a' }\n    - { host: ' A.COM ', url: 'https://b' }\n",
     "switchhook.yaml:7",
     sip({{"SIP_HOOK_SECRET", kSecret},
          {"SIP_HOOKS_JSON", R"([{"host":"a.com","url":"https://a"},{"host":" A.COM ","url":"https://b"}])"}}),
     "$SIP_HOOKS_JSON", "Duplicate SIP hook host: a.com"},
    {"no 16 tenant missing",
     "auth:\n  required: true\n  api_secret: x\n" SIP SECRET "  hooks: [ { host: A.com, url: 'https://a' } ]\n",
     "switchhook.yaml:8",
     sip({{"AUTH_REQUIRED", "1"},
          {"AUTH_API_SECRET", "x"},
          {"SIP_HOOK_SECRET", kSecret},
          {"SIP_HOOKS_JSON", R"([{"host":"A.com","url":"https://a"}])"}}),
     "$SIP_HOOKS_JSON", "SIP hook auth_id for 'a.com' cannot be empty or whitespace-only"},
    {"no 17 no secret", SIP "  hooks:\n    - { host: a.com, url: 'https://a' }\n", "switchhook.yaml:5",
     sip({{"SIP_HOOKS_JSON", R"([{"host":"a.com","url":"https://a"}])"}}), "$SIP_HOOKS_JSON",
     "SIP hook 'a.com' has no secret configured. Either set hook_secret (global) or provide a per-hook secret."},
    {"no 18 own secret blank", SIP "  hooks:\n    - { host: a.com, url: 'https://a', secret: ' ' }\n",
     "switchhook.yaml:5", sip({{"SIP_HOOKS_JSON", R"([{"host":"a.com","url":"https://a","secret":" "}])"}}),
     "$SIP_HOOKS_JSON", "SIP hook secret for 'a.com' cannot be empty or whitespace-only"},
    {"no 18 global secret blank without a hook", SIP "  hook_secret: '  '\n", "switchhook.yaml:4",
     sip({{"SIP_HOOK_SECRET", "  "}}), "$SIP_HOOK_SECRET",
     "SIP hook secret for 'global' cannot be empty or whitespace-only"},
    {"no 19 own secret short", SIP SECRET "  hooks:\n    - { host: a.com, url: 'https://a', secret: short }\n",
     "switchhook.yaml:6",
     sip({{"SIP_HOOK_SECRET", kSecret},
          {"SIP_HOOKS_JSON", R"([{"host":"a.com","url":"https://a","secret":"short"}])"}}),
     "$SIP_HOOKS_JSON", "SIP hook secret for 'a.com' must be at least 16 characters long (got 5)"},
    {"no 19 global secret short for its hook",
     SIP "  hook_secret: ' 0123456789abcde '\n  hooks: [ { host: a.com, url: 'https://a' } ]\n", "switchhook.yaml:4",
     sip({{"SIP_HOOK_SECRET", " 0123456789abcde "}, {"SIP_HOOKS_JSON", R"([{"host":"a.com","url":"https://a"}])"}}),
     "$SIP_HOOK_SECRET", "SIP hook secret for 'a.com' must be at least 16 characters long (got 15)"},
    {"no 19 global secret short without a hook", SIP "  hook_secret: short\n", "switchhook.yaml:4",
     sip({{"SIP_HOOK_SECRET", "short"}}), "$SIP_HOOK_SECRET",
     "SIP hook secret for 'global' must be at least 16 characters long (got 5)"},
    {"no 20 outbound address blank", SIP "  outbound_address: ' '\n", "switchhook.yaml:4",
     sip({{"SIP_OUTBOUND_ADDRESS", ""}}), "$SIP_OUTBOUND_ADDRESS",
     "SIP outbound_address cannot be empty or whitespace-only"},
    {"no 21 outbound name blank", SIP "  outbound_auth_username: ''\n  outbound_auth_password: x\n",
     "switchhook.yaml:4", sip({{"SIP_OUTBOUND_AUTH_USERNAME", ""}, {"SIP_OUTBOUND_AUTH_PASSWORD", "x"}}),
     "$SIP_OUTBOUND_AUTH_USERNAME", "SIP outbound_auth_username cannot be empty or whitespace-only"},
    {"no 22 outbound password blank", SIP "  outbound_auth_username: x\n  outbound_auth_password: ''\n",
     "switchhook.yaml:5", sip({{"SIP_OUTBOUND_AUTH_USERNAME", "x"}, {"SIP_OUTBOUND_AUTH_PASSWORD", " "}}),
     "$SIP_OUTBOUND_AUTH_PASSWORD", "SIP outbound_auth_password cannot be empty or whitespace-only"},
    {"no 23 outbound password missing", SIP "  outbound_auth_username: x\n", "switchhook.yaml:4",
     sip({{"SIP_OUTBOUND_AUTH_USERNAME", "x"}}), "$SIP_OUTBOUND_AUTH_USERNAME",
     "SIP outbound_auth_password is required when outbound_auth_username is set"},
    {"no 24 outbound name missing", SIP "  outbound_auth_password: x\n", "switchhook.yaml:4",
     sip({{"SIP_OUTBOUND_AUTH_PASSWORD", "x"}}), "$SIP_OUTBOUND_AUTH_PASSWORD",
     "SIP outbound_auth_username is required when outbound_auth_password is set"},
    {"plain http", SIP SECRET "  hooks:\n    - host: customer-a.com\n      url: http://a.example/events\n",
     "switchhook.yaml:7",
     sip({{"SIP_HOOK_SECRET", kSecret},
          {"SIP_HOOKS_JSON", R"([{"host":"customer-a.com","url":"http://a.example/events"}])"}}),
     "$SIP_HOOKS_JSON", "SIP hook URL must be HTTPS (hook 'customer-a.com')"},
};

class ExactTexts : public testing::TestWithParam<Case> {};

TEST_P(ExactTexts, stand_in_the_answer_to_a_file) {
    const auto result = compiled_file(GetParam().yaml);
    const Problem* problem = result.find(GetParam().text);
    ASSERT_NE(problem, nullptr) << result.all();
    EXPECT_EQ(problem->place, GetParam().file_place);
}

TEST_P(ExactTexts, stand_in_the_answer_to_the_environment_alone) {
    const auto result = compiled_environment(GetParam().variables);
    const Problem* problem =
        result.find(GetParam().environment_text != nullptr ? GetParam().environment_text : GetParam().text);
    ASSERT_NE(problem, nullptr) << result.all();
    EXPECT_EQ(problem->place, GetParam().environment_place);
}

TEST_P(ExactTexts, stand_in_the_answer_to_the_environment_beside_an_empty_file) {
    const auto result = compiled({from_file("# nothing\n"), from_environment(GetParam().variables)});
    EXPECT_NE(result.find(GetParam().environment_text != nullptr ? GetParam().environment_text : GetParam().text),
              nullptr)
        << result.all();
}

INSTANTIATE_TEST_SUITE_P(Reference, ExactTexts, testing::ValuesIn(kCases), [](const auto& each) {
    std::string name = each.param.name;
    for (char& c : name)
        if (c == ' ') c = '_';
    return name;
});

TEST(CompleteSip, has_no_problem_in_the_file) {
    EXPECT_EQ(compiled_file(kSip).all(), "");
}

TEST(CompleteSip, has_no_problem_in_the_environment) {
    EXPECT_EQ(compiled_environment(sip({})).all(), "");
}

TEST(AllProblems, are_shown_at_once) {
    const auto result = compiled_file(
        "server: { port: 70000 }\nauth: { required: true }\nsip:\n  room_prefix: 'a b'\n  allowed_addresses: [x, y]\n"
        "  hook_secret: short\n  hooks:\n    - { host: a, url: 'http://a' }\n    - { host: a, url: 'ftp://b' "
        "}\nunknown: 1\n");
    // port, unknown key, 10, 12, 14 twice, HTTPS twice, 15, 16 twice, 19 for two hooks and for itself
    EXPECT_EQ(result.problems.size(), 14U) << result.all();
}

TEST(AllProblems, have_a_place) {
    for (const Case& each : kCases) {
        for (const auto& problem : compiled_file(each.yaml).problems)
            EXPECT_TRUE(problem.place.starts_with("switchhook.yaml:")) << problem.text;
        for (const auto& problem : compiled_environment(each.variables).problems)
            EXPECT_TRUE(problem.place.starts_with("$")) << problem.text;
    }
}

TEST(AllProblems, show_no_secret) {
    for (const Case& each : kCases)
        for (const auto& problem : compiled_file(each.yaml).problems)
            EXPECT_EQ(problem.text.find("0123456789abcde"), std::string::npos) << problem.text;
}

}  // namespace
}  // namespace switchhook::config::test
