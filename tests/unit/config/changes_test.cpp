#include "core/config/changes.hpp"

#include <gtest/gtest.h>

#include "tests/unit/config/reading_sources.hpp"

namespace switchhook::config::test {
namespace {

using Paths = std::vector<std::string>;

Changes between(const std::string& before, const std::string& after) {
    return changes_between(from_file(before).root, from_file(after).root);
}

TEST(ConfigurationChanges, are_none_when_only_places_quotes_order_or_empty_blocks_differ) {
    EXPECT_TRUE(
        between("server: { port: 1, host: a }\n", "\n\nserver:\n  host: a\n  port: 1\nauth:\nlog: {}\n").none());
    EXPECT_TRUE(between("log: { level: \"info\" }\n", "log: { level: info }\n").none());
    EXPECT_TRUE(between("", "").none());
}

TEST(ConfigurationChanges, name_the_key_and_say_whether_it_takes_effect) {
    const auto changes = between(
        "server: { port: 1 }\nsip: { room_prefix: a, hook_secret: x, hooks: [ { host: a } ] }\nlivekit: { api_key: k "
        "}\n",
        "server: { port: 2 }\nsip: { room_prefix: b, hook_secret: y, hooks: [ { host: b } ] }\nlivekit: { keys: { k: s "
        "} }\n"
        "storage: { path: /x }\nmatchers: [ { use: wildcard } ]\n");
    EXPECT_EQ(changes.in_effect,
              (Paths{"livekit.api_key", "livekit.keys", "matchers", "sip.hook_secret", "sip.hooks"}));
    EXPECT_EQ(changes.after_restart, (Paths{"server.port", "sip.room_prefix", "storage.path"}));
}

TEST(ConfigurationChanges, of_a_sip_block_that_comes_or_goes_need_a_restart) {
    const std::string sip = "sip: { room_prefix: a }\n";
    EXPECT_EQ(between("", sip).after_restart, Paths{"sip"});
    EXPECT_EQ(between(sip, "sip:\n").after_restart, Paths{"sip"});
    EXPECT_TRUE(between(sip, "").in_effect.empty());
}

TEST(ConfigurationChanges, in_the_delivery_block_take_effect_but_for_what_the_store_was_opened_with) {
    const auto changes = between("", "delivery: { timeout: 5s, keep: 1h, park_events: 7 }\nlog: { format: json }\n");
    EXPECT_EQ(changes.in_effect, Paths{"delivery.timeout"});
    EXPECT_EQ(changes.after_restart, (Paths{"delivery.keep", "delivery.park_events", "log.format"}));
}

}  // namespace
}  // namespace switchhook::config::test
