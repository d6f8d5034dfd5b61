#include "core/pipeline/intake.hpp"

#include "tests/unit/pipeline/fixture.hpp"

namespace switchhook::pipeline {
namespace {

class IntakeTest : public CommitterTest {
protected:
    IntakeTest() { recover(); }
    std::shared_ptr<Answer> post(Intake& at, std::string body, const std::string& token) {
        http::Request request;
        request.method = "POST";
        request.path = "/livekit/webhook";
        request.headers.emplace_back("authorization", token);
        request.peer = "192.0.2.1";
        request.body = std::move(body);
        auto answer = std::make_shared<Answer>();
        at.receive(std::move(request), http::Exchange(answer));
        return answer;
    }
    std::shared_ptr<Answer> post(const std::string& body) { return post(intake, body, token(body)); }
    std::string token(const std::string& body) { return token_for(body, clock().unix_ms() / 1'000); }
    int status_after_commit(const std::string& body) {
        const auto answer = post(body);
        round();
        return answer->status();
    }

    livekit::Verifier verifier{{{"devkey", "secret"}}, clock()};
    Intake intake{"sip-", verifier, hooks, &*committer, metrics, host.recorded(), clock()};
};

TEST_F(IntakeTest, AGenuineEventIsAnsweredOnlyAfterItsCommit) {
    const auto answer = post(join_of("EV_1", "a", "SCL_1"));
    EXPECT_EQ(answer->status(), 0);
    round();
    EXPECT_EQ(answer->status(), 200);
    ASSERT_EQ(sink.handed_over.size(), 1U);
    EXPECT_EQ(sink.handed_over[0].delivery.hook, a);
    EXPECT_EQ(metrics.webhooks_received.Value(), 1);
    EXPECT_EQ(metrics.webhooks_verified.Value(), 1);
    EXPECT_EQ(metrics.events_appended.Value(), 1);
}

TEST_F(IntakeTest, WhatIsNotProvenIs401WithoutABodyAndItsBytesReachNoLog) {
    const std::string body = join_of("EV_1", "a", "SCL_1");
    EXPECT_EQ(post(intake, body, "")->status(), 401);
    EXPECT_EQ(post(intake, body, "nonsense")->status(), 401);
    EXPECT_EQ(post(intake, body, token(body + " "))->status(), 401);
    EXPECT_EQ(post(intake, body, token_for(body, 0))->status(), 401);
    EXPECT_EQ(post(intake, body, token_for(body, clock().unix_ms() / 1'000, "other"))->status(), 401);
    const auto answer = post(intake, body, token_for(body, clock().unix_ms() / 1'000, "devkey", "guess"));
    EXPECT_EQ(answer->status(), 401);
    EXPECT_TRUE(answer->response().body.empty());
    round();
    EXPECT_TRUE(outbox.groups().empty());
    EXPECT_EQ(metrics.webhooks_refused("bad_signature").Value(), 1);
    EXPECT_EQ(metrics.webhooks_verified.Value(), 0);
    for (const auto& line : host.recorded().lines()) {
        EXPECT_EQ(line.text.find("SCL_1"), std::string::npos);
        EXPECT_EQ(line.text.find("5551234567"), std::string::npos);
    }
}

TEST_F(IntakeTest, RefusalsAreLoggedByReasonAndNotOneByOne) {
    for (int i = 0; i < 20; ++i) post(intake, "x", "");
    for (int i = 0; i < 20; ++i) post(intake, "x", token_for("y", clock().unix_ms() / 1'000));
    EXPECT_EQ(lines_with("a webhook was refused"), 2U);
    clock().advance(seconds(10));
    post(intake, "x", "");
    EXPECT_EQ(lines_with("held_back=19"), 1U);
}

TEST_F(IntakeTest, WithoutAKeyItIs503SoThatLiveKitTriesAgain) {
    const livekit::Verifier keyless({}, clock());
    Intake closed("sip-", keyless, hooks, &*committer, metrics, host.recorded(), clock());
    const auto answer = post(closed, "{}", token("{}"));
    EXPECT_EQ(answer->status(), 503);
    EXPECT_EQ(answer->response().headers.at(0).second, "5");
}

TEST_F(IntakeTest, ABodyThatIsNoEventIs400) {
    for (const char* body : {"", "{", "[]", "null", R"({"id":"EV_1"})", R"({"event":""})", "{\"event\":\"\xff\"}"})
        EXPECT_EQ(post(body)->status(), 400) << body;
    EXPECT_EQ(metrics.webhooks_refused("unreadable").Value(), 7);
}

TEST_F(IntakeTest, ARoomWithoutThePrefixIsNotOurs) {
    EXPECT_EQ(post(body_of("EV_1", "meeting"))->status(), 200);
    EXPECT_EQ(post(body_of("EV_2", "sip"))->status(), 200);
    round();
    EXPECT_TRUE(outbox.groups().empty());
    EXPECT_EQ(metrics.events_not_sip.Value(), 2);
}

TEST_F(IntakeTest, AnEventWithoutARoomIsUnmatched) {
    EXPECT_EQ(post(R"({"event":"something_new","id":"EV_1"})")->status(), 200);
    EXPECT_TRUE(outbox.groups().empty());
    EXPECT_EQ(metrics.events_unmatched.Value(), 1);
}

TEST_F(IntakeTest, WithSipOffEventsAreVerifiedAndAnsweredWithoutAWordAboutSip) {
    Intake off("", verifier, hooks, nullptr, metrics, host.recorded(), clock());
    const std::string body = join_of("EV_1", "a", "SCL_1");
    EXPECT_EQ(post(off, body, token(body))->status(), 200);
    EXPECT_EQ(post(off, body, "")->status(), 401);
    EXPECT_EQ(post(off, "{", token("{"))->status(), 400);
    for (const auto& line : host.recorded().lines()) {
        EXPECT_EQ(line.text.find("sip"), std::string::npos) << line.text;
        EXPECT_EQ(line.text.find("SIP"), std::string::npos) << line.text;
    }
}

TEST_F(IntakeTest, AnEventWithoutACallFollowsItsRoom) {
    EXPECT_EQ(status_after_commit(body_of("EV_1", "sip-room", "room_started")), 200);
    EXPECT_EQ(status_after_commit(join_of("EV_2", "a", "SCL_1")), 200);
    EXPECT_EQ(status_after_commit(body_of("EV_3", "sip-room", "room_finished")), 200);
    ASSERT_EQ(sink.handed_over.size(), 3U);
    EXPECT_EQ(sink.handed_over[0].delivery.event_id, "EV_1");
    EXPECT_EQ(sink.handed_over[2].delivery.event_id, "EV_3");
}

TEST_F(IntakeTest, WhenTooMuchWaitsItIs503) {
    make({.waiting = 1});
    recover();
    Intake small("sip-", verifier, hooks, &*committer, metrics, host.recorded(), clock());
    const std::string one = body_of("EV_1");
    const std::string two = body_of("EV_2");
    const auto first = post(small, one, token(one));
    const auto second = post(small, two, token(two));
    EXPECT_EQ(second->status(), 503);
    EXPECT_EQ(second->response().headers.at(0).first, "Retry-After");
    EXPECT_EQ(metrics.events_full.Value(), 1);
    round();
    EXPECT_EQ(first->status(), 200);
}

TEST_F(IntakeTest, AMissingIdIsReplacedByTheBodysDigestSoThatARepeatIsADuplicate) {
    const std::string body = R"({"event":"room_started","room":{"name":"sip-room","sid":"RM_1"}})";
    EXPECT_EQ(status_after_commit(body), 200);
    EXPECT_EQ(status_after_commit(body), 200);
    EXPECT_EQ(metrics.events_duplicate.Value(), 1);
}

}  // namespace
}  // namespace switchhook::pipeline
