// Attempts that go wrong before a head has come, and the stop.
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/resource.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "sender_fixture.hpp"

namespace switchhook::tests {
namespace {

const std::string kNoContent = "HTTP/1.1 204 No Content\r\n\r\n";

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr int kHung = 200;
#else
constexpr int kHung = 1000;
#endif

class TroubleTest : public SenderTest {};

TEST_F(TroubleTest, ACertificateOfAnotherAuthorityIsRefused) {
    for (const char* name : {"A stranger", "Switchhook test authority"}) {  // the second: made anew under the same name
        const Authority other(name);
        TlsServer server(other.issue("DNS:hook.test"), [](Connection& connection) { connection.wait_for_close(); });
        const auto result = deliver(server);
        EXPECT_EQ(result.code, "tls_verify_failed") << result.detail;
        EXPECT_EQ(result.status, 0);
    }
}

TEST_F(TroubleTest, ACertificateForAnotherNameIsRefused) {
    TlsServer server(authority_.issue("DNS:other.test"), [](Connection& connection) { connection.wait_for_close(); });
    EXPECT_EQ(deliver(server).code, "tls_verify_failed");
    EXPECT_EQ(deliver(url(server, "127.0.0.1")).code, "tls_verify_failed");
}

TEST_F(TroubleTest, AnExpiredCertificateIsRefused) {
    TlsServer server(authority_.issue("DNS:hook.test", -1),
                     [](Connection& connection) { connection.wait_for_close(); });
    const auto result = deliver(server);
    EXPECT_EQ(result.code, "tls_verify_failed");
    EXPECT_NE(result.detail.find("expired"), std::string::npos) << result.detail;
}

TEST_F(TroubleTest, AReceiverWithoutTlsIsATlsFailure) {
    SilentListener listener;
    std::thread plain(
        [&] { listener.answer_one("HTTP/1.1 400 Bad Request\r\n\r\n"); });  // as an HTTP server answers a hello
    EXPECT_EQ(deliver(url(listener.port())).code, "tls_failed");
    plain.join();
}

TEST_F(TroubleTest, AClosedPortIsConnectRefused) {
    EXPECT_EQ(deliver(url(closed_port())).code, "connect_refused");
}

// Threads that a thread starts are in its network: here one without any interface that is up.
TEST_F(TroubleTest, WithoutAWayToAnyHostTheNetworkIsDown) {
    bool isolated = false;
    AttemptResult name;
    AttemptResult literal;
    options_.lookup = [](const std::string& host) { return answer(host, {"8.8.8.8"}); };
    std::thread([&] {
        isolated = ::unshare(CLONE_NEWNET) == 0;
        if (!isolated) return;
        name = deliver(url(443));
        literal = deliver("https://9.9.9.9/");
    }).join();
    if (!isolated) GTEST_SKIP() << "a network of one's own needs CAP_SYS_ADMIN";
    for (const auto& result : {name, literal}) {
        EXPECT_EQ(result.code, "network_down") << result.detail;
        EXPECT_EQ(result.status, 0);
    }
}

TEST_F(TroubleTest, SilenceAfterTheConnectionIsAConnectTimeout) {
    options_.connect_timeout = milliseconds(150);
    const SilentListener silent;
    EXPECT_EQ(deliver(url(silent.port())).code, "timeout_connect");
}

TEST_F(TroubleTest, TheDeadlineBoundsTheConnectionToo) {
    const SilentListener silent;
    EXPECT_EQ(deliver(url(silent.port()), milliseconds(150)).code, "timeout_connect");
}

TEST_F(TroubleTest, SilenceAfterTheRequestIsAResponseTimeout) {
    auto server = serve([](Connection& connection) { connection.wait_for_close(); });
    EXPECT_EQ(deliver(*server, milliseconds(500)).code, "timeout_response");
}

TEST_F(TroubleTest, AHeadThatTricklesIsAResponseTimeout) {
    auto server = serve([](Connection& connection) {
        connection.read_request();
        while (connection.write("HTTP/1.1 200 OK\r\n")) {
            for (int i = 0; connection.write("X-Drip: drop\r\n") && i < 2; ++i)
                std::this_thread::sleep_for(milliseconds(20));  // the drip itself, no synchronisation
            connection.wait_for_close();
        }
    });
    const auto result = deliver(*server, milliseconds(500));
    EXPECT_EQ(result.code, "timeout_response") << result.detail;
    EXPECT_EQ(result.status, 0) << "a head without its end is none";
}

TEST_F(TroubleTest, AReusedConnectionThatFallsSilentIsAResponseTimeout) {
    auto server = serve([](Connection& connection) {
        connection.read_request();
        connection.write(kNoContent);
        connection.wait_for_close();
    });
    EXPECT_EQ(deliver(*server).code, "delivered");
    EXPECT_EQ(deliver(*server, milliseconds(300)).code, "timeout_response");
    EXPECT_EQ(server->connections(), 1);
}

TEST_F(TroubleTest, AResetBeforeTheHeadIsAConnectionReset) {
    auto server = serve([](Connection& connection) {
        connection.read_request();
        connection.reset();
    });
    EXPECT_EQ(deliver(*server).code, "connection_reset");
}

TEST_F(TroubleTest, AConnectionThatEndsWithoutAnAnswerIsAConnectionReset) {
    auto server = serve([](Connection& connection) { connection.read_request(); });
    EXPECT_EQ(deliver(*server).code, "connection_reset");
}

TEST_F(TroubleTest, AHeadThatBreaksOffIsNoDelivery) {
    auto server = serve([](Connection& connection) {
        connection.read_request();
        connection.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n");
    });
    const auto result = deliver(*server);
    EXPECT_EQ(result.status, 0);
    EXPECT_NE(result.code, "delivered");
}

TEST_F(TroubleTest, WhatIsNotHttpIsABadResponse) {
    auto server = serve_always("220 mail.example ESMTP\r\n\r\n");
    EXPECT_EQ(deliver(*server).code, "bad_response");
}

TEST_F(TroubleTest, AnEndlessHeadIsTooLarge) {
    auto server = serve([](Connection& connection) {
        connection.read_request();
        connection.write("HTTP/1.1 200 OK\r\n");
        while (connection.write("X-More: " + std::string(1000, 'x') + "\r\n")) {
        }
    });
    EXPECT_EQ(deliver(*server).code, "response_too_large");
}

TEST_F(TroubleTest, EndlessInterimAnswersAreTooLarge) {
    auto server = serve([](Connection& connection) {
        connection.read_request();
        while (connection.write("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")) {
        }
    });
    EXPECT_EQ(deliver(*server).code, "response_too_large");
}

TEST_F(TroubleTest, AUrlThatFailsItsCheckIsNotSent) {
    EXPECT_EQ(deliver("http://hook.test/").code, "invalid_url");
    EXPECT_EQ(deliver("https://10.0.0.1/").code, "invalid_url");
    EXPECT_EQ(deliver("").code, "invalid_url");
}

TEST_F(TroubleTest, AHeaderThatCouldStartAnotherIsNotSent) {
    auto server = serve_always(kNoContent);
    for (const auto& header : {Header{"X-Bad", "a\r\nX-Evil: 1"}, Header{"X-Bad", std::string("a\0b", 3)},
                               Header{"X Bad", "a"}, Header{"", "a"}, Header{"X-Bad:", "a"}, Header{"Host", "a"},
                               Header{"CONTENT-LENGTH", "0"}, Header{"Transfer-Encoding", "chunked"}}) {
        Request request = testkit::request_to(url(*server));
        request.headers.push_back(header);
        EXPECT_EQ(deliver("", kPatience, &request).code, "own_fault") << header.name;
    }
    EXPECT_EQ(server->connections(), 0);
}

TEST_F(TroubleTest, HungAttemptsDoNotHoldUpAHealthyOne) {
    rlimit files{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &files), 0);
    files.rlim_cur = files.rlim_max;
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &files), 0);
    const SilentListener silent;
    testkit::Outcomes hung;
    for (int i = 0; i < kHung; ++i) sender().send(testkit::request_to(url(silent.port())), kPatience, hung.next());
    auto server = serve_always(kNoContent);
    for (int i = 0; i < 5; ++i) EXPECT_EQ(deliver(*server).code, "delivered");
    EXPECT_TRUE(hung.all().empty());
    sender().stop();
    EXPECT_EQ(hung.count("stopped"), static_cast<std::size_t>(kHung));
}

TEST_F(TroubleTest, EachCompletionComesExactlyOnceWhenItStops) {
    // Hung in DNS, in the connection, waiting for a head, and waiting for a body: a hundred together.
    options_.lookup = [](const std::string& host) {
        if (host == "slow.test")
            std::this_thread::sleep_for(seconds(2));  // a name server that hangs; nobody waits for it
        return answer(host, {"127.0.0.1"});
    };
    const SilentListener silent;
    std::atomic<int> requests{0};
    auto server = serve([&](Connection& connection) {
        connection.read_request();
        ++requests;
        connection.wait_for_close();
    });
    testkit::Outcomes outcomes;
    for (int i = 0; i < 25; ++i) {
        sender().send(testkit::request_to("https://slow.test/"), kPatience, outcomes.next());
        sender().send(testkit::request_to(url(silent.port())), kPatience, outcomes.next());
        sender().send(testkit::request_to(url(closed_port())), kPatience, outcomes.next());
        sender().send(testkit::request_to(url(*server)), kPatience, outcomes.next());
    }
    ASSERT_TRUE(outcomes.wait_for(25));
    while (requests == 0) std::this_thread::yield();
    sender().stop();
    sender().stop();
    EXPECT_EQ(outcomes.all().size(), 100U);
    EXPECT_EQ(outcomes.count("connect_refused"), 25U);
    EXPECT_EQ(outcomes.count("stopped"), 75U);
    EXPECT_EQ(deliver("https://hook.test/").code, "stopped");
}

TEST_F(TroubleTest, AHeadThatCameBeforeTheStopCounts) {
    std::atomic<bool> written{false};
    auto server = serve([&](Connection& connection) {
        connection.read_request();
        connection.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n");
        written = true;
        connection.wait_for_close();
    });
    testkit::Outcomes outcomes;
    sender().send(testkit::request_to(url(*server)), kPatience, outcomes.next());
    while (!written) std::this_thread::yield();
    // The loop reads the head before it reaches the end of another attempt.
    auto other = serve_always(kNoContent);
    EXPECT_EQ(deliver(*other).code, "delivered");
    sender().stop();
    ASSERT_TRUE(outcomes.wait_for(1));
    EXPECT_EQ(outcomes.all()[0].code, "delivered");
}

TEST_F(TroubleTest, SendingWhileItStopsLosesNoCompletion) {
    auto server = serve_always(kNoContent);
    auto& forwarder = sender();
    testkit::Outcomes outcomes;
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([&] {
            for (int i = 0; i < 50; ++i) forwarder.send(testkit::request_to(url(*server)), kPatience, outcomes.next());
        });
    forwarder.stop();
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(outcomes.all().size(), 200U);
}

}  // namespace
}  // namespace switchhook::tests
