// Attempts that reach a receiver: what it gets, and what its answer means.
#include <gtest/gtest.h>

#include <atomic>
#include <ctime>
#include <string>
#include <thread>

#include "sender_fixture.hpp"

namespace switchhook::tests {
namespace {

const std::string kNoContent = "HTTP/1.1 204 No Content\r\n\r\n";

class DeliveryTest : public SenderTest {};

TEST_F(DeliveryTest, TheReceiverGetsThisRequestAndNothingElse) {
    std::string seen;
    auto server = serve([&](Connection& connection) {
        seen = connection.read_request();
        connection.write(kNoContent);
    });
    Request request = testkit::request_to(url(*server), "{\"a\":1}");
    request.headers.push_back({"X-Empty", ""});
    const auto result = deliver("", kPatience, &request);
    EXPECT_EQ(result.code, "delivered") << result.detail;
    EXPECT_EQ(result.status, 204);
    EXPECT_EQ(result.address, "127.0.0.1");
    EXPECT_GT(result.took.count(), 0);
    server.reset();
    EXPECT_EQ(
        seen,
        "POST /events?x=1 HTTP/1.1\r\nHost: hook.test:" + request.url.substr(18, request.url.find("/e") - 18) +
            "\r\nUser-Agent: Switchhook/test\r\nAccept: */*\r\nContent-Type: application/json\r\nwebhook-id: EV_1\r\n"
            "X-Empty:\r\nContent-Length: 7\r\n\r\n{\"a\":1}");
}

TEST_F(DeliveryTest, ABodyOfTwoMegabytesArrivesWhole) {
    std::string seen;
    auto server = serve([&](Connection& connection) {
        seen = connection.read_request();
        connection.write(kNoContent);
    });
    const std::string body(2 * 1024 * 1024, 'x');
    Request request = testkit::request_to(url(*server), body);
    EXPECT_EQ(deliver("", kPatience, &request).code, "delivered");
    server.reset();
    EXPECT_EQ(seen.find("Expect:"), std::string::npos);
    EXPECT_TRUE(seen.ends_with("\r\n\r\n" + body));
}

TEST_F(DeliveryTest, ARequestWithoutABodyOrAContentTypeIsSentAsItIs) {
    std::string seen;
    auto server = serve([&](Connection& connection) {
        seen = connection.read_request();
        connection.write(kNoContent);
    });
    Request request{url(*server), {}, nullptr};
    EXPECT_EQ(deliver("", kPatience, &request).code, "delivered");
    server.reset();
    EXPECT_NE(seen.find("Content-Length: 0"), std::string::npos) << seen;
    EXPECT_EQ(seen.find("Content-Type"), std::string::npos) << seen;
}

TEST_F(DeliveryTest, AnAddressInTheUrlIsReachedWithoutALookUp) {
    options_.lookup = [](const std::string& host) { return answer(host, {}); };
    auto server = serve_always(kNoContent);
    EXPECT_EQ(deliver(url(*server, "127.0.0.1")).code, "delivered");
}

struct Answered {
    const char* response;
    const char* code;
    int status;
    long retry_after;  // seconds; 0: none
};

class AnswerTest : public SenderTest, public ::testing::WithParamInterface<Answered> {};

TEST_P(AnswerTest, IsUnderstood) {
    auto server = serve_always(GetParam().response);
    const auto result = deliver(*server);
    EXPECT_EQ(result.code, GetParam().code) << result.detail;
    EXPECT_EQ(result.status, GetParam().status);
    EXPECT_EQ(result.retry_after.value_or(seconds(0)).count(), GetParam().retry_after);
}

INSTANTIATE_TEST_SUITE_P(
    Statuses, AnswerTest,
    ::testing::Values(
        Answered{"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "delivered", 200, 0},
        Answered{"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n", "delivered", 201, 0},
        Answered{"HTTP/1.1 299 X\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", "delivered", 299, 0},
        Answered{"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 "
                 "OK\r\nContent-Length: 0\r\n\r\n",
                 "delivered", 200, 0},
        Answered{"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n", "status_500", 500, 0},
        Answered{"HTTP/1.1 301 Moved\r\nLocation: https://hook.test/\r\nContent-Length: 0\r\n\r\n", "status_301", 301,
                 0},
        Answered{"HTTP/1.1 400 Bad\r\nContent-Length: 0\r\n\r\n", "status_400", 400, 0},
        Answered{"HTTP/1.1 401 No\r\nWWW-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n", "status_401", 401, 0},
        Answered{"HTTP/1.1 410 Gone\r\nContent-Length: 3\r\n\r\nbye", "status_410", 410, 0},
        Answered{"HTTP/1.1 429 Slow down\r\nRetry-After: 17\r\nContent-Length: 0\r\n\r\n", "status_429", 429, 17},
        Answered{"HTTP/1.1 503 Later\r\nRetry-After: soon\r\nContent-Length: 0\r\n\r\n", "status_503", 503, 0},
        Answered{"HTTP/1.1 503 Later\r\nRetry-After: -5\r\nContent-Length: 0\r\n\r\n", "status_503", 503, 0},
        Answered{"HTTP/1.1 503 Later\r\nRetry-After: Thu, 01 Jan 1998 00:00:00 GMT\r\nContent-Length: 0\r\n\r\n",
                 "status_503", 503, 0}));

TEST_F(DeliveryTest, ARetryAfterMayBeADate) {
    const auto then = std::time(nullptr) + 600;
    char date[64];
    std::tm utc{};
    ::gmtime_r(&then, &utc);
    std::strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", &utc);
    auto server =
        serve_always("HTTP/1.1 503 Later\r\nRetry-After: " + std::string(date) + "\r\nContent-Length: 0\r\n\r\n");
    const auto asked = deliver(*server).retry_after.value_or(seconds(0)).count();
    EXPECT_GT(asked, 500);
    EXPECT_LE(asked, 600);
}

TEST_F(DeliveryTest, OfTwoRetryAftersTheLaterCounts) {
    auto server = serve_always(
        "HTTP/1.1 503 Later\r\nRetry-After: 7\r\nretry-after: 30\r\nRetry-After: x\r\nContent-Length: 0\r\n\r\n");
    EXPECT_EQ(deliver(*server).retry_after, seconds(30));
}

TEST_F(DeliveryTest, ARetryAfterOfAnInterimHeadMeansNothing) {
    auto server =
        serve_always("HTTP/1.1 103 Early\r\nRetry-After: 99\r\n\r\nHTTP/1.1 503 Later\r\nContent-Length: 0\r\n\r\n");
    EXPECT_EQ(deliver(*server).retry_after, std::nullopt);
}

TEST_F(DeliveryTest, TheFirstBytesOfTheAnswerAreKeptAsTheyCame) {
    const std::string body = std::string("{\"error\":\"\xff\0\"}", 14) + std::string(3'000, 'x');
    auto server = serve_always("HTTP/1.1 500 No\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
    EXPECT_EQ(deliver(*server).answer, body.substr(0, 1'024));
    auto empty = serve_always(kNoContent);
    EXPECT_EQ(deliver(*empty).answer, "") << "nothing is left of the one before";
    auto refused = deliver(url(closed_port()));
    EXPECT_EQ(refused.answer, "");
}

TEST_F(DeliveryTest, EachPhaseOfANewConnectionIsTimedInItsOrder) {
    options_.lookup = [](const std::string& host) {
        std::this_thread::sleep_for(milliseconds(5));  // what is measured, not waited for
        return answer(host, {"127.0.0.1"});
    };
    auto server = serve_always(kNoContent);
    const auto first = deliver(*server);
    EXPECT_GE(first.resolved, milliseconds(5));
    EXPECT_GE(first.connected, first.resolved);
    EXPECT_GT(first.secured, first.connected);
    EXPECT_GT(first.answered, first.secured);
    EXPECT_GE(first.took, first.answered);
    const auto second = deliver(*server);
    EXPECT_EQ(second.resolved.count(), 0) << "neither name nor connection was needed";
    EXPECT_EQ(second.connected.count(), 0);
    EXPECT_EQ(second.secured.count(), 0);
    EXPECT_GT(second.answered.count(), 0);
    EXPECT_GE(second.took, second.answered);
}

TEST_F(DeliveryTest, APhaseThatWasNotReachedHasNoTime) {
    const auto refused = deliver(url(closed_port()));
    EXPECT_GT(refused.resolved.count(), 0);
    EXPECT_EQ(refused.connected.count(), 0);
    EXPECT_EQ(refused.secured.count(), 0);
    EXPECT_EQ(refused.answered.count(), 0);
    EXPECT_GT(refused.took.count(), 0);
}

TEST_F(DeliveryTest, ARedirectIsNotFollowed) {
    auto other = serve_always(kNoContent);
    auto server = serve_always("HTTP/1.1 307 Over there\r\nLocation: " + url(*other) + "\r\nContent-Length: 0\r\n\r\n");
    EXPECT_EQ(deliver(*server).code, "status_307");
    EXPECT_EQ(other->connections(), 0);
}

TEST_F(DeliveryTest, AProxyOfTheEnvironmentIsIgnored) {
    ::setenv("https_proxy", "http://127.0.0.1:1", 1);
    ::setenv("HTTPS_PROXY", "http://127.0.0.1:1", 1);
    ::setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
    auto server = serve_always(kNoContent);
    EXPECT_EQ(deliver(*server).code, "delivered");
    for (const char* name : {"https_proxy", "HTTPS_PROXY", "ALL_PROXY"}) ::unsetenv(name);
}

TEST_F(DeliveryTest, AConnectionIsKeptAndUsedAgain) {
    auto server = serve_always("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    for (int i = 0; i < 20; ++i) ASSERT_EQ(deliver(*server).code, "delivered");
    EXPECT_EQ(server->connections(), 1);
}

TEST_F(DeliveryTest, AConnectionThatWasClosedIdleCostsNoAttempt) {
    auto server = serve([](Connection& connection) {
        connection.read_request();
        connection.write(kNoContent);  // and it closes
    });
    for (int i = 0; i < 5; ++i) ASSERT_EQ(deliver(*server).code, "delivered");
    EXPECT_EQ(server->connections(), 5);
}

TEST_F(DeliveryTest, TlsSessionsAreResumed) {
    auto server = serve([](Connection& connection) {
        connection.read_request();
        connection.write("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    });
    for (int i = 0; i < 5; ++i) ASSERT_EQ(deliver(*server).code, "delivered");
    EXPECT_EQ(server->connections(), 5);
    EXPECT_GE(server->resumed(), 3);
}

TEST_F(DeliveryTest, ManyAtOnceAreEachAnsweredOnce) {
    auto server = serve_always(kNoContent);
    testkit::Outcomes outcomes;
    for (int i = 0; i < 200; ++i) sender().send(testkit::request_to(url(*server)), kPatience, outcomes.next());
    ASSERT_TRUE(outcomes.wait_for(200));
    EXPECT_EQ(outcomes.count("delivered"), 200U);
    EXPECT_EQ(outcomes.all().size(), 200U);
}

TEST_F(DeliveryTest, ACompletionMaySendAgain) {
    auto server = serve_always(kNoContent);
    testkit::Outcomes outcomes;
    auto second = outcomes.next();
    auto& forwarder = sender();
    forwarder.send(testkit::request_to(url(*server)), kPatience,
                   [&](AttemptResult) { forwarder.send(testkit::request_to(url(*server)), kPatience, second); });
    ASSERT_TRUE(outcomes.wait_for(1));
    EXPECT_EQ(outcomes.count("delivered"), 1U);
}

// A complete 2xx head means delivered, whatever happens to the body.
class AfterTheHeadTest : public SenderTest {
protected:
    AfterTheHeadTest() { options_.body_patience = milliseconds(200); }
};

TEST_F(AfterTheHeadTest, ABodyThatNeverComesIsDelivered) {
    auto server = serve([](Connection& connection) {
        connection.read_request();
        connection.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
        connection.wait_for_close();
    });
    const auto result = deliver(*server, kPatience);
    EXPECT_EQ(result.code, "delivered");
    EXPECT_LT(result.took, kPatience / 2) << "it does not hold its lane until the deadline";
}

TEST_F(AfterTheHeadTest, ABodyThatEndsTooEarlyIsDelivered) {
    auto server = serve([](Connection& connection) {
        connection.read_request();
        connection.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
    });
    EXPECT_EQ(deliver(*server).code, "delivered");
}

TEST_F(AfterTheHeadTest, ABodyThatIsResetIsDelivered) {
    std::atomic<bool> written{false};
    std::atomic<bool> go{false};
    auto server = serve([&](Connection& connection) {
        connection.read_request();
        connection.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
        written = true;
        while (!go) std::this_thread::yield();
        connection.reset();
    });
    testkit::Outcomes outcomes;
    sender().send(testkit::request_to(url(*server)), kPatience, outcomes.next());
    while (!written) std::this_thread::yield();
    // The loop reads the head before it reaches the end of another attempt; a reset may take back what was not yet
    // read.
    auto other = serve_always(kNoContent);
    EXPECT_EQ(deliver(*other).code, "delivered");
    go = true;
    ASSERT_TRUE(outcomes.wait_for(1));
    EXPECT_EQ(outcomes.all()[0].code, "delivered") << outcomes.all()[0].detail;
}

TEST_F(AfterTheHeadTest, ABodyThatBreaksItsChunksIsDelivered) {
    auto server = serve_always("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nnonsense");
    EXPECT_EQ(deliver(*server).code, "delivered");
}

TEST_F(AfterTheHeadTest, AnEndlessBodyIsDeliveredAndNoLongerRead) {
    std::atomic<std::size_t> written{0};
    auto server = serve([&](Connection& connection) {
        connection.read_request();
        connection.write("HTTP/1.1 200 OK\r\n\r\n");
        const std::string chunk(16384, 'x');
        while (connection.write(chunk)) written += chunk.size();
    });
    EXPECT_EQ(deliver(*server).code, "delivered");
    server.reset();  // its writer has been cut off, otherwise this would not return
    EXPECT_LT(written, 64U * 1024 * 1024);
}

TEST_F(AfterTheHeadTest, ABombIsNotDecompressed) {
    // 20 bytes of gzip; whoever inflated it would report an error, since it is cut off.
    auto server = serve_always(
        std::string("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 20\r\n\r\n") +
        std::string("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 20));
    EXPECT_EQ(deliver(*server).code, "delivered");
    EXPECT_EQ(deliver(*server).code, "delivered");
    EXPECT_EQ(server->connections(), 1) << "the body was read to its end as it came";
}

TEST_F(AfterTheHeadTest, AnAnswerAndAResetAreDeliveredOrAResetAndNothingElse) {
    auto server = serve([](Connection& connection) {
        connection.read_head();
        connection.write("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");  // and closes with unread bytes: RST
    });
    Request request = testkit::request_to(url(*server), std::string(1024 * 1024, 'x'));
    for (int i = 0; i < 10; ++i) {
        // The kernel may throw the answer away together with the connection; what came counts.
        const std::string code = deliver("", kPatience, &request).code;
        EXPECT_TRUE(code == "delivered" || code == "connection_reset") << code;
    }
}

TEST_F(AfterTheHeadTest, AnAnswerToABodyThatIsNeverReadIsDelivered) {
    auto server = serve([](Connection& connection) {
        connection.read_head();
        connection.write("HTTP/1.1 204 No Content\r\n\r\n");
        connection.wait_without_reading();
    });
    Request request = testkit::request_to(url(*server), std::string(8 * 1024 * 1024, 'x'));
    const auto result = deliver("", kPatience, &request);
    EXPECT_EQ(result.code, "delivered") << result.detail;
    EXPECT_LT(result.took, kPatience / 2);
}

TEST_F(AfterTheHeadTest, AFailureKeepsItsStatusWhateverItsBodyDoes) {
    auto server = serve([](Connection& connection) {
        connection.read_request();
        connection.write("HTTP/1.1 410 Gone\r\nContent-Length: 10\r\n\r\nabc");
        connection.wait_for_close();
    });
    EXPECT_EQ(deliver(*server, kPatience).code, "status_410");
}

}  // namespace
}  // namespace switchhook::tests
