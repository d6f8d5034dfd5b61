#include "tests/unit/delivery/engine_fixture.hpp"

namespace switchhook::delivery {
namespace {

TEST_F(EngineTest, ADeliveryIsSentAtOnceWithTheConfiguredDeadline) {
    hand_over(1, 100);
    round();
    const auto sent = forwarder.take();
    EXPECT_EQ(sent.event_id, "EV_1");
    EXPECT_EQ(sent.request.url, "https://a/events");
    EXPECT_EQ(*sent.request.body, body_of("EV_1"));
    EXPECT_EQ(sent.deadline, seconds(10));
}

TEST_F(EngineTest, TheNextOfAStreamLeavesOnlyWhenTheEndOfTheOneBeforeIsDurable) {
    hand_over(1, 100);
    hand_over(2, 100);
    round();
    EXPECT_EQ(forwarder.under_way(), Ids{"EV_1"});
    complete(status_result(204));
    EXPECT_TRUE(forwarder.under_way().empty());
    ASSERT_EQ(ledger.settled.size(), 1U);
    EXPECT_EQ(ledger.settled[0].id, 1U);
    EXPECT_EQ(ledger.settled[0].state, DeliveryState::delivered);
    EXPECT_EQ(ledger.settled[0].attempts, 1U);
    EXPECT_EQ(ledger.settled[0].code, "delivered");
    clock().advance(seconds(30));
    round();
    EXPECT_TRUE(forwarder.under_way().empty());
    acknowledge();
    EXPECT_EQ(forwarder.under_way(), Ids{"EV_2"});
}

TEST_F(EngineTest, ADeadLetterLetsItsStreamGoOnOnceItIsDurable) {
    hand_over(1, 100);
    hand_over(2, 100);
    round();
    complete(status_result(422));
    EXPECT_EQ(ledger.settled.at(0).state, DeliveryState::dead);
    EXPECT_EQ(ledger.settled.at(0).code, "status_422");
    EXPECT_TRUE(forwarder.under_way().empty());
    acknowledge();
    EXPECT_EQ(forwarder.under_way(), Ids{"EV_2"});
    EXPECT_EQ(metrics.deliveries_dead.Value(), 1);
    EXPECT_TRUE(host.recorded().contains("a delivery became a dead letter event=EV_1"));
}

TEST_F(EngineTest, DifferentStreamsLeaveInParallelUpToTheConcurrency) {
    for (DeliveryId id = 1; id <= 4; ++id) hand_over(id, 100 + id);
    round();
    EXPECT_EQ(forwarder.under_way(), (Ids{"EV_1", "EV_2"}));
    complete(status_result(200));
    // The sender is free at once; only the stream waits for the durable end.
    EXPECT_EQ(forwarder.under_way(), (Ids{"EV_2", "EV_3"}));
}

TEST_F(EngineTest, AHookThatHangsHoldsBackNoOtherHook) {
    for (DeliveryId id = 1; id <= 4; ++id) hand_over(id, 100 + id, a);
    hand_over(5, 200, b);
    round();
    EXPECT_EQ(forwarder.under_way(), (Ids{"EV_1", "EV_2", "EV_5"}));
    EXPECT_EQ(metrics.lanes.Value(), 2);
}

TEST_F(EngineTest, OneStreamOfTwoHooksIsTwoStreams) {
    hand_over(1, 100, a);
    hand_over(2, 100, b);
    round();
    EXPECT_EQ(forwarder.under_way(), (Ids{"EV_1", "EV_2"}));
}

TEST_F(EngineTest, ALongStreamLeavesInTheOrderOfItsIds) {
    settings.window = 64;
    make();
    Ids expected;
    for (DeliveryId id = 1; id <= 8; ++id) {
        hand_over(id, id % 2);
        expected.push_back("EV_" + std::to_string(id));
    }
    round();
    for (int i = 0; i < 8; ++i) {
        complete(status_result(200));
        acknowledge();
    }
    EXPECT_EQ(forwarder.order(), expected);
    EXPECT_EQ(metrics.deliveries_delivered.Value(), 8);
}

TEST_F(EngineTest, AnAcknowledgementThatComesTwiceOrForNobodyChangesNothing) {
    hand_over(1, 100);
    hand_over(2, 100);
    hand_over(3, 100);
    round();
    complete(status_result(200));
    engine->settled({ledger.settled[0],
                     ledger.settled[0],
                     {.hook = 99, .id = 1, .code = {}},
                     {.hook = a, .id = 7, .place = 4'000, .code = {}}});
    round();
    EXPECT_EQ(forwarder.under_way(), Ids{"EV_2"});
}

TEST_F(EngineTest, AForwarderThatCompletesTwiceIsHeardOnce) {
    hand_over(1, 100);
    hand_over(2, 200);
    hand_over(3, 300);
    hand_over(4, 400);
    round();
    auto sent = forwarder.take();
    const auto again = sent.done;
    sent.done(status_result(200));
    again(status_result(200));
    round();
    EXPECT_EQ(ledger.settled.size(), 1U);
    EXPECT_EQ(forwarder.under_way(), (Ids{"EV_2", "EV_3"}));
}

TEST_F(EngineTest, TheSameDeliveryHandedOverTwiceIsSentOnce) {
    hand_over(1, 100);
    hand_over(1, 100);
    round();
    complete(status_result(200));
    acknowledge();
    EXPECT_EQ(forwarder.order(), Ids{"EV_1"});
}

TEST_F(EngineTest, NothingIsDueWhenNothingWaits) {
    EXPECT_EQ(round(), std::nullopt);
    hand_over(1, 100);
    EXPECT_EQ(round(), std::nullopt);  // under way: the completion will say
    complete(status_result(200));
    acknowledge();
    EXPECT_EQ(round(), std::nullopt);
}

TEST_F(EngineTest, TheDeliveryOfARemovedHookIsADeadLetterWithoutAnAttempt) {
    ASSERT_TRUE(hooks.change({.put = {}, .remove = {"b"}}).ok());
    hand_over(1, 100, b);
    hand_over(2, 100, b);
    round();
    ASSERT_EQ(ledger.settled.size(), 1U);
    EXPECT_EQ(ledger.settled[0].state, DeliveryState::dead);
    EXPECT_EQ(ledger.settled[0].code, "hook_removed");
    EXPECT_EQ(ledger.settled[0].attempts, 0U);
    acknowledge();
    EXPECT_EQ(ledger.settled.size(), 2U);
    EXPECT_TRUE(forwarder.order().empty());
}

TEST_F(EngineTest, TheDeliveryOfAHookThatWasGivenToAnotherTenantIsADeadLetter) {
    ASSERT_TRUE(hooks.change({.put = {routing::hook_of("b", "tenant-z")}, .remove = {}}).ok());
    hand_over(1, 100, b);
    round();
    EXPECT_EQ(ledger.settled.at(0).code, "hook_removed");
    EXPECT_TRUE(forwarder.order().empty());
}

TEST_F(EngineTest, UrlAndSecretAreReadAtEachAttempt) {
    hand_over(1, 100, b);
    round();
    EXPECT_EQ(forwarder.take().request.url, "https://b/events");
    Hook moved = routing::hook_of("b");
    moved.url = "https://elsewhere/events";
    ASSERT_TRUE(hooks.change({.put = {moved}, .remove = {}}).ok());
    hand_over(2, 200, b);
    round();
    EXPECT_EQ(forwarder.take().request.url, "https://elsewhere/events");
}

TEST_F(EngineTest, AnUnreadableStoredEventIsADeadLetterAndTheNextOnesGoOn) {
    engine->backlog({{.hook = a, .waiting = 2}});
    round();
    Claimed claimed;
    claimed.deliveries = {stored(1, 100), stored(2, 100)};
    claimed.deliveries[0].body = "{ torn";
    engine->claimed(a, std::move(claimed));
    round();
    ASSERT_EQ(ledger.settled.size(), 1U);
    EXPECT_EQ(ledger.settled[0].code, "unreadable");
    EXPECT_EQ(ledger.settled[0].state, DeliveryState::dead);
    EXPECT_EQ(forwarder.under_way(), Ids{"EV_2"});
    acknowledge();
    EXPECT_EQ(forwarder.under_way(), Ids{"EV_2"});
    EXPECT_TRUE(host.recorded().contains("cannot be read"));
}

TEST_F(EngineTest, AStoredEventWithoutAnIdOfItsOwnKeepsTheStoredOne) {
    engine->backlog({{.hook = a, .waiting = 1}});
    round();
    Claimed claimed;
    claimed.deliveries = {stored(1, 100)};
    claimed.deliveries[0].event_id = "abcdef0123";
    claimed.deliveries[0].body = R"({"event":"room_started","room":{"name":"sip-room"}})";
    engine->claimed(a, std::move(claimed));
    round();
    EXPECT_EQ(forwarder.under_way(), Ids{"abcdef0123"});
}

TEST_F(EngineTest, EndToEndTimeRunsFromTheCommitToTheDelivery) {
    hand_over(1, 100);
    clock().advance(milliseconds(250));
    round();
    clock().advance(milliseconds(250));
    complete(status_result(200));
    EXPECT_NE(metrics.text().find("switchhook_end_to_end_seconds_sum 0.5"), std::string::npos);
    EXPECT_NE(metrics.text().find("switchhook_attempts_total{outcome=\"delivered\"} 1"), std::string::npos);
}

}  // namespace
}  // namespace switchhook::delivery
