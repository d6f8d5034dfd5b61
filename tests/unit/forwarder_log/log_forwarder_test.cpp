#include "log_forwarder.hpp"

#include <gtest/gtest.h>

#include <string>

#include <switchhook/testkit/fake_host.hpp>
#include <switchhook/testkit/forwarder_suite.hpp>

namespace switchhook {
namespace {

using std::chrono::seconds;

class LogForwarderTest : public ::testing::Test {
protected:
    testkit::FakeHost host_;
    testkit::Outcomes outcomes_;
    logging::LogForwarder forwarder_{Settings{}, host_};

    std::string logged(Request request) {
        EXPECT_TRUE(forwarder_.start().ok());
        forwarder_.send(std::move(request), seconds(1), outcomes_.next());
        EXPECT_TRUE(outcomes_.wait_for(1));
        const auto lines = host_.recorded().lines();
        return lines.empty() ? std::string() : lines.front().text;
    }
};

TEST_F(LogForwarderTest, BeforeItsStartNothingIsSent) {
    testkit::keeps_the_forwarder_contract(forwarder_, "https://a.example/events");
    EXPECT_TRUE(host_.recorded().lines().empty());
}

TEST_F(LogForwarderTest, EachCompletionComesExactlyOnceAlsoWhenItStops) {
    testkit::completes_exactly_once_when_stopped(forwarder_, "https://a.example/events");
}

TEST_F(LogForwarderTest, ALineNamesUrlHeadersSizeAndEvent) {
    const auto line = logged(testkit::request_to("https://a.example:8443/events", "12345"));
    EXPECT_EQ(line,
              "would send method=POST url=https://a.example:8443/events headers=Content-Type, webhook-id body_bytes=5 "
              "event=EV_1");
    EXPECT_EQ(outcomes_.all()[0].code, "delivered");
    EXPECT_EQ(outcomes_.all()[0].status, 200);
}

TEST_F(LogForwarderTest, NeitherQueryNorPasswordNorSignatureNorBodyReachesTheLog) {
    auto request = testkit::request_to("https://user:hunter2@a.example/events?token=hunter3#hunter4", "hunter5");
    request.headers.push_back({"Authorization", "hunter6"});
    const auto line = logged(std::move(request));
    EXPECT_EQ(line.find("hunter"), std::string::npos) << line;
    EXPECT_NE(line.find("url=https://a.example/events "), std::string::npos) << line;
    EXPECT_NE(line.find("Authorization"), std::string::npos) << line;
}

TEST_F(LogForwarderTest, ARequestWithoutABodyIsLoggedToo) {
    auto request = testkit::request_to("https://a.example/");
    request.body = nullptr;
    EXPECT_NE(logged(std::move(request)).find("body_bytes=0"), std::string::npos);
}

TEST_F(LogForwarderTest, AUrlThatCouldForgeALineIsRefused) {
    EXPECT_EQ(logged(testkit::request_to("https://a.example/\nERROR all is lost")), "");
    EXPECT_EQ(outcomes_.all()[0].code, "invalid_url");
}

TEST_F(LogForwarderTest, ASecondStartIsRefused) {
    EXPECT_TRUE(forwarder_.start().ok());
    EXPECT_FALSE(forwarder_.start().ok());
}

}  // namespace
}  // namespace switchhook
