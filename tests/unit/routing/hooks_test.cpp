#include "core/routing/hooks.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "tests/unit/routing/fake_matcher.hpp"

namespace switchhook::routing {
namespace {

std::vector<std::unique_ptr<Matcher>> chain_of_one(std::atomic<int>* indexed = nullptr) {
    std::vector<std::unique_ptr<Matcher>> chain;
    chain.push_back(std::make_unique<FakeMatcher>("host", indexed));
    return chain;
}

HookChange put(Hook hook) {
    return {.put = {std::move(hook)}, .remove = {}};
}

std::vector<std::string> hosts_of(const Hooks& hooks) {
    std::vector<std::string> hosts;
    const auto routes = hooks.routes();
    for (const auto& hook : routes->hooks()) hosts.push_back(hook.host);
    return hosts;
}

TEST(Hooks, LoadPutsConfiguredAndStoredHooksInForce) {
    FakeHookStore store;
    store.rows["b"] = hook_of("b");
    Hooks hooks({hook_of("a")}, &store, chain_of_one());
    EXPECT_TRUE(hosts_of(hooks).empty());
    ASSERT_TRUE(hooks.load().ok());
    EXPECT_EQ(hosts_of(hooks), (std::vector<std::string>{"a", "b"}));
    EXPECT_TRUE(hooks.configured("a"));
    EXPECT_FALSE(hooks.configured("b"));
    EXPECT_TRUE(hooks.routes()->find(hook_id("a", "tenant-a"))->configured);
    EXPECT_FALSE(hooks.routes()->find(hook_id("b", "tenant-a"))->configured);
}

TEST(Hooks, AStoreThatCannotBeUnderstoodStopsTheLoad) {
    FakeHookStore store;
    store.fail = Status(Code::corrupt, "sip_hooks.json: not JSON");
    Hooks hooks({hook_of("a")}, &store, chain_of_one());
    EXPECT_EQ(hooks.load().code(), Code::corrupt);
    EXPECT_TRUE(hosts_of(hooks).empty());
}

TEST(Hooks, AConfiguredHostHidesTheStoredOne) {
    FakeHookStore store;
    store.rows["a"] = hook_of("a", "tenant-b");
    Hooks hooks({hook_of("a", "tenant-a")}, &store, chain_of_one());
    ASSERT_TRUE(hooks.load().ok());
    ASSERT_EQ(hooks.routes()->hooks().size(), 1U);
    EXPECT_EQ(hooks.routes()->hooks()[0].auth_id, "tenant-a");
    ASSERT_TRUE(hooks.change(put(hook_of("a", "tenant-c"))).ok());
    EXPECT_EQ(hooks.routes()->hooks()[0].auth_id, "tenant-a");
}

TEST(Hooks, AChangeIsInForceOnReturnAndOldRoutesStayAsTheyWere) {
    FakeHookStore store;
    Hooks hooks({}, &store, chain_of_one());
    ASSERT_TRUE(hooks.load().ok());
    const auto before = hooks.routes();
    ASSERT_TRUE(hooks.change(put(hook_of("a"))).ok());
    const Attribute attributes[] = {{"host", "a"}};
    Event event;
    event.attributes = attributes;
    EXPECT_EQ(hooks.routes()->match(event).hooks.size(), 1U);
    EXPECT_TRUE(before->match(event).hooks.empty());
    ASSERT_TRUE(hooks.change({.put = {}, .remove = {"a", "never-there"}}).ok());
    EXPECT_TRUE(hosts_of(hooks).empty());
}

TEST(Hooks, AnIndexThatCouldNotBeMadeIsNeverInForce) {
    FakeHookStore store;
    auto chain = chain_of_one();
    auto& matcher = static_cast<FakeMatcher&>(*chain.front());
    Hooks hooks({hook_of("a")}, &store, std::move(chain));
    ASSERT_TRUE(hooks.load().ok());
    matcher.fail = Status(Code::internal, "plugin matcher_fake: index: no memory");
    EXPECT_FALSE(hooks.change(put(hook_of("b"))).ok());
    EXPECT_EQ(hosts_of(hooks), (std::vector<std::string>{"a"}));
    EXPECT_FALSE(hooks.load().ok());
    EXPECT_EQ(hosts_of(hooks), (std::vector<std::string>{"a"}));
}

TEST(Hooks, AFailedWriteLeavesTheRoutesAndIsTheAnswer) {
    FakeHookStore store;
    store.rows["a"] = hook_of("a");
    Hooks hooks({}, &store, chain_of_one());
    ASSERT_TRUE(hooks.load().ok());
    const auto before = hooks.routes();
    store.fail = Status(Code::full, "no space left on device");
    const Status answer = hooks.change(put(hook_of("b")));
    EXPECT_EQ(answer.code(), Code::full);
    EXPECT_EQ(answer.message(), "no space left on device");
    EXPECT_EQ(hooks.routes(), before);
}

TEST(Hooks, WithoutAStoreAChangeIsRefused) {
    Hooks hooks({}, nullptr, chain_of_one());
    ASSERT_TRUE(hooks.load().ok());
    EXPECT_EQ(hooks.change(put(hook_of("a"))).code(), Code::internal);
}

TEST(Hooks, AHostThatNoMatcherCanUseIsNotAccepted) {
    Hooks hooks({}, nullptr, chain_of_one());
    EXPECT_TRUE(hooks.accepts("a.example"));
    EXPECT_FALSE(hooks.accepts("*.example"));
}

TEST(Hooks, SixtyFourParallelWritersLoseNothingAndShareWrites) {
    FakeHookStore store;
    std::atomic<int> indexed = 0;
    Hooks hooks({}, &store, chain_of_one(&indexed));
    ASSERT_TRUE(hooks.load().ok());
    store.hold = true;  // the first leader waits at the store, so that the others gather behind it
    std::atomic<int> refused = 0;
    std::atomic<int> about_to_write = 0;
    std::vector<std::thread> writers;
    for (int i = 0; i < 64; ++i)
        writers.emplace_back([&, i] {
            ++about_to_write;
            if (!hooks.change(put(hook_of("host-" + std::to_string(i)))).ok()) ++refused;
        });
    while (store.inside == 0 || about_to_write < 64) std::this_thread::yield();
    store.hold = false;
    for (auto& writer : writers) writer.join();
    EXPECT_EQ(refused, 0);
    EXPECT_EQ(store.rows.size(), 64U);
    EXPECT_EQ(hooks.routes()->hooks().size(), 64U);
    EXPECT_FALSE(store.overlapped);
    EXPECT_LT(store.applied, 64);
    EXPECT_EQ(indexed, store.applied + 1);  // one index per write, one for the load
}

TEST(Hooks, AFailureIsTheAnswerOfEveryParticipantOfItsGroup) {
    FakeHookStore store;
    Hooks hooks({}, &store, chain_of_one());
    ASSERT_TRUE(hooks.load().ok());
    store.fail = Status(Code::unavailable, "the disk is gone");
    std::atomic<int> failed = 0;
    std::vector<std::thread> writers;
    for (int i = 0; i < 16; ++i)
        writers.emplace_back([&, i] {
            if (hooks.change(put(hook_of("host-" + std::to_string(i)))).code() == Code::unavailable) ++failed;
        });
    for (auto& writer : writers) writer.join();
    EXPECT_EQ(failed, 16);
    EXPECT_TRUE(hosts_of(hooks).empty());
}

// The race that a check before the change cannot see: both tenants find the host free.
TEST(Hooks, OfTwoTenantsThatAskForOneHostAtOnceExactlyOneGetsIt) {
    FakeHookStore store;
    Hooks hooks({}, &store, chain_of_one());
    ASSERT_TRUE(hooks.load().ok());
    std::atomic<int> owners = 0;
    std::vector<std::thread> writers;
    for (int i = 0; i < 16; ++i)
        writers.emplace_back([&, i] {
            const std::string tenant = "tenant-" + std::to_string(i);
            const Judge free_or_mine = [&](const Routes& routes) -> Status {
                for (const auto& hook : routes.hooks())
                    if (hook.host == "wanted" && hook.auth_id != tenant) return {Code::conflict, "taken"};
                return {};
            };
            if (hooks.change(put(hook_of("wanted", tenant)), free_or_mine).ok()) ++owners;
        });
    for (auto& writer : writers) writer.join();
    EXPECT_EQ(owners, 1);
}

TEST(Hooks, AChangeThatIsJudgedBadIsLeftOutAndTheOthersGoOn) {
    FakeHookStore store;
    Hooks hooks({}, &store, chain_of_one());
    ASSERT_TRUE(hooks.load().ok());
    const Judge never = [](const Routes&) { return Status(Code::conflict, "no"); };
    EXPECT_EQ(hooks.change(put(hook_of("a")), never).code(), Code::conflict);
    EXPECT_EQ(store.applied, 0);
    EXPECT_TRUE(hooks.change(put(hook_of("b"))).ok());
    EXPECT_EQ(hosts_of(hooks), std::vector<std::string>{"b"});
}

TEST(Hooks, AnotherConfigurationIsInEffectAtOnceAndTheStoredHooksStay) {
    FakeHookStore store;
    Hooks hooks({hook_of("a"), hook_of("b")}, &store, chain_of_one());
    ASSERT_TRUE(hooks.load().ok());
    ASSERT_TRUE(hooks.change(put(hook_of("stored"))).ok());
    const auto before = hooks.routes();
    const auto old_chain = hooks.reconfigure({hook_of("b", "other"), hook_of("c")}, chain_of_one());
    ASSERT_TRUE(old_chain.ok());
    EXPECT_EQ(hosts_of(hooks), (std::vector<std::string>{"b", "c", "stored"}));
    EXPECT_TRUE(hooks.configured("c"));
    EXPECT_FALSE(hooks.configured("a"));
    EXPECT_NE(hooks.routes()->hooks()[0].id, before->hooks()[1].id) << "another tenant's is another hook";
    EXPECT_EQ(before->hooks().size(), 3U) << "whoever works with the old routes may go on";
    EXPECT_GT(old_chain->use_count(), 1) << "the old routes hold the old chain";
    EXPECT_TRUE(hooks.change(put(hook_of("d"))).ok());
    EXPECT_EQ(hosts_of(hooks), (std::vector<std::string>{"b", "c", "d", "stored"}));
}

TEST(Hooks, AConfigurationThatCannotBeUsedChangesNothing) {
    FakeHookStore store;
    Hooks hooks({hook_of("a")}, &store, chain_of_one());
    ASSERT_TRUE(hooks.load().ok());
    const auto before = hooks.routes();
    auto broken = std::make_unique<FakeMatcher>();
    broken->fail = Status(Code::internal, "no index could be made");
    Chain chain;
    chain.push_back(std::move(broken));
    EXPECT_EQ(hooks.reconfigure({hook_of("b")}, std::move(chain)).status().code(), Code::internal);
    store.fail = Status(Code::unavailable, "the disk is gone");
    EXPECT_EQ(hooks.reconfigure({hook_of("b")}, chain_of_one()).status().code(), Code::unavailable);
    EXPECT_EQ(hooks.routes(), before);
    EXPECT_TRUE(hooks.configured("a"));
    EXPECT_TRUE(hooks.accepts("a.example"));
}

TEST(Hooks, ChangesAndConfigurationsAtOnceLoseNothing) {
    FakeHookStore store;
    Hooks hooks({}, &store, chain_of_one());
    ASSERT_TRUE(hooks.load().ok());
    std::vector<std::thread> writers;
    for (int i = 0; i < 8; ++i)
        writers.emplace_back([&, i] {
            for (int j = 0; j < 8; ++j)
                EXPECT_TRUE(hooks.change(put(hook_of("host-" + std::to_string(i * 8 + j)))).ok());
        });
    for (int i = 0; i < 20; ++i) EXPECT_TRUE(hooks.reconfigure({hook_of("given")}, chain_of_one()).ok());
    for (auto& writer : writers) writer.join();
    EXPECT_EQ(hooks.routes()->hooks().size(), 65U);
    EXPECT_FALSE(store.overlapped);
}

TEST(Hooks, AJudgeThatThrowsIsAnAnswerAndTheNextChangeWorks) {
    FakeHookStore store;
    Hooks hooks({}, &store, chain_of_one());
    ASSERT_TRUE(hooks.load().ok());
    const Judge throws = [](const Routes&) -> Status { throw std::runtime_error("out of luck"); };
    EXPECT_EQ(hooks.change(put(hook_of("a")), throws).code(), Code::internal);
    EXPECT_TRUE(hooks.change(put(hook_of("a"))).ok());
}

}  // namespace
}  // namespace switchhook::routing
