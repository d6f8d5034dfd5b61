#include "tests/unit/pipeline/flow.hpp"

namespace switchhook::pipeline {
namespace {

class MemoryFlowTest : public FlowTest {
protected:
    FakeOutbox outbox;
};

TEST_F(MemoryFlowTest, ParallelCallsArriveEachInOrderAndAtItsTenant) {
    Run run(*this, outbox);
    std::atomic<int> not_taken = 0;
    std::vector<std::thread> senders;
    for (int s = 0; s < 4; ++s)
        senders.emplace_back([&, s] {
            for (int call = 0; call < 8; ++call) {
                const std::string name = call % 2 == 0 ? "a" : "b";
                not_taken += play(run, name + std::to_string(s) + "-" + std::to_string(call), name, 12);
            }
        });
    for (auto& sender : senders) sender.join();
    EXPECT_EQ(not_taken, 0);
    EXPECT_TRUE(soon([&] { return outbox.count(DeliveryState::delivered) == 4 * 8 * 12; }));
    run.stop();
    EXPECT_EQ(forwarder.arrived().size(), 4U * 8 * 12);
    expect_order(12);
    EXPECT_FALSE(outbox.other_thread);
    EXPECT_EQ(outbox.count(DeliveryState::waiting), 0U);
}

TEST_F(MemoryFlowTest, WhatWasNotDeliveredBeforeARestartIsDeliveredAfterIt) {
    forwarder.status = 0;  // cut off: neither counted nor settled
    {
        Run run(*this, outbox);
        for (int i = 0; i < 100; ++i) {
            const std::string room = "sip-" + std::to_string(i % 4);
            const std::string id = "EV_" + std::to_string(i);
            const auto answer =
                post(run, i < 4 ? join_of(id, "a", "SCL_" + std::to_string(i), room) : body_of(id, room));
            ASSERT_TRUE(soon([&] { return answer->status() == 200; }));
        }
        run.stop();
    }
    EXPECT_EQ(outbox.count(DeliveryState::waiting), 100U);
    forwarder.status = 200;
    Run run(*this, outbox);
    EXPECT_TRUE(soon([&] { return outbox.count(DeliveryState::delivered) == 100; }));
    run.stop();
    std::map<int, int> last;
    for (const auto& [url, id] : forwarder.arrived()) {
        const int number = std::stoi(id.substr(3));
        const auto [before, is_first] = last.try_emplace(number % 4, number);
        if (is_first) continue;
        EXPECT_LT(std::exchange(before->second, number), number);
    }
    EXPECT_EQ(forwarder.arrived().size(), 100U);
    EXPECT_GT(outbox.claims, 1);
}

TEST_F(MemoryFlowTest, AStopAnswersAndCommitsWhatWaits) {
    Run run(*this, outbox);
    std::vector<std::shared_ptr<Answer>> answers;
    for (int i = 0; i < 200; ++i) answers.push_back(post(run, body_of("EV_" + std::to_string(i), "sip-x")));
    run.stop();
    for (const auto& answer : answers) EXPECT_EQ(answer->status(), 200);
    EXPECT_EQ(post(run, body_of("EV_late"))->status(), 503);
}

TEST_F(MemoryFlowTest, AStopWithABrokenOutboxEndsAtItsDeadlineAndLeavesNobodyWithoutAnAnswer) {
    Run run(*this, outbox);
    post(run, join_of("EV_1", "a", "SCL_1"));
    ASSERT_TRUE(soon([&] { return outbox.count(DeliveryState::delivered) == 1; }));
    outbox.set_fail({Code::unavailable, "away"});
    const auto answer = post(run, body_of("EV_2"));
    run.committer.settle({{.hook = 1, .id = 1, .state = DeliveryState::delivered, .code = "delivered"}});
    run.engine.stop(seconds(1));
    run.committer.stop(milliseconds(50));
    EXPECT_EQ(answer->status(), 503);
}

}  // namespace
}  // namespace switchhook::pipeline
