#include "sayna_dialect.hpp"

#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include <switchhook/testkit/dialect_suite.hpp>
#include <switchhook/testkit/fake_host.hpp>

namespace switchhook {
namespace {

class SaynaDialectTest : public ::testing::Test {
protected:
    testkit::FakeHost host_;
    sayna::SaynaDialect dialect_{Settings{}, host_};
    testkit::SampleEvent sample_;

    Written write(const Signing& signing = testkit::SampleEvent::signing()) {
        auto written = dialect_.write(sample_.delivery(), signing);
        EXPECT_TRUE(written.ok()) << written.status().message();
        return written.ok() ? *written : Written{};
    }
    static std::string header(const Written& written, const std::string& name) {
        for (const auto& each : written.headers)
            if (each.name == name) return each.value;
        return "(absent)";
    }
    nlohmann::ordered_json body() { return nlohmann::ordered_json::parse(write().body.value_or("")); }
};

TEST_F(SaynaDialectTest, KeepsTheContract) {
    testkit::keeps_the_dialect_contract(dialect_);
}

TEST_F(SaynaDialectTest, TheReferencesVectorIsSignedAsTheReferenceSignsIt) {
    const signing::HmacSha256 hmac;
    EXPECT_EQ(sayna::signature(hmac, "test-secret-key", 1'700'000'000, "EVT_test123", R"({"test":"data"})"),
              "v1=fd2bf8a0e560e4186d53802c0a8692f8859e2a3b695cf4ca83758378a43f61b8");
}

TEST_F(SaynaDialectTest, TheSignatureCoversTheBytesThatAreSent) {
    const auto written = write();
    const signing::HmacSha256 hmac;
    EXPECT_EQ(header(written, "X-Sayna-Signature"),
              sayna::signature(hmac, "test-secret-key", 1'700'000'000, "EV_test123", *written.body));
    EXPECT_EQ(header(written, "X-Sayna-Timestamp"), "1700000000");
    EXPECT_EQ(header(written, "X-Sayna-Event-Id"), "EV_test123");
    EXPECT_EQ(header(written, "X-Sayna-Signature-Version"), "v1");
    EXPECT_EQ(header(written, "Content-Type"), "application/json");
    EXPECT_EQ(written.headers.size(), 5U);
}

TEST_F(SaynaDialectTest, TheSevenKeysStandInTheReferencesOrder) {
    sample_.attributes() = {
        {"sip.phoneNumber", "+1"}, {"sip.h.to", "<sip:9@Customer-A.com>"}, {"sip.trunkPhoneNumber", "+2"}};
    sample_.refresh();
    EXPECT_EQ(write().body,
              R"({"participant":{"name":"Phone +15557654321","identity":"sip_+15557654321","sid":"PA_1"},)"
              R"("room":{"name":"sip-_+15557654321_x","sid":"RM_1"},"from_phone_number":"+1","to_phone_number":"+2",)"
              R"("room_prefix":"sip-","sip_host":"customer-a.com","sip_headers":{"to":"<sip:9@Customer-A.com>"}})");
}

TEST_F(SaynaDialectTest, HeadersAreSortedByNameWhateverTheirOrder) {
    sample_.attributes() = {{"sip.h.via", "v"}, {"sip.callID", "SCL_1"}, {"sip.h.call-id", "c"}, {"sip.h.from", "f"}};
    sample_.refresh();
    const auto first = write().body;
    EXPECT_NE(first->find(R"("sip_headers":{"call-id":"c","from":"f","via":"v"})"), std::string::npos) << *first;
    sample_.attributes() = {{"sip.h.from", "f"}, {"sip.h.call-id", "c"}, {"sip.callID", "SCL_1"}, {"sip.h.via", "v"}};
    sample_.refresh();
    EXPECT_EQ(write().body, first);
}

TEST_F(SaynaDialectTest, WhatTheCallerWroteCannotBreakOutOfItsString) {
    const std::string evil = "\",\"room_prefix\":\"x\"}\\\x01\x1f\n</script>\xe2\x80\xa8";
    sample_.attributes() = {{"sip.h.x-evil", evil}};
    sample_.refresh();
    sample_.event().participant_name = evil;
    const auto read = body();
    EXPECT_EQ(read.size(), 7U);
    EXPECT_EQ(read.at("room_prefix"), "sip-");
    EXPECT_EQ(read.at("participant").at("name"), evil);
    EXPECT_EQ(read.at("sip_headers").at("x-evil"), evil);
}

TEST_F(SaynaDialectTest, WhatTheEventLacksIsAnEmptyString) {
    sample_.attributes().clear();
    sample_.refresh();
    sample_.event().participant_sid = {};
    const auto read = body();
    EXPECT_EQ(read.at("from_phone_number"), "");
    EXPECT_EQ(read.at("to_phone_number"), "");
    EXPECT_EQ(read.at("sip_host"), "");
    EXPECT_EQ(read.at("participant").at("sid"), "");
    EXPECT_EQ(read.at("sip_headers"), nlohmann::ordered_json::object());
}

TEST_F(SaynaDialectTest, XToIpSaysTheHostBeforeToDoes) {
    sample_.attributes() = {{"sip.h.to", "<sip:9@b.com>"}, {"sip.h.x-to-ip", "a.com"}};
    sample_.refresh();
    EXPECT_EQ(body().at("sip_host"), "a.com");
}

TEST_F(SaynaDialectTest, AHeaderThatCameTwiceIsSentOnce) {
    sample_.attributes() = {{"sip.h.to", "first"}, {"sip.h.to", "second"}};
    sample_.refresh();
    const auto text = write().body;
    EXPECT_NE(text->find(R"("sip_headers":{"to":"first"})"), std::string::npos) << *text;
}

TEST_F(SaynaDialectTest, TheSecretIsTrimmedAsTheReferenceDoes) {
    auto padded = testkit::SampleEvent::signing();
    padded.secret = "  test-secret-key\r\n";
    EXPECT_TRUE(testkit::same_written(write(padded), write()));
}

TEST_F(SaynaDialectTest, ASecretOfWhiteSpaceIsNoSecret) {
    auto blank = testkit::SampleEvent::signing();
    blank.secret = " \t\n";
    EXPECT_FALSE(dialect_.write(sample_.delivery(), blank).ok());
}

TEST_F(SaynaDialectTest, WhileASecretRotatesTheFirstSignsAlone) {
    const std::vector<std::string_view> others{"an-older-secret"};
    auto rotating = testkit::SampleEvent::signing();
    rotating.other_secrets = others;
    EXPECT_TRUE(testkit::same_written(write(rotating), write())) << "its receivers compare one signature";
}

TEST_F(SaynaDialectTest, ItsReceiversExpectJoinsAlone) {
    EXPECT_EQ(dialect_.default_events(), std::vector<std::string>{"participant_joined"});
}

}  // namespace
}  // namespace switchhook
