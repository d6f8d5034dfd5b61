#include "core/app/provisioning.hpp"

#include <gtest/gtest.h>

#include <condition_variable>
#include <deque>

#include <switchhook/testkit/fake_host.hpp>

namespace switchhook::app {
namespace {

using namespace std::chrono_literals;

const Status kAway(Code::unavailable, "http://livekit.example cannot be reached");
const Status kRefused(Code::invalid, "http://livekit.example refused the key; correct livekit.api_secret");

class ScriptedProvisioner final : public Provisioner {
public:
    Result<Plan> plan(const Wanted&) override { return Plan{}; }
    Result<Plan> apply(const Wanted& wanted) override {
        const std::lock_guard lock(mutex_);
        ++looks_;
        prefix_ = wanted.room_prefix;
        addresses_.assign(wanted.allowed_addresses.begin(), wanted.allowed_addresses.end());
        looked_.notify_all();
        if (answers.empty()) return Plan{};
        auto answer = answers.front();
        if (answers.size() > 1) answers.pop_front();
        return answer;
    }
    bool wait_for_looks(int count) {
        std::unique_lock lock(mutex_);
        return looked_.wait_for(lock, 10s, [&] { return looks_ >= count; });
    }
    std::deque<Result<Plan>> answers;
    std::string prefix_;
    std::vector<std::string> addresses_;

private:
    std::mutex mutex_;
    std::condition_variable looked_;
    int looks_ = 0;
};

class ProvisioningTest : public testing::Test {
protected:
    std::shared_ptr<Provisioner> asked() { return {std::shared_ptr<void>(), &provisioner_}; }
    Provisioning& make(bool known = false, std::chrono::milliseconds reconcile = 5min) {
        made_ = std::make_unique<Provisioning>(
            ProvisioningSettings{.room_prefix = "sip-",
                                 .allowed_addresses = {"10.0.0.1"},
                                 .wait = 30s,
                                 .reconcile = reconcile,
                                 .known = known},
            asked(), [this] { ++successes_; }, [this](const Status& why) { failures_.push_back(why.message()); },
            metrics_, host_.log(), host_.clock());
        made_->begin();
        return *made_;
    }
    testkit::RecordingLog& log() { return host_.recorded(); }
    int lines(std::string_view part) {
        int count = 0;
        for (const auto& line : log().lines()) count += line.text.find(part) != std::string::npos ? 1 : 0;
        return count;
    }

    testkit::FakeHost host_;
    metrics::Metrics metrics_;
    ScriptedProvisioner provisioner_;
    int successes_ = 0;
    std::vector<std::string> failures_;
    std::unique_ptr<Provisioning> made_;
};

TEST_F(ProvisioningTest, IsNotDoneUntilTheFirstSuccessWhichIsToldOnce) {
    auto& provisioning = make();
    EXPECT_FALSE(provisioning.done());
    EXPECT_TRUE(provisioning.in_order());
    provisioner_.answers = {Plan{{"create trunk 'sayna-sip--trunk'"}}, Plan{}};
    EXPECT_EQ(provisioning.look(), 5min);
    EXPECT_TRUE(provisioning.done());
    EXPECT_TRUE(log().contains("LiveKit was provisioned change=create trunk 'sayna-sip--trunk'"));
    EXPECT_EQ(provisioning.look(), 5min);
    EXPECT_EQ(successes_, 1);
    EXPECT_EQ(provisioner_.prefix_, "sip-");
    EXPECT_EQ(provisioner_.addresses_, std::vector<std::string>{"10.0.0.1"});
    EXPECT_EQ(metrics_.provision_changes.Value(), 1);
    EXPECT_EQ(metrics_.provisioned.Value(), 1);
}

TEST_F(ProvisioningTest, ARefusalEndsTheStartAtOnceAlsoWhenLiveKitIsKnown) {
    for (const bool known : {false, true}) {
        failures_.clear();
        provisioner_.answers = {kRefused};
        EXPECT_EQ(make(known).look(), std::nullopt);
        EXPECT_EQ(failures_, std::vector<std::string>{kRefused.message()});
    }
    EXPECT_EQ(lines("LiveKit could not be provisioned; the server ends why=http://livekit.example refused"), 2);
    EXPECT_EQ(successes_, 0);
}

TEST_F(ProvisioningTest, ALiveKitThatWasNeverReachedEndsTheStartAfterTheWait) {
    auto& provisioning = make();
    provisioner_.answers = {kAway};
    const auto began = host_.clock().steady();
    int looks = 0;
    for (auto pause = provisioning.look(); pause; pause = provisioning.look(), ++looks) {
        EXPECT_LE(*pause, 5s);
        EXPECT_NE(provisioning.done().message().find("cannot be reached"), std::string::npos);
        host_.manual_clock().advance(*pause);
    }
    EXPECT_EQ(host_.clock().steady() - began, 30s) << "neither sooner nor a pause later";
    EXPECT_GE(looks, 8);
    EXPECT_EQ(failures_, std::vector<std::string>{kAway.message()});
    EXPECT_EQ(lines("LiveKit is not provisioned yet; trying again"), 1) << "one line for one cause";
}

TEST_F(ProvisioningTest, ALiveKitThatWasReachedBeforeIsWaitedForWithoutEnd) {
    auto& provisioning = make(true);
    provisioner_.answers = {kAway};
    for (int i = 0; i < 100; ++i) {
        const auto pause = provisioning.look();
        ASSERT_TRUE(pause);
        host_.manual_clock().advance(*pause);
    }
    EXPECT_FALSE(provisioning.done());
    EXPECT_TRUE(failures_.empty());
    provisioner_.answers = {Plan{}};
    EXPECT_EQ(provisioning.look(), 5min);
    EXPECT_TRUE(provisioning.done());
    EXPECT_TRUE(log().contains("can be looked at again"));
}

TEST_F(ProvisioningTest, WhatDiffersLaterIsMendedSaidAndCounted) {
    auto& provisioning = make();
    provisioner_.answers = {Plan{}, Plan{{"update trunk: allowed_addresses [10.0.0.9] -> [10.0.0.1]"}}};
    provisioning.look();
    provisioning.look();
    EXPECT_TRUE(log().contains("LiveKit differed from the wanted state and was mended change=update trunk"));
    EXPECT_EQ(metrics_.provision_runs("changed").Value(), 1);
}

TEST_F(ProvisioningTest, ALaterFailureEndsNothingAndIsAWarningUntilItIsOver) {
    auto& provisioning = make();
    provisioner_.answers = {Plan{}, kRefused, kAway, Plan{}};
    provisioning.look();
    EXPECT_EQ(provisioning.look(), 250ms);
    EXPECT_TRUE(provisioning.done());
    EXPECT_NE(provisioning.in_order().message().find("refused the key"), std::string::npos);
    EXPECT_EQ(metrics_.provisioned.Value(), 0);
    EXPECT_EQ(provisioning.look(), 500ms);
    EXPECT_EQ(provisioning.look(), 5min);
    EXPECT_TRUE(provisioning.in_order());
    EXPECT_TRUE(failures_.empty());
    EXPECT_EQ(successes_, 1);
}

TEST_F(ProvisioningTest, WithoutReconcileItLooksAgainOnlyWhenAsked) {
    auto& provisioning = make(false, 0ms);
    EXPECT_EQ(provisioning.look(), std::nullopt);
    provisioning.start();
    ASSERT_TRUE(provisioner_.wait_for_looks(2));
    provisioning.reconfigure({.room_prefix = "new-", .allowed_addresses = {"10.0.0.2"}, .reconcile = 0ms}, asked());
    ASSERT_TRUE(provisioner_.wait_for_looks(3));
    provisioning.stop();
    EXPECT_EQ(provisioner_.prefix_, "new-");
    provisioning.stop();
}

}  // namespace
}  // namespace switchhook::app
