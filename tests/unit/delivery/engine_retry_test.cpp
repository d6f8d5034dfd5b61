#include "tests/unit/delivery/engine_fixture.hpp"

namespace switchhook::delivery {
namespace {

TEST_F(EngineTest, AFailedAttemptIsRepeatedAtTheTimeThatWasSettled) {
    hand_over(1, 100);
    round();
    complete(status_result(503));
    ASSERT_EQ(ledger.settled.size(), 1U);
    EXPECT_EQ(ledger.settled[0].state, DeliveryState::waiting);
    EXPECT_EQ(ledger.settled[0].attempts, 1U);
    EXPECT_EQ(ledger.settled[0].code, "status_503");
    const auto delay = wait();
    ASSERT_TRUE(delay);
    EXPECT_GT(*delay, milliseconds(0));
    EXPECT_LE(*delay, milliseconds(200));
    EXPECT_EQ(ledger.settled[0].due_ms, clock().unix_ms() + delay->count());
    clock().advance(*delay - milliseconds(1));
    round();
    EXPECT_TRUE(forwarder.under_way().empty());
    clock().advance(milliseconds(1));
    round();
    EXPECT_EQ(forwarder.under_way(), Ids{"EV_1"});
    complete(status_result(200));
    EXPECT_EQ(ledger.settled.back().attempts, 2U);
    EXPECT_EQ(round(), std::nullopt);
}

TEST_F(EngineTest, ARetryHoldsBackItsStreamAndNeitherASenderNorAnotherStream) {
    hand_over(1, 100);
    hand_over(2, 100);
    for (DeliveryId id = 3; id <= 5; ++id) hand_over(id, 100 + id);
    round();
    EXPECT_EQ(forwarder.under_way(), (Ids{"EV_1", "EV_3"}));
    complete(code_result("connect_refused"));
    EXPECT_EQ(forwarder.under_way(), (Ids{"EV_3", "EV_4"}));
    acknowledge();  // the settlement of a retry releases nothing
    EXPECT_EQ(forwarder.under_way(), (Ids{"EV_3", "EV_4"}));
}

TEST_F(EngineTest, RetriesGoOnUntilTheAgeIsReachedThenTheDeliveryExpires) {
    hand_over(1, 100);
    const auto began = clock().steady();
    round();
    int attempts = 0;
    std::vector<milliseconds> delays;
    while (!forwarder.under_way().empty()) {
        ++attempts;
        complete(status_result(500));
        if (const auto delay = wait()) {
            delays.push_back(*delay);
            clock().advance(*delay);
            round();
        }
    }
    EXPECT_EQ(ledger.settled.back().state, DeliveryState::dead);
    EXPECT_EQ(ledger.settled.back().code, "expired");
    EXPECT_EQ(ledger.settled.back().attempts, static_cast<std::uint32_t>(attempts));
    // The last attempt is made when the age is reached, not before and not later.
    EXPECT_EQ(clock().steady() - began, seconds(60));
    EXPECT_GT(attempts, 8);
    const milliseconds steps[] = {milliseconds(200), milliseconds(500), seconds(1),
                                  seconds(2),        seconds(5),        seconds(10)};
    for (std::size_t i = 0; i < delays.size(); ++i) EXPECT_LE(delays[i], steps[std::min<std::size_t>(i, 5)]);
    EXPECT_TRUE(host.recorded().contains("code=expired last=status_500"));
}

TEST_F(EngineTest, RetryAfterIsRespectedWhenItIsLater) {
    hand_over(1, 100);
    round();
    auto result = status_result(429);
    result.retry_after = seconds(7);
    complete(result);
    EXPECT_EQ(wait(), seconds(7));
    EXPECT_EQ(ledger.settled[0].due_ms, clock().unix_ms() + 7'000);
}

TEST_F(EngineTest, RetryAfterBeyondTheAgeStillGetsOneLastAttempt) {
    hand_over(1, 100);
    round();
    clock().advance(seconds(20));
    auto result = status_result(503);
    result.retry_after = seconds(3'600);
    complete(result);
    EXPECT_EQ(wait(), seconds(40));
    clock().advance(seconds(40));
    round();
    complete(status_result(503));
    EXPECT_EQ(ledger.settled.back().code, "expired");
}

TEST_F(EngineTest, AnAttemptThatWasCutOffByTheStopIsNeitherCountedNorSettled) {
    hand_over(1, 100);
    round();
    complete(code_result("stopped"));
    EXPECT_TRUE(ledger.settled.empty());
    EXPECT_EQ(metrics.attempts("retry").Value(), 0);
    clock().advance(seconds(1));
    round();
    complete(status_result(200));
    EXPECT_EQ(ledger.settled.at(0).attempts, 1U);
}

TEST_F(EngineTest, AgeNeverWithholdsTheFirstAttempt) {
    engine->backlog({{.hook = a, .waiting = 1}});
    round();
    Claimed claimed;
    claimed.deliveries = {stored(1, 100)};
    claimed.deliveries[0].appended_ms -= 3'600'000;
    engine->claimed(a, std::move(claimed));
    round();
    EXPECT_EQ(forwarder.under_way(), Ids{"EV_1"});
    complete(status_result(500));
    EXPECT_EQ(ledger.settled.back().code, "expired");
}

TEST_F(EngineTest, TheScheduleGoesOnAfterARestartWhereItWas) {
    engine->backlog({{.hook = a, .waiting = 1}});
    round();
    Claimed claimed;
    claimed.deliveries = {stored(1, 100)};
    claimed.deliveries[0].attempts = 3;
    claimed.deliveries[0].due_ms = clock().unix_ms() + 1'500;
    engine->claimed(a, std::move(claimed));
    EXPECT_EQ(wait(), milliseconds(1'500));
    EXPECT_TRUE(forwarder.under_way().empty());
    clock().advance(milliseconds(1'500));
    round();
    complete(status_result(200));
    EXPECT_EQ(ledger.settled.back().attempts, 4U);
}

TEST_F(EngineTest, AWallClockThatWasSetBackDoesNotKeepADeliveryWaitingForHours) {
    engine->backlog({{.hook = a, .waiting = 1}});
    round();
    Claimed claimed;
    claimed.deliveries = {stored(1, 100)};
    claimed.deliveries[0].attempts = 1;
    claimed.deliveries[0].due_ms = clock().unix_ms() + 7'200'000;
    engine->claimed(a, std::move(claimed));
    EXPECT_EQ(wait(), seconds(60));
}

TEST_F(EngineTest, AWallClockThatJumpsForwardExpiresNothingThatIsInMemory) {
    hand_over(1, 100);
    round();
    clock().jump_to(clock().unix_ms() + 86'400'000);
    complete(status_result(500));
    EXPECT_EQ(ledger.settled.back().state, DeliveryState::waiting);
}

TEST_F(EngineTest, AUrlThatTheForwarderRefusesIsRefusedWithoutAnAttempt) {
    forwarder.bad_urls.insert("https://a/events");
    hand_over(1, 100);
    round();
    EXPECT_TRUE(forwarder.order().empty());
    EXPECT_EQ(ledger.settled.at(0).state, DeliveryState::dead);
    EXPECT_EQ(ledger.settled.at(0).code, "invalid_url");
    EXPECT_EQ(metrics.attempts("refused").Value(), 1);
}

TEST_F(EngineTest, ADialectThatCannotWriteIsTriedAgain) {
    dialect.fail = Status(Code::internal, "it threw");
    hand_over(1, 100);
    round();
    EXPECT_EQ(ledger.settled.at(0).state, DeliveryState::waiting);
    EXPECT_EQ(ledger.settled.at(0).code, "not_written");
    dialect.fail = {};
    clock().advance(milliseconds(200));
    round();
    EXPECT_EQ(forwarder.under_way(), Ids{"EV_1"});
}

TEST_F(EngineTest, FailedAttemptsOfAHookAreLoggedOnceInTenSecondsWithTheirNumber) {
    for (DeliveryId id = 1; id <= 6; ++id) hand_over(id, 100 + id);
    round();
    for (int i = 0; i < 6; ++i) complete(status_result(502));
    const auto lines = [&] {
        const auto all = host.recorded().lines();
        return std::count_if(all.begin(), all.end(),
                             [](const auto& line) { return line.text.starts_with("a delivery's attempt failed"); });
    };
    EXPECT_EQ(lines(), 1);
    EXPECT_TRUE(host.recorded().contains("event=EV_1 name=track_published call= hook=a attempt=1 code=status_502"));
    clock().advance(seconds(11));
    round();
    complete(status_result(502));
    EXPECT_EQ(lines(), 2);
    EXPECT_TRUE(host.recorded().contains("held_back=5"));
}

}  // namespace
}  // namespace switchhook::delivery
