// What the real server cannot be made to show on demand: an outbox that refuses, and changes at the same moment.
#include "core/api/hook_control_api.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <switchhook/testkit/fake_host.hpp>

#include "tests/unit/api/fakes.hpp"
#include "tests/unit/delivery/fakes.hpp"

namespace switchhook::api {
namespace {

// Answers at once, as it is told to.
class FaultyLedger final : public delivery::Ledger {
public:
    void settle(std::vector<delivery::Settlement>) override {}
    void claim(HookId, DeliveryId, std::size_t) override {}
    void pause(Paused asked, Done done) override {
        if (meanwhile) meanwhile();
        if (fault.ok()) paused.push_back(asked.hook);
        done(fault);
    }
    void resume(HookId hook, Done done) override {
        if (fault.ok()) std::erase(paused, hook);
        done(fault);
    }

    Status fault;
    std::function<void()> meanwhile;
    std::vector<HookId> paused;
};

// Receivers that answer when they are told to.
class HangingForwarder final : public FakeForwarder {
public:
    void send(Request, std::chrono::milliseconds, Completion done) override {
        const std::lock_guard lock(mutex_);
        hanging_.push_back(std::move(done));
        changed_.notify_all();
    }
    bool wait_for(std::size_t count) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, std::chrono::seconds(60), [&] { return hanging_.size() == count; });
    }
    void answer() {
        std::vector<Completion> hanging;
        {
            const std::lock_guard lock(mutex_);
            hanging.swap(hanging_);
        }
        for (auto& done : hanging) done(delivery::status_result(204));
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<Completion> hanging_;
};

class HookControlApiTest : public testing::Test {
protected:
    HookControlApiTest() {
        store_.table = {hook("a.com", "tenant-a"), hook("a2.com", "tenant-a"), hook("b.com", "tenant-b"),
                        hook("c.com", "tenant-c"), hook("d.com", "tenant-d"),  hook("e.com", "tenant-e")};
        std::vector<std::unique_ptr<Matcher>> chain;
        chain.push_back(std::make_unique<FakeMatcher>());
        hooks_ = std::make_unique<routing::Hooks>(std::vector<Hook>{}, &store_, std::move(chain));
        EXPECT_TRUE(hooks_->load().ok());
        api_ = std::make_unique<HookControlApi>(
            HookControl{.ledger = ledger_,
                        .lanes = lanes_,
                        .forwarder = forwarder_,
                        .terms =
                            [this] {
                                return TestTerms{.writer = {dialects_, forwarder_, delivery::Secrets({"secret"}, false),
                                                            "sip-", host_.clock()},
                                                 .profiles = {},
                                                 .room_prefix = "sip-",
                                                 .timeout = timeout_};
                            }},
            *hooks_, authentication_, host_.log(), host_.clock());
    }
    static http::Request at(std::string host, std::string body = {}) {
        http::Request made = request("POST", std::move(body));
        made.parameter = std::move(host);
        return made;
    }
    void unavailable(const http::Response& answer) {
        EXPECT_EQ(answer.status, 503) << answer.body;
        ASSERT_EQ(answer.headers.size(), 1U);
        EXPECT_EQ(answer.headers[0].first, "Retry-After");
    }
    void remove(std::string host) { ASSERT_TRUE(hooks_->change({.put = {}, .remove = {std::move(host)}}).ok()); }

    testkit::FakeHost host_;
    FakeStore store_;
    HangingForwarder forwarder_;
    std::chrono::milliseconds timeout_{1};
    delivery::FakeDialect dialect_;
    FaultyLedger ledger_;
    delivery::LaneStates lanes_;
    delivery::Dialects dialects_{"livekit"};
    Authentication authentication_{config::Auth{}};
    std::unique_ptr<routing::Hooks> hooks_;
    std::unique_ptr<HookControlApi> api_;
};

TEST_F(HookControlApiTest, WhatCannotBeMadeDurableIsUnavailableAndTellsNothingOfTheDisk) {
    ledger_.fault = {Code::full, "/var/lib/switchhook.db is full"};
    for (const auto& answer : {api_->pause(at("a.com")), api_->resume(at("a.com"))}) {
        unavailable(answer);
        EXPECT_EQ(answer.body.find("/var/lib"), std::string::npos);
    }
    EXPECT_TRUE(ledger_.paused.empty());
}

TEST_F(HookControlApiTest, APauseThatMeetsTheRemovalOfItsHookLeavesNothingBehind) {
    ledger_.meanwhile = [this] { remove("a.com"); };
    EXPECT_EQ(api_->pause(at("a.com")).status, 404);
    EXPECT_TRUE(ledger_.paused.empty());
}

TEST_F(HookControlApiTest, OnlyPausesOfHooksThatAreGoneAreForgottenAndOneThatCouldNotBeIsTriedAgain) {
    ASSERT_EQ(api_->pause(at("a.com")).status, 200);
    ASSERT_EQ(api_->pause(at("b.com")).status, 200);
    api_->forget_removed();
    EXPECT_EQ(ledger_.paused.size(), 2U);
    remove("a.com");
    ledger_.fault = {Code::full, "full"};
    api_->forget_removed();
    EXPECT_EQ(ledger_.paused.size(), 2U);
    ledger_.fault = {};
    api_->forget_removed();
    EXPECT_EQ(ledger_.paused, std::vector<HookId>{routing::hook_id("b.com", "tenant-b")});
}

TEST_F(HookControlApiTest, APauseThatTheEngineMadeItselfIsForgottenWithItsHook) {
    const HookId gone = routing::hook_id("a.com", "tenant-z");  // the host is another tenant's now
    ledger_.paused = {gone};
    lanes_.pause({.hook = gone, .since_ms = 1, .reason = "status_410"});
    api_->forget_removed();
    EXPECT_TRUE(ledger_.paused.empty());
}

TEST_F(HookControlApiTest, ATestThatCannotBeWrittenIsAnOutcomeAsAnyOther) {
    const auto answer = api_->test(at("a.com"));
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body,
              R"({"outcome":"retry","code":"no_dialect","status":null,"took_ms":0.0,"address":null,"answer":""})");
}

TEST_F(HookControlApiTest, ReceiversOfOneTenantThatHangHoldUpItsOwnTestsAlone) {
    dialects_.add("livekit", dialect_);
    timeout_ = std::chrono::minutes(1);
    std::vector<std::thread> testers;
    std::atomic<int> well = 0;
    const auto begin = [&](const char* host) {
        testers.emplace_back([this, &well, host] {
            if (api_->test(at(host)).status == 200) ++well;
        });
    };
    begin("a.com");
    ASSERT_TRUE(forwarder_.wait_for(1));
    for (const char* host : {"a.com", "a2.com"}) {
        const auto answer = api_->test(at(host));
        EXPECT_EQ(answer.status, 429) << answer.body;
        EXPECT_NE(answer.body.find("TOO_MANY_TESTS"), std::string::npos) << answer.body;
        ASSERT_EQ(answer.headers.size(), 1U);
        EXPECT_EQ(answer.headers[0], (std::pair<std::string, std::string>("Retry-After", "1")));
    }
    std::size_t sent = 1;
    for (const char* host : {"b.com", "c.com", "d.com"}) {
        begin(host);
        ASSERT_TRUE(forwarder_.wait_for(++sent)) << "another tenant's test waits for nobody";
    }
    unavailable(api_->test(at("e.com")));  // each holds a thread
    EXPECT_EQ(api_->test(at("b.com")).status, 429);
    forwarder_.answer();
    for (auto& each : testers) each.join();
    testers.clear();
    EXPECT_EQ(well, 4);
    begin("e.com");
    begin("a2.com");
    EXPECT_TRUE(forwarder_.wait_for(2)) << "the places are free again";
    forwarder_.answer();
    for (auto& each : testers) each.join();
    EXPECT_EQ(well, 6);
}

TEST_F(HookControlApiTest, AfterTheStopNoTestBegins) {
    api_->stop();
    unavailable(api_->test(at("a.com")));
}

}  // namespace
}  // namespace switchhook::api
