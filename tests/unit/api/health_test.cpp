#include "core/api/health.hpp"

#include <gtest/gtest.h>

namespace switchhook::api {
namespace {

TEST(Health, IsNotReadyBeforeTheStartHasEnded) {
    const Health health({}, {});
    const auto answer = health.ready();
    EXPECT_EQ(answer.status, 503);
    EXPECT_EQ(answer.body, R"({"ready":false,"reasons":["the server is starting"],"warnings":[]})");
}

TEST(Health, IsReadyWhenEveryRequirementIsMet) {
    Health health({[] { return Status(); }}, {});
    health.started();
    const auto answer = health.ready();
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, R"({"ready":true,"reasons":[],"warnings":[]})");
    EXPECT_EQ(answer.content_type, "application/json");
}

TEST(Health, StaysReadyWithWarnings) {
    Health health(
        {}, {[] { return Status(Code::invalid, "a secret file can be read by others"); }, [] { return Status(); }});
    health.started();
    const auto answer = health.ready();
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, R"({"ready":true,"reasons":[],"warnings":["a secret file can be read by others"]})");
}

TEST(Health, NamesEveryReasonAndRecovers) {
    Status disk(Code::full, "the disk is full");
    Health health({[&] { return disk; }, [] { return Status(Code::invalid, "no LiveKit key"); }}, {});
    health.started();
    EXPECT_EQ(health.reasons(), (std::vector<std::string>{"the disk is full", "no LiveKit key"}));
    disk = Status();
    EXPECT_EQ(health.reasons(), (std::vector<std::string>{"no LiveKit key"}));
}

TEST(Health, IsNotReadyAnyMoreWhileStopping) {
    Health health({}, {});
    health.started();
    health.stopping();
    EXPECT_EQ(health.ready().status, 503);
}

TEST(Health, IsAliveInEveryPhase) {
    const Health health({[] { return Status(Code::full, "full"); }}, {});
    EXPECT_EQ(health.alive().status, 200);
}

TEST(Health, WritesBytesThatAreNotUtf8AsReplacements) {
    Health health({[] { return Status(Code::corrupt, "the file \xFF is corrupt"); }}, {});
    health.started();
    EXPECT_NE(health.ready().body.find("the file \xEF\xBF\xBD is corrupt"), std::string::npos);
}

}  // namespace
}  // namespace switchhook::api
