#include "core/delivery/wall_time.hpp"

#include <gtest/gtest.h>

#include <switchhook/testkit/fake_host.hpp>

namespace switchhook::delivery {
namespace {

using namespace std::chrono_literals;

class WallTimeTest : public testing::Test {
protected:
    void pass(std::chrono::milliseconds time) {
        clock_.advance(time);
        time_.look(clock_);
    }
    void step(std::chrono::milliseconds by) {
        clock_.jump_to(clock_.unix_ms() + by.count());
        time_.look(clock_);
    }
    // How old what was noted at that wall time is now.
    std::chrono::milliseconds age(std::int64_t noted) {
        const auto now = clock_.steady();
        return std::chrono::duration_cast<std::chrono::milliseconds>(now - time_.steady_of(noted, now));
    }

    testkit::ManualClock clock_;
    WallTime time_{clock_};
};

TEST_F(WallTimeTest, WithoutAStepItIsTheDifference) {
    const auto earlier_life = clock_.unix_ms() - 3'600'000;
    const auto noted = clock_.unix_ms();
    pass(90s);
    EXPECT_EQ(age(noted), 90s);
    EXPECT_EQ(age(earlier_life), 3'690s);
    EXPECT_EQ(age(clock_.unix_ms() + 500), 0ms) << "never in the future";
}

TEST_F(WallTimeTest, AStepForwardMakesNothingOlder) {
    const auto earlier_life = clock_.unix_ms() - 30'000;
    pass(10s);
    const auto before = clock_.unix_ms();
    pass(5s);
    step(1h);
    const auto after = clock_.unix_ms();
    pass(7s);
    EXPECT_EQ(age(before), 12s);
    EXPECT_EQ(age(after), 7s);
    EXPECT_EQ(age(earlier_life), 52s);
}

TEST_F(WallTimeTest, AStepBackMakesNothingYounger) {
    pass(10s);
    const auto before = clock_.unix_ms();
    pass(5s);
    step(-1h);
    pass(7s);
    EXPECT_EQ(age(before), 12s);
    EXPECT_EQ(age(clock_.unix_ms() - 3'000), 3s);
}

TEST_F(WallTimeTest, SlewingIsNoStepAndAHundredStepsCostNothing) {
    const auto noted = clock_.unix_ms();
    for (int i = 0; i < 100; ++i) {
        clock_.jump_to(clock_.unix_ms() + 10);
        pass(1s);
    }
    EXPECT_LE(std::chrono::abs(age(noted) - 100s), 2s);
    for (int i = 0; i < 100; ++i) step(i % 2 == 0 ? 1h : -1h);
    EXPECT_EQ(age(clock_.unix_ms()), 0ms);
}

}  // namespace
}  // namespace switchhook::delivery
