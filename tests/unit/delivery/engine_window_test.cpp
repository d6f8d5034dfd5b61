#include <set>

#include "tests/unit/delivery/engine_fixture.hpp"

namespace switchhook::delivery {
namespace {

Claimed claimed_of(std::vector<WaitingDelivery> deliveries, bool more) {
    Claimed claimed;
    claimed.deliveries = std::move(deliveries);
    claimed.more = more;
    return claimed;
}

TEST_F(EngineTest, WhatWaitsAtTheStartIsClaimedWindowByWindow) {
    engine->backlog({{.hook = a, .waiting = 12}, {.hook = b, .waiting = 1}});
    round();
    ASSERT_EQ(ledger.claims.size(), 2U);
    EXPECT_EQ(ledger.claims[0].hook, a);
    EXPECT_EQ(ledger.claims[0].after, 0U);
    EXPECT_EQ(ledger.claims[0].limit, 8U);
    std::vector<WaitingDelivery> first;
    for (DeliveryId id = 1; id <= 8; ++id) first.push_back(stored(id, 100 + id));
    engine->claimed(a, claimed_of(std::move(first), true));
    round();
    EXPECT_EQ(forwarder.under_way(), (Ids{"EV_1", "EV_2"}));
    EXPECT_EQ(ledger.claims.size(), 2U);  // the window is full
    for (int i = 0; i < 4; ++i) {
        complete(status_result(200));
        acknowledge();
    }
    ASSERT_EQ(ledger.claims.size(), 3U);  // half of it is free
    EXPECT_EQ(ledger.claims[2].after, 8U);
    EXPECT_EQ(ledger.claims[2].limit, 8U);  // four fit; what it brings may be of streams that do not fit
}

TEST_F(EngineTest, AHookThatHangsHoldsEightMebibytesAndTheRestIsClaimedInOrderWhenItAnswers) {
    constexpr DeliveryId kAll = 300;
    settings.window = 256;
    make();
    const auto large = [](DeliveryId id) { return body_of_bytes("EV_" + std::to_string(id), std::size_t{1} << 20U); };
    for (DeliveryId id = 1; id <= kAll; ++id) {
        std::vector<Ready> one;
        one.push_back(ready(id, id, a));
        one.back().event = read_event(large(id));
        engine->ready(std::move(one));
        round();
        ASSERT_LE(engine->lanes().of(a)->queued, 8U);
    }
    EXPECT_EQ(engine->lanes().of(a)->queued, 8U);
    EXPECT_TRUE(engine->lanes().of(a)->more);
    std::size_t answered = 0;
    std::size_t read_again = 0;
    while (forwarder.order().size() < kAll) {
        ASSERT_FALSE(forwarder.under_way().empty());
        complete(status_result(200));
        acknowledge();
        for (; answered < ledger.claims.size(); ++answered) {
            const auto& claim = ledger.claims[answered];
            std::vector<WaitingDelivery> found;
            for (DeliveryId id = claim.after + 1; id <= kAll && found.size() < claim.limit; ++id) {
                found.push_back(stored(id, id));
                found.back().body = large(id);
            }
            read_again += found.size();
            const bool more = !found.empty() && found.back().id < kAll;
            engine->claimed(a, claimed_of(std::move(found), more));
            round();
            ASSERT_LE(engine->lanes().of(a)->queued, 9U);
        }
    }
    Ids expected;
    for (DeliveryId id = 1; id <= kAll; ++id) expected.push_back("EV_" + std::to_string(id));
    EXPECT_EQ(forwarder.order(), expected);
    EXPECT_LT(read_again, 2 * kAll) << "what does not fit is not read over and over";
}

// Hooks that nobody knows hold all bytes, until their deliveries' ends are durable.
class WithoutBytes : public EngineTest {
protected:
    WithoutBytes() {
        settings.window = 256;
        make();
        const auto large = read_event(body_of_bytes("EV_large", std::size_t{1} << 20U));
        std::vector<Ready> deliveries;
        for (HookId hook = 1; hook <= 300; ++hook)
            for (int i = 0; i < 9; ++i) {
                deliveries.push_back(ready(last + 1, last + 1, hook));
                deliveries.back().event = large;
                ++last;
            }
        engine->ready(std::move(deliveries));
        round();
    }
    WaitingDelivery stored_large(DeliveryId id, StreamId stream) {
        auto made = stored(id, stream);
        made.body = body_of_bytes(made.event_id, std::size_t{1} << 20U);
        return made;
    }
    std::vector<FakeLedger::Asked> claims_of_a() const {
        std::vector<FakeLedger::Asked> made;
        for (const auto& each : ledger.claims)
            if (each.hook == a) made.push_back(each);
        return made;
    }
    void claim_of_a(std::vector<WaitingDelivery> brings) {
        engine->backlog({{.hook = a, .waiting = 1}});
        round();
        ASSERT_EQ(claims_of_a().size(), 1U);
        engine->claimed(a, claimed_of(std::move(brings), false));
        round();
    }
    DeliveryId last = 0;
};

TEST_F(WithoutBytes, AnEventThatWaitsForItsRetryHoldsBackNoOtherRoomOfItsHook) {
    claim_of_a({stored(9'001, 1), stored(9'002, 2), stored(9'003, 3)});
    ASSERT_EQ(forwarder.under_way(), (Ids{"EV_9001", "EV_9002"}));
    complete(status_result(500));
    EXPECT_EQ(forwarder.under_way(), (Ids{"EV_9002", "EV_9003"}));
}

TEST_F(WithoutBytes, ALaneThatStoppedGoesOnWhenOthersGiveTheirsBack) {
    claim_of_a({stored_large(9'001, 1), stored(9'002, 2)});
    ASSERT_EQ(forwarder.under_way(), Ids{"EV_9001"});
    complete(status_result(500));
    ASSERT_TRUE(forwarder.under_way().empty());
    ASSERT_EQ(claims_of_a().size(), 1U);
    acknowledge();  // of the others, which claim too
    for (std::size_t i = 0; i < ledger.claims.size(); ++i) {
        if (ledger.claims[i].hook == a) continue;
        engine->claimed(ledger.claims[i].hook, claimed_of({}, false));
        round();
    }
    ASSERT_EQ(claims_of_a().size(), 2U);
    EXPECT_EQ(claims_of_a()[1].after, 9'001U);
    engine->claimed(a, claimed_of({stored(9'002, 2)}, false));
    round();
    EXPECT_EQ(forwarder.under_way(), Ids{"EV_9002"});
}

TEST_F(EngineTest, OnlyAFewLanesClaimAtOnceAndEachHasItsTurn) {
    std::vector<Backlog> backlog;
    for (HookId hook = 1; hook <= 100; ++hook) backlog.push_back({.hook = hook, .waiting = 1});
    engine->backlog(std::move(backlog));
    round();
    EXPECT_EQ(ledger.claims.size(), 8U);
    std::set<HookId> asked;
    for (std::size_t i = 0; i < ledger.claims.size(); ++i) {
        asked.insert(ledger.claims[i].hook);
        engine->claimed(ledger.claims[i].hook, claimed_of({}, false));
        round();
        ASSERT_LE(ledger.claims.size(), i + 1 + 8);
    }
    EXPECT_EQ(asked.size(), 100U);
    EXPECT_EQ(ledger.claims.size(), 100U);
}

TEST_F(EngineTest, ALaneThatHasClaimedClaimsAgainBehindThoseThatWait) {
    std::vector<Backlog> backlog;
    for (HookId hook = 1; hook <= 12; ++hook) backlog.push_back({.hook = hook, .waiting = 1});
    engine->backlog(std::move(backlog));
    round();
    ASSERT_EQ(ledger.claims.size(), 8U);
    const HookId first = ledger.claims[0].hook;
    for (std::size_t i = 0; i < 5; ++i) {
        ASSERT_LT(i, ledger.claims.size());
        auto found = stored(100 + i, 100 + i);
        found.hook = ledger.claims[i].hook;
        engine->claimed(found.hook, claimed_of({found}, true));
        round();
    }
    ASSERT_EQ(ledger.claims.size(), 13U);
    std::set<HookId> asked;
    for (std::size_t i = 0; i < 12; ++i) asked.insert(ledger.claims[i].hook);
    EXPECT_EQ(asked.size(), 12U);
    EXPECT_EQ(ledger.claims[12].hook, first);
}

TEST_F(EngineTest, AFullLaneLeavesNewDeliveriesInTheOutboxAndClaimsThemInOrder) {
    for (DeliveryId id = 1; id <= 10; ++id) hand_over(id, 100 + id);
    round();
    EXPECT_TRUE(ledger.claims.empty());
    for (int i = 0; i < 4; ++i) {
        complete(status_result(200));
        acknowledge();
    }
    ASSERT_EQ(ledger.claims.size(), 1U);
    EXPECT_EQ(ledger.claims[0].after, 8U);
    hand_over(11, 111);  // appended before the claim was made: the claim brings it
    round();
    engine->claimed(a, claimed_of({stored(9, 109), stored(10, 110), stored(11, 111)}, false));
    hand_over(12, 112);  // appended after it: from memory again
    round();
    for (int i = 0; i < 8; ++i) {
        complete(status_result(200));
        acknowledge();
    }
    Ids expected;
    for (int id = 1; id <= 12; ++id) expected.push_back("EV_" + std::to_string(id));
    EXPECT_EQ(forwarder.order(), expected);
    EXPECT_EQ(ledger.claims.size(), 1U);
}

TEST_F(EngineTest, AStreamLongerThanTheWindowBehindItsRetryHoldsBackNoOtherStreamOfItsHook) {
    for (DeliveryId id = 1; id <= 100; ++id) hand_over(id, 7);
    round();
    complete(status_result(503));
    for (DeliveryId id = 101; id <= 103; ++id) {
        hand_over(id, id);
        round();
        ASSERT_EQ(forwarder.under_way(), Ids{"EV_" + std::to_string(id)});
        complete(status_result(200));
        acknowledge();
    }
    EXPECT_TRUE(ledger.claims.empty()) << "nothing of the outbox could be admitted";
    // The retry succeeds: the rest of the stream is claimed from where it was left out, in order.
    clock().advance(milliseconds(200));
    round();
    int answered = 0;
    while (forwarder.order().size() < 104) {
        ASSERT_FALSE(forwarder.under_way().empty());
        complete(status_result(200));
        acknowledge();
        for (; answered < static_cast<int>(ledger.claims.size()); ++answered) {
            const auto asked = ledger.claims[static_cast<std::size_t>(answered)];
            std::vector<WaitingDelivery> found;
            DeliveryId id = asked.after + 1;
            for (; id <= 100 && found.size() < asked.limit; ++id) found.push_back(stored(id, 7));
            engine->claimed(a, claimed_of(std::move(found), id <= 100));
            round();
        }
    }
    const auto order = forwarder.order();
    EXPECT_EQ(order.front(), "EV_1");
    for (std::size_t i = 4; i < order.size(); ++i) EXPECT_EQ(order[i], "EV_" + std::to_string(i - 3)) << i;
    EXPECT_LT(answered, 60);
}

TEST_F(EngineTest, ALaneThatIsBehindTakesNothingFromMemoryBeforeItHasCaughtUp) {
    engine->backlog({{.hook = a, .waiting = 1}});
    hand_over(5, 100);
    round();
    EXPECT_TRUE(forwarder.under_way().empty());
    engine->claimed(a, claimed_of({stored(2, 100), stored(5, 100)}, false));
    round();
    EXPECT_EQ(forwarder.under_way(), Ids{"EV_2"});
}

TEST_F(EngineTest, AClaimThatFailedIsMadeAgainLater) {
    engine->backlog({{.hook = a, .waiting = 1}});
    round();
    engine->claimed(a, Status(Code::unavailable, "the disk is away"));
    EXPECT_EQ(wait(), seconds(1));
    EXPECT_EQ(ledger.claims.size(), 1U);
    clock().advance(seconds(1));
    round();
    EXPECT_EQ(ledger.claims.size(), 2U);
    EXPECT_TRUE(host.recorded().contains("the disk is away"));
}

TEST_F(EngineTest, AClaimThatSaysMoreAndBringsNothingDoesNotSpin) {
    engine->backlog({{.hook = a, .waiting = 1}});
    round();
    engine->claimed(a, claimed_of({}, true));
    EXPECT_EQ(wait(), seconds(1));
    EXPECT_EQ(ledger.claims.size(), 1U);
}

TEST_F(EngineTest, AnEmptyClaimEndsTheBacklog) {
    engine->backlog({{.hook = a, .waiting = 1}});
    round();
    engine->claimed(a, claimed_of({}, false));
    EXPECT_EQ(round(), std::nullopt);
    hand_over(1, 100);
    round();
    EXPECT_EQ(forwarder.under_way(), Ids{"EV_1"});
}

TEST_F(EngineTest, TheFenceOfAClaimComesBackWithItsSettlements) {
    engine->backlog({{.hook = a, .waiting = 1}});
    round();
    Claimed claimed = claimed_of({stored(1, 100)}, false);
    claimed.fence = 42;
    engine->claimed(a, std::move(claimed));
    round();
    complete(status_result(500));
    EXPECT_EQ(ledger.settled.back().fence, 42U);
}

TEST_F(EngineTest, AFloodThatTheEngineHasNotLookedAtIsLeftInTheOutbox) {
    const auto event = read_event(body_of("EV_x"));
    DeliveryId id = 0;
    for (int batch = 0; batch < 40; ++batch) {
        std::vector<Ready> deliveries;
        for (int i = 0; i < 512; ++i) {
            Ready each = {.delivery = {.id = ++id, .hook = a, .stream = id, .event_id = {}, .body = {}},
                          .event = event};
            each.appended = clock().steady();
            deliveries.push_back(std::move(each));
        }
        engine->ready(std::move(deliveries));
    }
    EXPECT_LT(event.use_count(), 10'000);  // memory is bounded whatever the committer brings
    round();
    EXPECT_LE(event.use_count(), 1 + 8 + 2);
}

TEST_F(EngineTest, ARetryInTheWindowDoesNotStopTheLaneFromClaiming) {
    engine->backlog({{.hook = a, .waiting = 3}});
    round();
    engine->claimed(a, claimed_of({stored(1, 100), stored(2, 200)}, true));
    round();
    complete(status_result(500));
    EXPECT_EQ(ledger.claims.size(), 2U);
    EXPECT_EQ(ledger.claims[1].after, 2U);
}

}  // namespace
}  // namespace switchhook::delivery
