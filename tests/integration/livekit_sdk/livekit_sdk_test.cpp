// What the livekit dialect signs, judged by LiveKit's own livekit-server-sdk from npm.
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include <switchhook/testkit/dialect_suite.hpp>
#include <switchhook/testkit/fake_host.hpp>

#include "livekit_dialect.hpp"

namespace switchhook {
namespace {

using nlohmann::json;

const std::string kFolder = SWITCHHOOK_SOURCE_DIR "/tests/integration/livekit_sdk";

std::vector<std::string> recorded_bodies() {
    std::vector<std::string> bodies;
    std::ifstream recording(SWITCHHOOK_SOURCE_DIR "/tests/data/recordings/simple_call.jsonl");
    for (std::string line; std::getline(recording, line);) bodies.push_back(json::parse(line).at("body"));
    return bodies;
}

class LiveKitSdkTest : public ::testing::Test {
protected:
    void SetUp() override {
        const char* skip = std::getenv("SWITCHHOOK_SKIP_NPM");
        if (skip != nullptr && std::string_view(skip) == "1") GTEST_SKIP() << "SWITCHHOOK_SKIP_NPM=1";
        ASSERT_TRUE(std::filesystem::exists(kFolder + "/node_modules/livekit-server-sdk"))
            << "run `npm ci` in tests/integration/livekit_sdk, or set SWITCHHOOK_SKIP_NPM=1";
    }

    std::string sign(const std::string& body, std::string_view secret, std::string_view auth_id, std::int64_t seconds) {
        testkit::SampleEvent sample;
        sample.event().body = body;
        const auto written =
            dialect_.write(sample.delivery(), {.secret = secret, .auth_id = auth_id, .unix_seconds = seconds});
        EXPECT_TRUE(written.ok());
        for (const auto& header : written->headers)
            if (header.name == "Authorization") return header.value;
        return "";
    }
    // The receiver's verdicts, in order.
    static json receive(const json& requests) {
        char path[] = "/tmp/switchhook-sdk-XXXXXX";
        ::close(::mkstemp(path));
        std::ofstream(path) << requests.dump();
        const std::string command = "cd '" + kFolder + "' && node verify.mjs < " + path;
        FILE* node = ::popen(command.c_str(), "r");
        EXPECT_NE(node, nullptr);
        std::string output;
        std::array<char, 4096> chunk{};
        while (const auto got = std::fread(chunk.data(), 1, chunk.size(), node)) output.append(chunk.data(), got);
        EXPECT_EQ(::pclose(node), 0) << "is node installed?";
        std::filesystem::remove(path);
        auto verdicts = json::parse(output, nullptr, false);
        EXPECT_EQ(verdicts.size(), requests.size()) << output;
        return verdicts;
    }
    static std::int64_t now() {
        return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
            .count();
    }

    testkit::FakeHost host_;
    livekit_dialect::LiveKitDialect dialect_{Settings{}, host_};
};

TEST_F(LiveKitSdkTest, EveryEventOfARecordedCallIsAcceptedUnchanged) {
    json requests = json::array();
    for (const auto& body : recorded_bodies())
        requests.push_back({{"body", body},
                            {"authorization", sign(body, "tenant-secret", "tenant-a", now())},
                            {"key", "tenant-a"},
                            {"secret", "tenant-secret"}});
    ASSERT_EQ(requests.size(), 10U);
    const auto verdicts = receive(requests);
    for (std::size_t i = 0; i < requests.size(); ++i) {
        const auto sent = json::parse(requests[i].at("body").get<std::string>());
        EXPECT_EQ(verdicts.at(i).value("event", ""), sent.at("event")) << verdicts.at(i);
        EXPECT_EQ(verdicts.at(i).value("id", ""), sent.at("id"));
    }
}

TEST_F(LiveKitSdkTest, ADerivedSecretAndAnAuthIdBeyondAsciiAreAcceptedToo) {
    const std::string body = recorded_bodies().front();
    const std::string secret = "0b36f8f2e3c1d4a59687766554433221100ffeeddccbbaa99887766554433221";
    const auto verdicts = receive({{{"body", body},
                                    {"authorization", sign(body, secret, "m\xc3\xbcller \"& co\"", now())},
                                    {"key", "m\xc3\xbcller \"& co\""},
                                    {"secret", secret}}});
    EXPECT_EQ(verdicts.at(0).value("event", ""), "room_started") << verdicts;
}

TEST_F(LiveKitSdkTest, WhatIsNotGenuineIsRefusedByIt) {
    const std::string body = recorded_bodies().front();
    const std::string good = sign(body, "tenant-secret", "tenant-a", now());
    const auto verdicts = receive({
        {{"body", body}, {"authorization", good}, {"key", "tenant-a"}, {"secret", "another-secret"}},
        {{"body", body}, {"authorization", good}, {"key", "tenant-b"}, {"secret", "tenant-secret"}},
        {{"body", body + " "}, {"authorization", good}, {"key", "tenant-a"}, {"secret", "tenant-secret"}},
        {{"body", body},
         {"authorization", sign(body, "tenant-secret", "tenant-a", now() - 3600)},
         {"key", "tenant-a"},
         {"secret", "tenant-secret"}},
        {{"body", body}, {"authorization", good}, {"key", "tenant-a"}, {"secret", "tenant-secret"}},
    });
    for (std::size_t i = 0; i < 4; ++i) EXPECT_TRUE(verdicts.at(i).contains("error")) << i << ": " << verdicts.at(i);
    EXPECT_FALSE(verdicts.at(4).contains("error")) << "and the genuine one is not";
}

}  // namespace
}  // namespace switchhook
