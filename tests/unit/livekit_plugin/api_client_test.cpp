// One call: what goes out, and every way in which no answer, or a strange one, comes back.
#include "api_client.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include <switchhook/testkit/fake_host.hpp>

#include "certificates.hpp"
#include "instance.hpp"
#include "server_url.hpp"
#include "tls_server.hpp"

namespace switchhook::tests {
namespace {

using livekit_api::ApiClient;
using livekit_api::Call;
using livekit_api::FailureKind;
using livekit_api::Grant;
using livekit_api::Reply;
using std::chrono::milliseconds;
using std::chrono::seconds;

const Call kList{.service = "livekit.SIP", .method = "ListSIPInboundTrunk", .grant = Grant::sip_admin};

class ApiClientTest : public ::testing::Test {
protected:
    std::unique_ptr<ApiClient> client(const std::string& url, milliseconds timeout = kPatience,
                                      const std::string& ca_file = "") {
        return std::make_unique<ApiClient>(livekit_api::ApiOptions{.url = url,
                                                                   .api_key = "devkey",
                                                                   .api_secret = kSecret,
                                                                   .timeout = timeout,
                                                                   .ca_file = ca_file,
                                                                   .user_agent = "Switchhook/test"},
                                           host_.clock());
    }
    // Of one call to a server that answers all requests so.
    Reply asked(const PlainAnswer& answer) {
        PlainServer server([&](const PlainRequest& request) {
            token_ = request.header("Authorization").substr(7);
            return answer;
        });
        return client(server.url())->call(kList, Json::object());
    }
    std::string failure(const PlainAnswer& answer, Code code) {
        const auto reply = asked(answer);
        EXPECT_FALSE(reply.ok());
        if (reply.ok()) return {};
        EXPECT_EQ(reply.failure().status.code(), code) << reply.failure().status.message();
        const auto text = reply.failure().status.message();
        EXPECT_FALSE(has(text, token_)) << text;
        EXPECT_FALSE(has(text, kSecret)) << text;
        for (const char c : text) EXPECT_GE(static_cast<unsigned char>(c), 0x20) << text;
        return text;
    }

    testkit::FakeHost host_;
    std::string token_;
};

TEST_F(ApiClientTest, TheRequestIsTwirpJsonWithATokenOfItsOwn) {
    PlainRequest seen;
    PlainServer server([&](const PlainRequest& request) {
        seen = request;
        return answer_of(200, "{\"items\":[]}");
    });
    const auto reply = client(server.url() + "/behind/a/path", seconds(5))->call(kList, Json{{"page", {{"limit", 1}}}});
    ASSERT_TRUE(reply.ok()) << reply.failure().status.message();
    EXPECT_TRUE(reply.object()["items"].is_array());
    EXPECT_TRUE(seen.head.starts_with("POST /behind/a/path/twirp/livekit.SIP/ListSIPInboundTrunk HTTP/1.1\r\n"))
        << seen.head;
    EXPECT_EQ(seen.header("Content-Type"), "application/json");
    EXPECT_EQ(seen.header("User-Agent"), "Switchhook/test");
    EXPECT_EQ(seen.header("X-Twirp-Timeout-Ms"), "4500") << "LiveKit gives up before we do";
    EXPECT_EQ(seen.header("Expect"), "");
    EXPECT_EQ(seen.body, R"({"page":{"limit":1}})");
    // Header and claims {"iss":"devkey","nbf":now-60,"exp":now+60,"sip":{"admin":true}}; signature checked by hand
    // with `openssl dgst -sha256 -hmac`.
    const auto token = seen.header("Authorization");
    EXPECT_TRUE(
        token.starts_with("Bearer eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJkZXZrZXkiLCJuYmYiOjE3OTUzMjk0MjIs"
                          "ImV4cCI6MTc5NTMyOTU0Miwic2lwIjp7ImFkbWluIjp0cnVlfX0."))
        << token;
}

TEST_F(ApiClientTest, AConnectionIsKeptForTheNextCall) {
    PlainServer server([](const PlainRequest&) { return answer_of(200, "{}"); });
    const auto api = client(server.url());
    for (int i = 0; i < 5; ++i) EXPECT_TRUE(api->call(kList, Json::object()).ok());
    EXPECT_EQ(server.connections(), 1);
}

TEST_F(ApiClientTest, AConnectionThatTheServerClosedIsReplaced) {
    PlainServer server([](const PlainRequest&) {
        auto answer = answer_of(200, "{}");
        answer.close = true;
        return answer;
    });
    const auto api = client(server.url());
    for (int i = 0; i < 5; ++i) EXPECT_TRUE(api->call(kList, Json::object()).ok());
    EXPECT_EQ(server.connections(), 5);
}

TEST_F(ApiClientTest, SeveralThreadsCallAtOnce) {
    PlainServer server([](const PlainRequest&) { return answer_of(200, "{}"); });
    const auto api = client(server.url());
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i)
        threads.emplace_back([&] {
            for (int call = 0; call < 20; ++call) EXPECT_TRUE(api->call(kList, Json::object()).ok());
        });
    for (auto& thread : threads) thread.join();
}

TEST_F(ApiClientTest, AServerThatNeverAnswersCostsTheTimeLimitAndNoMore) {
    PlainServer* itself = nullptr;
    PlainServer server([&](const PlainRequest&) {
        itself->wait_for_end();
        return PlainAnswer{.bytes = "", .close = true};
    });
    itself = &server;
    const auto started = std::chrono::steady_clock::now();
    const auto reply = client(server.url(), milliseconds(100))->call(kList, Json::object());
    EXPECT_LT(std::chrono::steady_clock::now() - started, kPatience / 2);
    ASSERT_FALSE(reply.ok());
    EXPECT_EQ(reply.failure().kind, FailureKind::passing);
    EXPECT_EQ(reply.failure().status.code(), Code::unavailable);
}

TEST_F(ApiClientTest, AnAnswerThatNeverEndsCostsTheTimeLimitAndNoMore) {
    PlainServer* itself = nullptr;
    PlainServer server([&](const PlainRequest& request) {
        if (request.target.ends_with("Rest")) itself->wait_for_end();
        return PlainAnswer{.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"};
    });
    itself = &server;
    const auto reply = client(server.url(), milliseconds(100))->call(kList, Json::object());
    ASSERT_FALSE(reply.ok());
    EXPECT_EQ(reply.failure().status.code(), Code::unavailable);
}

TEST_F(ApiClientTest, TheCallersDeadlineCountsWhenItIsShorter) {
    PlainServer* itself = nullptr;
    PlainServer server([&](const PlainRequest&) {
        itself->wait_for_end();
        return PlainAnswer{.bytes = "", .close = true};
    });
    itself = &server;
    const auto api = client(server.url(), kPatience);
    EXPECT_EQ(api->call(kList, Json::object(), milliseconds(50)).failure().status.code(), Code::unavailable);
    for (const int nothing : {0, -1})
        EXPECT_EQ(api->call(kList, Json::object(), milliseconds(nothing)).failure().status.code(), Code::unavailable);
}

TEST_F(ApiClientTest, StoppingEndsCallsThatAreUnderWay) {
    std::mutex mutex;
    std::condition_variable arrived;
    int waiting = 0;
    PlainServer* itself = nullptr;
    PlainServer server([&](const PlainRequest&) {
        {
            const std::lock_guard lock(mutex);
            ++waiting;
        }
        arrived.notify_all();
        itself->wait_for_end();
        return PlainAnswer{.bytes = "", .close = true};
    });
    itself = &server;
    const auto api = client(server.url(), seconds(600));
    std::vector<std::thread> callers;
    for (int i = 0; i < 3; ++i)
        callers.emplace_back([&] {
            const auto reply = api->call(kList, Json::object());
            ASSERT_FALSE(reply.ok());
            EXPECT_EQ(reply.failure().status.code(), Code::unavailable);
        });
    {
        std::unique_lock lock(mutex);
        ASSERT_TRUE(arrived.wait_for(lock, kPatience, [&] { return waiting == 3; }));
    }
    const auto stopped = std::chrono::steady_clock::now();
    api->stop();
    for (auto& caller : callers) caller.join();
    EXPECT_LT(std::chrono::steady_clock::now() - stopped, seconds(30));
    EXPECT_EQ(api->call(kList, Json::object()).failure().status.code(), Code::unavailable)
        << "and those that come later";
    api->stop();
}

TEST_F(ApiClientTest, AStartUndoesAStop) {
    PlainServer server([](const PlainRequest&) { return answer_of(200, "{}"); });
    const auto api = client(server.url());
    api->stop();
    EXPECT_FALSE(api->call(kList, Json::object()).ok());
    api->start();
    EXPECT_TRUE(api->call(kList, Json::object()).ok());
}

TEST_F(ApiClientTest, NobodyThereIsWorthARetry) {
    const auto url = "http://127.0.0.1:" + std::to_string(silent_port());
    const auto reply = client(url)->call(kList, Json::object());
    ASSERT_FALSE(reply.ok());
    EXPECT_EQ(reply.failure().status.code(), Code::unavailable);
    EXPECT_TRUE(has(reply.failure().status.message(), url)) << reply.failure().status.message();
}

TEST_F(ApiClientTest, AnAnswerThatBreaksOffIsWorthARetry) {
    for (const char* bytes : {"", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}"})
        failure({.bytes = bytes, .close = true}, Code::unavailable);
}

TEST_F(ApiClientTest, WhatIsNoHttpIsNot) {
    failure({.bytes = "SSH-2.0-OpenSSH_9.2\r\n", .close = true}, Code::invalid);
    failure({.bytes = "-ERR unknown command 'POST'\r\n", .close = true}, Code::invalid);
}

TEST_F(ApiClientTest, AnAnswerLargerThanTheLimitIsNotRead) {
    EXPECT_TRUE(has(failure(answer_of(200, std::string(9 * 1024 * 1024, ' ')), Code::invalid), "more than 8 MiB"));
    failure({.bytes = "HTTP/1.1 200 OK\r\nX: " + std::string(90'000, 'x') + "\r\nContent-Length: 2\r\n\r\n{}",
             .close = true},
            Code::invalid);
}

TEST_F(ApiClientTest, ABodyThatIsNoObjectIsRefused) {
    for (const char* body : {"", "OK", "null", "[]", "7", "{", "{\"a\":1}}", "{\"a\":1e999}", "\xff\xfe"})
        failure(answer_of(200, body), Code::invalid);
}

TEST_F(ApiClientTest, JsonThatIsDeepOrOfManyValuesIsRefusedBeforeItIsBuilt) {
    EXPECT_TRUE(has(failure(answer_of(200, std::string(1'000'000, '[')), Code::invalid), "nested too deep"));
    std::string deep = "{\"a\":";
    for (int i = 0; i < 200'000; ++i) deep += "{\"a\":";
    EXPECT_TRUE(has(failure(answer_of(200, deep), Code::invalid), "nested too deep"));
    std::string many = "{\"a\":[";
    for (int i = 0; i < 1'100'000; ++i) many += "[],";
    EXPECT_TRUE(has(failure(answer_of(200, many + "0]}"), Code::invalid), "too many values"));
}

TEST_F(ApiClientTest, ARedirectIsNotFollowed) {
    PlainServer other([](const PlainRequest&) { return answer_of(200, "{}"); });
    for (const int status : {301, 302, 307, 308}) {
        const auto text =
            failure(answer_of(status, "", "text/html", "Location: " + other.url() + "/x?token=y\r\n"), Code::invalid);
        EXPECT_TRUE(has(text, other.url() + "/x")) << text;
        EXPECT_FALSE(has(text, "token=y")) << text;
    }
    EXPECT_EQ(other.connections(), 0);
}

TEST_F(ApiClientTest, TheBodyOfA401IsNeverQuoted) {
    PlainServer server([&](const PlainRequest& request) {
        token_ = request.header("Authorization").substr(7);
        return answer_of(401, "invalid token: " + token_ + ", error: token signature is invalid: signature is invalid",
                         "text/plain; charset=utf-8");
    });
    const auto reply = client(server.url())->call(kList, Json::object());
    ASSERT_FALSE(reply.ok());
    const auto& text = reply.failure().status.message();
    EXPECT_EQ(reply.failure().status.code(), Code::invalid);
    EXPECT_FALSE(has(text, token_)) << text;
    EXPECT_FALSE(has(text, "eyJ")) << text;
    EXPECT_TRUE(has(text, "livekit.api_secret is not the secret of livekit.api_key")) << text;
}

TEST_F(ApiClientTest, AMessageThatRepeatsACredentialIsLeftOut) {
    for (const bool token : {true, false}) {
        PlainServer server([&](const PlainRequest& request) {
            return twirp_error(400, "invalid_argument",
                               "bad: " + (token ? request.header("Authorization").substr(7) : kSecret));
        });
        const auto reply = client(server.url())->call(kList, Json::object());
        ASSERT_FALSE(reply.ok());
        const auto& text = reply.failure().status.message();
        EXPECT_FALSE(has(text, "eyJ") || has(text, kSecret)) << text;
    }
}

TEST_F(ApiClientTest, ALongMessageIsCutAndItsControlCharactersAreGone) {
    const auto text =
        failure(twirp_error(400, "invalid_argument", "a\r\n\x1b[31m" + std::string(100'000, 'x')), Code::invalid);
    EXPECT_LT(text.size(), 1000U);
    EXPECT_TRUE(has(text, "a   [31mxxx")) << text;
}

TEST_F(ApiClientTest, AProxyOfTheEnvironmentDoesNotSeeTheToken) {
    PlainServer proxy([](const PlainRequest&) { return answer_of(200, "{}"); });
    PlainServer server([](const PlainRequest&) { return answer_of(200, "{}"); });
    ::setenv("http_proxy", proxy.url().c_str(), 1);
    EXPECT_TRUE(client(server.url())->call(kList, Json::object()).ok());
    ::unsetenv("http_proxy");
    EXPECT_EQ(proxy.connections(), 0);
}

class ApiOverTlsTest : public ApiClientTest {
protected:
    ApiOverTlsTest() {
        char path[] = "/tmp/switchhook-livekit-XXXXXX";
        folder_ = ::mkdtemp(path);
        std::ofstream(folder_ + "/ca.pem") << authority_.pem();
    }
    ~ApiOverTlsTest() override { std::filesystem::remove_all(folder_); }

    Authority authority_;
    std::string folder_;
    TlsServer server_{authority_.issue("IP:127.0.0.1"), [](Connection& connection) {
                          while (!connection.read_request().empty())
                              connection.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
                      }};
    std::string url_ = "https://127.0.0.1:" + std::to_string(server_.port());
};

TEST_F(ApiOverTlsTest, AnAuthorityOfOnesOwnIsTrusted) {
    const auto api = client(url_, kPatience, folder_ + "/ca.pem");
    EXPECT_TRUE(api->check().ok());
    const auto reply = api->call(kList, Json::object());
    EXPECT_TRUE(reply.ok()) << reply.failure().status.message();
}

TEST_F(ApiOverTlsTest, AnUnknownAuthorityIsARefusalThatNamesCaFile) {
    const auto reply = client(url_)->call(kList, Json::object());
    ASSERT_FALSE(reply.ok());
    EXPECT_EQ(reply.failure().status.code(), Code::invalid);
    EXPECT_TRUE(has(reply.failure().status.message(), "ca_file")) << reply.failure().status.message();
}

TEST_F(ApiOverTlsTest, ACaFileThatIsMissingIsSaidAtTheStart) {
    const auto status = client(url_, kPatience, folder_ + "/none.pem")->check();
    EXPECT_EQ(status.code(), Code::invalid);
    EXPECT_TRUE(has(status.message(), "none.pem")) << status.message();
}

TEST(ServerUrl, EveryFormThatPeopleWriteIsRead) {
    using livekit_api::read_server_url;
    const std::vector<std::pair<const char*, const char*>> forms{
        {"http://localhost:7880", "http://localhost:7880"},
        {"https://livekit.example.com", "https://livekit.example.com"},
        {"ws://localhost:7880", "http://localhost:7880"},
        {"wss://livekit.example.com/", "https://livekit.example.com"},
        {"WSS://LiveKit.example.com///", "https://LiveKit.example.com"},
        {"https://example.com/livekit/", "https://example.com/livekit"},
        {"ws://[::1]:7880/a/b", "http://[::1]:7880/a/b"},
    };
    for (const auto& [written, read] : forms) {
        const auto url = read_server_url(written);
        ASSERT_TRUE(url.ok()) << written << ": " << url.status().message();
        EXPECT_EQ(*url, read);
    }
}

TEST(ServerUrl, WhatIsNoneIsRefusedAndItsUserIsNotRepeated) {
    using livekit_api::read_server_url;
    for (const char* text :
         {"", "localhost:7880", "ftp://localhost", "http://", "http:///path", "http://:7880", "http://a b",
          "http://a\n", "http://a?x=1", "http://a#x", "http://h\\x", "http://user:pass@host", "http://h\xc3\xa4",
          "http://host:99999", "://host", "http:/host"}) {
        const auto url = read_server_url(text);
        EXPECT_EQ(url.status().code(), Code::invalid) << text;
        EXPECT_FALSE(has(url.status().message(), "pass@")) << url.status().message();
    }
    EXPECT_FALSE(read_server_url("http://" + std::string(3000, 'a')).ok());
}

}  // namespace
}  // namespace switchhook::tests
