// What a hook chooses for itself over the API: dialect, events and pace.
#include <gtest/gtest.h>

#include "tests/unit/api/hooks_api_fixture.hpp"

namespace switchhook::api {
namespace {

class HookChoices : public HooksApiTest {};

TEST_F(HookChoices, WhatAHookChoosesIsKeptAndShown) {
    open({}, {});
    const auto answer = put(
        R"({"hooks":[{"host":"a.example","url":"https://a.example/","auth_id":"t","dialect":"standard",)"
        R"("events":["participant_joined","room_finished"],"retry":"call","concurrency":4,)"
        R"("rate":{"per_second":10,"burst":25},"max_age":{"participant_joined":"5s","track_published":"1500ms"}}]})");
    EXPECT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(
        answer.body,
        R"({"hooks":[{"host":"a.example","url":"https://a.example/","auth_id":"t","dialect":"standard",)"
        R"("events":["participant_joined","room_finished"],"retry":"call","concurrency":4,)"
        R"("rate":{"per_second":10,"burst":25},"max_age":{"participant_joined":"5s","track_published":"1500ms"}}]})");
    EXPECT_EQ(list().body, answer.body);
    const Hook& kept = store_.table.at(0);
    EXPECT_EQ(kept.rate, (Rate{.per_second = 10, .burst = 25}));
    EXPECT_EQ(kept.max_age.at("track_published"), std::chrono::milliseconds(1'500));
}

TEST_F(HookChoices, WhatIsPutAnewWithoutAChoiceHasNone) {
    Hook old = hook("a.example", "t");
    old.dialect = "sayna";
    old.concurrency = 2;
    open({}, {old});
    const auto answer = put(R"({"hooks":[{"host":"a.example","url":"https://a.example/","auth_id":"t","dialect":null,)"
                            R"("events":null,"retry":null,"concurrency":null,"rate":null,"max_age":null}]})");
    EXPECT_EQ(answer.body, R"({"hooks":[{"host":"a.example","url":"https://a.example/","auth_id":"t"}]})");
}

TEST_F(HookChoices, ABurstThatIsNotNamedIsThatOfASecond) {
    open({}, {});
    const auto answer =
        put(R"({"hooks":[{"host":"a.example","url":"https://a.example/","auth_id":"t","rate":{"per_second":7}}]})");
    EXPECT_NE(answer.body.find(R"("rate":{"per_second":7,"burst":7})"), std::string::npos) << answer.body;
}

TEST_F(HookChoices, AConfiguredHookIsShownWithItsChoicesToo) {
    Hook own = hook("b.example", "t", "https://b.example/");
    own.dialect = "sayna";
    own.max_age = {{"participant_joined", std::chrono::minutes(2)}};
    open({own}, {});
    EXPECT_EQ(list().body, R"({"hooks":[{"host":"b.example","url":"https://b.example/","auth_id":"t",)"
                           R"("dialect":"sayna","max_age":{"participant_joined":"2min"}}]})");
}

TEST_F(HookChoices, RefusesAChoiceThatNothingCanMeet) {
    open({}, {});
    const std::string long_name(HooksApi::kEventNameBytes + 1, 'x');
    std::string many_events;
    for (std::size_t i = 0; i <= HooksApi::kEvents; ++i)
        many_events.append(i == 0 ? "" : ",").append("\"e" + std::to_string(i) + "\"");
    const std::vector<std::pair<std::string, const char*>> cases{
        {R"("dialect":"twilio")", "INVALID_DIALECT"},
        {R"("dialect":"")", "INVALID_DIALECT"},
        {R"("dialect":"Standard")", "INVALID_DIALECT"},
        {R"("retry":"standart")", "INVALID_RETRY"},
        {R"("retry":"")", "INVALID_RETRY"},
        {R"("events":[])", "INVALID_EVENTS"},
        {R"("events":[""])", "INVALID_EVENTS"},
        {R"("events":["a\u0000b"])", "INVALID_EVENTS"},
        {R"("events":["a\nb"])", "INVALID_EVENTS"},
        {R"("events":[")" + long_name + R"("])", "INVALID_EVENTS"},
        {R"("events":[)" + many_events + "]", "INVALID_EVENTS"},
        {R"("concurrency":0)", "INVALID_CONCURRENCY"},
        {R"("concurrency":-1)", "INVALID_CONCURRENCY"},
        {R"("concurrency":1025)", "INVALID_CONCURRENCY"},
        {R"("concurrency":18446744073709551615)", "INVALID_CONCURRENCY"},
        {R"("rate":{"per_second":0})", "INVALID_RATE"},
        {R"("rate":{"per_second":1000001})", "INVALID_RATE"},
        {R"("rate":{"per_second":4294967297,"burst":1})", "INVALID_RATE"},
        {R"("rate":{"per_second":5,"burst":0})", "INVALID_RATE"},
        {R"("max_age":{"participant_joined":"5"})", "INVALID_MAX_AGE"},
        {R"("max_age":{"participant_joined":"0s"})", "INVALID_MAX_AGE"},
        {R"("max_age":{"participant_joined":"31d"})", "INVALID_MAX_AGE"},
        {R"("max_age":{"participant_joined":"-5s"})", "INVALID_MAX_AGE"},
        {R"("max_age":{"":"5s"})", "INVALID_MAX_AGE"},
        {R"("max_age":{"a\u0000":"5s"})", "INVALID_MAX_AGE"},
    };
    for (const auto& [choice, code] : cases) {
        SCOPED_TRACE(choice.substr(0, 80));
        refused(put(R"({"hooks":[{"host":"a.example","url":"https://a.example/","auth_id":"t",)" + choice + "}]}"), 400,
                code);
    }
    refused(put(R"({"hooks":[{"host":"a","url":"https://a/","auth_id":"t"},)"
                R"({"host":"b","url":"https://b/","auth_id":"t","dialect":"standart"}]})"),
            400, "hooks[1].dialect: must be one of livekit, sayna, standard; did you mean 'standard'?");
}

TEST_F(HookChoices, ATenantMayAskForFewerAttemptsAtOnceThanTheOperator) {
    open({}, {}, true);
    const auto body = [](std::uint32_t concurrency) {
        return R"({"hooks":[{"host":"a.example","url":"https://a.example/","auth_id":"tenant-a","concurrency":)" +
               std::to_string(concurrency) + "}]}";
    };
    refused(put(body(HooksApi::kTenantConcurrency + 1), kA), 400,
            "hooks[0].concurrency: at most 64 for a tenant; the operator can give a hook more");
    refused(put(body(1'024), kA), 400, "INVALID_CONCURRENCY");
    EXPECT_EQ(put(body(HooksApi::kTenantConcurrency), kA).status, 200);
    EXPECT_EQ(put(body(1'024), kOperator).status, 200);
    EXPECT_EQ(store_.table.at(0).concurrency, 1'024U);
}

TEST_F(HookChoices, RefusesAChoiceOfAnotherType) {
    open({}, {});
    for (const char* choice :
         {R"("dialect":1)", R"("retry":["call"])", R"("events":"a")", R"("events":[1])", R"("events":{"a":1})",
          R"("concurrency":"8")", R"("concurrency":1.5)", R"("concurrency":true)", R"("rate":5)", R"("rate":{})",
          R"("rate":{"burst":5})", R"("rate":{"per_second":"5"})", R"("rate":{"per_second":1e3})", R"("max_age":"5s")",
          R"("max_age":["5s"])", R"("max_age":{"a":5})", R"("max_age":{"a":null})"}) {
        SCOPED_TRACE(choice);
        const auto answer = put(R"({"hooks":[{"host":"a.example","url":"https://a.example/","auth_id":"t",)" +
                                std::string(choice) + "}]}");
        refused(answer, 422, "INVALID_BODY");
    }
}

}  // namespace
}  // namespace switchhook::api
