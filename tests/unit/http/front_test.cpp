#include "core/http/front.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <stdexcept>
#include <thread>

#include "core/http/loop_link.hpp"
#include "core/http/socket_connection.hpp"
#include "tests/unit/http/malformed.hpp"
#include "tests/unit/http/running_front.hpp"

namespace switchhook::http {
namespace {

using namespace test;

TEST(Front, RefusesEachMalformedRequestWithItsStatusAndCloses) {
    RunningFront running;
    for (const auto& [name, bytes, status] : malformed_requests()) {
        Peer peer(running.port());
        peer.send(bytes);
        const auto reply = peer.reply();
        ASSERT_TRUE(reply) << name;
        EXPECT_EQ(reply->status, status) << name;
        EXPECT_TRUE(reply->has("Connection: close")) << name;
        EXPECT_TRUE(peer.sees_close()) << name;
    }
    EXPECT_EQ(running.front.figures().refused, malformed_requests().size());
    EXPECT_EQ(running.front.figures().requests, 0U);
}

TEST(Front, AnswersARequestWithLengthTypeAndHeaders) {
    RunningFront running([](Request, Exchange exchange) {
        exchange.answer(
            {.status = 405, .body = "{}", .content_type = "application/json", .headers = {{"Allow", "GET\r\nX: y"}}});
    });
    const auto reply = ask(running.port(), post("/", ""));
    ASSERT_TRUE(reply);
    EXPECT_TRUE(reply->head.starts_with("HTTP/1.1 405 Method Not Allowed\r\n")) << reply->head;
    EXPECT_TRUE(reply->has("Content-Length: 2"));
    EXPECT_TRUE(reply->has("Content-Type: application/json"));
    EXPECT_TRUE(reply->has("Allow: GET  X: y")) << "no header may end its line: " << reply->head;
    EXPECT_EQ(reply->body, "{}");
}

TEST(Front, TellsTheHandlerWhoAsks) {
    Kept kept;
    RunningFront running(kept.handler());
    Peer peer(running.port());
    peer.send("GET /a?b=c HTTP/1.1\r\nHost: x\r\nAuthorization: =?utf-8?q?a?=\r\n\r\n");
    auto [request, exchange] = kept.take();
    EXPECT_EQ(request.peer, "127.0.0.1");
    EXPECT_EQ(request.path, "/a");
    EXPECT_EQ(request.query, "b=c");
    EXPECT_EQ(request.header("authorization"), "=?utf-8?q?a?=");
    exchange.answer({});
    EXPECT_TRUE(peer.reply()->has("Content-Length: 0"));
}

TEST(Front, ServesManyRequestsOnOneConnection) {
    RunningFront running;
    Peer peer(running.port());
    for (int i = 0; i < 100; ++i) {
        ASSERT_TRUE(peer.send(post("/" + std::to_string(i), std::to_string(i))));
        const auto reply = peer.reply();
        ASSERT_TRUE(reply);
        EXPECT_EQ(reply->body, std::to_string(i));
    }
    EXPECT_EQ(running.front.figures().connections_accepted, 1U);
    EXPECT_EQ(running.front.figures().requests, 100U);
}

TEST(Front, AnswersPipelinedRequestsInTheirOrder) {
    RunningFront running;
    Peer peer(running.port());
    std::string all;
    for (int i = 0; i < 2'000; ++i) all += post("/", std::to_string(i));
    std::thread writer([&] { peer.send(all); });
    for (int i = 0; i < 2'000; ++i) {
        const auto reply = peer.reply();
        ASSERT_TRUE(reply) << i;
        ASSERT_EQ(reply->body, std::to_string(i));
    }
    writer.join();
}

TEST(Front, HasOneRequestOfAConnectionInHandAtATime) {
    Kept kept;
    RunningFront running(kept.handler());
    Peer peer(running.port());
    peer.send(post("/1", "") + post("/2", ""));
    auto first = kept.take();
    EXPECT_EQ(first.first.path, "/1");
    EXPECT_EQ(ask(running.port(), "x y\r\n")->status, 400);  // the loop has gone round since
    EXPECT_EQ(kept.size(), 0U);
    first.second.answer({});
    auto second = kept.take();
    EXPECT_EQ(second.first.path, "/2");
    second.second.answer({});
    EXPECT_TRUE(peer.reply());
    EXPECT_TRUE(peer.reply());
}

TEST(Front, TakesARequestCutAtEachByte) {
    RunningFront running;
    const std::string request = post("/cut", "hello");
    Peer peer(running.port());
    for (std::size_t cut = 1; cut < request.size(); ++cut) {
        ASSERT_TRUE(peer.send(request.substr(0, cut)));
        ASSERT_TRUE(peer.is_quiet()) << cut;
        ASSERT_TRUE(peer.send(request.substr(cut)));
        ASSERT_EQ(peer.reply()->body, "hello") << cut;
    }
}

TEST(Front, TakesABodyOfTwoMebibytesAndAnswersWithIt) {
    RunningFront running;
    const std::string body(2 * 1024 * 1024, 'b');
    Peer peer(running.port());
    for (int i = 0; i < 3; ++i) {
        ASSERT_TRUE(peer.send(post("/", body)));
        const auto reply = peer.reply();
        ASSERT_TRUE(reply);
        EXPECT_EQ(reply->body.size(), body.size());
    }
}

TEST(Front, JudgesWhatIsBehindTheBodyAsTheNextRequest) {
    RunningFront running;
    Peer peer(running.port());
    peer.send(post("/", "hello") + "extra\r\n");
    EXPECT_EQ(peer.reply()->body, "hello");
    EXPECT_EQ(peer.reply()->status, 400);
    EXPECT_TRUE(peer.sees_close());
}

TEST(Front, NeverReadsWhatIsBehindTheLastRequest) {
    RunningFront running;
    Peer peer(running.port());
    peer.send(post("/", "hello", "Connection: close\r\n") + post("/again", "x"));
    const auto reply = peer.reply();
    EXPECT_EQ(reply->body, "hello");
    EXPECT_TRUE(reply->has("Connection: close"));
    EXPECT_FALSE(peer.reply());
    EXPECT_EQ(running.front.figures().requests, 1U);
}

TEST(SocketConnection, IsClosingOnlyBehindItsLastAnswer) {  // for the loop shuts down what is closing
    FramingGuard guard{FramingLimits()};
    guard.feed(post("/", "", "Connection: close\r\n"));
    const Frame frame = guard.take();
    const auto link = std::make_shared<LoopLink>();
    for (int i = 0; i < 500; ++i) {
        int pair[2];
        ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair), 0);
        const auto connection = std::make_shared<SocketConnection>(pair[0], "", FramingLimits(), link);
        connection->begin_request(frame, false);
        std::thread answering([&] { connection->answer({}); });
        const bool closing = eventually([&] { return connection->phase() == Phase::closing; });
        char byte = 0;
        const ssize_t received = ::recv(pair[1], &byte, 1, 0);
        answering.join();
        ::close(pair[1]);
        EXPECT_TRUE(closing);
        EXPECT_EQ(received, 1) << i;
    }
    link->end();
}

TEST(Front, LetsAPeerReadItsRefusalWhileItStillSends) {
    RunningFront running;
    Peer peer(running.port());
    EXPECT_TRUE(
        peer.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3000000\r\n\r\n" + std::string(3'000'000, 'x')));
    const auto reply = peer.reply();
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->status, 413);
}

TEST(Front, SpeaksHttp10) {
    RunningFront running;
    Peer once(running.port());
    once.send("GET /a HTTP/1.0\r\n\r\n");
    EXPECT_TRUE(once.reply()->has("Connection: close"));
    EXPECT_TRUE(once.sees_close());
    Peer kept(running.port());
    for (int i = 0; i < 2; ++i) {
        kept.send("GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
        const auto reply = kept.reply();
        ASSERT_TRUE(reply);
        EXPECT_TRUE(reply->has("Connection: keep-alive"));
    }
}

TEST(Front, AnswersHeadWithoutABody) {
    RunningFront running([](Request, Exchange exchange) { exchange.answer(reply_with(200, "hello")); });
    Peer peer(running.port());
    peer.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_TRUE(peer.reply(true)->has("Content-Length: 5"));
    EXPECT_EQ(peer.reply()->body, "hello");
}

TEST(Front, Serves100ContinueBeforeTheBody) {
    RunningFront running;
    Peer peer(running.port());
    for (int i = 0; i < 2; ++i) {
        peer.send(head("Expect: 100-continue\r\nContent-Length: 5\r\n"));
        EXPECT_EQ(peer.reply()->status, 100);
        peer.send("he");
        peer.send("llo");
        EXPECT_EQ(peer.reply()->body, "hello");
    }
    peer.send(head("Expect: 100-continue\r\nContent-Length: 5\r\n") + "hello");
    EXPECT_EQ(peer.reply()->status, 200) << "the body was there: nothing to wait for";
}

TEST(Front, AnswersOfAnotherThreadReachThePeer) {
    Kept kept;
    RunningFront running(kept.handler());
    Peer one(running.port());
    Peer two(running.port());
    one.send(post("/1", ""));
    auto first = kept.take();
    two.send(post("/2", ""));
    auto second = kept.take();
    std::thread([exchange = std::move(second.second)]() mutable { exchange.answer(reply_with(201)); }).join();
    EXPECT_EQ(two.reply()->status, 201);
    EXPECT_TRUE(one.is_quiet());
    std::thread([exchange = std::move(first.second)]() mutable { exchange.answer(reply_with(202)); }).join();
    EXPECT_EQ(one.reply()->status, 202);
}

TEST(Front, AnswersForAHandlerThatDoesNot) {
    RunningFront running([](Request request, Exchange exchange) {
        if (request.path == "/throws") throw std::runtime_error("broken");
        if (request.path == "/throws/a/number") throw 7;
        const Exchange dropped = std::move(exchange);
    });
    Peer peer(running.port());
    for (const char* path : {"/throws", "/throws/a/number", "/forgets"}) {
        peer.send(post(path, ""));
        const auto reply = peer.reply();
        ASSERT_TRUE(reply) << path;
        EXPECT_EQ(reply->status, 500) << path;
        EXPECT_EQ(reply->body, R"({"error":"Internal error","code":"INTERNAL_ERROR"})");
    }
    EXPECT_TRUE(running.log.contains("reason=broken"));
}

TEST(Front, SendsThoseAwayWhoComeWhileTooManyWait) {
    Kept kept;
    std::mutex gate;
    std::unique_lock closed(gate);
    auto settings = settings_for_tests();
    settings.workers = 1;
    settings.queued_requests = 1;
    std::atomic<int> begun{0};
    RunningFront running(
        [&](Request, Exchange exchange) {
            ++begun;
            const std::lock_guard wait(gate);
            exchange.answer({});
        },
        settings);
    Peer in_hand(running.port());
    in_hand.send(post("/", ""));
    ASSERT_TRUE(eventually([&] { return begun == 1; }));
    Peer waits(running.port());
    waits.send(post("/", ""));
    ASSERT_TRUE(eventually([&] { return running.front.figures().requests == 2; }));
    Peer too_many(running.port());
    too_many.send(post("/", ""));
    const auto reply = too_many.reply();
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->status, 503);
    EXPECT_TRUE(reply->has("Retry-After: 5"));
    closed.unlock();
    EXPECT_EQ(in_hand.reply()->status, 200);
    EXPECT_EQ(waits.reply()->status, 200);
    too_many.send(post("/", ""));
    EXPECT_EQ(too_many.reply()->status, 200) << "the connection was kept";
}

TEST(Front, AnswersAPeerThatHasFinishedSending) {
    RunningFront running;
    Peer peer(running.port());
    peer.send(post("/", "1") + post("/", "2"));
    peer.finish_sending();
    EXPECT_EQ(peer.reply()->body, "1");
    EXPECT_EQ(peer.reply()->body, "2");
    EXPECT_TRUE(peer.sees_close());
}

TEST(Front, RefusesABodyThatEndsEarly) {
    RunningFront running;
    for (const char* bytes :
         {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhello", "POST / HTTP/1.1\r\nHo", "P"}) {
        Peer peer(running.port());
        peer.send(bytes);
        peer.finish_sending();
        EXPECT_EQ(peer.reply()->status, 400) << bytes;
        EXPECT_TRUE(peer.sees_close());
    }
}

TEST(Front, SurvivesPeersThatGoAwayWithTheirRequestInHand) {
    Kept kept;
    RunningFront running(kept.handler());
    { Peer(running.port()).send(post("/", "")); }
    auto [request, exchange] = kept.take();
    exchange.answer(reply_with(200, std::string(1'000'000, 'x')));
    EXPECT_TRUE(eventually([&] { return running.front.figures().connections_open == 0; }));
}

TEST(Front, RefusesASecondListenerOnItsPort) {
    RunningFront running;
    auto settings = settings_for_tests();
    settings.port = running.port();
    Front second(settings, echo, running.log);
    const Status started = second.start();
    EXPECT_EQ(started.code(), Code::unavailable);
    EXPECT_NE(started.message().find(std::to_string(running.port())), std::string::npos) << started.message();
    second.stop(0ms);
}

TEST(Front, RefusesAHostThatIsNotOurs) {
    auto settings = settings_for_tests();
    settings.host = "192.0.2.1";
    testkit::RecordingLog log;
    Front front(settings, echo, log);
    EXPECT_EQ(front.start().code(), Code::unavailable);
}

TEST(Front, SaysThatAnAddressWhichIsNoneWillNotBecomeOne) {
    auto settings = settings_for_tests();
    settings.host = "no such address";
    testkit::RecordingLog log;
    Front front(settings, echo, log);
    EXPECT_EQ(front.start().code(), Code::invalid);
}

TEST(Front, AnswersAPingFromItsLoop) {
    RunningFront running;
    std::atomic<int> answers = 0;
    running.front.ping([&] { ++answers; });
    EXPECT_TRUE(eventually([&] { return answers == 1; }));
    running.front.ping([&] { ++answers; });
    EXPECT_TRUE(eventually([&] { return answers == 2; }));
}

// An answer may bring the next ping at once; its wake must not be taken for the one before.
TEST(Front, LosesNoPingThatComesWhileItAnswersOne) {
    RunningFront running;
    std::atomic<int> answers = 0;
    running.front.ping([&] {
        ++answers;
        running.front.ping([&] { ++answers; });
    });
    EXPECT_TRUE(eventually([&] { return answers == 2; }));
}

}  // namespace
}  // namespace switchhook::http
