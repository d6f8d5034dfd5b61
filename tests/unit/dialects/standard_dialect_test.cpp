#include "standard_dialect.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include <switchhook/testkit/dialect_suite.hpp>
#include <switchhook/testkit/fake_host.hpp>

#include "base64.hpp"

namespace switchhook {
namespace {

// The vector of the specification's own libraries (standard-webhooks, libraries/*/tests, "sign function works").
constexpr std::string_view kSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
constexpr std::string_view kId = "msg_p5jXN8AQM9LWM0D4loKWxJek";
constexpr std::int64_t kSeconds = 1'614'265'330;
constexpr std::string_view kBody = R"({"test": 2432232314})";
constexpr std::string_view kSignature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

class StandardDialectTest : public ::testing::Test {
protected:
    testkit::FakeHost host_;
    standard::StandardDialect dialect_{Settings{}, host_};
    testkit::SampleEvent sample_;
    const signing::HmacSha256 hmac_;

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
    Status refusal(std::string_view secret, const std::vector<std::string_view>& others = {}) {
        auto signing = testkit::SampleEvent::signing();
        signing.secret = secret;
        signing.other_secrets = others;
        return dialect_.write(sample_.delivery(), signing).status();
    }
};

TEST_F(StandardDialectTest, KeepsTheContract) {
    testkit::keeps_the_dialect_contract(dialect_);
}

TEST_F(StandardDialectTest, TheSpecificationsVectorIsSignedAsItsLibrariesSignIt) {
    const auto key = standard::key_of(kSecret);
    ASSERT_TRUE(key.has_value());
    EXPECT_EQ(key->size(), 24U);
    EXPECT_EQ(standard::signature(hmac_, *key, kId, kSeconds, kBody), kSignature);
}

TEST_F(StandardDialectTest, TheBodyIsTypeTimeAndTheEventsOwnBytes) {
    sample_.event().body = " \r\n{\"event\" : \"participant_joined\",\"big\":12345678901234567890,\"n\":1.10}\n";
    EXPECT_EQ(write().body,
              "{\"type\":\"participant_joined\",\"timestamp\":\"2023-11-14T22:13:20Z\",\"data\":"
              "{\"event\" : \"participant_joined\",\"big\":12345678901234567890,\"n\":1.10}}");
}

TEST_F(StandardDialectTest, TheSignatureCoversIdTimeAndTheBytesThatAreSent) {
    const auto written = write();
    EXPECT_EQ(header(written, "webhook-timestamp"), "1700000000");
    EXPECT_EQ(header(written, "Content-Type"), "application/json");
    EXPECT_EQ(header(written, "webhook-signature"),
              standard::signature(hmac_, "test-secret-key", "EV_test123", 1'700'000'000, *written.body));
    EXPECT_EQ(written.headers.size(), 3U);
    auto later = testkit::SampleEvent::signing();
    ++later.unix_seconds;
    EXPECT_EQ(write(later).body, written.body) << "the time of the attempt is in the headers alone";
    sample_.event().id = "EV_test124";
    EXPECT_NE(header(write(), "webhook-signature"), header(written, "webhook-signature"));
}

TEST_F(StandardDialectTest, WhileASecretRotatesThereIsASignatureForEachInOrder) {
    const std::vector<std::string_view> others{"an-older-secret", kSecret};
    auto rotating = testkit::SampleEvent::signing();
    rotating.other_secrets = others;
    const auto written = write(rotating);
    const auto sign = [&](std::string_view secret) {
        return standard::signature(hmac_, *standard::key_of(secret), "EV_test123", 1'700'000'000, *written.body);
    };
    EXPECT_EQ(header(written, "webhook-signature"),
              sign("test-secret-key") + " " + sign("an-older-secret") + " " + sign(kSecret));
}

TEST_F(StandardDialectTest, ASecretWithoutThePrefixIsItsBytesAlsoWhenItLooksLikeBase64) {
    EXPECT_EQ(standard::key_of("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    EXPECT_EQ(standard::key_of("WHSEC_MfKQ9r8GKYqr"), "WHSEC_MfKQ9r8GKYqr");
    EXPECT_EQ(standard::key_of(" whsec_AAAA"), " whsec_AAAA");
}

TEST_F(StandardDialectTest, ASecretThatHasNoKeyIsRefusedAndNeverShown) {
    for (const char* bad : {"whsec_", "whsec_A", "whsec_AAA", "whsec_AAAAA", "whsec_AA A", "whsec_AA=A",
                            "whsec_====", "whsec_A===", "whsec_AA-_", "whsec_AAAA\n", "whsec_whsec_AAAA"}) {
        EXPECT_EQ(refusal(bad).code(), Code::invalid) << bad;
        EXPECT_EQ(refusal("test-secret-key", {"fine", bad}).code(), Code::invalid) << bad;
        EXPECT_EQ(refusal(bad).message().find("AA"), std::string::npos) << refusal(bad).message();
    }
    EXPECT_EQ(refusal("test-secret-key", {""}).code(), Code::invalid);
}

TEST_F(StandardDialectTest, ABodyThatIsNoObjectIsNotWrappedIntoOne) {
    for (const char* body : {"", "  ", "{", "}", "[1]", "1", "null", "\"{}\"", "{\"a\":1} x"}) {
        sample_.event().body = body;
        EXPECT_EQ(refusal("test-secret-key").code(), Code::invalid) << body;
    }
}

TEST_F(StandardDialectTest, WhatAnEventIsCalledCannotBreakOutOfItsString) {
    const std::string evil = "\",\"type\":\"x\"}\\\x01\n</script>\xe2\x80\xa8";
    sample_.event().name = evil;
    const auto read = nlohmann::json::parse(write().body.value_or(""));
    EXPECT_EQ(read.size(), 3U);
    EXPECT_EQ(read.at("type"), evil);
}

TEST_F(StandardDialectTest, EveryTimeIsWrittenAsRfc3339Says) {
    const std::vector<std::pair<std::int64_t, const char*>> cases{
        {0, "1970-01-01T00:00:00Z"},
        {-1, "1969-12-31T23:59:59Z"},
        {951'782'400, "2000-02-29T00:00:00Z"},
        {4'107'542'399, "2100-02-28T23:59:59Z"},
        {4'107'542'400, "2100-03-01T00:00:00Z"},
        {253'402'300'799, "9999-12-31T23:59:59Z"},
        {1'700'000'000'000, "9999-12-31T23:59:59Z"},
        {std::numeric_limits<std::int64_t>::max(), "9999-12-31T23:59:59Z"},
        {std::numeric_limits<std::int64_t>::min(), "0001-01-01T00:00:00Z"},
    };
    for (const auto& [seconds, text] : cases) EXPECT_EQ(standard::rfc3339(seconds), text) << seconds;
}

TEST_F(StandardDialectTest, ItsReceiversGetEveryEvent) {
    EXPECT_TRUE(dialect_.default_events().empty());
}

TEST(Base64, GoesThereAndBack) {
    const std::vector<std::pair<std::string, std::string>> vectors{// RFC 4648, 10
                                                                   {"", ""},
                                                                   {"f", "Zg=="},
                                                                   {"fo", "Zm8="},
                                                                   {"foo", "Zm9v"},
                                                                   {"foob", "Zm9vYg=="},
                                                                   {"fooba", "Zm9vYmE="},
                                                                   {"foobar", "Zm9vYmFy"}};
    for (const auto& [text, coded] : vectors) {
        EXPECT_EQ(signing::base64(std::span(reinterpret_cast<const std::uint8_t*>(text.data()), text.size())), coded);
        EXPECT_EQ(signing::from_base64(coded), text) << coded;
    }
    std::string all(256, '\0');
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<char>(i);
    EXPECT_EQ(
        signing::from_base64(signing::base64(std::span(reinterpret_cast<const std::uint8_t*>(all.data()), all.size()))),
        all);
}

TEST(Base64, IsRefusedInAnyOtherForm) {
    for (const char* bad : {"Z", "Zg", "Zg=", "Zm8", "Zm9v=", "Zm9v====", "=", "====", "Z===", "=Zg=", "Zg==Zm9v",
                            "Zm 9", "Zm9v\n", "Zm-v", "Zm_v", "Zm8\xc3"})
        EXPECT_FALSE(signing::from_base64(bad).has_value()) << bad;
}

}  // namespace
}  // namespace switchhook
