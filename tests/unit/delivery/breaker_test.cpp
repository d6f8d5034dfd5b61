#include "core/delivery/breaker.hpp"

#include <gtest/gtest.h>

#include "core/delivery/token_bucket.hpp"

namespace switchhook::delivery {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;
using std::chrono::seconds;
using State = Breaker::State;
using TimePoint = Breaker::TimePoint;

class BreakerTest : public ::testing::Test {
protected:
    void fail(int times) {
        for (int i = 0; i < times; ++i) breaker.failed(false, now, settings, random);
    }
    milliseconds pause() const { return duration_cast<milliseconds>(breaker.until() - now); }
    // Waits for the pause and lets the probe fail.
    void fail_a_probe() {
        now = breaker.until();
        ASSERT_TRUE(breaker.admits(now));
        ASSERT_TRUE(breaker.leaves());
        breaker.failed(true, now, settings, random);
    }

    Breaker breaker;
    BreakerSettings settings{.failures = 3, .first = milliseconds(200), .longest = seconds(5)};
    std::mt19937_64 random{1};
    TimePoint now{seconds(1'000)};
};

TEST_F(BreakerTest, OpensAfterARunOfFailuresAndNotBefore) {
    fail(2);
    EXPECT_EQ(breaker.state(), State::closed);
    EXPECT_TRUE(breaker.admits(now));
    fail(1);
    EXPECT_EQ(breaker.state(), State::open);
    EXPECT_FALSE(breaker.admits(now));
}

TEST_F(BreakerTest, ASuccessInBetweenBeginsTheRunAnew) {
    for (int i = 0; i < 10; ++i) {
        fail(2);
        breaker.succeeded();
    }
    EXPECT_EQ(breaker.state(), State::closed);
}

TEST_F(BreakerTest, OneProbeLeavesWhenThePauseIsOverAndNoSecond) {
    fail(3);
    now = breaker.until() - milliseconds(1);
    EXPECT_FALSE(breaker.admits(now));
    now += milliseconds(1);
    EXPECT_TRUE(breaker.admits(now));
    EXPECT_TRUE(breaker.leaves());
    EXPECT_EQ(breaker.state(), State::half_open);
    EXPECT_FALSE(breaker.admits(now + seconds(100)));
    breaker.succeeded();
    EXPECT_TRUE(breaker.admits(now));
    EXPECT_FALSE(breaker.leaves());
}

TEST_F(BreakerTest, PausesGrowUpToTheLongestEachARandomPartAboveTheHalf) {
    fail(3);
    milliseconds whole = settings.first;
    for (int i = 0; i < 50; ++i) {
        EXPECT_GE(pause(), whole / 2);
        EXPECT_LE(pause(), whole);
        fail_a_probe();
        whole = std::min<milliseconds>(whole * 2, settings.longest);
    }
}

TEST_F(BreakerTest, ThePauseIsJittered) {
    std::set<milliseconds> seen;
    fail(3);
    for (int i = 0; i < 50; ++i) {
        fail_a_probe();
        seen.insert(pause());
    }
    EXPECT_GT(seen.size(), 30U);
}

TEST_F(BreakerTest, AfterASuccessPausesBeginSmallAgain) {
    fail(3);
    for (int i = 0; i < 8; ++i) fail_a_probe();
    breaker.succeeded();
    fail(3);
    EXPECT_LE(pause(), settings.first);
}

TEST_F(BreakerTest, AttemptsThatLeftBeforeItOpenedNeitherLengthenThePauseNorSpoilTheProbe) {
    fail(3);
    const auto until = breaker.until();
    fail(20);
    EXPECT_EQ(breaker.until(), until);
    now = until;
    EXPECT_TRUE(breaker.leaves());
    fail(20);
    EXPECT_EQ(breaker.state(), State::half_open);
    breaker.succeeded();  // whichever attempt it was: the receiver is there
    EXPECT_EQ(breaker.state(), State::closed);
}

TEST_F(BreakerTest, AProbeThatSaysNothingIsMadeAgainAfterAPauseOfTheSameLength) {
    fail(3);
    for (int i = 0; i < 20; ++i) {
        now = breaker.until();
        EXPECT_TRUE(breaker.leaves());
        breaker.undecided(true, now, settings, random);
        EXPECT_EQ(breaker.state(), State::open);
        EXPECT_LE(pause(), settings.first);
        EXPECT_GE(pause(), settings.first / 2);
    }
}

TEST_F(BreakerTest, WhatSaysNothingOpensNothing) {
    for (int i = 0; i < 100; ++i) breaker.undecided(false, now, settings, random);
    EXPECT_EQ(breaker.state(), State::closed);
}

TEST_F(BreakerTest, StrangeSettingsAreSurvived) {
    settings = {.failures = 0, .first = milliseconds(0), .longest = milliseconds(0)};
    fail(1);
    EXPECT_EQ(breaker.state(), State::open);
    EXPECT_EQ(pause(), milliseconds(1));
    settings = {.failures = 1, .first = seconds(60), .longest = seconds(1)};
    breaker.succeeded();
    fail(1);
    EXPECT_LE(pause(), seconds(1));
}

class TokenBucketTest : public ::testing::Test {
protected:
    int leave_now(const Rate& rate) {
        int left = 0;
        while (left < 10'000 && bucket.next(rate, now) <= now) {
            bucket.leaves(now);
            ++left;
        }
        return left;
    }
    TokenBucket bucket;
    TimePoint now{seconds(1'000)};
};

TEST_F(TokenBucketTest, WithoutARateEverythingLeaves) {
    for (int i = 0; i < 1'000; ++i) {
        EXPECT_LE(bucket.next(std::nullopt, now), now);
        bucket.leaves(now);
    }
}

TEST_F(TokenBucketTest, ABurstLeavesAtOnceAndThenOneAtATime) {
    const Rate rate{.per_second = 10, .burst = 5};
    EXPECT_EQ(leave_now(rate), 5);
    EXPECT_EQ(bucket.next(rate, now), now + milliseconds(100));
    now += milliseconds(100);
    EXPECT_EQ(leave_now(rate), 1);
    now += milliseconds(250);
    EXPECT_EQ(leave_now(rate), 2);
}

TEST_F(TokenBucketTest, ALongPauseFillsTheBurstAndNotMore) {
    const Rate rate{.per_second = 10, .burst = 5};
    leave_now(rate);
    now += seconds(3'600);
    EXPECT_EQ(leave_now(rate), 5);
}

TEST_F(TokenBucketTest, OverTimeTheRateIsKept) {
    const Rate rate{.per_second = 7, .burst = 3};
    int left = 0;
    for (int i = 0; i < 10'000; ++i, now += milliseconds(1)) left += leave_now(rate);
    EXPECT_GE(left, 70);
    EXPECT_LE(left, 73);
}

TEST_F(TokenBucketTest, ARateThatChangesBeginsWithAFullBucket) {
    leave_now({.per_second = 1, .burst = 1});
    EXPECT_EQ(leave_now({.per_second = 100, .burst = 20}), 20);
    EXPECT_EQ(leave_now({.per_second = 1, .burst = 2}), 2);
}

TEST_F(TokenBucketTest, AnAbsurdRateIsSurvived) {
    EXPECT_EQ(leave_now({.per_second = 0, .burst = 0}), 1);
    EXPECT_EQ(leave_now({.per_second = 4'000'000'000U, .burst = 4'000'000'000U}), 10'000);
}

}  // namespace
}  // namespace switchhook::delivery
