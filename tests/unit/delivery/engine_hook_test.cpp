// What a hook may say of its own deliveries: rate, concurrency, profile, age by event name; and pauses.
#include "tests/unit/delivery/engine_fixture.hpp"

namespace switchhook::delivery {
namespace {

class EngineHookTest : public EngineTest {
protected:
    void change_b(const std::function<void(Hook&)>& change) {
        Hook hook = routing::hook_of("b");
        change(hook);
        ASSERT_TRUE(hooks.change({.put = {hook}, .remove = {}}).ok());
    }
    int dead(std::string_view code) {
        return static_cast<int>(std::count_if(ledger.settled.begin(), ledger.settled.end(), [&](const auto& each) {
            return each.state == DeliveryState::dead && each.code == code;
        }));
    }
    void make_durable() {
        for (auto& [paused, done] : std::exchange(ledger.pauses, {})) {
            engine->paused({paused});
            if (done) done({});
        }
        for (auto& [hook, done] : std::exchange(ledger.resumes, {})) {
            engine->resumed(hook);
            if (done) done({});
        }
        round();
    }
};

TEST_F(EngineHookTest, ItsConcurrencyIsItsOwn) {
    change_b([](Hook& hook) { hook.concurrency = 5; });
    for (DeliveryId id = 1; id <= 8; ++id) hand_over(id, id, b);
    round();
    EXPECT_EQ(forwarder.under_way().size(), 4U);  // of five, one is for retries
    change_b([](Hook& hook) { hook.concurrency = 1; });
    complete(status_result(200));
    EXPECT_EQ(forwarder.under_way().size(), 3U);
}

TEST_F(EngineHookTest, ItsRateIsKeptAndOthersDoNotFeelIt) {
    settings.concurrency = 100;
    settings.window = 100;
    make();
    change_b([](Hook& hook) { hook.rate = {.per_second = 10, .burst = 3}; });
    for (DeliveryId id = 1; id <= 20; ++id) hand_over(id, id, b);
    hand_over(21, 21, a);
    round();
    EXPECT_EQ(forwarder.under_way().size(), 4U);
    int left = 4;
    for (int i = 0; i < 10; ++i) {
        const auto delay = wait();
        ASSERT_EQ(delay, milliseconds(100));
        clock().advance(*delay);
        round();
        EXPECT_EQ(forwarder.under_way().size(), static_cast<std::size_t>(++left));
    }
}

TEST_F(EngineHookTest, ARateThatIsTakenAwayLetsEverythingLeave) {
    settings.concurrency = 100;
    settings.window = 100;
    make();
    change_b([](Hook& hook) { hook.rate = {.per_second = 1, .burst = 1}; });
    for (DeliveryId id = 1; id <= 5; ++id) hand_over(id, id, b);
    round();
    EXPECT_EQ(forwarder.under_way().size(), 1U);
    change_b([](Hook&) {});
    clock().advance(seconds(1));
    round();
    EXPECT_EQ(forwarder.under_way().size(), 5U);
}

TEST_F(EngineHookTest, ItsProfileMayChangeBetweenTwoAttempts) {
    settings.profiles["own"] = {.steps = {milliseconds(5), seconds(3'000)},
                                .max_age = std::chrono::hours(1),
                                .refuse = {503},
                                .breaker = {.failures = 100}};
    make();
    hand_over(1, 1, b);
    round();
    complete(status_result(503));
    EXPECT_EQ(ledger.settled.back().state, DeliveryState::waiting);
    change_b([](Hook& hook) { hook.retry = "own"; });
    clock().advance(milliseconds(200));
    round();
    complete(status_result(500));
    const auto delay = wait();
    ASSERT_TRUE(delay);
    EXPECT_GT(*delay, seconds(10)) << "the second step of the new profile";
    EXPECT_LE(*delay, seconds(3'000));
    clock().advance(*delay);
    round();
    complete(status_result(503));
    EXPECT_EQ(dead("status_503"), 1);
}

TEST_F(EngineHookTest, AProfileThatIsNotKnownAnyMoreIsTheUsualOne) {
    change_b([](Hook& hook) { hook.retry = "of another configuration"; });
    hand_over(1, 1, b);
    round();
    complete(status_result(500));
    EXPECT_LE(*wait(), milliseconds(200));
}

TEST_F(EngineHookTest, AWaitOfHoursIsKnownAgainAfterARestart) {
    change_b([](Hook& hook) { hook.retry = "standard"; });
    engine->backlog({{.hook = b, .waiting = 1}});
    round();
    Claimed claimed;
    claimed.deliveries = {stored(1, 1)};
    claimed.deliveries[0].hook = b;
    claimed.deliveries[0].attempts = 6;
    claimed.deliveries[0].due_ms = clock().unix_ms() + 9 * 3'600'000;
    engine->claimed(b, std::move(claimed));
    EXPECT_EQ(wait(), std::chrono::hours(9));
}

TEST_F(EngineHookTest, AnOldEventOfANameWithAnAgeIsStaleWithoutAnAttempt) {
    change_b([](Hook& hook) { hook.max_age["track_published"] = seconds(5); });
    std::vector<Ready> made;
    made.push_back(ready(1, 1, b));
    made.push_back(ready(2, 2, b));
    made[1].event = read_event(body_of("EV_2", "sip-room", "room_finished"));
    engine->ready(std::move(made));
    clock().advance(seconds(6));
    round();
    EXPECT_EQ(forwarder.order(), Ids{"EV_2"}) << "of another name: age never withholds the first attempt";
    EXPECT_EQ(dead("stale"), 1);
    EXPECT_EQ(ledger.settled[0].attempts, 0U);
    EXPECT_FALSE(ledger.settled[0].attempt);
}

TEST_F(EngineHookTest, ItsAgeEndsRetriesEarlierWithALastAttemptThen) {
    change_b([](Hook& hook) { hook.max_age["track_published"] = seconds(5); });
    const auto began = clock().steady();
    hand_over(1, 1, b);
    round();
    while (dead("stale") == 0) {
        if (!forwarder.under_way().empty()) {
            complete(status_result(500));
            continue;
        }
        clock().advance(*wait());
        round();
    }
    EXPECT_EQ(clock().steady() - began, seconds(5));
}

TEST_F(EngineHookTest, WhatIsStaleWhenTheProbeIsDueIsNoProbe) {
    settings.profiles["call"].breaker.failures = 1;
    make();
    change_b([](Hook& hook) { hook.max_age["track_published"] = seconds(5); });
    hand_over(1, 1, b);
    round();
    complete(status_result(500));
    hand_over(2, 2, b);
    clock().advance(seconds(30));
    std::vector<Ready> made;
    made.push_back(ready(3, 3, b));
    engine->ready(std::move(made));
    round();
    EXPECT_EQ(dead("stale"), 2);
    EXPECT_EQ(forwarder.under_way(), Ids{"EV_3"});
    complete(status_result(200));
    EXPECT_EQ(metrics.breakers("closed").Value(), 1);
}

TEST_F(EngineHookTest, A410PausesTheHookAndWhatWaitsStays) {
    for (DeliveryId id = 1; id <= 4; ++id) hand_over(id, id, b);
    hand_over(5, 5, a);
    round();
    auto sent = forwarder.take();
    sent.done(status_result(410));
    round();
    EXPECT_EQ(dead("status_410"), 1);
    ASSERT_EQ(ledger.pauses.size(), 1U);
    EXPECT_EQ(ledger.pauses[0].first.hook, b);
    EXPECT_EQ(ledger.pauses[0].first.since_ms, clock().unix_ms());
    EXPECT_NE(ledger.pauses[0].first.reason.find("410"), std::string::npos);
    EXPECT_EQ(forwarder.under_way(), (Ids{"EV_2", "EV_5"}));
    complete(status_result(410));  // was under way: a second pause changes nothing
    EXPECT_EQ(ledger.pauses.size(), 1U);
    make_durable();
    clock().advance(seconds(3'600));
    round();
    EXPECT_EQ(forwarder.order(), (Ids{"EV_1", "EV_2", "EV_5"}));
    EXPECT_EQ(metrics.hooks_paused.Value(), 1);
    EXPECT_TRUE(engine->lanes().of(b)->paused);
    EXPECT_EQ(engine->lanes().of(b)->queued, 4U);

    engine->resume(b);
    make_durable();
    EXPECT_EQ(forwarder.under_way(), (Ids{"EV_5", "EV_3", "EV_4"}));
    EXPECT_EQ(metrics.hooks_paused.Value(), 0);
    EXPECT_FALSE(engine->lanes().of(b)->paused);
}

TEST_F(EngineHookTest, A410OfAProfileThatDoesNotRefuseItIsRepeatedAndPausesNothing) {
    settings.profiles["call"].refuse = {};
    make();
    hand_over(1, 1, b);
    round();
    complete(status_result(410));
    EXPECT_EQ(ledger.settled.back().state, DeliveryState::waiting);
    EXPECT_TRUE(ledger.pauses.empty());
}

TEST_F(EngineHookTest, AHookThatWasPausedBeforeTheStartIsNotEvenClaimed) {
    engine->paused({{.hook = b, .since_ms = 17, .reason = "by its owner"}});
    engine->backlog({{.hook = a, .waiting = 1}, {.hook = b, .waiting = 500}});
    hand_over(900, 1, b);
    round();
    ASSERT_EQ(ledger.claims.size(), 1U);
    EXPECT_EQ(ledger.claims[0].hook, a);
    EXPECT_TRUE(forwarder.order().empty());
    ASSERT_TRUE(engine->lanes().of(b)->paused);
    EXPECT_EQ(engine->lanes().of(b)->paused->since_ms, 17);
    EXPECT_TRUE(engine->lanes().of(b)->more);
    EXPECT_EQ(engine->lanes().of(b)->queued, 0U) << "memory is for others";
    engine->resume(b);
    make_durable();
    ASSERT_EQ(ledger.claims.size(), 2U);
    EXPECT_EQ(ledger.claims[1].hook, b);
}

TEST_F(EngineHookTest, APauseOfAnIdleHookIsSeenAndGoneWhenItIsResumed) {
    int told = 0;
    engine->pause(b, "by its owner", [&](const Status& status) { told += status.ok() ? 1 : 100; });
    EXPECT_EQ(engine->lanes().of(b), std::nullopt) << "not yet durable";
    make_durable();
    EXPECT_EQ(told, 1);
    ASSERT_TRUE(engine->lanes().of(b));
    EXPECT_EQ(engine->lanes().of(b)->paused->reason, "by its owner");
    engine->pause(b, "another reason");
    make_durable();
    EXPECT_EQ(engine->lanes().of(b)->paused->reason, "another reason");
    EXPECT_EQ(metrics.hooks_paused.Value(), 1);
    engine->resume(b);
    make_durable();
    EXPECT_EQ(engine->lanes().of(b), std::nullopt);
    engine->resume(b);  // not paused: well
    make_durable();
    EXPECT_EQ(metrics.hooks_paused.Value(), 0);
}

TEST_F(EngineHookTest, APausedHookThatIsRemovedLeavesDeadLetters) {
    engine->paused({{.hook = b, .since_ms = 1, .reason = "x"}});
    engine->backlog({{.hook = b, .waiting = 1}});
    round();
    EXPECT_TRUE(ledger.claims.empty());
    ASSERT_TRUE(hooks.change({.put = {}, .remove = {"b"}}).ok());
    hand_over(9, 9, b);
    round();
    ASSERT_EQ(ledger.claims.size(), 1U);
    Claimed claimed;
    claimed.deliveries = {stored(1, 1), stored(9, 9)};
    engine->claimed(b, std::move(claimed));
    round();
    EXPECT_EQ(dead("hook_removed"), 2);
}

TEST_F(EngineHookTest, WhatTheLogKeepsOfAnAttemptComesWithItsSettlement) {
    hand_over(1, 1);
    const auto began = clock().unix_ms();
    round();
    clock().advance(milliseconds(250));
    auto result = status_result(503);
    result.took = std::chrono::microseconds(250'000);
    result.resolved = std::chrono::microseconds(1);
    result.connected = std::chrono::microseconds(2);
    result.secured = std::chrono::microseconds(3);
    result.answered = std::chrono::microseconds(4);
    result.address = "192.0.2.1";
    result.answer = std::string(5'000, 'x');
    complete(result);
    ASSERT_TRUE(ledger.settled.back().attempt);
    const auto& kept = *ledger.settled.back().attempt;
    EXPECT_EQ(kept.at_ms, began);
    EXPECT_EQ(kept.took_us, 250'000U);
    EXPECT_EQ(kept.resolved_us, 1U);
    EXPECT_EQ(kept.connected_us, 2U);
    EXPECT_EQ(kept.secured_us, 3U);
    EXPECT_EQ(kept.answered_us, 4U);
    EXPECT_EQ(kept.status, 503);
    EXPECT_EQ(kept.code, "status_503");
    EXPECT_EQ(kept.address, "192.0.2.1");
    EXPECT_EQ(kept.answer.size(), 1'024U) << "whatever a forwarder brings";
}

TEST_F(EngineHookTest, AnAttemptThatCouldNotBeMadeIsKeptToo) {
    dialect.fail = Status(Code::internal, "it threw");
    hand_over(1, 1);
    round();
    ASSERT_TRUE(ledger.settled.back().attempt);
    EXPECT_EQ(ledger.settled.back().attempt->code, "not_written");
    EXPECT_EQ(ledger.settled.back().attempt->at_ms, clock().unix_ms());
}

TEST_F(EngineHookTest, EveryCodeIsCountedAndNoReceiverChoosesALabel) {
    DeliveryId id = 0;
    for (const int status : {503, 503, 799, 666}) {
        ++id;
        hand_over(id, id);
        round();
        complete(status_result(status));
    }
    ++id;
    hand_over(id, id);
    round();
    complete(code_result("a plugin's \"own\" word"));
    EXPECT_EQ(metrics.attempt_codes("status_503").Value(), 2);
    EXPECT_EQ(metrics.attempt_codes("status_other").Value(), 2);
    EXPECT_EQ(metrics.attempt_codes("other").Value(), 1);
    EXPECT_EQ(metrics.text().find("own\\\""), std::string::npos);
}

TEST_F(EngineHookTest, LatenessOfRetriesIsMeasured) {
    hand_over(1, 1);
    round();
    complete(status_result(500));
    clock().advance(*wait() + milliseconds(3));
    round();
    EXPECT_NE(metrics.text().find("switchhook_retry_late_seconds_sum 0.003"), std::string::npos);
}

}  // namespace
}  // namespace switchhook::delivery
