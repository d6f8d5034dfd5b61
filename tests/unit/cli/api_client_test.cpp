// The commands against a real front whose answers the test chooses.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <switchhook/testkit/fake_host.hpp>

#include "core/base/guarded.hpp"
#include "core/cli/deliveries_commands.hpp"
#include "core/cli/hooks_commands.hpp"
#include "core/http/front.hpp"

namespace switchhook::cli {
namespace {

// Answers every request with the same, and keeps what it was asked.
class Server {
public:
    Server()
        : front_(
              settings(),
              [this](http::Request request, http::Exchange exchange) { reply(std::move(request), exchange); }, log_) {
        EXPECT_TRUE(front_.start().ok());
    }
    ~Server() { front_.stop(std::chrono::seconds(5)); }
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    void answers(int status, std::string body) {
        next_.with([&](auto& next) { next = {status, std::move(body), "application/json", {}}; });
    }
    ServerUrl url() const { return {.tls = false, .host = "127.0.0.1", .port = front_.port(), .path = {}}; }
    http::Request asked() {
        return asked_.with([](auto& asked) { return asked; });
    }

private:
    static http::FrontSettings settings() {
        http::FrontSettings settings;
        settings.host = "127.0.0.1";
        settings.port = 0;
        return settings;
    }
    void reply(http::Request request, http::Exchange& exchange) {
        asked_.with([&](auto& asked) { asked = std::move(request); });
        exchange.answer(next_.with([](auto& next) { return next; }));
    }

    base::Guarded<http::Response> next_;
    base::Guarded<http::Request> asked_;
    testkit::RecordingLog log_;
    http::Front front_;
};

class Commands : public testing::Test {
protected:
    Server server_;
    ApiClient api_{server_.url(), "a-token"};
};

TEST_F(Commands, SendTheTokenAndNothingElseOfIt) {
    server_.answers(200, R"({"hooks":[]})");
    ASSERT_TRUE(list_hooks(api_, Form::people));
    EXPECT_EQ(server_.asked().header("Authorization"), "Bearer a-token");
    EXPECT_EQ(server_.asked().path, "/sip/hooks");
    EXPECT_EQ(server_.asked().query, "");
    ApiClient nobody(server_.url(), "");
    ASSERT_TRUE(list_hooks(nobody, Form::people));
    EXPECT_FALSE(server_.asked().has_header("Authorization"));
}

TEST_F(Commands, ListHooksAlignedForPeopleAndUnchangedForPrograms) {
    const std::string body =
        R"({"hooks":[{"host":"a.com","url":"https://a.com/","auth_id":"t","events":["x","y"],"rate":{"per_second":5,"burst":9}}]})";
    server_.answers(200, body);
    const auto text = list_hooks(api_, Form::people);
    ASSERT_TRUE(text) << text.status().message();
    EXPECT_EQ(*text,
              "HOST   URL             TENANT  EVENTS  RATE\n"
              "a.com  https://a.com/  t       x, y    5/s, burst 9\n");
    EXPECT_EQ(nlohmann::json::parse(*list_hooks(api_, Form::json)), nlohmann::json::parse(body));
}

TEST_F(Commands, SendAHookWithWhatWasSaidAndNothingElse) {
    server_.answers(200, R"({"hooks":[]})");
    ASSERT_TRUE(add_hook(api_, {.host = "a.com", .url = "https://a.com/"}, Form::json));
    EXPECT_EQ(server_.asked().body, R"({"hooks":[{"host":"a.com","url":"https://a.com/"}]})");
    EXPECT_EQ(server_.asked().header("Content-Type"), "application/json");
    WantedHook hook{
        .host = "a.com", .url = "https://a.com/", .auth_id = "t", .dialect = "sayna", .events = {"x"}, .retry = "call"};
    hook.concurrency = 4;
    hook.rate = Rate{.per_second = 5, .burst = 9};
    hook.max_age = {{"x", "5s"}};
    ASSERT_TRUE(add_hook(api_, hook, Form::json));
    EXPECT_EQ(
        nlohmann::json::parse(server_.asked().body)["hooks"][0],
        nlohmann::json::parse(R"({"host":"a.com","url":"https://a.com/","auth_id":"t","dialect":"sayna","events":["x"],
                  "retry":"call","concurrency":4,"rate":{"per_second":5,"burst":9},"max_age":{"x":"5s"}})"));
}

TEST_F(Commands, WriteAHostIntoAPathSoThatItStaysOneSegment) {
    server_.answers(200, "{}");
    ASSERT_TRUE(pause_hook(api_, "*.a.com", "", Form::people));
    EXPECT_EQ(server_.asked().path, "/sip/hooks/%2A.a.com/pause");
    ASSERT_TRUE(resume_hook(api_, "[2001:db8::1]", Form::people));
    EXPECT_EQ(server_.asked().path, "/sip/hooks/%5B2001%3Adb8%3A%3A1%5D/resume");
}

TEST_F(Commands, TellWhetherATestEventWasDelivered) {
    server_.answers(200, R"({"outcome":"delivered","status":204})");
    EXPECT_TRUE(test_hook(api_, "a.com", Form::people)->delivered);
    server_.answers(200, R"({"outcome":"retry","code":"status_503"})");
    EXPECT_FALSE(test_hook(api_, "a.com", Form::people)->delivered);
    EXPECT_NE(test_hook(api_, "a.com", Form::people)->text.find("status_503"), std::string::npos);
    server_.answers(200, "[]");
    EXPECT_EQ(test_hook(api_, "a.com", Form::people).status().code(), Code::internal);
}

struct Refusal {
    int status;
    const char* body;
    Code code;
    const char* text;
};

class Refused : public Commands, public testing::WithParamInterface<Refusal> {};

TEST_P(Refused, TheApisOwnTextIsTheFailure) {
    const auto [status, body, code, text] = GetParam();
    server_.answers(status, body);
    const auto listed = list_hooks(api_, Form::people);
    ASSERT_FALSE(listed.ok());
    EXPECT_EQ(listed.status().code(), code);
    EXPECT_EQ(listed.status().message(), text);
    EXPECT_FALSE(list_deliveries(api_, {}, Form::json).ok());
    EXPECT_FALSE(requeue_and_wait(
                     api_, {{"state", "dead"}}, [] { FAIL() << "nothing runs"; }, Form::json)
                     .ok());
}

INSTANTIATE_TEST_SUITE_P(
    Answers, Refused,
    testing::Values(
        Refusal{400, R"({"error":"No hosts provided to delete.","code":"NO_HOSTS"})", Code::conflict,
                "No hosts provided to delete."},
        Refusal{401, R"({"error":"unauthorized","message":"Unauthorized: Invalid API secret"})", Code::conflict,
                "Unauthorized: Invalid API secret"},
        Refusal{403, R"({"error":"Host 'a' cannot be changed"})", Code::conflict, "Host 'a' cannot be changed"},
        Refusal{404, R"({"error":"no such delivery"})", Code::not_found, "no such delivery"},
        Refusal{404, "", Code::not_found, "the server answered 404"},
        Refusal{500, R"({"error":"Failed to write hooks cache: x"})", Code::internal, "Failed to write hooks cache: x"},
        Refusal{503, R"({"error":"busy"})", Code::unavailable, "busy"},
        Refusal{502, "<html>Bad\r\nGateway\x1b[2J", Code::unavailable,
                "the server answered 502: <html>Bad??Gateway?[2J"},
        Refusal{400, R"({"error":{"a":1}})", Code::conflict, R"(the server answered 400: {"error":{"a":1}})"},
        Refusal{302, "", Code::internal, "the server answered 302"}));

TEST_F(Commands, DoNotTakeAnotherProgramsAnswerForOurs) {
    for (const char* body :
         {"", "OK", "[]", "{}", R"({"hooks":{}})", R"({"hooks":[1]})", "{\"hooks\":[", "<html></html>"}) {
        server_.answers(200, body);
        EXPECT_EQ(list_hooks(api_, Form::people).status().code(), Code::internal) << body;
        EXPECT_EQ(list_deliveries(api_, {}, Form::people).status().code(), Code::internal) << body;
    }
}

TEST_F(Commands, EncodeAFilterAsAQuery) {
    server_.answers(200, R"({"deliveries":[]})");
    EXPECT_EQ(*list_deliveries(api_, {{"host", "*.a.com"}, {"since", "2026-11-22T10:00:00+01:00"}}, Form::people),
              "there are no such deliveries\n");
    EXPECT_EQ(server_.asked().query, "host=%2A.a.com&since=2026-11-22T10%3A00%3A00%2B01%3A00");
}

TEST_F(Commands, ShowDeliveriesAndWhereTheirListGoesOn) {
    server_.answers(
        200,
        R"({"deliveries":[{"id":"123456789","event_id":"EV_1","event":"participant_joined","call":"SCL_1","host":null,
        "auth_id":"t","state":"dead","attempts":3,"appended_at":"2026-11-22T12:03:28.000Z","due_at":null,"last_outcome":"status_503",
        "last_outcome_at":null,"requeued_as":null}],"next":"c75bcd15"})");
    EXPECT_EQ(*list_deliveries(api_, {}, Form::people),
              "ID         ACCEPTED                  EVENT               CALL   STATE  ATTEMPTS  LAST OUTCOME\n"
              "123456789  2026-11-22T12:03:28.000Z  participant_joined  SCL_1  dead   3         status_503\n"
              "there are more: --cursor c75bcd15\n");
}

TEST_F(Commands, ShowADeliveryWithItsAttemptsAndItsEvent) {
    server_.answers(
        200,
        R"({"id":"7","state":"dead","call":null,"attempt_log":[{"number":1,"at":"t1","outcome":"status_503","status":503,
        "address":"192.0.2.1:443","resolved_ms":0.5,"connected_ms":null,"secured_ms":2.25,"answered_ms":3.0,"took_ms":3.5,
        "answer":"call +15557654321\nlater"}],"body":"{}"})");
    EXPECT_EQ(*show_delivery(api_, "7", Form::people),
              "id     7\n"
              "state  dead\n"
              "call\n"
              "\n"
              "ATTEMPT  AT  OUTCOME     STATUS  ADDRESS        RESOLVED MS  SECURED MS  ANSWERED MS  TOOK MS  ANSWER\n"
              "1        t1  status_503  503     192.0.2.1:443  0.5          2.25        3.0          3.5      call "
              "+*********21?later\n"
              "\n"
              "{}\n");
    EXPECT_EQ(server_.asked().path, "/sip/deliveries/7");
}

TEST_F(Commands, WaitForAJobUntilItHasEnded) {
    server_.answers(202, R"({"id":"7","state":"running","requeued":0})");
    int looks = 0;
    const auto text = requeue_and_wait(
        api_, {{"state", "dead"}},
        [&] {
            if (++looks == 3) server_.answers(200, R"({"id":"7","state":"done","requeued":12})");
        },
        Form::json);
    ASSERT_TRUE(text) << text.status().message();
    EXPECT_EQ(looks, 3);
    EXPECT_EQ(nlohmann::json::parse(*text)["requeued"], 12);
    EXPECT_EQ(server_.asked().path, "/sip/deliveries/requeue/7");
}

TEST_F(Commands, MaskNumbersInABodyForPeopleOnly) {
    server_.answers(200, R"({"id":"1","body":"{\"name\":\"Phone +15557654321\"}"})");
    EXPECT_EQ(show_delivery(api_, "1", Form::people)->find("15557654321"), std::string::npos);
    EXPECT_NE(show_delivery(api_, "1", Form::json)->find("15557654321"), std::string::npos);
}

TEST(Unreachable, IsSaidWithTheAddressAndTheReason) {
    ServerUrl gone;
    {
        const Server server;
        gone = server.url();
    }
    ApiClient api(gone, "a-token");
    const auto listed = list_hooks(api, Form::people);
    EXPECT_EQ(listed.status().code(), Code::unavailable);
    EXPECT_NE(listed.status().message().find(gone.text()), std::string::npos) << listed.status().message();
    EXPECT_EQ(listed.status().message().find("a-token"), std::string::npos);
    ApiClient nowhere({.tls = false, .host = "no-such-host.invalid", .port = 1, .path = {}}, "");
    EXPECT_EQ(list_hooks(nowhere, Form::people).status().code(), Code::unavailable);
}

TEST_F(Commands, DoNotSpeakTlsToAServerWithout) {
    ServerUrl url = server_.url();
    url.tls = true;
    ApiClient api(url, "a-token");
    EXPECT_EQ(list_hooks(api, Form::people).status().code(), Code::unavailable);
}

}  // namespace
}  // namespace switchhook::cli
