// What an outbox keeps: durability, atomicity, claims, settling, housekeeping, odd bytes, odd clocks, abrupt death.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <string>
#include <thread>
#include <vector>

#include <switchhook/testkit/outbox_driver.hpp>

namespace switchhook::testkit {

inline Sent call_event(int number, std::vector<Match> matches = {kTenantA}) {
    const std::string text = std::to_string(number);
    return {
        {.id = "EV_" + text, .room = "sip-" + text, .sid = "RM_" + text, .call = "SCL_" + text, .body = "body " + text},
        std::move(matches)};
}

TEST_P(OutboxSuite, ANewStoreIsEmpty) {
    OutboxDriver driver(GetParam());
    EXPECT_TRUE(driver.waiting(11).empty());
    const auto backlog = driver.outbox().backlog();
    ASSERT_TRUE(backlog);
    EXPECT_TRUE(backlog.value().empty());
    const auto figures = driver.outbox().figures();
    EXPECT_EQ(figures.waiting + figures.dead + figures.parked, 0u);
    EXPECT_EQ(figures.oldest_ms, 0);
    EXPECT_TRUE(driver.outbox().health());
    const auto done = driver.commit({});
    EXPECT_TRUE(done.appended.empty());
    EXPECT_TRUE(done.ready.empty());
}

TEST_P(OutboxSuite, StartTwiceAndStopTwiceAndStopWithoutStartAreSafe) {
    const auto place = GetParam().place();
    FakeHost host;
    const auto never_started = place->make(host, {});
    never_started->stop();
    const auto outbox = place->make(host, {});
    ASSERT_TRUE(outbox->start());
    outbox->stop();
    outbox->stop();
    ASSERT_TRUE(outbox->start());
    outbox->stop();
}

TEST_P(OutboxSuite, CallsWithoutStartAnswerAStatus) {
    const auto place = GetParam().place();
    FakeHost host;
    const auto outbox = place->make(host, {});
    const SampleEvent sample{.id = "EV_1", .call = "SCL_1"};
    const Event event = sample.event();
    const Append append{&event, {}, true};
    EXPECT_FALSE(outbox->commit({&append, 1}, {}, TestFilter(), 1));
}

TEST_P(OutboxSuite, ASecondProcessOnTheSamePlaceIsRefusedAsUnavailable) {
    const auto place = GetParam().place();
    FakeHost host;
    const auto first = place->make(host, {});
    ASSERT_TRUE(first->start());
    const auto second = place->make(host, {});
    const Status status = second->start();
    EXPECT_EQ(status.code(), Code::unavailable) << status.message();
    EXPECT_FALSE(status.message().empty());
    first->stop();
    EXPECT_TRUE(second->start());
    second->stop();
}

TEST_P(OutboxSuite, WhatWasCommittedIsThereAfterARestart) {
    OutboxDriver driver(GetParam());
    driver.commit({call_event(1), call_event(2), call_event(3, {kTenantB})});
    driver.restart();
    const auto all = driver.all_of(11);
    ASSERT_EQ(all.size(), 2u);
    EXPECT_EQ(all[0].event_id, "EV_1");
    EXPECT_EQ(all[0].body, "body 1");
    EXPECT_EQ(all[0].appended_ms, driver.now_ms);
    EXPECT_EQ(all[0].attempts, 0u);
    EXPECT_EQ(all[0].due_ms, 0);
    EXPECT_EQ(all[0].source, WaitingDelivery::kStored);
    auto backlog = driver.outbox().backlog();
    ASSERT_TRUE(backlog);
    ASSERT_EQ(backlog.value().size(), 2u);
    std::ranges::sort(backlog.value(), {}, &Backlog::hook);
    EXPECT_EQ(backlog.value()[0].hook, 11u);
    EXPECT_EQ(backlog.value()[0].waiting, 2u);
    EXPECT_EQ(backlog.value()[1].waiting, 1u);
    EXPECT_EQ(driver.outbox().figures().waiting, 3u);
    EXPECT_EQ(driver.outbox().figures().oldest_ms, driver.now_ms);
}

TEST_P(OutboxSuite, NewDeliveriesPointIntoTheirGroup) {
    OutboxDriver driver(GetParam());
    const auto done = driver.commit({call_event(1), call_event(1), call_event(2)});
    ASSERT_EQ(done.ready.size(), 2u);
    EXPECT_EQ(done.ready[0].source, 0u);
    EXPECT_EQ(done.ready[1].source, 2u);
    EXPECT_LT(done.ready[0].id, done.ready[1].id);
    EXPECT_EQ(done.ready[0].appended_ms, driver.now_ms);
}

TEST_P(OutboxSuite, ADeliveredOneWaitsNoLonger) {
    OutboxDriver driver(GetParam());
    const auto done = driver.commit({call_event(1), call_event(2)});
    driver.commit({}, {delivered(done.ready[0].id)});
    EXPECT_EQ(driver.waiting(11), (std::vector<std::string>{"EV_2"}));
    driver.restart();
    EXPECT_EQ(driver.waiting(11), (std::vector<std::string>{"EV_2"}));
    EXPECT_EQ(driver.outbox().figures().dead, 0u);
}

TEST_P(OutboxSuite, ARetryKeepsItsAttemptsAndItsTimeAcrossARestart) {
    OutboxDriver driver(GetParam());
    const auto done = driver.commit({call_event(1)});
    driver.commit({}, {{.id = done.ready[0].id, .attempts = 3, .due_ms = driver.now_ms + 5000, .code = "status_503"}});
    driver.restart();
    const auto all = driver.all_of(11);
    ASSERT_EQ(all.size(), 1u);
    EXPECT_EQ(all[0].attempts, 3u);
    EXPECT_EQ(all[0].due_ms, driver.now_ms + 5000);
}

TEST_P(OutboxSuite, ADeadLetterIsCountedAndKeptAndWaitsNoLonger) {
    OutboxDriver driver(GetParam(), {.keep_ms = 0});
    const auto done = driver.commit({call_event(1), call_event(2)});
    driver.commit({}, {{.id = done.ready[0].id, .state = DeliveryState::dead, .attempts = 7, .code = "hook_removed"},
                       delivered(done.ready[1].id)});
    driver.now_ms += 1000;
    EXPECT_EQ(driver.maintain_all().pruned, 1u);
    driver.restart();
    EXPECT_EQ(driver.outbox().figures().dead, 1u);
    EXPECT_TRUE(driver.waiting(11).empty());
}

TEST_P(OutboxSuite, SettlingTwiceOrSomethingUnknownChangesNothing) {
    OutboxDriver driver(GetParam());
    const auto done = driver.commit({call_event(1), call_event(2)});
    const DeliveryId id = done.ready[0].id;
    const Settled dead{.id = id, .state = DeliveryState::dead, .code = "status_400"};
    driver.commit({}, {delivered(id), dead});
    driver.commit({}, {dead, delivered(987'654'321), {.id = id, .attempts = 1, .code = "timeout"}});
    EXPECT_EQ(driver.outbox().figures().dead, 0u);
    EXPECT_EQ(driver.outbox().figures().waiting, 1u);
    EXPECT_EQ(driver.waiting(11), (std::vector<std::string>{"EV_2"}));
}

TEST_P(OutboxSuite, AppendsAndSettlesShareACommit) {
    OutboxDriver driver(GetParam());
    const auto first = driver.commit({call_event(1)});
    driver.commit({call_event(2)}, {delivered(first.ready[0].id)});
    driver.restart();
    EXPECT_EQ(driver.waiting(11), (std::vector<std::string>{"EV_2"}));
}

TEST_P(OutboxSuite, AClaimAnswersAWindowInOrderAndSaysWhetherThereIsMore) {
    OutboxDriver driver(GetParam());
    std::vector<DeliveryId> ids;
    for (int i = 0; i < 10; ++i)
        for (const auto& each : driver.commit({call_event(i, {i % 2 == 0 ? kTenantA : kTenantB})}).ready)
            if (each.hook == 11) ids.push_back(each.id);
    ASSERT_EQ(ids.size(), 5u);
    const auto claim = [&](DeliveryId after, std::size_t limit) {
        auto claimed =
            driver.outbox().claim({.hook = 11, .after = after, .limit = limit, .lease = {"instance-1", driver.now_ms}});
        EXPECT_TRUE(claimed);
        std::vector<DeliveryId> got;
        for (const auto& each : claimed.value().deliveries) got.push_back(each.id);
        return std::pair(got, claimed.value().more);
    };
    EXPECT_EQ(claim(0, 2), std::pair(std::vector(ids.begin(), ids.begin() + 2), true));
    EXPECT_EQ(claim(ids[1], 3), std::pair(std::vector(ids.begin() + 2, ids.end()), false));
    EXPECT_EQ(claim(ids[4], 3), std::pair(std::vector<DeliveryId>(), false));
    driver.commit({}, {delivered(ids[2])});
    EXPECT_EQ(claim(ids[0], 2), std::pair(std::vector{ids[1], ids[3]}, true));
    const auto none = driver.outbox().claim({.hook = 99, .after = 0, .limit = 5, .lease = {}});
    ASSERT_TRUE(none);
    EXPECT_TRUE(none.value().deliveries.empty());
    EXPECT_FALSE(none.value().more);
}

TEST_P(OutboxSuite, DeliveredEventsArePrunedAfterTheirTimeAndWaitingOnesAreNot) {
    OutboxDriver driver(GetParam(), {.keep_ms = 3'600'000});
    const auto done = driver.commit({call_event(1), call_event(2), call_event(3)});
    driver.commit({}, {delivered(done.ready[0].id), delivered(done.ready[2].id)});
    driver.now_ms += 3'599'999;
    EXPECT_EQ(driver.maintain_all().pruned, 0u);
    driver.now_ms += 1;
    EXPECT_EQ(driver.maintain_all().pruned, 2u);
    EXPECT_EQ(driver.waiting(11), (std::vector<std::string>{"EV_2"}));
    driver.commit({}, {delivered(done.ready[1].id)});
    EXPECT_EQ(driver.maintain_all().pruned, 1u);
    EXPECT_EQ(driver.maintain_all().pruned, 0u);
}

TEST_P(OutboxSuite, DeliveredEventsArePrunedWhenTheyTakeTooMuchSpace) {
    OutboxDriver driver(GetParam(), {.keep_bytes = 1 << 20});
    std::vector<Settled> settled;
    for (int i = 0; i < 40; ++i) {
        auto sent = call_event(i);
        sent.event.body.assign(100'000, 'x');
        const auto done = driver.commit({sent}, settled);
        settled = {delivered(done.ready.at(0).id)};
    }
    driver.commit({}, settled);
    EXPECT_GT(driver.maintain_all().pruned, 20u);
    driver.restart();
    EXPECT_EQ(driver.send(call_event(0)), Disposition::duplicate);
}

TEST_P(OutboxSuite, AnIdThatCameAgainAfterItsTimeIsRememberedFromThenOnAcrossARestart) {
    OutboxDriver driver(GetParam());
    driver.send(call_event(1));
    driver.now_ms += 600'000;
    EXPECT_EQ(driver.send(call_event(1)), Disposition::stored);
    driver.restart();
    EXPECT_EQ(driver.send(call_event(1)), Disposition::duplicate);
}

TEST_P(OutboxSuite, ManyRestartsForgetNoIdBeforeItsTime) {
    OutboxDriver driver(GetParam());
    driver.send(call_event(1));
    for (int i = 0; i < 5; ++i) {
        driver.now_ms += 100'000;
        Sent sent = call_event(2);  // one room that is written down each time
        sent.event.id = "EV_again_" + std::to_string(i);
        sent.event.call = "SCL_again_" + std::to_string(i);
        sent.event.name = i == 3 ? "room_finished" : "participant_joined";
        driver.send(sent);
        driver.restart();
    }
    driver.now_ms += 99'000;
    EXPECT_EQ(driver.send(call_event(1)), Disposition::duplicate);
}

TEST_P(OutboxSuite, AnIdleStoreAsksForNoMaintenanceSoon) {
    OutboxDriver driver(GetParam());
    const auto done = driver.commit({call_event(1)});
    driver.commit({}, {delivered(done.ready[0].id)});
    driver.maintain_all();
    driver.now_ms += 1500;
    const Maintained idle = driver.maintain_all();
    EXPECT_TRUE(idle.next_ms == 0 || idle.next_ms > driver.now_ms + 60'000) << idle.next_ms - driver.now_ms;
}

TEST_P(OutboxSuite, AnyBytesComeBackAsTheyWere) {
    OutboxDriver driver(GetParam());
    std::string large(2'000'000, '\0');
    for (std::size_t i = 0; i < large.size(); ++i) large[i] = static_cast<char>(i * 31);
    const std::vector<std::string> bodies{"", std::string("a\0b\0", 4), "'; DROP TABLE event;--", large};
    for (std::size_t i = 0; i < bodies.size(); ++i) {
        const std::string odd = std::string("\0'\"%?\xF0\x9F\x93\x9E\n", 10) + std::to_string(i);
        driver.send({{.id = "EV" + odd,
                      .name = "name" + odd,
                      .room = "room" + odd,
                      .sid = "sid" + odd,
                      .participant = "pa" + odd,
                      .call = "call" + odd,
                      .body = bodies[i]},
                     {Match{11, odd}}});
    }
    driver.restart();
    const auto all = driver.all_of(11);
    ASSERT_EQ(all.size(), bodies.size());
    for (std::size_t i = 0; i < bodies.size(); ++i) EXPECT_TRUE(all[i].body == bodies[i]) << i;
    const std::string odd = std::string("\0'\"%?\xF0\x9F\x93\x9E\n", 10) + "1";
    EXPECT_EQ(all[1].event_id, "EV" + odd);
    EXPECT_EQ(driver.send({{.id = "later", .room = "room" + odd, .sid = "sid" + odd, .participant = "pa" + odd}}),
              Disposition::stored);
}

TEST_P(OutboxSuite, IdsThatDifferOnlyBehindANulAreDifferent) {
    OutboxDriver driver(GetParam());
    driver.send({{.id = std::string("EV\0a", 4), .call = "SCL_1"}, {kTenantA}});
    EXPECT_EQ(driver.send({{.id = std::string("EV\0b", 4), .call = "SCL_1"}}), Disposition::stored);
}

TEST_P(OutboxSuite, LargestIdsAreHooksLikeAnyOther) {
    OutboxDriver driver(GetParam());
    const HookId largest = ~HookId{0};
    driver.send({{.id = "EV_1", .call = "SCL_1"}, {Match{largest, "t"}}});
    driver.restart();
    driver.send({{.id = "EV_2", .name = "track_published"}});
    EXPECT_EQ(driver.waiting(largest), (std::vector<std::string>{"EV_1", "EV_2"}));
}

TEST_P(OutboxSuite, AClockThatJumpsLosesAndRepeatsNothing) {
    OutboxDriver driver(GetParam());
    driver.send({{.id = "EV_1", .name = "room_started"}});
    driver.now_ms -= 5 * 3'600'000;
    EXPECT_EQ(driver.send({{.id = "EV_1", .name = "room_started"}}), Disposition::duplicate);
    EXPECT_EQ(driver.maintain_all().parked_dropped, 0u);
    const auto done = driver.commit({{{.id = "EV_2", .call = "SCL_1"}, {kTenantA}}});
    ASSERT_EQ(done.ready.size(), 2u);
    EXPECT_LT(done.ready[0].id, done.ready[1].id);
    driver.now_ms += 10 * 3'600'000;
    driver.maintain_all();
    driver.restart();
    driver.now_ms -= 20 * 3'600'000;
    driver.send({{.id = "EV_3", .name = "track_published"}});
    EXPECT_EQ(driver.waiting(11), (std::vector<std::string>{"EV_1", "EV_2", "EV_3"}));
}

TEST_P(OutboxSuite, WhatAWrongClockStampedInTheFutureIsForgottenInTime) {
    OutboxDriver driver(GetParam(), {.keep_ms = 3'600'000});
    const auto right_ms = driver.now_ms;
    driver.now_ms += std::int64_t{4} * 365 * 24 * 3'600'000;
    driver.send({{.id = "EV_1", .name = "room_started"}});
    const auto done = driver.commit({call_event(2)});
    driver.commit({}, {delivered(done.ready[0].id)});
    driver.now_ms = right_ms;
    driver.restart();
    EXPECT_EQ(driver.send({{.id = "EV_1", .name = "room_started"}}), Disposition::duplicate);
    driver.maintain_all();
    driver.now_ms += 25 * 3'600'000;
    driver.maintain_all();
    EXPECT_EQ(driver.outbox().figures().parked, 0u);
    EXPECT_EQ(driver.send({{.id = "EV_1", .name = "room_started"}}), Disposition::parked);
}

TEST_P(OutboxSuite, FiguresCanBeReadWhileItCommits) {
    OutboxDriver driver(GetParam());
    std::atomic<bool> ends{false};
    std::atomic<std::uint64_t> most{0};
    std::thread reader([&] {
        while (!ends) {
            most = std::max(most.load(), driver.outbox().figures().waiting);
            (void)driver.outbox().health();
            std::this_thread::yield();
        }
    });
    for (int i = 0; i < 200; ++i) driver.commit({call_event(i)});
    driver.maintain();
    ends = true;
    reader.join();
    EXPECT_LE(most, 200u);
    EXPECT_EQ(driver.outbox().figures().waiting, 200u);
    EXPECT_GT(driver.outbox().figures().bytes, 0u);
}

// The child commits and tells what was acknowledged; it is killed in the middle, again and again.
TEST_P(OutboxSuite, EverythingAcknowledgedIsThereAfterAKill) {
    const auto place = GetParam().place();
    int expected = 0;
    for (int round = 0; round < 5; ++round) {
        int ends[2];
        ASSERT_EQ(::pipe(ends), 0);
        const pid_t child = ::fork();
        ASSERT_GE(child, 0);
        if (child == 0) {
            FakeHost host;
            const auto outbox = place->make(host, {});
            if (!outbox->start()) ::_exit(1);
            for (int i = expected;; ++i) {
                const Sent sent = call_event(i);
                const Event event = sent.event.event();
                const Append append{&event, sent.matches, true};
                const auto done = outbox->commit({&append, 1}, {}, TestFilter(), 1'795'329'482'000 + i);
                if (!done || ::write(ends[1], "x", 1) != 1) ::_exit(1);
            }
        }
        ::close(ends[1]);
        char acknowledged = 0;
        const int wanted = 20 + round * 7;
        for (int i = 0; i < wanted && ::read(ends[0], &acknowledged, 1) == 1; ++i) ++expected;
        ::kill(child, SIGKILL);
        while (::read(ends[0], &acknowledged, 1) == 1) ++expected;
        ::close(ends[0]);
        int status = 0;
        ASSERT_EQ(::waitpid(child, &status, 0), child);
        ASSERT_TRUE(WIFSIGNALED(status)) << "the child could not commit";

        FakeHost host;
        const auto outbox = place->make(host, {});
        ASSERT_TRUE(outbox->start());
        const auto claimed = outbox->claim({.hook = 11, .after = 0, .limit = 100'000, .lease = {}});
        ASSERT_TRUE(claimed);
        const auto& all = claimed.value().deliveries;
        // One more may have become durable without being told.
        ASSERT_GE(all.size(), static_cast<std::size_t>(expected));
        ASSERT_LE(all.size(), static_cast<std::size_t>(expected) + 1);
        for (std::size_t i = 0; i < all.size(); ++i) {
            EXPECT_EQ(all[i].event_id, "EV_" + std::to_string(i));
            EXPECT_EQ(all[i].body, "body " + std::to_string(i));
        }
        expected = static_cast<int>(all.size());
        outbox->stop();
    }
}

}  // namespace switchhook::testkit
