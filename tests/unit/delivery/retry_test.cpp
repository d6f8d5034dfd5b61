#include "core/delivery/outcomes.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/delivery/fakes.hpp"

namespace switchhook::delivery {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

Outcome outcome_of(const AttemptResult& result) {
    return outcome_of(result, call_profile());
}

TEST(Outcomes, FollowTheTable) {
    for (const int status : {200, 201, 202, 204, 299}) EXPECT_EQ(outcome_of(status_result(status)), Outcome::delivered);
    for (const int status : {400, 410, 413, 415, 422}) EXPECT_EQ(outcome_of(status_result(status)), Outcome::refused);
    for (const int status : {100, 301, 307, 401, 403, 404, 405, 408, 409, 425, 429, 500, 502, 503, 504, 599})
        EXPECT_EQ(outcome_of(status_result(status)), Outcome::retry) << status;
    for (const char* code : {"forbidden_address", "invalid_url"})
        EXPECT_EQ(outcome_of(code_result(code)), Outcome::refused);
    for (const char* code : {"connect_refused", "dns_failed", "tls_verify_failed", "tls_failed", "timeout_connect",
                             "timeout_response", "connection_reset", "bad_response", "own_fault", "never_heard_of", ""})
        EXPECT_EQ(outcome_of(code_result(code)), Outcome::retry) << code;
    EXPECT_EQ(outcome_of(code_result("stopped")), Outcome::stopped);
}

TEST(Outcomes, ACompleteHeadCountsWhateverHappensToTheBody) {
    for (const char* code : {"timeout_response", "response_too_large", "connection_reset", "stopped"}) {
        auto result = code_result(code);
        result.status = 200;
        EXPECT_EQ(outcome_of(result), Outcome::delivered) << code;
        result.status = 422;
        EXPECT_EQ(outcome_of(result), std::string_view(code) == "stopped" ? Outcome::stopped : Outcome::refused)
            << code;
    }
}

TEST(RetryClock, JittersOverTheWholeStep) {
    RetryClock clock(1);
    const milliseconds steps[] = {milliseconds(200), milliseconds(500), seconds(1), seconds(2),
                                  seconds(5),        seconds(10),       seconds(10)};
    for (std::uint32_t attempts = 1; attempts <= 7; ++attempts) {
        const auto step = steps[attempts - 1];
        milliseconds least = step;
        milliseconds most{0};
        for (int i = 0; i < 2'000; ++i) {
            const auto delay = clock.delay(call_profile(), attempts, std::nullopt);
            least = std::min(least, delay);
            most = std::max(most, delay);
        }
        EXPECT_GE(least, milliseconds(1));
        EXPECT_LE(least, step / 10);
        EXPECT_LE(most, step);
        EXPECT_GE(most, step * 9 / 10);
    }
}

TEST(RetryClock, TheSameSeedGivesTheSameDelays) {
    RetryClock one(5);
    RetryClock two(5);
    RetryClock other(6);
    bool differs = false;
    for (std::uint32_t i = 1; i < 50; ++i) {
        const auto delay = one.delay(call_profile(), i, std::nullopt);
        EXPECT_EQ(delay, two.delay(call_profile(), i, std::nullopt));
        differs = differs || delay != other.delay(call_profile(), i, std::nullopt);
    }
    EXPECT_TRUE(differs);
}

TEST(RetryClock, RetryAfterCountsWhenLaterAndIsCapped) {
    RetryClock clock(1);
    EXPECT_EQ(clock.delay(call_profile(), 1, seconds(3)), seconds(3));
    EXPECT_EQ(clock.delay(call_profile(), 1, seconds(1'000'000'000)), seconds(60));
    EXPECT_GT(clock.delay(call_profile(), 6, seconds(0)), milliseconds(0));
    EXPECT_GT(clock.delay(call_profile(), 6, seconds(-5)), milliseconds(0));
}

TEST(RetryClock, NoAttemptsAndVeryManyAreFine) {
    RetryClock clock(1);
    EXPECT_LE(clock.delay(call_profile(), 0, std::nullopt), milliseconds(200));
    EXPECT_LE(clock.delay(call_profile(), 4'000'000'000U, std::nullopt), seconds(10));
}

}  // namespace
}  // namespace switchhook::delivery
