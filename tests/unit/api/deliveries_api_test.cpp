#include "core/api/deliveries_api.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include <store_sqlite/outbox.hpp>

#include <switchhook/testkit/outbox_driver.hpp>
#include <switchhook/testkit/temporary_folder.hpp>

#include "core/api/deliveries_json.hpp"
#include "core/api/times.hpp"
#include "tests/unit/api/fakes.hpp"

namespace switchhook::api {
namespace {

using Json = nlohmann::json;

constexpr char kA[] = "secret of tenant a";
constexpr char kB[] = "secret of tenant b";
constexpr char kOperator[] = "secret of the operator";

// On the real store: what is answered is what it holds.
class DeliveriesApiTest : public testing::Test {
protected:
    DeliveriesApiTest() : outbox_({.path = folder_.file("store.db"), .reserve_bytes = 0}, host_) {
        std::vector<std::unique_ptr<Matcher>> chain;
        chain.push_back(std::make_unique<FakeMatcher>());
        hooks_ = std::make_unique<routing::Hooks>(
            std::vector<Hook>{hook("a.example", "tenant-a"), hook("b.example", "tenant-b")}, &store_, std::move(chain));
        EXPECT_TRUE(hooks_->load().ok());
        EXPECT_TRUE(outbox_.start().ok());
        authentication_ = std::make_unique<Authentication>(
            config::Auth{.required = true,
                         .api_secrets = {{"ops", kOperator, config::Role::operator_, true},
                                         {"tenant-a", kA, config::Role::tenant, true},
                                         {"tenant-b", kB, config::Role::tenant, true}}});
        api_ = std::make_unique<DeliveriesApi>(
            outbox_,
            Requeueing{
                .one = [this](DeliveryId id, const TenantScope& scope) -> Result<DeliveryId> {
                    auto made = outbox_.requeue(id, scope, now_ms_);
                    if (!made) return made.status();
                    return made->id;
                },
                .begin = [this](const LogFilter& filter) { return outbox_.begin_requeue(filter, now_ms_); },
                .cancel = [this](JobId id,
                                 const TenantScope& scope) { return outbox_.cancel_requeue(id, scope, now_ms_); }},
            *hooks_, *authentication_, host_.log());
    }

    DeliveryId append(int number, const std::string& owner = "a") {
        const std::string tenant = "tenant-" + owner;
        const Match match{routing::hook_id(owner + ".example", tenant), tenant};
        const std::string text = std::to_string(number);
        const testkit::SampleEvent sample{.id = "EV_" + text,
                                          .room = "sip-" + text,
                                          .sid = "RM_" + text,
                                          .call = "SCL_" + text,
                                          .body = "body " + text};
        const Event event = sample.event();
        const Append append{&event, {&match, 1}, true};
        auto done = outbox_.commit({&append, 1}, {}, testkit::TestFilter(), now_ms_);
        EXPECT_TRUE(done.ok());
        return done->ready.at(0).id;
    }
    void settle(const Settled& settled) {
        EXPECT_TRUE(outbox_.commit({}, {&settled, 1}, testkit::TestFilter(), now_ms_).ok());
    }
    static http::Request asking(const std::string& token, std::string query = {}, std::string parameter = {}) {
        auto made = request("GET", {}, token);
        made.path = "/sip/deliveries";
        made.query = std::move(query);
        made.parameter = std::move(parameter);
        return made;
    }
    Json listed(const std::string& query = {}, const std::string& token = kOperator) {
        const auto answer = api_->list(asking(token, query));
        EXPECT_EQ(answer.status, 200) << answer.body;
        return Json::parse(answer.body);
    }
    std::vector<std::string> events(const std::string& query = {}, const std::string& token = kOperator) {
        std::vector<std::string> ids;
        const Json page = listed(query, token);
        for (const auto& each : page["deliveries"]) ids.push_back(each["event_id"]);
        return ids;
    }
    http::Response job_of(const std::string& body, const std::string& token = kOperator) {
        return api_->begin_job(request("POST", body, token));
    }

    using Ids = std::vector<std::string>;
    testkit::TemporaryFolder folder_;
    testkit::FakeHost host_;
    store_sqlite::SqliteOutbox outbox_;
    std::int64_t now_ms_ = 1'795'349'008'123;
    FakeStore store_;
    std::unique_ptr<routing::Hooks> hooks_;
    std::unique_ptr<Authentication> authentication_;
    std::unique_ptr<DeliveriesApi> api_;
};

TEST_F(DeliveriesApiTest, ListsNewestFirstWithEverythingThatIsKnown) {
    append(1);
    const auto id = append(2);
    settle({.id = id, .attempts = 2, .due_ms = now_ms_ + 500, .code = "status_503"});
    const Json page = listed();
    EXPECT_EQ(page["next"], nullptr);
    ASSERT_EQ(page["deliveries"].size(), 2U);
    EXPECT_EQ(page["deliveries"][0], (Json{{"id", "2"},
                                           {"event_id", "EV_2"},
                                           {"event", "participant_joined"},
                                           {"call", "SCL_2"},
                                           {"host", "a.example"},
                                           {"auth_id", "tenant-a"},
                                           {"state", "waiting"},
                                           {"attempts", 2},
                                           {"appended_at", "2026-11-22T12:03:28.123Z"},
                                           {"due_at", "2026-11-22T12:03:28.623Z"},
                                           {"last_outcome", "status_503"},
                                           {"last_outcome_at", "2026-11-22T12:03:28.123Z"},
                                           {"requeued_as", nullptr}}));
    EXPECT_EQ(page["deliveries"][1]["last_outcome"], nullptr);
    EXPECT_EQ(page["deliveries"][1]["due_at"], nullptr);
}

TEST_F(DeliveriesApiTest, WithoutASecretThereIsNothing) {
    append(1);
    for (const auto& token : {std::string(), std::string("wrong")}) {
        EXPECT_EQ(api_->list(asking(token)).status, 401);
        EXPECT_EQ(api_->show(asking(token, {}, "1")).status, 401);
        EXPECT_EQ(api_->requeue(asking(token, {}, "1")).status, 401);
        EXPECT_EQ(api_->show_job(asking(token, {}, "1")).status, 401);
        EXPECT_EQ(api_->cancel_job(asking(token, {}, "1")).status, 401);
        EXPECT_EQ(job_of("{}", token).status, 401);
    }
    EXPECT_EQ(outbox_.figures().waiting, 1U);
}

TEST_F(DeliveriesApiTest, ATenantSeesItsOwnAloneWhateverItAsksFor) {
    append(1);
    append(2, "b");
    append(3, "b");
    EXPECT_EQ(events(), (Ids{"EV_3", "EV_2", "EV_1"}));
    EXPECT_EQ(events("", kA), (Ids{"EV_1"}));
    EXPECT_EQ(events("host=b.example", kA), Ids());
    EXPECT_EQ(events("call=SCL_2", kA), Ids());
    EXPECT_EQ(events("state=waiting&limit=1", kA), (Ids{"EV_1"}));
    EXPECT_EQ(events("host=b.example", kB), (Ids{"EV_3", "EV_2"}));
    EXPECT_EQ(events("host=B.Example"), (Ids{"EV_3", "EV_2"}));
    EXPECT_EQ(events("host=nobody.example"), Ids());
}

TEST_F(DeliveriesApiTest, AnUnknownDeliveryAndAnothersAreTheSame404) {
    const auto id = std::to_string(append(1, "b"));
    settle({.id = 1, .state = DeliveryState::dead, .attempts = 1, .code = "status_400"});
    std::vector<http::Response> answers;
    for (const std::string& asked : {id, std::string("99"), std::string("0"), std::string("x"), std::string("01"),
                                     std::string("-1"), std::string("99999999999999999999"), std::string("requeue")}) {
        answers.push_back(api_->show(asking(kA, {}, asked)));
        answers.push_back(api_->requeue(asking(kA, {}, asked)));
    }
    for (const auto& answer : answers) {
        EXPECT_EQ(answer.status, 404);
        EXPECT_EQ(answer.body, answers.front().body);
        EXPECT_EQ(answer.headers, answers.front().headers);
    }
    EXPECT_EQ(api_->show(asking(kB, {}, id)).status, 200);
    EXPECT_EQ(outbox_.figures().dead, 1U) << "it was requeued";
}

TEST_F(DeliveriesApiTest, PagesGoOnWhereTheyEnded) {
    for (int i = 0; i < 5; ++i) append(i);
    const Json first = listed("limit=2");
    ASSERT_TRUE(first["next"].is_string());
    append(9);
    const Json second = listed("limit=2&cursor=" + first["next"].get<std::string>());
    EXPECT_EQ(second["deliveries"][0]["event_id"], "EV_2");
    const Json third = listed("limit=2&cursor=" + second["next"].get<std::string>());
    EXPECT_EQ(third["deliveries"].size(), 1U);
    EXPECT_EQ(third["next"], nullptr);
}

TEST_F(DeliveriesApiTest, ABadParameterIsNamed) {
    const std::vector<std::pair<std::string, std::string>> cases{{"limit=0", "limit"},
                                                                 {"limit=501", "limit"},
                                                                 {"limit=x", "limit"},
                                                                 {"limit=-1", "limit"},
                                                                 {"limit=", "limit"},
                                                                 {"cursor=5", "cursor"},
                                                                 {"cursor=c", "cursor"},
                                                                 {"cursor=c0", "cursor"},
                                                                 {"cursor=cfffffffffffffffff", "cursor"},
                                                                 {"state=Dead", "state"},
                                                                 {"state=", "state"},
                                                                 {"since=yesterday", "since"},
                                                                 {"until=2026-02-30T00:00:00Z", "until"},
                                                                 {"since=2026-11-22", "since"},
                                                                 {"call=" + std::string(1025, 'x'), "call"},
                                                                 {"host=a&host=b", "host"},
                                                                 {"sate=dead", "sate"},
                                                                 {"event=", "event"},
                                                                 {"tenant=tenant-b", "tenant"}};
    for (const auto& [query, name] : cases) {
        const auto answer = api_->list(asking(kOperator, query));
        EXPECT_EQ(answer.status, 400) << query;
        const Json body = Json::parse(answer.body);
        EXPECT_EQ(body["code"], "INVALID_PARAMETER") << query;
        EXPECT_TRUE(body["error"].get<std::string>().starts_with(name + ": ")) << answer.body;
    }
    EXPECT_EQ(api_->list(asking("", "api_key=secret+of+the+operator&limit=500")).status, 200);
}

TEST_F(DeliveriesApiTest, FiltersByTime) {
    append(1);
    now_ms_ += 1000;
    append(2);
    EXPECT_EQ(events("since=2026-11-22T12:03:29.123Z"), (Ids{"EV_2"}));
    EXPECT_EQ(events("since=2026-11-22T13:03:29.124%2B01:00"), Ids());
    EXPECT_EQ(events("until=2026-11-22T12:03:29.123Z"), (Ids{"EV_1"}));
    EXPECT_EQ(events("until=1970-01-01T00:00:00Z"), Ids());
}

TEST_F(DeliveriesApiTest, OneDeliveryHasItsAttemptsAndItsBody) {
    const auto id = append(1);
    const Attempt attempt{.at_ms = now_ms_,
                          .connected_us = 1500,
                          .took_us = 2250,
                          .status = 400,
                          .code = "status_400",
                          .address = "203.0.113.7:443",
                          .answer = std::string_view("no\xff\0", 4)};
    settle({.id = id, .state = DeliveryState::dead, .attempts = 1, .code = "status_400", .attempt = &attempt});
    const auto answer = api_->show(asking(kA, {}, "1"));
    ASSERT_EQ(answer.status, 200) << answer.body;
    const Json body = Json::parse(answer.body);
    EXPECT_EQ(body["body"], "body 1");
    EXPECT_EQ(body["state"], "dead");
    EXPECT_EQ(body["attempt_log"], Json::array({{{"number", 1},
                                                 {"at", "2026-11-22T12:03:28.123Z"},
                                                 {"outcome", "status_400"},
                                                 {"status", 400},
                                                 {"address", "203.0.113.7:443"},
                                                 {"resolved_ms", nullptr},
                                                 {"connected_ms", 1.5},
                                                 {"secured_ms", nullptr},
                                                 {"answered_ms", nullptr},
                                                 {"took_ms", 2.25},
                                                 {"answer", std::string("no\xEF\xBF\xBD\0", 6)}}}));
}

TEST_F(DeliveriesApiTest, ARequeueAnswersTheNewIdAndAConflictWhenItWaits) {
    const auto id = append(1);
    EXPECT_EQ(api_->requeue(asking(kA, {}, "1")).status, 409);
    settle({.id = id, .state = DeliveryState::dead, .attempts = 1, .code = "status_400"});
    const auto answer = api_->requeue(asking(kA, {}, "1"));
    EXPECT_EQ(answer.status, 202);
    EXPECT_EQ(Json::parse(answer.body), (Json{{"id", "2"}, {"requeued", "1"}}));
    const auto again = api_->requeue(asking(kA, {}, "1"));
    EXPECT_EQ(again.status, 409);
    EXPECT_EQ(Json::parse(again.body)["code"], "CONFLICT");
    EXPECT_EQ(listed()["deliveries"][1]["requeued_as"], "2");
}

TEST_F(DeliveriesApiTest, AJobIsItsTenantsOwn) {
    for (const char* owner : {"a", "b"})
        settle({.id = append(owner[0], owner), .state = DeliveryState::dead, .attempts = 1, .code = "x"});
    const auto begun = job_of("{}", kA);
    ASSERT_EQ(begun.status, 202) << begun.body;
    const std::string id = Json::parse(begun.body)["id"];
    EXPECT_EQ(begun.headers, (decltype(begun.headers){{"Location", "/sip/deliveries/requeue/" + id}}));
    EXPECT_EQ(job_of("{}", kA).status, 409);
    const auto unknown = api_->show_job(asking(kB, {}, "77"));
    EXPECT_EQ(unknown.status, 404);
    EXPECT_EQ(api_->show_job(asking(kB, {}, id)).body, unknown.body);
    EXPECT_EQ(api_->cancel_job(asking(kB, {}, id)).body, unknown.body);
    for (int i = 0; i < 5; ++i) EXPECT_TRUE(outbox_.maintain(now_ms_).ok());
    const Json done = Json::parse(api_->show_job(asking(kA, {}, id)).body);
    EXPECT_EQ(done["state"], "done");
    EXPECT_EQ(done["requeued"], 1);
    EXPECT_EQ(done["progress"], 1.0);
    EXPECT_EQ(done["ended_at"], "2026-11-22T12:03:28.123Z");
    EXPECT_EQ(events("state=dead"), (Ids{"EV_98"})) << "the other tenant's letter moved";
    EXPECT_EQ(Json::parse(api_->cancel_job(asking(kOperator, {}, id)).body)["state"], "done");
}

TEST_F(DeliveriesApiTest, ABadJobIsRefused) {
    const std::vector<std::pair<std::string, int>> cases{{"", 415},
                                                         {"{", 400},
                                                         {"[]", 400},
                                                         {R"({"state":"waiting"})", 400},
                                                         {R"({"limit":"5"})", 400},
                                                         {R"({"host":"nobody.example"})", 400},
                                                         {R"({"state":1})", 400},
                                                         {R"({"state":"dead","state":"dead"})", 400},
                                                         {R"({"since":"now"})", 400}};
    for (const auto& [body, status] : cases) EXPECT_EQ(job_of(body).status, status) << body;
    EXPECT_EQ(outbox_.requeue_job(1, {}).status().code(), Code::not_found);
}

TEST_F(DeliveriesApiTest, AStoreThatCannotBeReadIsA503WithoutItsPath) {
    append(1);
    outbox_.stop();
    for (const auto& answer :
         {api_->list(asking(kA)), api_->show(asking(kA, {}, "1")), api_->show_job(asking(kA, {}, "1")),
          api_->requeue(asking(kA, {}, "1")), job_of("{}", kA)}) {
        EXPECT_EQ(answer.status, 503);
        EXPECT_EQ(answer.body.find(folder_.path().string()), std::string::npos) << answer.body;
        EXPECT_EQ(answer.headers, (decltype(answer.headers){{"Retry-After", "5"}}));
    }
}

TEST(Times, AreReadAndWrittenAsRfc3339) {
    EXPECT_EQ(rfc3339(0), "1970-01-01T00:00:00.000Z");
    EXPECT_EQ(rfc3339(-1), "1969-12-31T23:59:59.999Z");
    for (const char* text : {"2024-02-29T23:59:59.999Z", "1970-01-01T00:00:00.000Z", "9999-12-31T23:59:59.000Z"})
        EXPECT_EQ(rfc3339(parse_rfc3339(text).value_or(1)), text);
    EXPECT_EQ(parse_rfc3339("2026-11-22T12:00:00.5+05:30"), parse_rfc3339("2026-11-22t06:30:00.500z"));
    EXPECT_EQ(parse_rfc3339("2026-11-22T12:00:00.1239Z"), parse_rfc3339("2026-11-22T12:00:00.123Z"));
    EXPECT_EQ(parse_rfc3339("2016-12-31T23:59:60Z"), parse_rfc3339("2017-01-01T00:00:00Z"));
    for (const char* text :
         {"", "2026", "2026-13-01T00:00:00Z", "2025-02-29T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z",
          "2026-01-01T00:00:61Z", "2026-01-01T00:00:00", "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00+1:00",
          "2026-01-01T00:00:00+01:60", "2026-01-01T00:00:00Zz", "1969-12-31T23:59:59Z", "+026-01-01T00:00:00Z",
          "2026-01-01X00:00:00Z"})
        EXPECT_FALSE(parse_rfc3339(text)) << text;
}

}  // namespace
}  // namespace switchhook::api
