#include "tests/unit/delivery/engine_fixture.hpp"

namespace switchhook::delivery {
namespace {

using State = Breaker::State;

class EngineBreakerTest : public EngineTest {
protected:
    EngineBreakerTest() {
        settings.profiles["call"].breaker.failures = 3;
        make();
    }
    State state(HookId hook) {
        const auto found = engine->lanes().of(hook);
        return found ? found->breaker : State::closed;
    }
    void fail(AttemptResult result) {
        if (forwarder.under_way().empty()) throw std::runtime_error("nothing is under way");
        complete(std::move(result));
    }
    // Lets `count` streams fail at once; ids from `first` on.
    void fail_streams(DeliveryId first, int count, AttemptResult result = status_result(500)) {
        for (int i = 0; i < count; ++i) {
            hand_over(first + static_cast<DeliveryId>(i), 100 + first + static_cast<DeliveryId>(i));
            round();
            fail(result);
        }
    }
    // To the next time at which something is to be done.
    bool next_time() {
        const auto delay = wait();
        if (!delay) return false;
        clock().advance(*delay);
        round();
        return true;
    }
};

TEST_F(EngineBreakerTest, AfterARunOfFailuresNothingLeavesUntilAProbeHasSucceeded) {
    fail_streams(1, 3);
    EXPECT_EQ(state(a), State::open);
    EXPECT_EQ(metrics.lanes_open.Value(), 1);
    for (DeliveryId id = 11; id <= 14; ++id) hand_over(id, id);
    round();
    EXPECT_TRUE(forwarder.under_way().empty());
    while (forwarder.under_way().empty()) ASSERT_TRUE(next_time());
    EXPECT_EQ(forwarder.under_way().size(), 1U);
    EXPECT_EQ(state(a), State::half_open);
    EXPECT_EQ(metrics.lanes_half_open.Value(), 1);
    complete(status_result(200));
    EXPECT_EQ(state(a), State::closed);
    EXPECT_EQ(forwarder.under_way().size(), 2U);
    EXPECT_EQ(metrics.lanes_open.Value() + metrics.lanes_half_open.Value(), 0);
    EXPECT_EQ(metrics.breakers("open").Value(), 1);
    EXPECT_EQ(metrics.breakers("closed").Value(), 1);
    EXPECT_TRUE(host.recorded().contains("a hook answers again"));
}

TEST_F(EngineBreakerTest, AnOpenBreakerHoldsBackNoOtherHook) {
    fail_streams(1, 3);
    hand_over(10, 500, b);
    round();
    EXPECT_EQ(forwarder.under_way(), Ids{"EV_10"});
}

TEST_F(EngineBreakerTest, ProbesComeInGrowingPausesOfAtMostFiveSeconds) {
    for (DeliveryId id = 1; id <= 6; ++id) hand_over(id, id);
    round();
    std::vector<TimePoint> probes;
    while (probes.size() < 15) {
        if (!forwarder.under_way().empty()) {
            if (state(a) == State::half_open) {
                EXPECT_EQ(forwarder.under_way().size(), 1U);
                probes.push_back(clock().steady());
            }
            complete(status_result(503));
            acknowledge();
        } else {
            ASSERT_TRUE(next_time());
            // What expired makes room for what is new: the receiver is down for long.
        }
        if (ledger.settled.size() > 500) break;
        static DeliveryId id = 100;
        ++id;
        if (engine->lanes().of(a)->queued < 4) hand_over(id, id);
        round();
    }
    ASSERT_GE(probes.size(), 15U);
    for (std::size_t i = 1; i < probes.size(); ++i) EXPECT_LE(probes[i] - probes[i - 1], milliseconds(5'010)) << i;
    EXPECT_GE(probes.back() - probes[probes.size() - 2], milliseconds(2'490));
}

TEST_F(EngineBreakerTest, AFloodOfFailuresSettlesNothingAsExpiredWhileTheBreakerIsOpen) {
    fail_streams(1, 3);
    for (DeliveryId id = 11; id <= 13; ++id) hand_over(id, id);
    clock().advance(seconds(90));  // older than max_age, and still not one attempt behind the open breaker
    round();
    const auto dead = [&] {
        return std::count_if(ledger.settled.begin(), ledger.settled.end(),
                             [](const auto& each) { return each.state == DeliveryState::dead; });
    };
    EXPECT_EQ(dead(), 0);
    ASSERT_EQ(forwarder.under_way().size(), 1U);  // the probe
    complete(status_result(500));
    EXPECT_EQ(dead(), 1) << "it had its one more attempt";
    EXPECT_EQ(ledger.settled.back().code, "expired");
    while (forwarder.under_way().empty()) ASSERT_TRUE(next_time());
    complete(status_result(200));
    while (!forwarder.under_way().empty()) {
        complete(status_result(200));
        acknowledge();
    }
    EXPECT_EQ(dead(), 1);
    EXPECT_EQ(metrics.deliveries_delivered.Value(), 5);
}

TEST_F(EngineBreakerTest, AnEventWhoseAttemptWasUnderWayWhenTheBreakerOpenedGetsOneMore) {
    settings.concurrency = 4;
    make();
    for (DeliveryId id = 1; id <= 3; ++id) hand_over(id, id);
    round();
    ASSERT_EQ(forwarder.under_way().size(), 3U);
    clock().advance(seconds(61));
    complete(status_result(500));
    complete(status_result(500));
    EXPECT_EQ(ledger.settled.size(), 2U);
    EXPECT_EQ(ledger.settled[0].state, DeliveryState::dead);
    complete(status_result(500));
    EXPECT_EQ(state(a), State::open);
    EXPECT_EQ(ledger.settled.back().state, DeliveryState::waiting);
    while (forwarder.under_way().empty()) ASSERT_TRUE(next_time());
    complete(status_result(500));
    EXPECT_EQ(ledger.settled.back().state, DeliveryState::dead);
    EXPECT_EQ(ledger.settled.back().attempts, 2U);
}

TEST_F(EngineBreakerTest, FaultsOfOurOwnSideOpenNothing) {
    DeliveryId id = 0;
    for (const char* code : {"dns_unavailable", "network_down", "own_fault", "stopped"})
        for (int i = 0; i < 5; ++i) {
            ++id;
            hand_over(id, id);
            round();
            fail(code_result(code));
            EXPECT_EQ(state(a), State::closed) << code;
            clock().advance(seconds(1));
            round();
            while (!forwarder.under_way().empty()) complete(status_result(200));
            acknowledge();
        }
    dialect.fail = Status(Code::internal, "it threw");
    for (int i = 0; i < 5; ++i) {
        ++id;
        hand_over(id, id);
        round();
    }
    EXPECT_EQ(state(a), State::closed);
    EXPECT_EQ(metrics.breakers("open").Value(), 0);
}

TEST_F(EngineBreakerTest, FaultsOfTheReceiversSideOpenIt) {
    for (const char* code :
         {"connect_refused", "connect_failed", "dns_failed", "tls_failed", "tls_verify_failed", "timeout_connect",
          "timeout_response", "connection_reset", "bad_response", "response_too_large", "a plugin's own word"}) {
        make();
        forwarder.forget_all();
        fail_streams(1, 3, code_result(code));
        EXPECT_EQ(state(a), State::open) << code;
    }
}

TEST_F(EngineBreakerTest, ARefusalIsAnAnswerAndClosesIt) {
    fail_streams(1, 3);
    hand_over(20, 20);
    while (forwarder.under_way().empty()) ASSERT_TRUE(next_time());
    complete(status_result(422));
    EXPECT_EQ(state(a), State::closed);
}

TEST_F(EngineBreakerTest, AProbeThatFailsByOurOwnFaultIsFollowedByAnother) {
    fail_streams(1, 3);
    for (int i = 0; i < 10; ++i) {
        while (forwarder.under_way().empty()) ASSERT_TRUE(next_time());
        ASSERT_EQ(state(a), State::half_open);
        complete(code_result("own_fault"));
        ASSERT_EQ(state(a), State::open);
    }
    while (forwarder.under_way().empty()) ASSERT_TRUE(next_time());
    complete(status_result(204));
    EXPECT_EQ(state(a), State::closed);
}

TEST_F(EngineBreakerTest, AProbeOfAHookThatWasRemovedMeanwhileLeavesNothingBehind) {
    for (DeliveryId id = 1; id <= 3; ++id) {
        hand_over(id, id, b);
        round();
        complete(status_result(500));
    }
    EXPECT_EQ(metrics.lanes_open.Value(), 1);
    ASSERT_TRUE(hooks.change({.put = {}, .remove = {"b"}}).ok());
    while (next_time()) acknowledge();
    EXPECT_EQ(metrics.lanes_open.Value(), 0);
    EXPECT_EQ(metrics.deliveries_dead.Value(), 3);
}

TEST_F(EngineBreakerTest, AnOpenBreakerWithNothingToSendWakesNobody) {
    fail_streams(1, 2);
    hand_over(3, 3);
    round();
    fail(status_result(500));
    ASSERT_EQ(state(a), State::open);
    for (int i = 0; i < 3; ++i) {  // the three retries, probes, end
        while (forwarder.under_way().empty()) ASSERT_TRUE(next_time());
        complete(status_result(200));
        acknowledge();
    }
    while (!forwarder.under_way().empty()) {
        complete(status_result(200));
        acknowledge();
    }
    clock().advance(seconds(10));
    round();
    EXPECT_EQ(round(), std::nullopt);
}

TEST_F(EngineBreakerTest, AfterARestartItIsClosedAndTheScheduleGoesOn) {
    fail_streams(1, 3);
    const auto due = ledger.settled[0].due_ms;
    make();
    engine->backlog({{.hook = a, .waiting = 1}});
    round();
    Claimed claimed;
    claimed.deliveries = {stored(1, 101)};
    claimed.deliveries[0].attempts = 1;
    claimed.deliveries[0].due_ms = due;
    engine->claimed(a, std::move(claimed));
    const auto delay = wait();
    ASSERT_TRUE(delay);
    EXPECT_EQ(clock().unix_ms() + delay->count(), due);
    clock().advance(*delay);
    round();
    EXPECT_EQ(forwarder.under_way(), Ids{"EV_1"});
    EXPECT_EQ(state(a), State::closed);
}

TEST_F(EngineBreakerTest, ItsStateCanBeSeenFromOutside) {
    EXPECT_TRUE(engine->lanes().all().empty());
    const auto began = clock().unix_ms();
    fail_streams(1, 3);
    const auto seen = engine->lanes().of(a);
    ASSERT_TRUE(seen);
    EXPECT_EQ(seen->since_ms, began);
    EXPECT_EQ(seen->queued, 3U);
    EXPECT_FALSE(seen->more);
    EXPECT_FALSE(seen->paused);
    EXPECT_EQ(engine->lanes().all().size(), 1U);
    EXPECT_EQ(engine->lanes().of(b), std::nullopt);
}

}  // namespace
}  // namespace switchhook::delivery
