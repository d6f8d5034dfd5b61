#include "core/base/log_limit.hpp"

#include <gtest/gtest.h>

#include <string>

namespace switchhook::base {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using TimePoint = std::chrono::steady_clock::time_point;

TEST(LogLimit, TheFirstLineOfAKeyIsWrittenAtOnce) {
    LogLimit<std::string> limit(seconds(10), 8);
    EXPECT_EQ(limit.admit("a", TimePoint{}), 0U);
    EXPECT_EQ(limit.admit("b", TimePoint{}), 0U);
}

TEST(LogLimit, LaterLinesAreHeldBackAndCountedUntilTheIntervalIsOver) {
    LogLimit<std::string> limit(seconds(10), 8);
    const TimePoint start{seconds(100)};
    ASSERT_TRUE(limit.admit("a", start));
    for (int i = 0; i < 7; ++i) EXPECT_FALSE(limit.admit("a", start + seconds(i)));
    EXPECT_FALSE(limit.admit("a", start + milliseconds(9'999)));
    EXPECT_EQ(limit.admit("a", start + seconds(10)), 8U);
    EXPECT_FALSE(limit.admit("a", start + seconds(11)));
}

TEST(LogLimit, AFloodOfKeysDoesNotGrowTheTableAndSharesOnePlace) {
    LogLimit<std::string> limit(seconds(60), 4);
    const TimePoint start{seconds(100)};
    int written = 0;
    for (int i = 0; i < 10'000; ++i)
        if (limit.admit("scanner-" + std::to_string(i), start)) ++written;
    EXPECT_EQ(limit.size(), 4U);
    EXPECT_EQ(written, 5);
}

TEST(LogLimit, OldKeysGiveTheirPlaceToNewOnes) {
    LogLimit<std::string> limit(seconds(60), 2);
    const TimePoint start{seconds(100)};
    ASSERT_TRUE(limit.admit("a", start));
    ASSERT_TRUE(limit.admit("b", start));
    EXPECT_EQ(limit.admit("c", start + seconds(61)), 0U);
    EXPECT_EQ(limit.size(), 1U);
}

}  // namespace
}  // namespace switchhook::base
