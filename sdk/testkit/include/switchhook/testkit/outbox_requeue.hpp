// What can be done with deliveries that have ended: requeueing one, and jobs that requeue many.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <deque>
#include <string>
#include <vector>

#include <switchhook/testkit/outbox_log.hpp>

namespace switchhook::testkit {

TEST_P(OutboxSuite, ARequeuedDeliveryStartsAnewBehindWhatWaitsInItsStream) {
    OutboxLog driver(GetParam());
    std::vector<DeliveryId> ids;
    for (int i = 0; i < 3; ++i) ids.push_back(driver.commit({room_event(i, 1)}).ready.at(0).id);
    const Attempt attempt{.at_ms = 1, .code = "status_400"};
    driver.commit({}, {died(ids[0], "status_400", &attempt)});
    driver.now_ms += 5000;
    const auto again = driver.outbox().requeue(ids[0], {}, driver.now_ms);
    ASSERT_TRUE(again) << again.status().message();
    EXPECT_GT(again.value().id, ids[2]);
    EXPECT_EQ(again.value().hook, 11u);
    EXPECT_EQ(again.value().event_id, "EV_0");
    EXPECT_EQ(again.value().body, "body 0");
    EXPECT_EQ(again.value().attempts, 0u);
    EXPECT_EQ(again.value().due_ms, 0);
    EXPECT_EQ(again.value().appended_ms, driver.now_ms);
    EXPECT_EQ(again.value().source, WaitingDelivery::kStored);
    driver.send(room_event(9, 1));
    for (int round = 0; round < 2; ++round) {
        EXPECT_EQ(driver.waiting(11), (std::vector<std::string>{"EV_1", "EV_2", "EV_0", "EV_9"}));
        EXPECT_EQ(driver.outbox().figures().dead, 0u);
        const auto old = driver.outbox().look_up(ids[0], {});
        ASSERT_TRUE(old);
        EXPECT_EQ(old.value().delivery.state, DeliveryState::requeued);
        EXPECT_EQ(old.value().delivery.successor, again.value().id);
        EXPECT_EQ(old.value().attempts.size(), 1u);
        const auto fresh = driver.outbox().look_up(again.value().id, {});
        ASSERT_TRUE(fresh);
        EXPECT_EQ(fresh.value().delivery.tenant, "tenant-a");
        EXPECT_EQ(fresh.value().delivery.call, "SCL_1");
        EXPECT_EQ(fresh.value().delivery.stream, old.value().delivery.stream);
        EXPECT_TRUE(fresh.value().attempts.empty());
        driver.restart();
    }
}

TEST_P(OutboxSuite, WhatWaitsOrWasRequeuedCannotBeRequeued) {
    OutboxLog driver(GetParam());
    const auto ids = driver.append(1, 3);
    EXPECT_EQ(driver.outbox().requeue(ids[0], {}, driver.now_ms).status().code(), Code::conflict);
    driver.settle({ids[1]}, false);
    ASSERT_TRUE(driver.outbox().requeue(ids[1], {}, driver.now_ms));
    EXPECT_EQ(driver.outbox().requeue(ids[1], {}, driver.now_ms).status().code(), Code::conflict);
    EXPECT_EQ(driver.outbox().requeue(0, {}, driver.now_ms).status().code(), Code::not_found);
    EXPECT_EQ(driver.outbox().requeue(UINT64_MAX, {}, driver.now_ms).status().code(), Code::not_found);
    EXPECT_EQ(driver.outbox().figures().waiting, 2u);
}

TEST_P(OutboxSuite, ARequeuedDeliveryCanDieAndBeRequeuedAgain) {
    OutboxLog driver(GetParam(), {.keep_ms = 3'600'000});
    DeliveryId id = driver.append(1, 2).at(0);
    for (int i = 0; i < 5; ++i) {
        driver.settle({id}, true);
        EXPECT_EQ(driver.outbox().figures().dead, 1u);
        driver.now_ms += 1'800'000;
        driver.maintain_all();
        const auto again = driver.outbox().requeue(id, {}, driver.now_ms);
        ASSERT_TRUE(again) << i << ": " << again.status().message();
        id = again.value().id;
        if (i == 2) driver.restart();
        driver.maintain_all();
    }
    driver.settle({id}, false);
    EXPECT_EQ(driver.listed().size(), 6u);
    driver.now_ms += 3'500'000;
    EXPECT_EQ(driver.maintain_all().pruned, 0u) << "younger than keep since its last turn";
    driver.now_ms += 200'000;
    driver.commit({});
    driver.send(call_event(7));  // a sign of life: what was passed over is looked at while events come in
    EXPECT_EQ(driver.maintain_all().pruned, 1u);
    EXPECT_EQ(driver.events(), (std::vector<std::string>{"EV_7"}));
}

TEST_P(OutboxSuite, AJobRequeuesWhatItsFilterFindsOldestFirst) {
    OutboxLog driver(GetParam());
    std::vector<DeliveryId> ids;
    for (int i = 0; i < 200; ++i) ids.push_back(driver.commit({room_event(i, i % 3)}).ready.at(0).id);
    const auto foreign = driver.append(200, 205, {kTenantB});
    driver.settle(foreign, true);
    std::vector<DeliveryId> dead;
    std::vector<DeliveryId> well;
    for (std::size_t i = 0; i < ids.size(); ++i) (i % 4 == 0 ? well : dead).push_back(ids[i]);
    driver.settle(dead, true);
    driver.settle(well, false);
    driver.send(room_event(300, 1));
    LogFilter filter;
    filter.tenant = "tenant-a";
    const auto job = driver.outbox().begin_requeue(filter, driver.now_ms);
    ASSERT_TRUE(job) << job.status().message();
    EXPECT_EQ(job.value().state, RequeueJob::State::running);
    EXPECT_EQ(job.value().filter.state, DeliveryState::dead);
    EXPECT_EQ(driver.outbox().begin_requeue(filter, driver.now_ms).status().code(), Code::conflict);
    driver.now_ms += 10;
    const auto ready = driver.finish(job.value().id);
    ASSERT_EQ(ready.size(), dead.size());
    for (std::size_t i = 0; i < ready.size(); ++i) {
        EXPECT_EQ(ready[i].attempts, 0u);
        EXPECT_GT(ready[i].id, i == 0 ? foreign.back() + 1 : ready[i - 1].id);
        const auto old = driver.outbox().look_up(dead[i], {});
        ASSERT_TRUE(old);
        EXPECT_EQ(old.value().delivery.successor, ready[i].id);
        EXPECT_EQ(old.value().delivery.event_id, ready[i].event_id);
        EXPECT_FALSE(ready[i].body.empty());
    }
    const auto ended = driver.outbox().requeue_job(job.value().id, {});
    ASSERT_TRUE(ended);
    EXPECT_EQ(ended.value().state, RequeueJob::State::done);
    EXPECT_EQ(ended.value().requeued, dead.size());
    EXPECT_EQ(ended.value().ended_ms, driver.now_ms);
    EXPECT_EQ(ended.value().reached, ended.value().end);
    EXPECT_EQ(driver.outbox().figures().dead, 5u);
    EXPECT_EQ(driver.all_of(11).size(), dead.size() + 1);
    EXPECT_EQ(driver.all_of(11).front().event_id, "EV_300");
}

TEST_P(OutboxSuite, AJobForWhatWaitsOrWasRequeuedIsInvalid) {
    OutboxLog driver(GetParam());
    for (const auto state : {DeliveryState::waiting, DeliveryState::requeued})
        EXPECT_EQ(driver.outbox().begin_requeue(with_state(state), driver.now_ms).status().code(), Code::invalid);
}

TEST_P(OutboxSuite, AJobLeavesAloneWhatDiesAfterItsBeginAndItsOwnWork) {
    OutboxLog driver(GetParam());
    const auto ids = driver.append(0, 3);
    driver.settle(ids, false);
    const auto job = driver.outbox().begin_requeue(with_state(DeliveryState::delivered), driver.now_ms);
    ASSERT_TRUE(job);
    driver.settle(driver.append(3, 6), false);
    const auto ready = driver.finish(job.value().id);
    ASSERT_EQ(ready.size(), 3u);
    driver.settle({ready[0].id, ready[1].id, ready[2].id}, false);
    driver.maintain_all();
    EXPECT_EQ(driver.outbox().figures().waiting, 0u);
}

TEST_P(OutboxSuite, AJobSurvivesRestartsAndRequeuesNothingTwice) {
    OutboxLog driver(GetParam());
    const auto ids = driver.append(0, 400);
    driver.settle(ids, true);
    LogFilter filter;
    filter.call = "";
    filter.event = "participant_joined";
    filter.until_ms = driver.now_ms + 1;
    const auto job = driver.outbox().begin_requeue(filter, driver.now_ms);
    ASSERT_TRUE(job);
    const JobId id = job.value().id;
    int rounds = 0;
    while (driver.outbox().requeue_job(id, {}).value().state == RequeueJob::State::running && rounds < 1000) {
        ++rounds;
        driver.restart();
        driver.maintain();
        const auto now = driver.outbox().requeue_job(id, {});
        ASSERT_TRUE(now);
        EXPECT_EQ(now.value().filter.event, filter.event);
        EXPECT_EQ(now.value().filter.until_ms, filter.until_ms);
        EXPECT_EQ(now.value().requeued, driver.outbox().figures().waiting);
    }
    EXPECT_GT(rounds, 1) << "one step did it all";
    const auto waiting = driver.waiting(11);
    ASSERT_EQ(waiting.size(), ids.size());
    for (std::size_t i = 0; i < waiting.size(); ++i) EXPECT_EQ(waiting[i], "EV_" + std::to_string(i));
    EXPECT_EQ(driver.outbox().figures().dead, 0u);
}

TEST_P(OutboxSuite, ACancelledJobStopsAndWhatItRequeuedStays) {
    OutboxLog driver(GetParam());
    driver.settle(driver.append(0, 400), true);
    LogFilter filter;
    filter.tenant = "tenant-a";
    const auto job = driver.outbox().begin_requeue(filter, driver.now_ms);
    ASSERT_TRUE(job);
    const JobId id = job.value().id;
    EXPECT_EQ(driver.outbox().cancel_requeue(id, TenantScope("tenant-b"), driver.now_ms).status().code(),
              Code::not_found);
    EXPECT_EQ(driver.outbox().requeue_job(id, TenantScope("tenant-b")).status().code(), Code::not_found);
    EXPECT_EQ(driver.outbox().cancel_requeue(id + 1, {}, driver.now_ms).status().code(), Code::not_found);
    driver.maintain();
    const auto cancelled = driver.outbox().cancel_requeue(id, TenantScope("tenant-a"), driver.now_ms + 5);
    ASSERT_TRUE(cancelled) << cancelled.status().message();
    EXPECT_EQ(cancelled.value().state, RequeueJob::State::cancelled);
    const auto waiting = driver.outbox().figures().waiting;
    EXPECT_EQ(cancelled.value().requeued, waiting);
    EXPECT_LT(waiting, 400u);
    driver.restart();
    driver.maintain_all();
    EXPECT_EQ(driver.outbox().figures().waiting, waiting);
    const auto again = driver.outbox().cancel_requeue(id, {}, driver.now_ms + 50);
    ASSERT_TRUE(again);
    EXPECT_EQ(again.value().ended_ms, driver.now_ms + 5) << "it had ended before";
    EXPECT_TRUE(driver.outbox().begin_requeue(filter, driver.now_ms)) << "the place is free";
}

// The child requeues by a job and is killed in the middle, again and again.
TEST_P(OutboxSuite, AJobThatIsKilledAnywhereGoesOnAndRequeuesEachOnce) {
    const auto place = GetParam().place();
    constexpr int kLetters = 1500;
    constexpr std::int64_t kNow = 1'795'329'482'000;
    {
        FakeHost host;
        const auto outbox = place->make(host, {});
        ASSERT_TRUE(outbox->start());
        for (int from = 0; from < kLetters; from += 100) {
            std::vector<Sent> sent;
            std::deque<Event> events;
            std::vector<Append> appends;
            for (int i = from; i < from + 100; ++i) sent.push_back(room_event(i, i % 5));
            for (const auto& each : sent) {
                events.push_back(each.event.event());
                appends.push_back({&events.back(), each.matches, true});
            }
            const auto done = outbox->commit(appends, {}, TestFilter(), kNow);
            ASSERT_TRUE(done);
            std::vector<Settled> settled;
            for (const auto& each : done.value().ready) settled.push_back(died(each.id));
            ASSERT_TRUE(outbox->commit({}, settled, TestFilter(), kNow));
        }
        ASSERT_TRUE(outbox->begin_requeue({}, kNow));
        outbox->stop();
    }
    for (int round = 0; round < 200; ++round) {
        int ends[2];
        ASSERT_EQ(::pipe(ends), 0);
        const pid_t child = ::fork();
        ASSERT_GE(child, 0);
        if (child == 0) {
            FakeHost host;
            const auto outbox = place->make(host, {});
            if (!outbox->start()) ::_exit(1);
            while (true)
                if (!outbox->maintain(kNow) || ::write(ends[1], "x", 1) != 1) ::_exit(1);
        }
        ::close(ends[1]);
        char step = 0;
        for (int i = 0; i < 1 + round % 4; ++i) EXPECT_EQ(::read(ends[0], &step, 1), 1);
        ::kill(child, SIGKILL);
        ::close(ends[0]);
        int status = 0;
        ASSERT_EQ(::waitpid(child, &status, 0), child);
        ASSERT_TRUE(WIFSIGNALED(status)) << "the child could not go on";

        FakeHost host;
        const auto outbox = place->make(host, {});
        ASSERT_TRUE(outbox->start());
        const auto job = outbox->requeue_job(1, {});
        ASSERT_TRUE(job);
        const auto figures = outbox->figures();
        ASSERT_EQ(job.value().requeued, figures.waiting);
        ASSERT_EQ(figures.waiting + figures.dead, static_cast<std::uint64_t>(kLetters));
        if (job.value().state == RequeueJob::State::done) {
            const auto claimed = outbox->claim({.hook = 11, .after = 0, .limit = 10'000, .lease = {}});
            ASSERT_TRUE(claimed);
            ASSERT_EQ(claimed.value().deliveries.size(), static_cast<std::size_t>(kLetters));
            for (std::size_t i = 0; i < claimed.value().deliveries.size(); ++i)
                ASSERT_EQ(claimed.value().deliveries[i].event_id, "EV_" + std::to_string(i));
            outbox->stop();
            return;
        }
        outbox->stop();
    }
    ADD_FAILURE() << "the job never ended";
}

}  // namespace switchhook::testkit
