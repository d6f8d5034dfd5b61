#include "retry_after.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>

namespace switchhook::https {
namespace {

using std::chrono::seconds;

constexpr std::int64_t kNow = 784'111'777;  // Sun, 06 Nov 1994 08:49:37 GMT, the example of RFC 9110
constexpr seconds kMost{std::int64_t{100} * 365 * 24 * 3'600};

std::optional<seconds> read(const std::string& value) {
    return read_retry_after(value, kNow);
}

TEST(RetryAfter, OfSecondsIsThatLong) {
    EXPECT_EQ(read("0"), seconds(0));
    EXPECT_EQ(read("120"), seconds(120));
    EXPECT_EQ(read(" 7 \r\n"), seconds(7));
    EXPECT_EQ(read("20261122"), seconds(20'261'122)) << "not the 22nd of November";
}

TEST(RetryAfter, TooLargeToCountIsTheLargest) {
    EXPECT_EQ(read("9223372036854775807"), kMost);
    EXPECT_EQ(read("9223372036854775808"), kMost);
    EXPECT_EQ(read(std::string(4'000, '9')), kMost);
    EXPECT_EQ(read("Fri, 31 Dec 9999 23:59:59 GMT"), kMost);
}

TEST(RetryAfter, OfADateInEachFormIsTheTimeUntilThen) {
    EXPECT_EQ(read("Sun, 06 Nov 1994 08:50:37 GMT"), seconds(60));
    EXPECT_EQ(read("Sunday, 06-Nov-94 08:50:37 GMT"), seconds(60));
    EXPECT_EQ(read("Sun Nov  6 08:50:37 1994"), seconds(60));
    EXPECT_EQ(read("Wed Nov 16 08:49:37 1994"), seconds(864'000));
    EXPECT_EQ(read("Sat, 31 Dec 1994 23:59:60 GMT"), read("Sun, 01 Jan 1995 00:00:00 GMT")) << "a leap second";
}

TEST(RetryAfter, OfADateThatHasPassedAsksForNothing) {
    EXPECT_EQ(read("Sun, 06 Nov 1994 08:49:37 GMT"), seconds(0));
    EXPECT_EQ(read("Thu, 01 Jan 1970 00:00:00 GMT"), seconds(0));
    EXPECT_EQ(read("Thu, 01 Jan 0000 00:00:00 GMT"), seconds(0));
    EXPECT_EQ(read("Friday, 31-Dec-93 23:59:59 GMT"), seconds(0));
}

TEST(RetryAfter, OfTwoDigitsOfAYearIsTheNearerCentury) {
    constexpr std::int64_t kIn2090 = 3'786'912'000;  // 2090-01-01
    EXPECT_EQ(read_retry_after("Sunday, 01-Jan-44 00:00:00 GMT", kNow), seconds(2'335'219'200 - kNow));
    EXPECT_EQ(read_retry_after("Tuesday, 01-Jan-45 00:00:00 GMT", kNow), seconds(0)) << "51 years ahead is 1945";
    EXPECT_EQ(read_retry_after("Friday, 01-Jan-91 00:00:00 GMT", kIn2090), seconds(365 * 86'400));
}

TEST(RetryAfter, OfAnythingElseSaysNothing) {
    for (const char* value : {"",
                              " ",
                              "-5",
                              "+5",
                              "1.5",
                              "5s",
                              "soon",
                              "0x10",
                              "Sun, 06 Nov 1994 08:50:37",
                              "Sun, 06 Nov 1994 08:50:37 UTC",
                              "Sun, 06 Nov 1994 08:50:37 +0000",
                              "Sun, 6 Nov 1994 08:50:37 GMT",
                              "Xyz, 06 Nov 1994 08:50:37 GMT",
                              "Sun, 06 Nop 1994 08:50:37 GMT",
                              "Sun, 31 Feb 1994 08:50:37 GMT",
                              "Sun, 00 Nov 1994 08:50:37 GMT",
                              "Sun, 06 Nov 1994 24:00:00 GMT",
                              "Sun, 06 Nov 1994 08:60:00 GMT",
                              "Sun, 06 Nov 1994 08:50:61 GMT",
                              "Sun, 06 Nov 1994 08:50:37 GMT x",
                              "sun, 06 nov 1994 08:50:37 gmt",
                              "Sun, 06-Nov-94 08:50:37 GMT",
                              "Sun Nov 6 08:50:37 1994",
                              "Sun Nov  6 08:50:37 94",
                              "Sun,",
                              "Sunday, ",
                              "1994-11-06T08:50:37Z"})
        EXPECT_EQ(read(value), std::nullopt) << value;
    EXPECT_EQ(read_retry_after(std::string_view("7\0", 2), kNow), std::nullopt);
}

}  // namespace
}  // namespace switchhook::https
