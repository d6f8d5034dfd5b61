#include "tests/unit/pipeline/fixture.hpp"

namespace switchhook::pipeline {
namespace {

Settlement delivered(HookId hook, DeliveryId id) {
    return {.hook = hook, .id = id, .state = DeliveryState::delivered, .attempts = 1, .code = "delivered"};
}

void expect_try_later(const Answer& answer) {
    EXPECT_EQ(answer.status(), 503);
    const auto response = answer.response();
    ASSERT_EQ(response.headers.size(), 1U);
    EXPECT_EQ(response.headers[0], (std::pair<std::string, std::string>("Retry-After", "5")));
    EXPECT_TRUE(response.body.empty());
}

TEST_F(CommitterTest, AFullOutboxIsAnswered503WhileSettlementsGoThrough) {
    recover();
    known_call();
    outbox.full = true;
    const auto answer = offer(body_of("EV_2"));
    committer->settle({delivered(a, 1)});
    round();
    expect_try_later(*answer);
    EXPECT_EQ(outbox.rows()[1].state, DeliveryState::delivered);
    EXPECT_EQ(sink.durable.size(), 1U);
    EXPECT_EQ(metrics.events_full.Value(), 1);
    EXPECT_EQ(committer->health().code(), Code::full);
    committer->settle({delivered(a, 1)});
    round();
    EXPECT_EQ(committer->health().code(), Code::full);  // a settlement proves nothing about room for events
    outbox.full = false;
    const auto again = offer(body_of("EV_2"));
    round();
    EXPECT_EQ(again->status(), 200);
    EXPECT_TRUE(committer->health().ok());
}

TEST_F(CommitterTest, AFailedCommitAnswers503AndKeepsTheSettlements) {
    recover();
    known_call();
    round();
    outbox.set_fail({Code::unavailable, "no space left on device"});
    const auto one = offer(body_of("EV_2"));
    const auto two = offer(body_of("EV_3"));
    committer->settle({delivered(a, 1)});
    EXPECT_EQ(wait(), milliseconds(100));
    expect_try_later(*one);
    expect_try_later(*two);
    EXPECT_TRUE(sink.durable.empty());
    EXPECT_EQ(committer->health().message(), "no space left on device");
    EXPECT_EQ(metrics.commit_failures.Value(), 1);
    EXPECT_EQ(metrics.events_full.Value(), 2);
    clock().advance(milliseconds(100));
    EXPECT_EQ(wait(), milliseconds(200));
    outbox.set_fail({});
    clock().advance(milliseconds(200));
    round();
    ASSERT_EQ(sink.durable.size(), 1U);
    EXPECT_EQ(outbox.rows()[1].state, DeliveryState::delivered);
    EXPECT_TRUE(committer->health().ok());
    EXPECT_EQ(lines_with("the outbox refused a commit"), 1U);
}

TEST_F(CommitterTest, KeptSettlementsGoWithTheNextEventAndKeepTheirOrder) {
    recover();
    known_call();
    outbox.set_fail({Code::unavailable, "away"});
    Settlement retry = delivered(a, 1);
    retry.state = DeliveryState::waiting;
    committer->settle({retry});
    round();
    outbox.set_fail({});
    committer->settle({delivered(a, 1)});
    offer(body_of("EV_2"));
    round();
    EXPECT_EQ(outbox.groups().back(), (FakeOutbox::Group{1, 2}));
    EXPECT_EQ(outbox.rows()[1].state, DeliveryState::delivered);
}

TEST_F(CommitterTest, ThePauseBetweenTriesGrowsToFiveSeconds) {
    recover();
    known_call();
    clock().advance(seconds(1));
    round();
    outbox.set_fail({Code::unavailable, "away"});
    committer->settle({delivered(a, 1)});
    milliseconds last{0};
    for (int i = 0; i < 10; ++i) {
        last = *wait();
        clock().advance(last);
    }
    EXPECT_EQ(last, seconds(5));
}

TEST_F(CommitterTest, OneBadEventDoesNotCostTheOthers) {
    recover();
    known_call();
    outbox.bad_events.insert("EV_5");
    std::vector<std::shared_ptr<Answer>> answers;
    for (int i = 2; i < 12; ++i) answers.push_back(offer(body_of("EV_" + std::to_string(i))));
    committer->settle({delivered(a, 1)});
    round();
    for (int i = 2; i < 12; ++i) EXPECT_EQ(answers[static_cast<std::size_t>(i - 2)]->status(), i == 5 ? 503 : 200) << i;
    EXPECT_EQ(sink.durable.size(), 1U);
    // Order is kept, and each has the event that is its own.
    ASSERT_EQ(sink.handed_over.size(), 10U);
    for (std::size_t i = 2; i < sink.handed_over.size(); ++i)
        EXPECT_LT(sink.handed_over[i - 1].delivery.id, sink.handed_over[i].delivery.id);
    for (const auto& each : sink.handed_over) EXPECT_EQ(each.event->event().id, each.delivery.event_id);
}

TEST_F(CommitterTest, ABadSettlementIsKeptAndDoesNotFailTheEventsThatFollow) {
    recover();
    known_call();
    offer(body_of("EV_2"));
    round();
    outbox.bad_deliveries.insert(1);
    committer->settle({delivered(a, 1), delivered(a, 2)});
    round();
    ASSERT_EQ(sink.durable.size(), 1U);
    EXPECT_EQ(sink.durable[0].id, 2U);
    const auto groups = outbox.groups().size();
    EXPECT_EQ(offer(body_of("EV_3"))->times(), 0);
    round();
    EXPECT_EQ(outbox.groups().size(), groups + 1);  // the bad one waits for its time
    outbox.bad_deliveries.clear();
    clock().advance(seconds(5));
    round();
    EXPECT_EQ(sink.durable.size(), 2U);
}

TEST_F(CommitterTest, ACorruptOutboxIsNotAskedForEveryMember) {
    recover();
    outbox.set_fail({Code::corrupt, "bad page"});
    for (int i = 0; i < 10; ++i) offer(body_of("EV_" + std::to_string(i)));
    round();
    EXPECT_EQ(outbox.groups().size(), 1U);
}

TEST_F(CommitterTest, AFailureStopsCountingWhenNothingRepeatsIt) {
    recover();
    outbox.set_fail({Code::unavailable, "away"});
    offer(body_of("EV_1"));
    round();
    clock().advance(milliseconds(9'999));
    EXPECT_FALSE(committer->health().ok());
    clock().advance(milliseconds(1));
    EXPECT_TRUE(committer->health().ok());
}

TEST_F(CommitterTest, MoreThanMayWaitIsNotTaken) {
    make({.waiting = 3});
    recover();
    for (int i = 0; i < 3; ++i) offer(body_of("EV_" + std::to_string(i)));
    const auto answer = std::make_shared<Answer>();
    Arrival refused = arrival(body_of("EV_x"), answer);
    EXPECT_FALSE(committer->offer(refused));
    EXPECT_EQ(answer->times(), 0);  // the caller still has it
    round();
    EXPECT_TRUE(committer->offer(refused));
    round();
    EXPECT_EQ(answer->status(), 200);
}

TEST_F(CommitterTest, MoreBytesThanMayWaitAreNotTaken) {
    make({.waiting_bytes = 250});
    recover();
    offer(body_of("EV_1"));
    offer(body_of("EV_2"));
    const auto answer = std::make_shared<Answer>();
    Arrival refused = arrival(body_of("EV_3"), answer);
    EXPECT_FALSE(committer->offer(refused));
    round();
    EXPECT_TRUE(committer->offer(refused));
}

TEST_F(CommitterTest, AFailedClaimAndAFailedMaintenanceAreSaid) {
    recover();
    outbox.set_fail({Code::unavailable, "away"});
    committer->claim(a, 0, 10);
    EXPECT_EQ(wait(), seconds(5));
    ASSERT_EQ(sink.claims.size(), 1U);
    EXPECT_FALSE(sink.claims[0].second.ok());
    EXPECT_EQ(lines_with("maintenance failed"), 1U);
}

TEST_F(CommitterTest, AnOutboxWhoseBacklogCannotBeReadStopsTheStart) {
    outbox.set_fail({Code::corrupt, "not a database"});
    EXPECT_EQ(committer->start(sink).code(), Code::corrupt);
    committer->stop(seconds(1));
}

TEST_F(CommitterTest, WhatWasNeverTakenIsAnswered503AtTheEnd) {
    recover();
    const auto answer = offer(body_of("EV_1"));
    committer->stop(seconds(1));
    expect_try_later(*answer);
    const auto late = std::make_shared<Answer>();
    Arrival refused = arrival(body_of("EV_2"), late);
    EXPECT_FALSE(committer->offer(refused));
}

}  // namespace
}  // namespace switchhook::pipeline
