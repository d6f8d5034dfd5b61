#include "core/http/endpoints.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <stdexcept>
#include <thread>

#include "core/http/connection.hpp"
#include "core/http/reply.hpp"
#include "tests/unit/http/running_front.hpp"

namespace switchhook::http {
namespace {

using namespace test;

// Remembers its one answer.
struct Remembering final : Connection {
    void answer(const Response& response) noexcept override {
        given = response;
        ++answers;
    }
    Response given;
    std::atomic<int> answers{0};
};

std::shared_ptr<Remembering> dispatch(Endpoints& endpoints, const std::string& method, const std::string& path) {
    auto connection = std::make_shared<Remembering>();
    Request request;
    request.method = method;
    request.path = path;
    endpoints.dispatch(std::move(request), Exchange(connection));
    return connection;
}

void ok(Request, Exchange exchange) {
    exchange.answer(reply_with(200, "ok"));
}

std::string allow_of(const Response& response) {
    for (const auto& [name, value] : response.headers)
        if (name == "Allow") return value;
    return {};
}

TEST(Endpoints, AnswerAnUnknownPathWith404) {
    testkit::RecordingLog log;
    Endpoints endpoints(log);
    endpoints.add("GET", "/", ok);
    for (const char* path : {"/a", "//", "/sip/hooks/", "", "/%41"}) {
        const auto connection = dispatch(endpoints, "GET", path);
        EXPECT_EQ(connection->given.status, 404) << path;
        EXPECT_EQ(connection->given.body, R"({"error":"Not found","code":"NOT_FOUND"})");
        EXPECT_EQ(connection->given.content_type, "application/json");
    }
}

TEST(Endpoints, FindTheSegmentThatMayBeAnything) {
    testkit::RecordingLog log;
    Endpoints endpoints(log);
    const auto answering = [](const std::string& name) {
        return [name](Request request, Exchange exchange) {
            exchange.answer(reply_with(200, name + "(" + request.parameter + ")"));
        };
    };
    endpoints.add("GET", "/d/{id}", answering("one"));
    endpoints.add("POST", "/d/{id}/again", answering("again"));
    endpoints.add("POST", "/d/again", answering("all"));
    endpoints.add("GET", "/d/again/{job}", answering("job"));
    endpoints.add("DELETE", "/d/again/{job}", answering("cancel"));
    EXPECT_EQ(dispatch(endpoints, "GET", "/d/17")->given.body, "one(17)");
    EXPECT_EQ(dispatch(endpoints, "HEAD", "/d/17")->given.body, "one(17)");
    EXPECT_EQ(dispatch(endpoints, "GET", "/d/%31")->given.body, "one(%31)");
    EXPECT_EQ(dispatch(endpoints, "POST", "/d/17/again")->given.body, "again(17)");
    EXPECT_EQ(dispatch(endpoints, "POST", "/d/again")->given.body, "all()");
    EXPECT_EQ(dispatch(endpoints, "DELETE", "/d/again/3")->given.body, "cancel(3)");
    EXPECT_EQ(dispatch(endpoints, "GET", "/d/again")->given.status, 405);
    EXPECT_EQ(dispatch(endpoints, "DELETE", "/d/17")->given.status, 405);
    EXPECT_EQ(allow_of(dispatch(endpoints, "PUT", "/d/again/3")->given), "GET, HEAD, DELETE");
    for (const char* path : {"/d/", "/d//again", "/d/1/2", "/d/1/again/", "/d/again/3/4", "/d/again/"})
        EXPECT_EQ(dispatch(endpoints, "GET", path)->given.status, 404) << path;
}

TEST(Endpoints, AnswerAnotherMethodWith405AndWhatIsAllowed) {
    testkit::RecordingLog log;
    Endpoints endpoints(log);
    endpoints.add("GET", "/sip/hooks", ok);
    endpoints.add("POST", "/sip/hooks", ok);
    endpoints.add("POST", "/livekit/webhook", ok);
    const auto hooks = dispatch(endpoints, "DELETE", "/sip/hooks");
    EXPECT_EQ(hooks->given.status, 405);
    EXPECT_EQ(allow_of(hooks->given), "GET, HEAD, POST");
    EXPECT_EQ(allow_of(dispatch(endpoints, "GET", "/livekit/webhook")->given), "POST");
    EXPECT_EQ(dispatch(endpoints, "HEAD", "/livekit/webhook")->given.status, 405);
    EXPECT_EQ(dispatch(endpoints, "get", "/sip/hooks")->given.status, 405) << "methods have a case";
}

TEST(Endpoints, ServeHeadByTheHandlerOfGet) {
    testkit::RecordingLog log;
    Endpoints endpoints(log);
    endpoints.add("GET", "/", ok);
    EXPECT_EQ(dispatch(endpoints, "HEAD", "/")->given.status, 200);
}

TEST(Endpoints, RefuseASecondHandlerForTheSame) {
    testkit::RecordingLog log;
    Endpoints endpoints(log);
    endpoints.add("GET", "/", ok);
    EXPECT_THROW(endpoints.add("GET", "/", ok), std::logic_error);
}

TEST(Endpoints, AnswerForAHandlerThatThrows) {
    testkit::RecordingLog log;
    Endpoints endpoints(log);
    endpoints.add("GET", "/", [](Request, Exchange) { throw std::runtime_error("broken"); });
    endpoints.add(
        "GET", "/slow", [](Request, Exchange) { throw 1; }, Pace::slow);
    endpoints.start();
    EXPECT_EQ(dispatch(endpoints, "GET", "/")->given.status, 500);
    EXPECT_TRUE(log.contains("broken"));
    const auto slow = dispatch(endpoints, "GET", "/slow");
    EXPECT_TRUE(eventually([&] { return slow->answers == 1; }));
    EXPECT_EQ(slow->given.status, 500);
    endpoints.stop();
}

TEST(Endpoints, KeepASlowHandlerOffTheCallersThread) {
    testkit::RecordingLog log;
    Endpoints endpoints(log, 1);
    std::mutex gate;
    std::unique_lock closed(gate);
    std::atomic<int> begun{0};
    endpoints.add(
        "POST", "/slow",
        [&](Request, Exchange exchange) {
            ++begun;
            const std::lock_guard wait(gate);
            exchange.answer({});
        },
        Pace::slow);
    endpoints.add("POST", "/fast", ok);
    endpoints.start();
    const auto in_hand = dispatch(endpoints, "POST", "/slow");
    ASSERT_TRUE(eventually([&] { return begun == 1; }));
    const auto waiting = dispatch(endpoints, "POST", "/slow");
    const auto too_many = dispatch(endpoints, "POST", "/slow");
    EXPECT_EQ(too_many->given.status, 503);
    EXPECT_EQ(dispatch(endpoints, "POST", "/fast")->given.status, 200);
    EXPECT_EQ(in_hand->answers + waiting->answers, 0);
    closed.unlock();
    EXPECT_TRUE(eventually([&] { return in_hand->answers + waiting->answers == 2; }));
    endpoints.stop();
    EXPECT_EQ(waiting->given.status, 200);
}

TEST(Endpoints, AnswerSlowRequestsWith503BeforeStartAndAfterStop) {
    testkit::RecordingLog log;
    Endpoints endpoints(log);
    endpoints.add("POST", "/slow", ok, Pace::slow);
    EXPECT_EQ(dispatch(endpoints, "POST", "/slow")->given.status, 503);
    endpoints.start();
    endpoints.stop();
    endpoints.stop();
    EXPECT_EQ(dispatch(endpoints, "POST", "/slow")->given.status, 503);
}

TEST(Endpoints, AreTheHandlerOfAFront) {
    testkit::RecordingLog log;
    Endpoints endpoints(log);
    endpoints.add("POST", "/a", ok, Pace::slow);
    endpoints.start();
    RunningFront running(endpoints.as_handler());
    EXPECT_EQ(ask(running.port(), post("/a?b", ""))->body, "ok");
    EXPECT_TRUE(ask(running.port(), "GET /a HTTP/1.1\r\nHost: a\r\n\r\n")->has("Allow: POST"));
    running.front.stop(1s);
    endpoints.stop();
}

TEST(Exchange, AnswersOnceAndFor500WhenItIsForgotten) {
    const auto connection = std::make_shared<Remembering>();
    {
        Exchange first(connection);
        Exchange second(std::move(first));
        second.answer({});
        second.answer(reply_with(201));
    }
    EXPECT_EQ(connection->answers, 1);
    EXPECT_EQ(connection->given.status, 200);
    const auto forgotten = std::make_shared<Remembering>();
    const auto replaced = std::make_shared<Remembering>();
    {
        Exchange exchange(replaced);
        exchange = Exchange(forgotten);
        EXPECT_EQ(replaced->given.status, 500);
        EXPECT_EQ(forgotten->answers, 0);
    }
    EXPECT_EQ(forgotten->given.status, 500);
    EXPECT_EQ(forgotten->answers, 1);
}

TEST(Reply, HasNoLengthWhereTheStandardForbidsIt) {
    EXPECT_EQ(write_reply(reply_with(204, "ignored"), Persistence::silent, false), "HTTP/1.1 204 No Content\r\n\r\n");
    EXPECT_EQ(write_reply(reply_with(200), Persistence::silent, false), "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    EXPECT_EQ(write_reply(reply_with(299, "a"), Persistence::close, true),
              "HTTP/1.1 299 Unknown\r\nContent-Length: 1\r\nConnection: close\r\n\r\n");
}

}  // namespace
}  // namespace switchhook::http
