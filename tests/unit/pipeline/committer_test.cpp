#include "tests/unit/pipeline/fixture.hpp"

namespace switchhook::pipeline {
namespace {

using Groups = std::vector<FakeOutbox::Group>;

TEST_F(CommitterTest, WhateverWaitsIsOneCommitAndIsAnsweredTogether) {
    recover();
    std::vector<std::shared_ptr<Answer>> answers;
    for (int i = 0; i < 64; ++i) answers.push_back(offer(body_of("EV_" + std::to_string(i))));
    for (const auto& answer : answers) EXPECT_EQ(answer->status(), 0);  // nothing before it is durable
    round();
    EXPECT_EQ(outbox.groups(), (Groups{{64, 0}}));
    for (const auto& answer : answers) {
        EXPECT_EQ(answer->status(), 200);
        EXPECT_TRUE(answer->response().body.empty());
        EXPECT_EQ(answer->times(), 1);
    }
}

TEST_F(CommitterTest, WhileTheOutboxReadsWhatWaitsIsClaimedAndSettledAndMaintenanceWaits) {
    recover();
    known_call();
    const int before = outbox.maintained;
    outbox.reading = true;
    recover();
    committer->claim(a, 0, 10);
    EXPECT_EQ(wait(), milliseconds(10)) << "it is asked again soon";
    ASSERT_EQ(sink.claims.size(), 1U);
    ASSERT_EQ(sink.claims[0].second->deliveries.size(), 1U);
    committer->settle({{.hook = a, .id = 1, .state = DeliveryState::delivered, .attempts = 1, .code = "delivered"}});
    clock().advance(milliseconds(10));
    EXPECT_EQ(wait(), milliseconds(10));
    EXPECT_EQ(sink.durable.size(), 1U);
    EXPECT_EQ(outbox.maintained, before);
    outbox.reading = false;
    clock().advance(milliseconds(10));
    round();
    EXPECT_EQ(outbox.maintained, before + 1);
    EXPECT_TRUE(committer->wait_until_open([] { return true; }).ok());
}

TEST_F(CommitterTest, AnOutboxThatCannotBeReadIsToldToWhoWaitsForIt) {
    recover();
    outbox.set_fail({Code::corrupt, "a room cannot be read"});
    round();
    EXPECT_EQ(committer->wait_until_open([] { return false; }).code(), Code::corrupt);
}

TEST_F(CommitterTest, WhoeverWaitsForAnOutboxThatIsReadMayGiveUp) {
    outbox.reading = true;
    recover();
    int asked = 0;
    EXPECT_EQ(committer->wait_until_open([&] { return ++asked == 3; }).code(), Code::unavailable);
    EXPECT_EQ(asked, 3);
}

TEST_F(CommitterTest, AGroupIsBoundedByNumberAndByBytes) {
    make({.group = 10, .group_bytes = 1'000'000});
    recover();
    for (int i = 0; i < 25; ++i) offer(body_of("EV_" + std::to_string(i)));
    while (outbox.groups().size() < 3) ASSERT_TRUE(round());
    EXPECT_EQ(outbox.groups(), (Groups{{10, 0}, {10, 0}, {5, 0}}));
    make({.group = 10, .group_bytes = 1});
    recover();
    offer(body_of("EV_x"));
    offer(body_of("EV_y"));
    round();
    EXPECT_EQ(outbox.groups().back(), (FakeOutbox::Group{1, 0}));
}

TEST_F(CommitterTest, ANewDeliveryIsHandedOverWithItsEventFromMemory) {
    recover();
    offer(join_of("EV_1", "a", "SCL_1"));
    offer(body_of("EV_2"));
    round();
    ASSERT_EQ(sink.handed_over.size(), 2U);
    EXPECT_EQ(sink.handed_over[0].delivery.hook, a);
    EXPECT_EQ(sink.handed_over[0].event->event().id, "EV_1");
    EXPECT_EQ(sink.handed_over[1].event->event().id, "EV_2");
    EXPECT_EQ(sink.handed_over[0].delivery.stream, sink.handed_over[1].delivery.stream);
}

TEST_F(CommitterTest, WhatWasParkedIsHandedOverBeforeTheEventThatReleasedIt) {
    recover();
    const auto parked = offer(body_of("EV_1", "sip-room", "room_started"));
    round();
    EXPECT_EQ(parked->status(), 200);
    EXPECT_TRUE(sink.handed_over.empty());
    EXPECT_EQ(metrics.events_parked.Value(), 1);
    offer(join_of("EV_2", "a", "SCL_1"));
    round();
    ASSERT_EQ(sink.handed_over.size(), 2U);
    EXPECT_EQ(sink.handed_over[0].event, nullptr);
    EXPECT_EQ(sink.handed_over[0].delivery.event_id, "EV_1");
    EXPECT_EQ(sink.handed_over[0].delivery.body, body_of("EV_1", "sip-room", "room_started"));
    EXPECT_EQ(sink.handed_over[1].event->event().id, "EV_2");
}

TEST_F(CommitterTest, ADuplicateIsAnswered200AndNotDeliveredAgain) {
    recover();
    offer(join_of("EV_1", "a", "SCL_1"));
    const auto same_group = offer(join_of("EV_1", "a", "SCL_1"));
    round();
    const auto later = offer(join_of("EV_1", "a", "SCL_1"));
    round();
    EXPECT_EQ(same_group->status(), 200);
    EXPECT_EQ(later->status(), 200);
    EXPECT_EQ(sink.handed_over.size(), 1U);
    EXPECT_EQ(metrics.events_duplicate.Value(), 2);
}

TEST_F(CommitterTest, SettlementsShareTheCommitAndOnlyEndsComeBack) {
    recover();
    known_call();
    offer(body_of("EV_2"));
    committer->settle(
        {{.hook = a, .id = 1, .place = 3, .state = DeliveryState::waiting, .attempts = 1, .code = "status_503"},
         {.hook = a, .id = 1, .place = 3, .state = DeliveryState::delivered, .attempts = 2, .code = "delivered"}});
    EXPECT_TRUE(sink.durable.empty());
    round();
    EXPECT_EQ(outbox.groups().back(), (FakeOutbox::Group{1, 2}));
    ASSERT_EQ(sink.durable.size(), 1U);
    EXPECT_EQ(sink.durable[0].state, DeliveryState::delivered);
    EXPECT_EQ(sink.durable[0].place, 3U);
    EXPECT_EQ(outbox.rows()[1].state, DeliveryState::delivered);
    EXPECT_EQ(outbox.rows()[1].attempts, 2U);
}

TEST_F(CommitterTest, AClaimIsAnsweredAfterWhatWasAppendedBeforeIt) {
    recover();
    known_call();
    offer(body_of("EV_2"));
    committer->claim(a, 1, 10);
    round();
    ASSERT_EQ(sink.claims.size(), 1U);
    ASSERT_TRUE(sink.claims[0].second.ok());
    ASSERT_EQ(sink.claims[0].second->deliveries.size(), 1U);
    EXPECT_EQ(sink.claims[0].second->deliveries[0].event_id, "EV_2");
}

TEST_F(CommitterTest, AnEventThatNoHookWantsIsAnsweredWithoutADelivery) {
    delivery::Dialects picky{"picky"};
    const delivery::FakeDialect joins({"participant_joined"});
    picky.add("picky", joins);
    committer.emplace(CommitterSettings{}, outbox, hooks, picky, metrics, host.recorded(), clock());
    recover();
    offer(join_of("EV_1", "a", "SCL_1"));
    const auto track = offer(body_of("EV_2"));
    round();
    EXPECT_EQ(track->status(), 200);
    EXPECT_EQ(sink.handed_over.size(), 1U);
}

TEST_F(CommitterTest, AnUnmatchedHostIsLoggedOnceAMinuteWithItsName) {
    recover();
    for (int i = 0; i < 5; ++i)
        offer(join_of("EV_" + std::to_string(i), "scanner.example", "SCL_" + std::to_string(i), "sip-_+15551234567_x"));
    round();
    EXPECT_EQ(lines_with("no hook for this call's host"), 1U);
    EXPECT_EQ(lines_with("host=scanner.example event=EV_0 call=SCL_0 room=sip-_+*********67_x"), 1U);
    EXPECT_EQ(metrics.events_unmatched.Value(), 5);
    clock().advance(seconds(61));
    offer(join_of("EV_9", "scanner.example", "SCL_9"));
    round();
    EXPECT_EQ(lines_with("held_back=4"), 1U);
}

TEST_F(CommitterTest, WhatWasDroppedFromParkingCountsAsUnmatched) {
    recover();
    offer(body_of("EV_1"));
    offer(body_of("EV_2"));
    offer(join_of("EV_3", "nobody.example", "SCL_1"));
    round();
    EXPECT_EQ(metrics.events_unmatched.Value(), 3);
    EXPECT_EQ(lines_with("dropped_from_parking=2"), 1U);
}

TEST_F(CommitterTest, ASecondLegOfAnotherTenantIsASecurityEvent) {
    recover();
    known_call();
    offer(join_of("EV_2", "b", "SCL_2"));
    round();
    EXPECT_EQ(metrics.tenant_conflicts.Value(), 1);
    EXPECT_EQ(lines_with("security: "), 1U);
    EXPECT_EQ(sink.handed_over.back().delivery.hook, b);
}

TEST_F(CommitterTest, TheBacklogIsHandedOverFirst) {
    recover();
    known_call();
    RecordingSink after_restart;
    make();
    ASSERT_TRUE(committer->recover(after_restart).ok());
    ASSERT_EQ(after_restart.backlogs.size(), 1U);
    ASSERT_EQ(after_restart.backlogs[0].size(), 1U);
    EXPECT_EQ(after_restart.backlogs[0][0].hook, a);
}

TEST_F(CommitterTest, MaintenanceComesWhenTheOutboxAskedForItAndNotByPolling) {
    recover();
    outbox.next_maintained.next_ms = clock().unix_ms() + 30'000;
    EXPECT_EQ(wait(), seconds(30));
    EXPECT_EQ(outbox.maintained, 1);
    clock().advance(seconds(30));
    EXPECT_EQ(wait(), std::nullopt);  // it asked for nothing: nothing wakes
    EXPECT_EQ(outbox.maintained, 2);
}

TEST_F(CommitterTest, ACommitBringsMaintenanceWithinASecondAndOnlyOnce) {
    recover();
    EXPECT_EQ(wait(), std::nullopt);
    offer(body_of("EV_1"));
    EXPECT_EQ(wait(), seconds(1));
    offer(body_of("EV_2"));
    clock().advance(milliseconds(400));
    EXPECT_EQ(wait(), milliseconds(600));
    clock().advance(milliseconds(600));
    EXPECT_EQ(wait(), std::nullopt);
    EXPECT_EQ(outbox.maintained, 2);
}

TEST_F(CommitterTest, MaintenanceThatAlwaysWantsMoreDoesNotSpin) {
    recover();
    outbox.next_maintained.next_ms = 1;
    EXPECT_EQ(wait(), milliseconds(10));
}

TEST_F(CommitterTest, ParkedEventsWhoseTimeRanOutAreCountedInOneLine) {
    recover();
    outbox.next_maintained.parked_dropped = 7;
    round();
    EXPECT_EQ(metrics.events_unmatched.Value(), 7);
    EXPECT_EQ(lines_with("were dropped events=7"), 1U);
}

TEST_F(CommitterTest, GroupsAndTimesAreMeasured) {
    recover();
    offer(body_of("EV_1"));
    clock().advance(milliseconds(250));
    round();
    EXPECT_EQ(metrics.commit_groups.Value(), 1);
    EXPECT_NE(metrics.text().find("switchhook_accept_seconds_sum 0.25"), std::string::npos);
    EXPECT_NE(metrics.text().find("switchhook_commit_group_size_sum 1"), std::string::npos);
}

TEST_F(CommitterTest, APingIsAnsweredByTheRoundThatHearsItOnce) {
    recover();
    int answers = 0;
    committer->ping([&] { ++answers; });
    EXPECT_EQ(answers, 0);
    round();
    round();
    EXPECT_EQ(answers, 1);
}

// The service manager shall not end a server whose disk is full: it answers 503 and goes on when there is room.
TEST_F(CommitterTest, APingIsAnsweredWhileCommitsFail) {
    recover();
    outbox.set_fail(Status(Code::full, "no space left on device"));
    const auto answer = offer(body_of("EV_1"));
    round();
    EXPECT_EQ(answer->status(), 503);
    int answers = 0;
    committer->ping([&] { ++answers; });
    round();
    EXPECT_EQ(answers, 1);
}

}  // namespace
}  // namespace switchhook::pipeline
