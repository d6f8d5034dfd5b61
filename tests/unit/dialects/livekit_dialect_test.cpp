#include "livekit_dialect.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include <switchhook/testkit/dialect_suite.hpp>
#include <switchhook/testkit/fake_host.hpp>

namespace switchhook {
namespace {

std::string decode(std::string_view text) {
    const std::string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    std::string out;
    unsigned held = 0;
    int bits = 0;
    for (const char c : text) {
        const auto value = alphabet.find(c);
        EXPECT_NE(value, std::string::npos) << "not base64url: " << c;
        held = held << 6 | static_cast<unsigned>(value);
        bits += 6;
        if (bits < 8) continue;
        bits -= 8;
        out.push_back(static_cast<char>(held >> bits & 0xff));
    }
    return out;
}

nlohmann::json claims_of(const std::string& token) {
    const auto first = token.find('.');
    return nlohmann::json::parse(decode(token.substr(first + 1, token.find('.', first + 1) - first - 1)));
}

class LiveKitDialectTest : public ::testing::Test {
protected:
    testkit::FakeHost host_;
    livekit_dialect::LiveKitDialect dialect_{Settings{}, host_};
    testkit::SampleEvent sample_;

    std::map<std::string, std::string> headers(const Signing& signing) {
        const auto written = dialect_.write(sample_.delivery(), signing);
        EXPECT_TRUE(written.ok());
        std::map<std::string, std::string> found;
        for (const auto& header : written->headers) found[header.name] = header.value;
        return found;
    }
};

TEST_F(LiveKitDialectTest, KeepsTheContract) {
    testkit::keeps_the_dialect_contract(dialect_);
}

TEST_F(LiveKitDialectTest, EveryTokenOfARecordedCallIsMadeAgainByteForByte) {
    const signing::HmacSha256 hmac;
    std::ifstream recording(SWITCHHOOK_SOURCE_DIR "/tests/data/recordings/simple_call.jsonl");
    int count = 0;
    for (std::string line; std::getline(recording, line); ++count) {
        const auto request = nlohmann::json::parse(line);
        std::string sent;
        for (const auto& header : request.at("headers"))
            if (header.at(0) == "Authorization") sent = header.at(1);
        const auto now = claims_of(sent).at("iat").get<std::int64_t>();
        EXPECT_EQ(livekit_dialect::make_token(hmac, "secret", "devkey", now, request.at("body").get<std::string>()),
                  sent);
    }
    EXPECT_EQ(count, 10);
}

TEST_F(LiveKitDialectTest, TheTokenStandsBareInTheHeaderAndLivesFiveMinutes) {
    const auto found = headers(testkit::SampleEvent::signing());
    const auto& token = found.at("Authorization");
    const auto first = token.find('.');
    const auto second = token.find('.', first + 1);
    EXPECT_EQ(decode(token.substr(0, first)), R"({"alg":"HS256","typ":"JWT"})");
    EXPECT_EQ(decode(token.substr(first + 1, second - first - 1)),
              R"({"iss":"tenant-a","exp":1700000300,"nbf":1700000000,"iat":1700000000,)"
              R"("sha256":"oyh66K2ivaVtB3qYOk1LzGvhI6P6Z0qx2aQqxx59Kn0="})");
    EXPECT_EQ(found.at("Content-Type"), "application/webhook+json");
}

TEST_F(LiveKitDialectTest, TheBodyStaysTheEventsOwnBytes) {
    const auto written = dialect_.write(sample_.delivery(), testkit::SampleEvent::signing());
    ASSERT_TRUE(written.ok());
    EXPECT_FALSE(written->body.has_value());
}

TEST_F(LiveKitDialectTest, AnotherBodyGivesAnotherHash) {
    const auto before = headers(testkit::SampleEvent::signing()).at("Authorization");
    sample_.event().body = "{}";
    EXPECT_NE(headers(testkit::SampleEvent::signing()).at("Authorization"), before);
}

TEST_F(LiveKitDialectTest, AnAuthIdWithQuotesCannotAddAClaim) {
    auto signing = testkit::SampleEvent::signing();
    signing.auth_id = R"(a","exp":9999999999,"x":")";
    const auto claims = claims_of(headers(signing).at("Authorization"));
    EXPECT_EQ(claims.at("iss"), signing.auth_id);
    EXPECT_EQ(claims.at("exp"), 1'700'000'300);
    EXPECT_EQ(claims.size(), 5U);
}

TEST_F(LiveKitDialectTest, AnAuthIdThatIsNotUtf8IsRefusedAndNotSigned) {
    auto signing = testkit::SampleEvent::signing();
    signing.auth_id = "\xff";
    const auto written = dialect_.write(sample_.delivery(), signing);
    ASSERT_FALSE(written.ok());
    EXPECT_EQ(written.status().code(), Code::invalid);
}

TEST_F(LiveKitDialectTest, WithoutASecretNothingIsWritten) {
    auto signing = testkit::SampleEvent::signing();
    signing.secret = {};
    const auto written = dialect_.write(sample_.delivery(), signing);
    ASSERT_FALSE(written.ok());
    EXPECT_FALSE(written.status().worth_retry());
}

TEST_F(LiveKitDialectTest, WhileASecretRotatesTheFirstSignsAlone) {
    const std::vector<std::string_view> others{"an-older-secret"};
    auto rotating = testkit::SampleEvent::signing();
    rotating.other_secrets = others;
    const auto written = dialect_.write(sample_.delivery(), rotating);
    const auto alone = dialect_.write(sample_.delivery(), testkit::SampleEvent::signing());
    ASSERT_TRUE(written.ok() && alone.ok());
    EXPECT_TRUE(testkit::same_written(*written, *alone)) << "a JWT carries one signature";
}

TEST_F(LiveKitDialectTest, AllEventsAreSentByDefault) {
    EXPECT_TRUE(dialect_.default_events().empty());
}

}  // namespace
}  // namespace switchhook
