// What a hook chooses for itself: its pace, and secrets that are a list while they change.
#include <gtest/gtest.h>

#include <chrono>

#include "core/config/check.hpp"
#include "tests/unit/config/reading_sources.hpp"

namespace switchhook::config::test {
namespace {

using namespace std::chrono_literals;

constexpr char kSip[] =
    "sip:\n  room_prefix: sip-\n  allowed_addresses: [10.0.0.1, '2001:db8::/32']\n  hook_secret: 0123456789abcdef\n";

std::string with_hooks(const std::string& hooks) {
    return std::string(kSip) + "  hooks:\n" + hooks;
}

TEST(ConfiguredHooks, hooks_have_a_pace_of_their_own) {
    const auto result = compiled_file(
        with_hooks("    - { host: a, url: 'https://a', retry: call, concurrency: 3, rate: { per_second: 10 },\n"
                   "        max_age: { participant_joined: 5s, room_finished: 1500ms } }\n"
                   "    - { host: b, url: 'https://b', rate: { per_second: 10, burst: 25 } }\n"
                   "    - { host: c, url: 'https://c', rate: , max_age: , concurrency: }\n"));
    ASSERT_EQ(result.all(), "");
    const Hook& hook = result.config.sip->hooks.at(0);
    EXPECT_EQ(hook.retry, "call");
    EXPECT_EQ(hook.concurrency, 3U);
    EXPECT_EQ(hook.rate, (Rate{.per_second = 10, .burst = 10})) << "those of one second";
    EXPECT_EQ(hook.max_age,
              (std::map<std::string, milliseconds>{{"participant_joined", 5s}, {"room_finished", 1500ms}}));
    EXPECT_EQ(result.config.sip->hooks.at(1).rate, (Rate{.per_second = 10, .burst = 25}));
    const Hook& plain = result.config.sip->hooks.at(2);
    EXPECT_TRUE(plain.retry.empty() && plain.concurrency == 0 && !plain.rate && plain.max_age.empty());
}

TEST(ConfiguredHooks, hooks_with_a_pace_that_cannot_be_kept_are_errors) {
    std::string many;
    for (std::size_t i = 0; i <= kMostMaxAges; ++i) many += "e" + std::to_string(i) + ": 1s, ";
    const std::vector<std::pair<std::string, const char*>> cases{
        {"retry: cal", "switchhook.yaml:6: sip.hooks[0].retry: must be call; did you mean 'call'?"},
        {"retry: ''", "sip.hooks[0].retry cannot be empty"},
        {"retry: [call]", "sip.hooks[0].retry: must be a single value"},
        {"concurrency: 0", "switchhook.yaml:6: sip.hooks[0].concurrency: must be between 1 and 1024"},
        {"concurrency: 1025", "sip.hooks[0].concurrency: must be between 1 and 1024"},
        {"concurrency: '8'", "sip.hooks[0].concurrency: must be a whole number, not quoted text"},
        {"concurrency: x", "sip.hooks[0].concurrency: 'x' is not a whole number"},
        {"rate: 10", "sip.hooks[0].rate must be a map of keys"},
        {"rate: {}", "sip.hooks[0].rate.per_second is missing"},
        {"rate: { burst: 5 }", "sip.hooks[0].rate.per_second is missing"},
        {"rate: { per_second: 0 }", "sip.hooks[0].rate.per_second: must be between 1 and 1000000"},
        {"rate: { per_second: 1.5 }", "sip.hooks[0].rate.per_second: '1.5' is not a whole number"},
        {"rate: { per_second: 5, burst: 0 }", "sip.hooks[0].rate.burst: must be between 1 and 1000000"},
        {"rate: { per_seconds: 5 }", "did you mean 'sip.hooks[0].rate.per_second'?"},
        {"max_age: 5s", "sip.hooks[0].max_age must be a map of keys"},
        {"max_age: { participant_joined: 5 }", "sip.hooks[0].max_age.participant_joined: '5' is not a duration"},
        {"max_age: { participant_joined: 0s }", "sip.hooks[0].max_age.participant_joined: must be between 1ms and"},
        {"max_age: { participant_joined: 31d }", "sip.hooks[0].max_age.participant_joined: must be between 1ms and"},
        {"max_age: { participant_joined: }", "sip.hooks[0].max_age.participant_joined has no duration"},
        {"max_age: { '': 5s }", "sip.hooks[0].max_age holds an empty name"},
        {"max_age: { " + many + " }", "sip.hooks[0].max_age names more than 64 events"},
    };
    for (const auto& [choice, expected] : cases) {
        const auto result = compiled_file(with_hooks("    - { host: a, url: 'https://a', " + choice + " }\n"));
        EXPECT_TRUE(result.has(expected)) << choice << "\n" << result.all();
    }
}

TEST(ConfiguredHooks, a_secret_may_be_a_list_while_it_changes_and_the_first_signs) {
    const auto result = compiled_file(
        "sip:\n  room_prefix: a\n  allowed_addresses: [10.0.0.1]\n"
        "  hook_secret: [ ' new-new-new-new-new ', old-old-old-old-old ]\n  hooks:\n"
        "    - { host: a, url: 'https://a', secret: [ own-new-own-new-own, whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw ] }\n"
        "    - { host: b, url: 'https://b' }\n");
    ASSERT_EQ(result.all(), "");
    EXPECT_EQ(result.config.sip->hook_secrets,
              (std::vector<std::string>{"new-new-new-new-new", "old-old-old-old-old"}));
    EXPECT_EQ(result.config.sip->hooks.at(0).secrets,
              (std::vector<std::string>{"own-new-own-new-own", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}));
    EXPECT_TRUE(result.config.sip->hooks.at(1).secrets.empty());
}

TEST(ConfiguredHooks, each_secret_of_a_list_keeps_the_rules_of_one) {
    const std::string eleven =
        "[s0-0123456789abc, s1-0123456789abc, s2-0123456789abc, s3-0123456789abc, s4-0123456789abc, s5-0123456789abc, "
        "s6-0123456789abc, s7-0123456789abc, s8-0123456789abc, s9-0123456789abc, sa-0123456789abc]";
    const std::vector<std::pair<std::string, const char*>> cases{
        {"[]", "must hold at least one secret"},
        {eleven, "must hold at most 10 secrets"},
        {"[0123456789abcdef, short]", "must be at least 16 characters long (got 5)"},
        {"[0123456789abcdef, '  ']", "cannot be empty or whitespace-only"},
        {"[0123456789abcdef, ' 0123456789abcdef ']", "is in its list twice"},
        {"[0123456789abcdef, { a: b }]", "must be a secret or a list of secrets"},
        {"[0123456789abcdef, null]", "must be a secret or a list of secrets"},
        {"{ first: 0123456789abcdef }", "must be a secret or a list of secrets"},
        {"[0123456789abcdef, env:SWITCHHOOK_TEST_ABSENT]", "[1]: environment variable SWITCHHOOK_TEST_ABSENT"},
        {"[0123456789abcdef, file:/nonexistent/secret]", "[1]: secret file /nonexistent/secret cannot be read"},
        {"[0123456789abcdef, credential:a/b]", "[1]: credential: must be followed by"},
        {"whsec_0123456789abcdef", "must hold at least 16 bytes after whsec_ (got 12)"},
        {"[0123456789abcdef, 'whsec_0123456789abcdef+/0123456789a']", "begins with whsec_ and is no Base64 after it"},
        {"whsec_0123456789abcdef-_0123456789abcd", "begins with whsec_ and is no Base64 after it"},
    };
    const std::string hooks = "  hooks:\n    - { host: a, url: 'https://a'";
    for (const auto& [secret, expected] : cases) {
        const auto global =
            compiled_file("sip:\n  room_prefix: a\n  allowed_addresses: [10.0.0.1]\n  hook_secret: " + secret + "\n" +
                          hooks + " }\n");
        EXPECT_TRUE(global.has(expected)) << secret << "\n" << global.all();
        EXPECT_FALSE(global.has("has no secret configured")) << secret << "\n" << global.all();
        const auto own = compiled_file(std::string(kSip) + hooks + ", secret: " + secret + " }\n");
        EXPECT_TRUE(own.has(expected)) << secret << "\n" << own.all();
        EXPECT_FALSE(own.has("89abcdef")) << "a secret is shown: " << own.all();
    }
}

TEST(ConfiguredHooks, a_list_is_checked_at_the_place_of_each_of_its_secrets) {
    const auto result = compiled_file(
        "sip:\n  room_prefix: a\n  allowed_addresses: [10.0.0.1]\n  hook_secret:\n    - 0123456789abcdef\n    - "
        "short\n");
    ASSERT_EQ(result.problems.size(), 1U) << result.all();
    EXPECT_EQ(result.problems[0].place, "switchhook.yaml:6");
    EXPECT_EQ(result.problems[0].text, "SIP hook secret for 'global' must be at least 16 characters long (got 5)");
}

TEST(ConfiguredHooks, any_secret_of_a_list_that_several_tenants_have_is_a_warning) {
    const auto result = compiled_file(with_hooks(
        "    - { host: a, url: 'https://a', auth_id: t1, secret: [ a-new-one-of-t1-alone, 0123456789abcdef ] }\n"
        "    - { host: b, url: 'https://b', auth_id: t2 }\n"));
    EXPECT_EQ(result.all(), "");
    ASSERT_EQ(result.config.warnings.size(), 1U);
    EXPECT_TRUE(result.config.warnings[0].text.starts_with("2 tenants share one hook secret"));
}

}  // namespace
}  // namespace switchhook::config::test
