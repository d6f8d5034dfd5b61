#include "core/rooms/room_tenants.hpp"

#include <gtest/gtest.h>

#include <condition_variable>
#include <memory>
#include <vector>

#include <switchhook/testkit/fake_host.hpp>
#include <switchhook/testkit/sample_event.hpp>

#include "tests/unit/routing/fake_matcher.hpp"

namespace switchhook::rooms {
namespace {

using namespace std::chrono_literals;

// Answers as told and remembers who asked.
class ScriptedControl final : public CallControl {
public:
    struct Asked {
        std::string room, sid, tenant;
        friend bool operator==(const Asked&, const Asked&) = default;
    };
    Result<RoomTenancy> set_room_tenant(const RoomOwner& owner, std::chrono::milliseconds) override {
        std::unique_lock lock(mutex_);
        asked_.push_back({std::string(owner.room_name), std::string(owner.room_sid), std::string(owner.tenant)});
        arrived_.notify_all();
        released_.wait(lock, [this] { return !held_; });
        if (answers_.empty()) return RoomTenancy::set;
        auto answer = answers_.front();
        if (answers_.size() > 1) answers_.erase(answers_.begin());
        return answer;
    }
    void answer_with(std::vector<Result<RoomTenancy>> answers) {
        const std::lock_guard lock(mutex_);
        answers_ = std::move(answers);
    }
    std::vector<Asked> asked() const {
        const std::lock_guard lock(mutex_);
        return asked_;
    }
    void hold() {
        const std::lock_guard lock(mutex_);
        held_ = true;
    }
    bool wait_for_a_call() {
        std::unique_lock lock(mutex_);
        return arrived_.wait_for(lock, 10s, [this] { return !asked_.empty(); });
    }
    void stop() override {
        const std::lock_guard lock(mutex_);
        held_ = false;
        released_.notify_all();
    }

private:
    mutable std::mutex mutex_;
    std::condition_variable arrived_, released_;
    std::vector<Result<RoomTenancy>> answers_;
    std::vector<Asked> asked_;
    bool held_ = false;
};

class RoomTenantsTest : public testing::Test {
protected:
    RoomTenantsTest() : hooks_({hook("a.example", "tenant-a"), hook("nobody.example", "")}, nullptr, chain()) {
        EXPECT_TRUE(hooks_.load().ok());
        for (const auto& each : hooks_.routes()->hooks()) (each.auth_id.empty() ? nobodys_ : tenant_a_) = each.id;
    }
    static Hook hook(const char* host, const char* tenant) {
        Hook made;
        made.host = host;
        made.url = "https://x.example/";
        made.auth_id = tenant;
        made.configured = true;
        return made;
    }
    static std::vector<std::unique_ptr<Matcher>> chain() {
        std::vector<std::unique_ptr<Matcher>> made;
        made.push_back(std::make_unique<routing::FakeMatcher>());
        return made;
    }
    void see(const testkit::SampleEvent& event, HookId hook) { tenants_.seen(event.event(), hook); }
    double counted(const char* result) { return metrics_.room_tenants(result).Value(); }
    testkit::RecordingLog& log() { return host_.recorded(); }

    testkit::FakeHost host_;
    metrics::Metrics metrics_;
    ScriptedControl control_;
    routing::Hooks hooks_;
    HookId tenant_a_ = 0, nobodys_ = 0;
    RoomTenants tenants_{{std::shared_ptr<void>(), &control_}, hooks_, metrics_, host_.log(), host_.clock()};
};

TEST_F(RoomTenantsTest, ARoomIsToldOnceHoweverManyEventsItHas) {
    for (const char* id : {"EV_1", "EV_2", "EV_3"}) see({.id = id, .room = "sip-1", .sid = "RM_1"}, tenant_a_);
    EXPECT_EQ(tenants_.run_due(), std::nullopt);
    EXPECT_EQ(control_.asked(), (std::vector<ScriptedControl::Asked>{{"sip-1", "RM_1", "tenant-a"}}));
    EXPECT_EQ(counted("set"), 1);
    see({.id = "EV_4", .room = "sip-1", .sid = "RM_2"}, tenant_a_);
    tenants_.run_due();
    EXPECT_EQ(control_.asked().size(), 2U) << "a room with another sid is another room";
}

TEST_F(RoomTenantsTest, NothingIsToldOfAHookWithoutATenantOfAnUnknownHookOrOfARoomThatSaysItItself) {
    see({.id = "EV_1", .sid = "RM_1"}, nobodys_);
    see({.id = "EV_2", .sid = "RM_2"}, 12'345);
    see({.id = "EV_3", .sid = "RM_3", .room_tenant = "tenant-a"}, tenant_a_);
    EXPECT_EQ(tenants_.run_due(), std::nullopt);
    EXPECT_TRUE(control_.asked().empty());
}

TEST_F(RoomTenantsTest, WhatFailsForAWhileIsRepeatedWithGrowingPausesUntilItWorks) {
    const Status away(Code::unavailable, "LiveKit is away");
    control_.answer_with({away, away, RoomTenancy::set});
    see({.id = "EV_1", .room = "sip-_+15557654321_a", .sid = "RM_1"}, tenant_a_);
    const auto first = tenants_.run_due();
    ASSERT_TRUE(first);
    EXPECT_EQ(*first - host_.clock().steady(), 1s);
    EXPECT_FALSE(tenants_.health());
    EXPECT_TRUE(log().contains("its events are delivered all the same"));
    EXPECT_FALSE(log().contains("5557654321")) << "numbers are masked";
    host_.manual_clock().advance(1s);
    EXPECT_EQ(*tenants_.run_due() - host_.clock().steady(), 2s);
    host_.manual_clock().advance(1'999ms);
    EXPECT_TRUE(tenants_.run_due());
    EXPECT_EQ(control_.asked().size(), 2U) << "not before its time";
    host_.manual_clock().advance(1ms);
    EXPECT_EQ(tenants_.run_due(), std::nullopt);
    EXPECT_EQ(control_.asked().size(), 3U);
    EXPECT_TRUE(tenants_.health());
    EXPECT_EQ(counted("failed"), 2);
    EXPECT_EQ(counted("set"), 1);
}

TEST_F(RoomTenantsTest, WhatLiveKitRefusesIsTriedSlowlyAndGivenUpAfterAnHour) {
    control_.answer_with({Status(Code::invalid, "the key is wrong")});
    see({.id = "EV_1", .sid = "RM_1"}, tenant_a_);
    int tries = 0;
    for (auto next = tenants_.run_due(); next; next = tenants_.run_due(), ++tries) {
        ASSERT_EQ(*next - host_.clock().steady(), 30s);
        host_.manual_clock().advance(30s);
    }
    EXPECT_EQ(tries, 120);
    EXPECT_EQ(counted("given_up"), 1);
}

TEST_F(RoomTenantsTest, ARoomOfAnotherTenantIsASecurityEventAndIsNotAskedAgain) {
    control_.answer_with({RoomTenancy::other});
    see({.id = "EV_1", .sid = "RM_1"}, tenant_a_);
    EXPECT_EQ(tenants_.run_due(), std::nullopt);
    EXPECT_EQ(metrics_.tenant_conflicts.Value(), 1);
    EXPECT_TRUE(log().contains("security: LiveKit's metadata gives this room to another tenant"));
    EXPECT_FALSE(log().contains("tenant-a")) << "a log line does not tell one tenant of another";
}

TEST_F(RoomTenantsTest, MetadataThatIsNoObjectIsReportedAndARoomThatIsGoneIsNot) {
    control_.answer_with({RoomTenancy::no_object, RoomTenancy::gone, RoomTenancy::was_set});
    for (const char* sid : {"RM_1", "RM_2", "RM_3"}) see({.id = "EV_1", .sid = sid}, tenant_a_);
    EXPECT_EQ(tenants_.run_due(), std::nullopt);
    EXPECT_TRUE(log().contains("no JSON object; it was left alone"));
    EXPECT_EQ(log().lines().size(), 1U);
    EXPECT_EQ(counted("no_object") + counted("gone") + counted("was_set"), 3);
}

TEST_F(RoomTenantsTest, TenThousandRoomsWaitAndTheOldestIsGivenUpForOneMore) {
    for (int i = 0; i <= 10'000; ++i) see({.id = "EV_1", .sid = "RM_" + std::to_string(i)}, tenant_a_);
    EXPECT_EQ(counted("given_up"), 1);
    EXPECT_EQ(metrics_.room_tenants_waiting.Value(), 10'000);
    tenants_.run_due();
    EXPECT_EQ(control_.asked().front().sid, "RM_1");
    EXPECT_EQ(metrics_.room_tenants_waiting.Value(), 0);
}

TEST_F(RoomTenantsTest, AStopWaitsOnlyForTheCallUnderWay) {
    control_.hold();
    tenants_.start();
    see({.id = "EV_1", .sid = "RM_1"}, tenant_a_);
    ASSERT_TRUE(control_.wait_for_a_call());
    control_.stop();
    tenants_.stop();
    see({.id = "EV_2", .sid = "RM_2"}, tenant_a_);
    EXPECT_EQ(control_.asked().size(), 1U);
    tenants_.stop();
}

}  // namespace
}  // namespace switchhook::rooms
