// Rules 1 to 10 of ARCHITECTURE.md, "Streams and calls", one or more tests each.
#pragma once

#include <string>
#include <vector>

#include <switchhook/testkit/outbox_driver.hpp>

namespace switchhook::testkit {

using Ids = std::vector<std::string>;

inline Ids sources(const Committed& done, const std::vector<Sent>& sent) {
    Ids ids;
    for (const auto& each : done.ready)
        ids.push_back(each.source == WaitingDelivery::kStored ? each.event_id : sent[each.source].event.id);
    return ids;
}

// 1
TEST_P(OutboxSuite, AnIdThatWasCommittedIsADuplicate) {
    OutboxDriver driver(GetParam());
    const Sent sent{{.id = "EV_1", .call = "SCL_1"}, {kTenantA}};
    EXPECT_EQ(driver.send(sent), Disposition::stored);
    EXPECT_EQ(driver.send(sent), Disposition::duplicate);
    EXPECT_EQ(driver.waiting(11), Ids{"EV_1"});
}

TEST_P(OutboxSuite, AnIdThatIsTwiceInOneGroupIsADuplicate) {
    OutboxDriver driver(GetParam());
    const Sent sent{{.id = "EV_1", .call = "SCL_1"}, {kTenantA}};
    const auto done = driver.commit({sent, sent});
    EXPECT_EQ(done.appended[0].disposition, Disposition::stored);
    EXPECT_EQ(done.appended[1].disposition, Disposition::duplicate);
    EXPECT_EQ(done.ready.size(), 1u);
}

TEST_P(OutboxSuite, UnmatchedAndParkedIdsCountAsDuplicatesAlsoAfterARestart) {
    OutboxDriver driver(GetParam());
    const Sent unmatched{{.id = "EV_1", .call = "SCL_1"}};
    const Sent parked{{.id = "EV_2", .name = "room_started", .room = "sip-2", .sid = "RM_2"}};
    EXPECT_EQ(driver.send(unmatched), Disposition::unmatched);
    EXPECT_EQ(driver.send(parked), Disposition::parked);
    EXPECT_EQ(driver.send(unmatched), Disposition::duplicate);
    EXPECT_EQ(driver.send(parked), Disposition::duplicate);
    driver.restart();
    EXPECT_EQ(driver.send(unmatched), Disposition::duplicate);
    EXPECT_EQ(driver.send(parked), Disposition::duplicate);
}

TEST_P(OutboxSuite, AnIdIsRememberedTenMinutesAndNotLonger) {
    OutboxDriver driver(GetParam());
    const Sent sent{{.id = "EV_1", .call = "SCL_1"}, {kTenantA}};
    driver.send(sent);
    driver.now_ms += 599'999;
    driver.restart();
    EXPECT_EQ(driver.send(sent), Disposition::duplicate);
    driver.now_ms += 1;
    EXPECT_EQ(driver.send(sent), Disposition::stored);
}

TEST_P(OutboxSuite, AnIdIsRememberedTenMinutesAlsoWhenItsEventIsPruned) {
    OutboxDriver driver(GetParam(), {.keep_ms = 0});
    const Sent sent{{.id = "EV_1", .call = "SCL_1"}, {kTenantA}};
    const auto done = driver.commit({sent});
    driver.commit({}, {delivered(done.ready[0].id)});
    driver.now_ms += 1000;
    EXPECT_EQ(driver.maintain_all().pruned, 1u);
    EXPECT_EQ(driver.send(sent), Disposition::duplicate);
    driver.restart();
    EXPECT_EQ(driver.send(sent), Disposition::duplicate);
}

// 2
TEST_P(OutboxSuite, AnEventWithoutARoomNameIsUnmatched) {
    OutboxDriver driver(GetParam());
    EXPECT_EQ(driver.send({{.id = "EV_1", .room = "", .sid = "RM_1", .call = "SCL_1"}, {kTenantA}}),
              Disposition::unmatched);
}

TEST_P(OutboxSuite, ANewSidOfAKnownNameIsANewRoom) {
    OutboxDriver driver(GetParam());
    driver.send({{.id = "EV_1", .sid = "RM_1", .call = "SCL_1"}, {kTenantA}});
    EXPECT_EQ(driver.send({{.id = "EV_2", .name = "room_started", .sid = "RM_2"}}), Disposition::parked);
    EXPECT_EQ(driver.send({{.id = "EV_3", .sid = "RM_2", .call = "SCL_2"}, {kTenantB}}), Disposition::stored);
    EXPECT_EQ(driver.waiting(11), Ids{"EV_1"});
    EXPECT_EQ(driver.waiting(22), (Ids{"EV_2", "EV_3"}));
}

TEST_P(OutboxSuite, AnEventWithoutASidBelongsToTheYoungestRoomOfItsName) {
    OutboxDriver driver(GetParam());
    driver.send({{.id = "EV_1", .sid = "RM_1", .call = "SCL_1"}, {kTenantA}});
    driver.send({{.id = "EV_2", .sid = "RM_2", .call = "SCL_2"}, {kTenantB}});
    EXPECT_EQ(driver.send({{.id = "EV_3", .name = "egress_started", .sid = ""}}), Disposition::stored);
    driver.restart();
    EXPECT_EQ(driver.send({{.id = "EV_4", .name = "egress_ended", .sid = ""}}), Disposition::stored);
    EXPECT_EQ(driver.waiting(22), (Ids{"EV_2", "EV_3", "EV_4"}));
}

TEST_P(OutboxSuite, ASidThatCameWithAnotherNameIsAnotherRoom) {
    OutboxDriver driver(GetParam());
    driver.send({{.id = "EV_1", .room = "sip-1", .sid = "RM_1", .call = "SCL_1"}, {kTenantA}});
    EXPECT_EQ(driver.send({{.id = "EV_2", .name = "track_published", .room = "sip-2", .sid = "RM_1"}}),
              Disposition::parked);
}

// 3
TEST_P(OutboxSuite, TheFirstEventOfACallReleasesWhatWasParkedInItsOrder) {
    OutboxDriver driver(GetParam());
    driver.send({{.id = "EV_1", .name = "room_started", .body = "first"}});
    driver.send({{.id = "EV_2", .name = "track_published", .body = "second"}});
    const std::vector<Sent> group{{{.id = "EV_3", .name = "track_published"}},
                                  {{.id = "EV_4", .call = "SCL_1"}, {kTenantA}}};
    const auto done = driver.commit(group);
    EXPECT_EQ(done.appended[0].disposition, Disposition::parked);
    EXPECT_EQ(sources(done, group), (Ids{"EV_1", "EV_2", "EV_3", "EV_4"}));
    EXPECT_EQ(done.ready[0].body, "first");
    EXPECT_EQ(done.ready[1].body, "second");
    EXPECT_EQ(done.ready[2].source, 0u);
    EXPECT_EQ(driver.waiting(11), (Ids{"EV_1", "EV_2", "EV_3", "EV_4"}));
    EXPECT_EQ(driver.outbox().figures().parked, 0u);
}

TEST_P(OutboxSuite, WhatWasParkedIsReleasedAlsoAfterARestart) {
    OutboxDriver driver(GetParam());
    driver.send({{.id = "EV_1", .name = "room_started", .body = "first"}});
    driver.restart();
    EXPECT_EQ(driver.outbox().figures().parked, 1u);
    std::vector<WaitingDelivery> ready;
    driver.one({{.id = "EV_2", .call = "SCL_1"}, {kTenantA}}, &ready);
    ASSERT_EQ(ready.size(), 2u);
    EXPECT_EQ(ready[0].event_id, "EV_1");
    EXPECT_EQ(ready[0].body, "first");
    EXPECT_EQ(ready[1].source, 0u);
}

TEST_P(OutboxSuite, AnUnmatchedCallDropsWhatWasParkedAndTheRoomsLaterEvents) {
    OutboxDriver driver(GetParam());
    driver.send({{.id = "EV_1", .name = "room_started"}});
    driver.send({{.id = "EV_2", .name = "track_published"}});
    const auto appended = driver.one({{.id = "EV_3", .call = "SCL_1"}});
    EXPECT_EQ(appended.disposition, Disposition::unmatched);
    EXPECT_EQ(appended.dropped_from_parking, 2u);
    driver.restart();
    EXPECT_EQ(driver.send({{.id = "EV_4", .name = "track_published"}}), Disposition::unmatched);
    EXPECT_EQ(driver.send({{.id = "EV_1", .name = "room_started"}}), Disposition::duplicate);
}

TEST_P(OutboxSuite, AnUnmatchedRoomGetsHooksWhenALaterCallMatchesAndWhatWasDroppedStaysGone) {
    OutboxDriver driver(GetParam());
    driver.send({{.id = "EV_1", .name = "room_started"}});
    driver.send({{.id = "EV_2", .call = "SCL_1"}});
    EXPECT_EQ(driver.send({{.id = "EV_3", .call = "SCL_2"}, {kTenantA}}), Disposition::stored);
    EXPECT_EQ(driver.send({{.id = "EV_4", .name = "track_published"}}), Disposition::stored);
    EXPECT_EQ(driver.send({{.id = "EV_5", .call = "SCL_1"}, {kTenantA}}), Disposition::unmatched);
    EXPECT_EQ(driver.waiting(11), (Ids{"EV_3", "EV_4"}));
}

TEST_P(OutboxSuite, ACallWithoutAMatchBelongsToTheRoomsHooks) {
    OutboxDriver driver(GetParam());
    driver.send({{.id = "EV_1", .call = "SCL_1"}, {kTenantA}});
    EXPECT_EQ(driver.send({{.id = "EV_2", .call = "SCL_2"}}), Disposition::stored);
    EXPECT_EQ(driver.waiting(11), (Ids{"EV_1", "EV_2"}));
}

TEST_P(OutboxSuite, ASecondLegOfAnotherTenantKeepsItsOwnEventsAndTheRoomStaysWithTheFirst) {
    OutboxDriver driver(GetParam());
    EXPECT_FALSE(driver.one({{.id = "EV_1", .participant = "PA_1", .call = "SCL_1"}, {kTenantA}}).tenant_conflict);
    const auto second = driver.one({{.id = "EV_2", .participant = "PA_2", .call = "SCL_2"}, {kTenantB}});
    EXPECT_TRUE(second.tenant_conflict);
    EXPECT_EQ(second.disposition, Disposition::stored);
    driver.restart();
    EXPECT_FALSE(driver.one({{.id = "EV_3", .name = "track_published", .participant = "PA_2"}}).tenant_conflict);
    driver.send({{.id = "EV_4", .name = "room_finished"}});
    EXPECT_EQ(driver.waiting(11), (Ids{"EV_1", "EV_4"}));
    EXPECT_EQ(driver.waiting(22), (Ids{"EV_2", "EV_3"}));
}

TEST_P(OutboxSuite, ACallInARoomThatNamesAnotherTenantKeepsItsOwnEventsAndGetsNothingOfTheRoom) {
    OutboxDriver driver(GetParam());
    driver.send({{.id = "EV_1", .name = "room_started", .room_tenant = "tenant-b"}});
    const auto joined =
        driver.one({{.id = "EV_2", .participant = "PA_1", .call = "SCL_1", .room_tenant = "tenant-b"}, {kTenantA}});
    EXPECT_TRUE(joined.tenant_conflict);
    EXPECT_EQ(joined.disposition, Disposition::stored);
    EXPECT_EQ(joined.room_hook, 0U);
    EXPECT_EQ(joined.dropped_from_parking, 1U);
    driver.restart();
    EXPECT_EQ(driver.send({{.id = "EV_3", .name = "track_published", .participant = "PA_1"}}), Disposition::stored);
    EXPECT_EQ(driver.send({{.id = "EV_4", .name = "participant_joined", .participant = "PA_9"}}),
              Disposition::unmatched);
    EXPECT_EQ(driver.send({{.id = "EV_5", .name = "room_finished", .room_tenant = "tenant-b"}}),
              Disposition::unmatched);
    EXPECT_EQ(driver.waiting(11), (Ids{"EV_2", "EV_3"}));
}

TEST_P(OutboxSuite, ARoomThatNamesTheCallsOwnTenantOrAHookWithoutTenantIsNoConflict) {
    OutboxDriver driver(GetParam());
    const auto own = driver.one({{.id = "EV_1", .call = "SCL_1", .room_tenant = "tenant-a"}, {kTenantA}});
    EXPECT_FALSE(own.tenant_conflict);
    EXPECT_EQ(own.room_hook, kTenantA.hook);
    const auto nobodys = driver.one(
        {{.id = "EV_2", .room = "sip-2", .sid = "RM_2", .call = "SCL_2", .room_tenant = "tenant-b"}, {{44, ""}}});
    EXPECT_FALSE(nobodys.tenant_conflict);
    EXPECT_EQ(nobodys.room_hook, 44U);
}

TEST_P(OutboxSuite, EveryStoredEventOfARoomNamesTheRoomsHook) {
    OutboxDriver driver(GetParam());
    driver.send({{.id = "EV_1", .participant = "PA_1", .call = "SCL_1"}, {kTenantA}});
    driver.restart();
    EXPECT_EQ(driver.one({{.id = "EV_2", .participant = "PA_2", .call = "SCL_2"}, {kTenantB}}).room_hook,
              kTenantA.hook);
    EXPECT_EQ(driver.one({{.id = "EV_3", .name = "room_finished"}}).room_hook, kTenantA.hook);
    EXPECT_EQ(driver.one({{.id = "EV_3", .name = "room_finished"}}).room_hook, 0U) << "a duplicate names none";
}

TEST_P(OutboxSuite, AMarkIsFoundAgainAfterARestart) {
    OutboxDriver driver(GetParam());
    EXPECT_EQ(driver.outbox().mark(Mark::provisioned).value(), 0);
    ASSERT_TRUE(driver.outbox().set_mark(Mark::provisioned, 1'795'329'482'000));
    ASSERT_TRUE(driver.outbox().set_mark(Mark::provisioned, 1'795'329'482'001));
    driver.restart();
    EXPECT_EQ(driver.outbox().mark(Mark::provisioned).value(), 1'795'329'482'001);
}

TEST_P(OutboxSuite, ASecondLegOfTheSameTenantIsNoConflictEvenWithAnotherHook) {
    OutboxDriver driver(GetParam());
    driver.send({{.id = "EV_1", .call = "SCL_1"}, {kTenantA}});
    EXPECT_FALSE(driver.one({{.id = "EV_2", .call = "SCL_2"}, {kTenantA2}}).tenant_conflict);
    EXPECT_FALSE(driver.one({{.id = "EV_3", .call = "SCL_3"}, {kTenantB, kTenantA}}).tenant_conflict);
    EXPECT_EQ(driver.waiting(12), Ids{"EV_2"});
}

TEST_P(OutboxSuite, AnEventOfSeveralHooksIsOneDeliveryForEach) {
    OutboxDriver driver(GetParam());
    driver.send({{.id = "EV_1", .name = "room_started", .body = "parked"}});
    const auto done = driver.commit({{{.id = "EV_2", .call = "SCL_1"}, {kTenantA, kTenantB}}});
    ASSERT_EQ(done.ready.size(), 4u);
    EXPECT_EQ(done.ready[0].body, "parked");
    EXPECT_EQ(done.ready[1].body, "parked");
    EXPECT_EQ(driver.waiting(11), (Ids{"EV_1", "EV_2"}));
    EXPECT_EQ(driver.waiting(22), (Ids{"EV_1", "EV_2"}));
}

// 4
TEST_P(OutboxSuite, LaterMatchesOfACallAreIgnored) {
    OutboxDriver driver(GetParam());
    driver.send({{.id = "EV_1", .call = "SCL_1"}, {kTenantA}});
    driver.send({{.id = "EV_2", .name = "participant_left", .call = "SCL_1"}, {kTenantB}});
    EXPECT_EQ(driver.waiting(11), (Ids{"EV_1", "EV_2"}));
    EXPECT_TRUE(driver.waiting(22).empty());
}

TEST_P(OutboxSuite, AnUnmatchedCallStaysSoAfterARestart) {
    OutboxDriver driver(GetParam());
    driver.send({{.id = "EV_1", .call = "SCL_1"}});
    driver.restart();
    EXPECT_EQ(driver.send({{.id = "EV_2", .name = "participant_left", .call = "SCL_1"}, {kTenantA}}),
              Disposition::unmatched);
}

TEST_P(OutboxSuite, ACallThatComesBackInAnotherRoomKeepsItsHooksAndTheRoomTakesThem) {
    OutboxDriver driver(GetParam());
    driver.send({{.id = "EV_1", .sid = "RM_1", .call = "SCL_1"}, {kTenantA}});
    driver.restart();
    driver.send({{.id = "EV_2", .name = "room_started", .sid = "RM_2"}});
    EXPECT_EQ(driver.send({{.id = "EV_3", .sid = "RM_2", .call = "SCL_1"}, {kTenantB}}), Disposition::stored);
    EXPECT_EQ(driver.send({{.id = "EV_4", .name = "room_finished", .sid = "RM_2"}}), Disposition::stored);
    EXPECT_EQ(driver.waiting(11), (Ids{"EV_1", "EV_2", "EV_3", "EV_4"}));
}

// 5, 6
TEST_P(OutboxSuite, AnEventOfALinkedParticipantGoesWhereItsCallGoes) {
    OutboxDriver driver(GetParam());
    driver.send({{.id = "EV_1", .participant = "PA_1", .call = "SCL_1"}});
    driver.send({{.id = "EV_2", .participant = "PA_2", .call = "SCL_2"}, {kTenantA}});
    EXPECT_EQ(driver.send({{.id = "EV_3", .name = "participant_left", .participant = "PA_1"}}), Disposition::unmatched);
    EXPECT_EQ(driver.send({{.id = "EV_4", .name = "participant_left", .participant = "PA_2"}}), Disposition::stored);
    driver.restart();
    EXPECT_EQ(driver.send({{.id = "EV_5", .name = "track_unpublished", .participant = "PA_1"}}),
              Disposition::unmatched);
}

TEST_P(OutboxSuite, AnEventOfAnotherParticipantGoesToTheRoomsHooks) {
    OutboxDriver driver(GetParam());
    driver.send({{.id = "EV_1", .participant = "PA_1", .call = "SCL_1"}, {kTenantA}});
    EXPECT_EQ(driver.send({{.id = "EV_2", .participant = "PA_agent"}}), Disposition::stored);
}

TEST_P(OutboxSuite, AnUnknownRoomThatMayNotParkIsUnmatchedAndCanStillGetItsCall) {
    OutboxDriver driver(GetParam());
    EXPECT_EQ(driver.send({{.id = "EV_1", .name = "room_started", .room = "meeting"}, {}, false}),
              Disposition::unmatched);
    EXPECT_EQ(driver.send({{.id = "EV_2", .room = "meeting", .call = "SCL_1"}, {kTenantA}, false}),
              Disposition::stored);
    EXPECT_EQ(driver.send({{.id = "EV_3", .name = "room_finished", .room = "meeting"}, {}, false}),
              Disposition::stored);
}

TEST_P(OutboxSuite, MatchesOfAnEventWithoutACallAreIgnored) {
    OutboxDriver driver(GetParam());
    EXPECT_EQ(driver.send({{.id = "EV_1", .name = "room_started"}, {kTenantA}}), Disposition::parked);
}

// 7
TEST_P(OutboxSuite, ASecondRoomStartedOfASidIsAnEventLikeAnyOther) {
    OutboxDriver driver(GetParam());
    driver.send({{.id = "EV_1", .name = "room_started"}});
    driver.send({{.id = "EV_2", .call = "SCL_1"}, {kTenantA}});
    EXPECT_EQ(driver.send({{.id = "EV_3", .name = "room_started"}}), Disposition::stored);
    EXPECT_EQ(driver.waiting(11), (Ids{"EV_1", "EV_2", "EV_3"}));
}

// 8
TEST_P(OutboxSuite, AFinishedRoomRoutesLateEventsForAnHour) {
    OutboxDriver driver(GetParam());
    driver.send({{.id = "EV_1", .call = "SCL_1"}, {kTenantA}});
    driver.send({{.id = "EV_2", .name = "room_finished"}});
    driver.now_ms += 3'599'000;
    driver.maintain_all();
    EXPECT_EQ(driver.send({{.id = "EV_3", .name = "egress_ended"}}), Disposition::stored);
    driver.now_ms += 3'599'000;
    driver.maintain_all();
    EXPECT_EQ(driver.send({{.id = "EV_4", .name = "egress_ended"}}), Disposition::stored);
    driver.now_ms += 3'600'000;
    driver.maintain_all();
    EXPECT_EQ(driver.send({{.id = "EV_5", .name = "egress_ended"}}), Disposition::parked);
}

TEST_P(OutboxSuite, ARoomThatNeverFinishedIsForgottenADayAfterItsLastEvent) {
    OutboxDriver driver(GetParam());
    driver.send({{.id = "EV_1", .call = "SCL_1"}, {kTenantA}});
    driver.now_ms += 24 * 3'600'000 - 1000;
    driver.maintain_all();
    EXPECT_EQ(driver.send({{.id = "EV_2", .name = "track_published"}}), Disposition::stored);
    driver.now_ms += 24 * 3'600'000;
    driver.maintain_all();
    EXPECT_EQ(driver.send({{.id = "EV_3", .call = "SCL_1"}, {kTenantB}}), Disposition::stored);
    EXPECT_EQ(driver.waiting(22), Ids{"EV_3"});
}

TEST_P(OutboxSuite, AForgottenRoomIsForgottenAlsoAfterARestart) {
    OutboxDriver driver(GetParam());
    driver.send({{.id = "EV_1", .participant = "PA_1", .call = "SCL_1"}, {kTenantA}});
    driver.send({{.id = "EV_2", .name = "room_finished"}});
    driver.now_ms += 3'700'000;
    driver.maintain_all();
    driver.restart();
    EXPECT_EQ(driver.send({{.id = "EV_3", .name = "track_published", .participant = "PA_1"}}), Disposition::parked);
}

TEST_P(OutboxSuite, ParkedEventsAreDroppedWhenTheirRoomHasFinished) {
    OutboxDriver driver(GetParam());
    driver.send({{.id = "EV_1", .name = "room_started"}});
    driver.send({{.id = "EV_2", .name = "room_finished"}});
    const auto finished_ms = driver.now_ms;
    driver.now_ms += 1000;
    EXPECT_EQ(driver.send({{.id = "EV_3", .name = "egress_ended"}}), Disposition::parked);
    driver.now_ms = finished_ms + 29'999;
    driver.restart();
    EXPECT_EQ(driver.maintain_all().parked_dropped, 0u);
    driver.now_ms = finished_ms + 30'000;
    EXPECT_EQ(driver.maintain_all().parked_dropped, 3u);
    EXPECT_EQ(driver.outbox().figures().parked, 0u);
    EXPECT_EQ(driver.send({{.id = "EV_1", .name = "room_started"}}), Disposition::duplicate);
}

TEST_P(OutboxSuite, ParkedEventsAreDroppedTenMinutesAfterTheyArrived) {
    OutboxDriver driver(GetParam());
    driver.send({{.id = "EV_1", .name = "room_started"}});
    driver.now_ms += 300'000;
    driver.send({{.id = "EV_2", .name = "track_published"}});
    driver.now_ms += 300'000;
    EXPECT_EQ(driver.maintain_all().parked_dropped, 1u);
    std::vector<WaitingDelivery> ready;
    driver.one({{.id = "EV_3", .call = "SCL_1"}, {kTenantA}}, &ready);
    ASSERT_EQ(ready.size(), 2u);
    EXPECT_EQ(ready[0].event_id, "EV_2");
}

TEST_P(OutboxSuite, MaintainSaysWhenTheNextParkedEventIsDue) {
    OutboxDriver driver(GetParam());
    driver.send({{.id = "EV_1", .name = "room_started"}});
    driver.send({{.id = "EV_2", .name = "room_finished"}});
    for (int i = 0; i < 100; ++i) {
        const Maintained done = driver.maintain();
        if (done.parked_dropped == 2) return;
        ASSERT_NE(done.next_ms, 0) << "it forgot the parked events";
        ASSERT_GE(done.next_ms, driver.now_ms);
        driver.now_ms = done.next_ms;
    }
    FAIL() << "the parked events were never dropped";
}

TEST_P(OutboxSuite, TheOldestParkedEventsGoWhenThereAreTooMany) {
    OutboxDriver driver(GetParam(), {.park_events = 3});
    for (int i = 1; i <= 5; ++i) {
        const std::string number = std::to_string(i);
        driver.send({{.id = "EV_" + number, .name = "room_started", .room = "sip-" + number, .sid = "RM_" + number}});
    }
    EXPECT_EQ(driver.outbox().figures().parked, 3u);
    EXPECT_EQ(driver.maintain_all().parked_dropped, 2u);
    driver.restart();
    std::vector<WaitingDelivery> ready;
    driver.one({{.id = "EV_6", .room = "sip-2", .sid = "RM_2", .call = "SCL_2"}, {kTenantA}}, &ready);
    EXPECT_EQ(ready.size(), 1u);
    driver.one({{.id = "EV_7", .room = "sip-3", .sid = "RM_3", .call = "SCL_3"}, {kTenantA}}, &ready);
    EXPECT_EQ(ready.size(), 2u);
}

// 9
TEST_P(OutboxSuite, IdsGrowInTheOrderOfAcknowledgementAlsoAfterARestartAndAfterPruning) {
    OutboxDriver driver(GetParam(), {.keep_ms = 0});
    DeliveryId last = 0;
    for (int i = 0; i < 5; ++i) {
        const auto done = driver.commit({{{.id = "EV_" + std::to_string(i), .call = "SCL_1"}, {kTenantA, kTenantB}}});
        for (const auto& each : done.ready) {
            EXPECT_GT(each.id, last);
            last = each.id;
            driver.commit({}, {delivered(each.id)});
        }
        driver.now_ms += 1000;
        EXPECT_EQ(driver.maintain_all().pruned, 1u);
        driver.restart();
    }
}

TEST_P(OutboxSuite, TwoSidsOfOneNameAreOneStreamAndTwoNamesAreTwo) {
    OutboxDriver driver(GetParam());
    const auto first = driver.commit({{{.id = "EV_1", .sid = "RM_1", .call = "SCL_1"}, {kTenantA}}}).ready.at(0);
    driver.restart();
    const auto second = driver.commit({{{.id = "EV_2", .sid = "RM_2", .call = "SCL_2"}, {kTenantA}}}).ready.at(0);
    const auto other =
        driver.commit({{{.id = "EV_3", .room = "sip-other", .sid = "RM_3", .call = "SCL_3"}, {kTenantA}}}).ready.at(0);
    EXPECT_EQ(first.stream, second.stream);
    EXPECT_NE(first.stream, other.stream);
    EXPECT_EQ(driver.all_of(11).at(0).stream, first.stream);
}

// 10
TEST_P(OutboxSuite, AnEventThatNoHookWantsIsStoredWithoutDeliveries) {
    OutboxDriver driver(GetParam());
    driver.filter.unwanted = {{0, "track_published"}};
    driver.send({{.id = "EV_1", .call = "SCL_1"}, {kTenantA}});
    std::vector<WaitingDelivery> ready;
    EXPECT_EQ(driver.one({{.id = "EV_2", .name = "track_published"}}, &ready).disposition, Disposition::stored);
    EXPECT_TRUE(ready.empty());
    EXPECT_EQ(driver.send({{.id = "EV_2", .name = "track_published"}}), Disposition::duplicate);
}

TEST_P(OutboxSuite, WishesAreAskedForEachHookAndForParkedEventsWhenTheyAreReleased) {
    OutboxDriver driver(GetParam());
    driver.filter.unwanted = {{11, "room_started"}, {22, "room_started"}};
    driver.send({{.id = "EV_1", .name = "room_started"}});
    driver.filter.unwanted = {{11, "room_started"}, {22, "participant_joined"}};
    driver.send({{.id = "EV_2", .call = "SCL_1"}, {kTenantA, kTenantB}});
    EXPECT_EQ(driver.waiting(11), Ids{"EV_2"});
    EXPECT_EQ(driver.waiting(22), Ids{"EV_1"});
}

}  // namespace switchhook::testkit
