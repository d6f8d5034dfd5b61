// LiveKit's refusals, as recorded from livekit-server 1.13.5, and what becomes of them.
#include "failure.hpp"

#include <gtest/gtest.h>

#include "instance.hpp"

namespace switchhook::tests {
namespace {

using livekit_api::failure_of;
using livekit_api::FailureKind;
using livekit_api::HttpAnswer;

struct Case {
    const char* name;
    int status;
    const char* body;
    FailureKind kind;
    Code code;
    const char* part;  // of the text
};

class Refusal : public ::testing::TestWithParam<Case> {};

TEST_P(Refusal, HasItsMeaningAndItsText) {
    const auto& expected = GetParam();
    HttpAnswer answer;
    answer.status = expected.status;
    answer.body = expected.body;
    const auto failure = failure_of(
        {.server = "http://livekit:7880", .method = "CreateSIPInboundTrunk", .token = "eyJ0", .secret = kSecret},
        answer);
    const auto& text = failure.status.message();
    EXPECT_EQ(failure.kind, expected.kind) << text;
    EXPECT_EQ(failure.status.code(), expected.code) << text;
    EXPECT_TRUE(has(text, expected.part)) << text;
    EXPECT_TRUE(has(text, "http://livekit:7880")) << text;
    EXPECT_TRUE(has(text, "CreateSIPInboundTrunk with " + std::to_string(expected.status))) << text;
    EXPECT_FALSE(has(text, "eyJ")) << text;
}

constexpr Case kCases[] = {
    {"TrunkConflict", 400,
     R"({"code":"invalid_argument","msg":"Conflicting inbound SIP Trunks: \"\u003cnew\u003e\" and \"ST_TURDHCoPyrUp\", using the same number(s) \u003cany\u003e without AllowedNumbers set"})",
     FailureKind::contradicts, Code::conflict, "\"<new>\" and \"ST_TURDHCoPyrUp\""},
    {"RuleConflict", 400,
     R"({"code":"invalid_argument","msg":"Dispatch rule for the same trunk, inbound number, number, and PIN combination already exists in dispatch rule \"SDR_ooydRGhq3uA4\" \"switchhook\""})",
     FailureKind::contradicts, Code::conflict, "SDR_ooydRGhq3uA4"},
    {"NoSecurity", 400,
     R"({"code":"invalid_argument","msg":"for security, one of the fields must be set: AuthUsername+AuthPassword, AllowedAddresses or Numbers"})",
     FailureKind::contradicts, Code::invalid, "for security"},
    {"Malformed", 400, R"({"code":"malformed","msg":"the json request could not be decoded"})", FailureKind::refused,
     Code::invalid, "could not read what was sent"},
    {"PlainBadRequest", 400, "Bad Request", FailureKind::refused, Code::invalid, "livekit.url"},
    {"UnknownTrunk", 404, R"({"code":"not_found","msg":"requested sip trunk does not exist"})", FailureKind::not_found,
     Code::not_found, "requested sip trunk does not exist"},
    {"UnknownMethod", 404,
     R"({"code":"bad_route","msg":"no handler for path \"/twirp/livekit.SIP/NoSuchMethod\"","meta":{"twirp_invalid_route":"POST"}})",
     FailureKind::refused, Code::invalid, "1.9.0"},
    {"NoLiveKit", 404, "404 page not found\n", FailureKind::refused, Code::invalid, "no LiveKit API at that address"},
    {"UnknownKey", 401, "invalid API key: nokey", FailureKind::refused, Code::invalid, "does not know the API key"},
    {"WrongSecret", 401,
     "invalid token: eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJkZXZrZXkifQ.MeaaJ34, error: token signature is invalid: signature "
     "is invalid",
     FailureKind::refused, Code::invalid, "is not the secret of"},
    {"Expired", 401,
     "invalid token: eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJkZXZrZXkifQ.MeaaJ34, error: token has invalid claims: token is "
     "expired",
     FailureKind::refused, Code::invalid, "clocks differ"},
    {"NoToken", 401, "invalid authorization token", FailureKind::refused, Code::invalid, "does not accept"},
    {"NoPermission", 401, R"({"code":"unauthenticated","msg":"permissions denied"})", FailureKind::refused,
     Code::invalid, "does not accept"},
    {"Forbidden", 403, R"({"code":"permission_denied","msg":"no"})", FailureKind::refused, Code::invalid,
     "may not do that"},
    {"NoRedis", 500, R"json({"code":"internal","msg":"twirp error unknown: sip not connected (redis required)"})json",
     FailureKind::refused, Code::invalid, "runs without Redis"},
    {"Internal", 500, R"({"code":"internal","msg":"something else"})", FailureKind::passing, Code::unavailable,
     "something else"},
    {"Unknown", 500, R"({"code":"unknown","msg":"EOF"})", FailureKind::passing, Code::unavailable, "tried again"},
    {"NotImplemented", 501, R"({"code":"unimplemented","msg":"x"})", FailureKind::refused, Code::invalid, "update"},
    {"BadGateway", 502, "<html>eyJ</html>", FailureKind::passing, Code::unavailable, "proxy"},
    {"NoBridge", 503, R"({"code":"unavailable","msg":"twirp error unknown: no response from servers"})",
     FailureKind::passing, Code::unavailable, "no response from servers"},
    {"GatewayTimeout", 504, "", FailureKind::passing, Code::unavailable, "tried again"},
    {"Deadline", 408, R"({"code":"deadline_exceeded","msg":"context deadline exceeded"})", FailureKind::passing,
     Code::unavailable, "in time"},
    {"SlowDown", 429, R"({"code":"resource_exhausted","msg":"limit"})", FailureKind::passing, Code::unavailable,
     "slow down"},
    {"Precondition", 412, R"({"code":"failed_precondition","msg":"x"})", FailureKind::contradicts, Code::conflict,
     "stored"},
    {"AlreadyThere", 409, R"({"code":"already_exists","msg":"x"})", FailureKind::contradicts, Code::conflict, "stored"},
    {"TooLarge", 413, "request body too large", FailureKind::refused, Code::invalid, "too large"},
    {"Teapot", 418, "", FailureKind::refused, Code::invalid, "not what LiveKit answers"},
    {"NoContent", 204, "", FailureKind::refused, Code::invalid, "not what LiveKit answers"},
};

INSTANTIATE_TEST_SUITE_P(Recorded, Refusal, ::testing::ValuesIn(kCases),
                         [](const auto& each) { return std::string(each.param.name); });

TEST(Clean, CutsBetweenCharacters) {
    const auto cut = livekit_api::clean(std::string(399, 'a') + "\xe6\x9d\xb1" + std::string(100, 'b'));
    EXPECT_EQ(cut, std::string(399, 'a') + "...");
    EXPECT_EQ(livekit_api::clean("a\tb\x7f"), "a b ");
    EXPECT_EQ(livekit_api::clean(std::string(401, '\x80')), "...");
}

}  // namespace
}  // namespace switchhook::tests
