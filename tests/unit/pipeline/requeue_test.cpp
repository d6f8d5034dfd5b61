// Requeues on their way from other threads through the committer.
#include <future>
#include <thread>

#include "tests/unit/pipeline/fixture.hpp"

namespace switchhook::pipeline {
namespace {

class Requeue : public CommitterTest {
protected:
    // Rounds until the other thread has its answer.
    template <typename T>
    T answered(std::future<T>& answer) {
        while (answer.wait_for(milliseconds(1)) != std::future_status::ready) round();
        return answer.get();
    }
    DeliveryId dead_letter() {
        known_call();
        const DeliveryId id = sink.handed_over.at(0).delivery.id;
        std::vector<Settlement> ends;
        ends.push_back({.hook = a, .id = id, .state = DeliveryState::dead, .attempts = 1, .code = "status_400"});
        committer->settle(std::move(ends));
        round();
        return id;
    }
};

TEST_F(Requeue, OneIsHandedToItsLaneAsStored) {
    recover();
    const DeliveryId id = dead_letter();
    const auto before = sink.handed_over.size();
    auto asked = std::async(std::launch::async, [&] { return committer->requeue(id, {}); });
    const auto made = answered(asked);
    ASSERT_TRUE(made.ok()) << made.status().message();
    ASSERT_EQ(sink.handed_over.size(), before + 1);
    EXPECT_EQ(sink.handed_over.back().delivery.id, *made);
    EXPECT_EQ(sink.handed_over.back().delivery.event_id, "EV_join");
    EXPECT_EQ(sink.handed_over.back().event, nullptr);
    EXPECT_FALSE(outbox.other_thread) << "the outbox heard another thread";
}

TEST_F(Requeue, WhatTheOutboxRefusesIsAnsweredAndNothingIsHandedOver) {
    recover();
    known_call();
    const auto before = sink.handed_over.size();
    const DeliveryId waits = sink.handed_over.at(0).delivery.id;
    auto unknown = std::async(std::launch::async, [&] { return committer->requeue(987, {}); });
    EXPECT_EQ(answered(unknown).status().code(), Code::not_found);
    auto waiting = std::async(std::launch::async, [&] { return committer->requeue(waits, {}); });
    EXPECT_EQ(answered(waiting).status().code(), Code::conflict);
    outbox.set_fail({Code::unavailable, "the disk is away"});
    auto failing = std::async(std::launch::async, [&] { return committer->requeue(waits, {}); });
    EXPECT_EQ(answered(failing).status().code(), Code::unavailable);
    EXPECT_EQ(sink.handed_over.size(), before);
}

TEST_F(Requeue, AJobBringsMaintenanceAtOnceAndWhatItMakesReadyIsHandedOver) {
    recover();
    round();
    const int before = outbox.maintained;
    outbox.next_maintained.ready.push_back({.id = 55, .hook = a, .event_id = "EV_again", .body = "{}"});
    LogFilter filter;
    filter.tenant = "tenant-a";
    auto asked = std::async(std::launch::async, [&] { return committer->begin_requeue(filter); });
    const auto job = answered(asked);
    ASSERT_TRUE(job.ok());
    EXPECT_EQ(job.value().filter.tenant, "tenant-a");
    EXPECT_GT(outbox.maintained, before);
    ASSERT_EQ(sink.handed_over.size(), 1U);
    EXPECT_EQ(sink.handed_over[0].delivery.id, 55U);
    auto cancelled = std::async(std::launch::async, [&] { return committer->cancel_requeue(1, {}); });
    EXPECT_EQ(answered(cancelled).value().state, RequeueJob::State::cancelled);
    auto unknown = std::async(std::launch::async, [&] { return committer->cancel_requeue(2, {}); });
    EXPECT_EQ(answered(unknown).status().code(), Code::not_found);
}

TEST_F(Requeue, AfterTheEndItIsUnavailable) {
    recover();
    committer->stop(milliseconds(0));
    EXPECT_EQ(committer->requeue(1, {}).status().code(), Code::unavailable);
    EXPECT_EQ(committer->begin_requeue({}).status().code(), Code::unavailable);
    EXPECT_EQ(committer->cancel_requeue(1, {}).status().code(), Code::unavailable);
}

TEST_F(Requeue, ManyThreadsAskWhileTheEndComesAndEachIsAnswered) {
    ASSERT_TRUE(committer->start(sink).ok());
    std::vector<std::thread> threads;
    std::atomic<int> answers = 0;
    for (int i = 0; i < 8; ++i)
        threads.emplace_back([&] {
            while (committer->requeue(1, {}).status().code() != Code::unavailable) {
            }
            ++answers;
        });
    committer->stop(seconds(5));
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(answers, 8);
}

TEST_F(Requeue, DroppedDeadLettersAreCountedAndSaidOnce) {
    recover();
    outbox.next_maintained.dead_dropped = 3;
    round();
    EXPECT_NE(metrics.text().find("switchhook_dead_letters_dropped_total 3"), std::string::npos) << metrics.text();
    EXPECT_EQ(lines_with("were dropped, oldest first"), 1U);
}

}  // namespace
}  // namespace switchhook::pipeline
