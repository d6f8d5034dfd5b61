#include "core/routing/routes.hpp"

#include <gtest/gtest.h>

#include <set>

#include "tests/unit/routing/fake_matcher.hpp"

namespace switchhook::routing {
namespace {

std::vector<Hook> with_ids(std::vector<Hook> hooks) {
    for (auto& hook : hooks) hook.id = hook_id(hook.host, hook.auth_id);
    return hooks;
}

Event event_with(std::span<const Attribute> attributes) {
    Event event;
    event.attributes = attributes;
    return event;
}

TEST(HookIds, AreTheFirst63BitsOfTheDigestOfHostAndTenant) {
    // printf 'customer-a.com\0tenant-a' | sha256sum, shifted right by one bit
    EXPECT_EQ(hook_id("customer-a.com", "tenant-a"), 0x1E924CF2F0CC46A1ULL);
}

TEST(HookIds, DifferWhenHostOrTenantDiffersEvenIfTheTextTogetherDoesNot) {
    const std::set<HookId> ids{hook_id("a", "b"), hook_id("ab", ""), hook_id("", "ab"), hook_id("a", ""),
                               hook_id("", "")};
    EXPECT_EQ(ids.size(), 5U);
    for (const auto id : ids) EXPECT_LT(id, HookId{1} << 63U);
}

TEST(Routes, FindAHookByItsIdAndNoneThatWasGivenToAnotherTenant) {
    const Routes routes(with_ids({hook_of("b.example", "tenant-b"), hook_of("a.example", "tenant-a")}), {});
    const Hook* found = routes.find(hook_id("b.example", "tenant-b"));
    ASSERT_NE(found, nullptr);
    EXPECT_EQ(found->host, "b.example");
    EXPECT_EQ(routes.find(hook_id("b.example", "tenant-a")), nullptr);
    EXPECT_EQ(routes.find(0), nullptr);
}

TEST(Routes, AreSortedByHost) {
    const Routes routes(with_ids({hook_of("c"), hook_of("a"), hook_of("b")}), {});
    ASSERT_EQ(routes.hooks().size(), 3U);
    EXPECT_EQ(routes.hooks()[0].host, "a");
    EXPECT_EQ(routes.hooks()[2].host, "c");
}

TEST(Routes, TheFirstMatcherThatFindsAHookDecides) {
    auto chain = std::make_shared<Chain>();
    chain->push_back(std::make_unique<FakeMatcher>("first"));
    chain->push_back(std::make_unique<FakeMatcher>("second"));
    const Routes routes(with_ids({hook_of("a"), hook_of("b")}), chain);

    const Attribute both[] = {{"second", "b"}, {"first", "a"}};
    EXPECT_EQ(routes.match(event_with(both)).hooks, std::vector<HookId>{hook_id("a", "tenant-a")});
    const Attribute later[] = {{"first", "nobody"}, {"second", "b"}};
    const Matches matches = routes.match(event_with(later));
    EXPECT_EQ(matches.hooks, std::vector<HookId>{hook_id("b", "tenant-a")});
    EXPECT_EQ(matches.host, "b");
}

TEST(Routes, AnEventThatNobodyMatchesNamesTheHostThatWasLookedFor) {
    auto chain = std::make_shared<Chain>();
    chain->push_back(std::make_unique<FakeMatcher>("first"));
    chain->push_back(std::make_unique<FakeMatcher>("second"));
    const Routes routes(with_ids({hook_of("a")}), chain);
    const Attribute attributes[] = {{"first", "scanner.example"}};
    const Matches matches = routes.match(event_with(attributes));
    EXPECT_TRUE(matches.hooks.empty());
    EXPECT_EQ(matches.host, "scanner.example");
}

TEST(Routes, ExplainUpToTheMatcherThatDecided) {
    auto chain = std::make_shared<Chain>();
    for (const char* attribute : {"first", "second", "third"})
        chain->push_back(std::make_unique<FakeMatcher>(attribute));
    const Routes routes(with_ids({hook_of("a"), hook_of("b")}), chain);
    const Attribute attributes[] = {{"first", "nobody"}, {"second", "b"}, {"third", "a"}};
    const auto steps = routes.explain(event_with(attributes));
    ASSERT_EQ(steps.size(), 2U);
    EXPECT_EQ(steps[0].matcher, 0U);
    EXPECT_EQ(steps[0].text, "found no hook for 'nobody'");
    EXPECT_EQ(steps[1].matcher, 1U);
    EXPECT_EQ(steps[1].text, "found 1 hook(s) for 'b'");
    EXPECT_EQ(steps[1].matches.hooks, routes.match(event_with(attributes)).hooks);
}

TEST(Routes, ExplainEveryMatcherWhenNobodyFindsAHook) {
    auto chain = std::make_shared<Chain>();
    chain->push_back(std::make_unique<FakeMatcher>("first"));
    chain->push_back(std::make_unique<FakeMatcher>("second"));
    const Routes routes(with_ids({hook_of("a")}), chain);
    const auto steps = routes.explain(Event{});
    ASSERT_EQ(steps.size(), 2U);
    for (const auto& step : steps) EXPECT_EQ(step.text, "found no hook");
    EXPECT_TRUE(Routes({}, {}).explain(Event{}).empty());
}

TEST(Routes, WithoutMatchersOrHooksNothingMatches) {
    const Routes routes({}, {});
    EXPECT_TRUE(routes.match(Event{}).hooks.empty());
    EXPECT_TRUE(routes.hooks().empty());
}

}  // namespace
}  // namespace switchhook::routing
