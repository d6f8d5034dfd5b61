#include "core/app/watchdog.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <string>
#include <switchhook/testkit/fake_host.hpp>
#include <vector>

#include "core/base/system_clock.hpp"

namespace switchhook::app {
namespace {

using namespace std::chrono_literals;

// Keeps its pings until the test answers them.
struct Part {
    std::vector<std::function<void()>> pings;
    void answer() {
        for (const auto& each : pings) each();
        pings.clear();
    }
    WatchedPart watched(std::string name) {
        return {std::move(name), [this](std::function<void()> answer) { pings.push_back(std::move(answer)); }};
    }
};

class WatchdogTest : public testing::Test {
protected:
    void pass(std::chrono::milliseconds time) {
        clock_.advance(time);
        watchdog_.look();
    }
    std::size_t warnings() const { return log_.lines().size(); }

    testkit::ManualClock clock_;
    testkit::RecordingLog log_;
    Part loop_;
    Part committer_;
    int told_ = 0;
    Watchdog watchdog_{
        60s, {loop_.watched("front-loop"), committer_.watched("committer")}, [this] { ++told_; }, log_, clock_};
};

TEST_F(WatchdogTest, IsToldAtHalfOfItsTimeWhenAllHaveAnswered) {
    EXPECT_EQ(watchdog_.look(), clock_.steady() + 30s);
    EXPECT_EQ(told_, 0);
    for (int turn = 1; turn <= 3; ++turn) {
        loop_.answer();
        committer_.answer();
        pass(30s);
        EXPECT_EQ(told_, turn);
    }
    EXPECT_EQ(warnings(), 0U);
}

TEST_F(WatchdogTest, IsNotToldBeforeItsTime) {
    watchdog_.look();
    loop_.answer();
    committer_.answer();
    pass(29'999ms);
    EXPECT_EQ(told_, 0);
}

TEST_F(WatchdogTest, IsNotToldWhileOnePartIsStuckAndTheLogNamesThatPartOnce) {
    watchdog_.look();
    loop_.answer();
    for (int turn = 0; turn < 3; ++turn) pass(30s);
    EXPECT_EQ(told_, 0);
    ASSERT_EQ(warnings(), 1U);
    EXPECT_EQ(log_.lines().front().level, Level::error);
    EXPECT_TRUE(log_.contains("thread=committer")) << log_.lines().front().text;
}

TEST_F(WatchdogTest, NamesAllThatAreStuck) {
    watchdog_.look();
    pass(30s);
    EXPECT_TRUE(log_.contains("thread=front-loop, committer")) << log_.lines().front().text;
}

TEST_F(WatchdogTest, SendsNoSecondPingBeforeTheFirstIsAnswered) {
    watchdog_.look();
    for (int turn = 0; turn < 5; ++turn) pass(30s);
    EXPECT_EQ(loop_.pings.size(), 1U);
}

TEST_F(WatchdogTest, IsToldAtOnceWhenAStuckPartGoesOn) {
    watchdog_.look();
    loop_.answer();
    pass(30s);
    pass(10s);
    committer_.answer();
    watchdog_.look();
    EXPECT_EQ(told_, 1);
    EXPECT_TRUE(log_.contains("go on"));
    // And from then on as before.
    loop_.answer();
    committer_.answer();
    pass(30s);
    EXPECT_EQ(told_, 2);
}

TEST_F(WatchdogTest, AnAnswerOfAnEarlierTurnIsNoProgressNow) {
    watchdog_.look();
    const auto old = committer_.pings.front();
    loop_.answer();
    committer_.answer();
    pass(30s);
    loop_.answer();
    old();
    pass(30s);
    EXPECT_EQ(told_, 1);
    EXPECT_TRUE(log_.contains("thread=committer"));
}

// With its thread and the real clock.
TEST(RunningWatchdog, SleepsUntilItsTimeAndWakesForALateAnswer) {
    const base::SystemClock clock;
    testkit::RecordingLog log;
    std::mutex mutex;
    std::condition_variable changed;
    std::function<void()> late;
    int told = 0;
    WatchedPart part{"slow", [&](std::function<void()> answer) {
                         const std::lock_guard lock(mutex);
                         late = std::move(answer);
                     }};
    Watchdog watchdog(
        20ms, {std::move(part)},
        [&] {
            const std::lock_guard lock(mutex);
            ++told;
            changed.notify_all();
        },
        log, clock);
    watchdog.start();
    const auto end = std::chrono::steady_clock::now() + 10s;
    while (!log.contains("stuck") && std::chrono::steady_clock::now() < end) std::this_thread::yield();
    ASSERT_TRUE(log.contains("thread=slow"));
    {
        const std::lock_guard lock(mutex);
        ASSERT_EQ(told, 0);
        late();
    }
    std::unique_lock lock(mutex);
    EXPECT_TRUE(changed.wait_for(lock, 10s, [&] { return told == 1; }));
    lock.unlock();
    watchdog.stop();
    watchdog.stop();
    late();  // after the end: nobody is there, and nothing happens
}

}  // namespace
}  // namespace switchhook::app
