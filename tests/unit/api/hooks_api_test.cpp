#include <gtest/gtest.h>

#include <thread>

#include "tests/unit/api/hooks_api_fixture.hpp"

namespace switchhook::api {
namespace {

TEST_F(HooksApiTest, ListsConfiguredAndStoredHooksByHostWithoutAnySecret) {
    Hook own = hook("b.example", "t", "https://b.example/");
    own.secrets = {"never shown", "nor this"};
    open({own}, {hook("c.example", "", "https://c.example/"), hook("a.example", "t2", "https://a.example/")});
    const auto answer = list();
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, R"({"hooks":[{"host":"a.example","url":"https://a.example/","auth_id":"t2"},)"
                           R"({"host":"b.example","url":"https://b.example/","auth_id":"t"},)"
                           R"({"host":"c.example","url":"https://c.example/","auth_id":""}]})");
}

TEST_F(HooksApiTest, AddsTrimsAndReplacesByHostWhateverItsCase) {
    open({}, {hook("a.example", "old")});
    const auto answer = put(R"({"hooks":[{"host":" A.Example\t","url":"https://new.example/","auth_id":" t "}]})");
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, R"({"hooks":[{"host":"a.example","url":"https://new.example/","auth_id":"t"}]})");
    EXPECT_EQ(list().body, answer.body);
}

TEST_F(HooksApiTest, CallsTheTenantDefaultWhenNoneIsNamedAndNoneIsNeeded) {
    open({}, {});
    for (const char* auth_id : {"", R"(,"auth_id":"")", R"(,"auth_id":"  ")", R"(,"auth_id":null)"}) {
        const auto answer =
            put(std::string(R"({"hooks":[{"host":"a.example","url":"https://a.example/")") + auth_id + "}]}");
        EXPECT_EQ(answer.body, R"({"hooks":[{"host":"a.example","url":"https://a.example/","auth_id":"default"}]})");
    }
}

TEST_F(HooksApiTest, RefusesAMissingTenantWhenAuthenticationIsRequired) {
    open({}, {}, true);
    for (const char* auth_id : {"", R"(,"auth_id":"")", R"(,"auth_id":" ")"})
        refused(put(std::string(R"({"hooks":[{"host":"A.example","url":"http://x")") + auth_id + "}]}", kOperator), 400,
                "Hook for host 'A.example' has empty auth_id. When AUTH_REQUIRED=true, auth_id must be provided.");
}

TEST_F(HooksApiTest, TakesAnEmptyListAndNoList) {
    open({}, {hook("a.example", "t")});
    for (const char* body : {"{}", R"({"hooks":[]})", R"({"unknown":1})"}) {
        EXPECT_EQ(put(body).status, 200) << body;
        EXPECT_EQ(put(body).body, list().body) << body;
    }
}

TEST_F(HooksApiTest, RefusesBodiesThatAreNotWhatTheyShouldBe) {
    open({}, {});
    struct Row {
        const char* body;
        int status;
        const char* part;
    };
    for (const auto& row : {
             Row{"{", 400, "Failed to parse the request body as JSON: "},
             Row{"{} {}", 400, "Failed to parse the request body as JSON: "},
             Row{"\xFF", 400, "Failed to parse the request body as JSON: "},
             Row{"{\"hooks\":[{\"host\":\"\xFF\"}]}", 400, "Failed to parse the request body as JSON: "},
             Row{R"({"hooks":[],"hooks":[]})", 400, "the key 'hooks' stands twice"},
             Row{R"({"hooks":[{"host":"a","url":"https://a/","url":"https://b/"}]})", 400,
                 "the key 'url' stands twice"},
             Row{"[]", 422, "Failed to deserialize the JSON body into the target type: expected an object"},
             Row{R"({"hooks":{}})", 422, "hooks: expected a list"},
             Row{R"({"hooks":null})", 422, "hooks: expected a list"},
             Row{R"({"hooks":["a"]})", 422, "hooks[0]: expected an object"},
             Row{R"({"hooks":[{"url":"https://a/"}]})", 422, "hooks[0]: missing field `host`"},
             Row{R"({"hooks":[{"host":"a"}]})", 422, "hooks[0]: missing field `url`"},
             Row{R"({"hooks":[{"host":"a","url":1}]})", 422, "hooks[0].url: expected a string"},
             Row{R"({"hooks":[{"host":"a","url":"https://a/","auth_id":7}]})", 422,
                 "hooks[0].auth_id: expected a string"},
         })
        refused(put(row.body), row.status, row.part);
    refused(put(std::string(1'000'000, '[')), 400, "nested too deeply");
}

// nlohmann-json's parser with a callback, and its ordered objects, are quadratic: this took minutes.
TEST_F(HooksApiTest, RefusesTwoMebibytesOfManyEntriesOrManyKeysAtOnce) {
    open({}, {});
    std::string entries = "{\"hooks\":[{}";
    while (entries.size() < 2'000'000) entries += ",{}";
    refused(put(entries + "]}"), 422, "missing field `host`");
    std::string keys = "{\"a\":0";
    for (int i = 0; keys.size() < 2'000'000; ++i) keys += ",\"" + std::to_string(i) + "\":0";
    refused(put(keys + "}"), 400, "an object has too many keys");
}

TEST_F(HooksApiTest, RefusesOtherContentTypes) {
    open({}, {});
    for (const char* type : {"", "text/plain", "application/jsonp", "application/xml", "text/json", "json"}) {
        auto post = request("POST", R"({"hooks":[]})");
        post.headers.clear();
        if (*type != 0) post.headers.emplace_back("Content-Type", type);
        refused(api_->put(post), 415, "Expected request with `Content-Type: application/json`");
    }
    for (const char* type : {"application/json; charset=utf-8", "Application/JSON", "application/vnd.x+json"}) {
        auto post = request("POST", R"({"hooks":[]})");
        post.headers = {{"content-type", type}};
        EXPECT_EQ(api_->put(post).status, 200) << type;
    }
}

TEST_F(HooksApiTest, RefusesUnusableEntriesAndNamesThem) {
    open({}, {});
    struct Row {
        std::string host, url, auth_id, part;
    };
    for (const auto& row : {
             Row{"x.example", "http://x.example/", "t", "hooks[1].url: SIP hook URL must be HTTPS"},
             Row{"x.example", "x.example", "t", "hooks[1].url: SIP hook URL must be HTTPS"},
             Row{"x.example", "", "t", "hooks[1].url: SIP hook URL must be HTTPS"},
             Row{"x.example", "https://169.254.169.254/", "t", "hooks[1].url: the address is forbidden"},
             Row{"x.example", "https://x.example/" + std::string(5000, 'x'), "t",
                 "hooks[1].url: longer than 4096 bytes"},
             Row{"x example", "https://x.example/", "t", "hooks[1].host: 'x example' is no host"},
             Row{"  ", "https://x.example/", "t", "hooks[1].host: the host is empty"},
             Row{"x.example", "https://x.example/", std::string(257, 'x'), "hooks[1].auth_id: at most 256 bytes"},
             Row{"x.example", "https://x.example/", "a\\u0000b", "hooks[1].auth_id: at most 256 bytes"},
             Row{"GOOD.example ", "https://x.example/", "t", "Duplicate host detected: good.example"},
         })
        refused(put(R"({"hooks":[{"host":"good.example","url":"https://good.example/","auth_id":"t"},{"host":")" +
                    row.host + R"(","url":")" + row.url + R"(","auth_id":")" + row.auth_id + R"("}]})"),
                400, row.part);
}

TEST_F(HooksApiTest, RefusesAHookThatNobodyCouldSign) {
    open({}, {}, false, {.sip = true, .secret_usable = false});
    refused(put(R"({"hooks":[{"host":"a.example","url":"https://a.example/"}]})"), 400,
            "SIP hook 'a.example' has no secret configured");
}

TEST_F(HooksApiTest, StoresAndListsNothingWhileSipIsOff) {
    open({}, {}, false, {.sip = false, .secret_usable = false});
    refused(put(R"({"hooks":[{"host":"*","url":"https://stranger.example/"}]})"), 409, "SIP_NOT_CONFIGURED");
    refused(remove(R"({"hosts":["*"]})"), 409, "SIP_NOT_CONFIGURED");
    EXPECT_EQ(store_.table.size(), 0U);
    EXPECT_EQ(list().body, R"({"hooks":[]})");
    for (const auto& line : host_.recorded().lines()) EXPECT_EQ(line.text.find("SIP"), std::string::npos) << line.text;
}

TEST_F(HooksApiTest, RefusesMoreEntriesThanTheLimit) {
    open({}, {});
    std::string hooks = R"({"hooks":[)";
    std::string hosts = R"({"hosts":[)";
    for (std::size_t i = 0; i <= HooksApi::kHooksPerRequest; ++i) {
        hooks += (i == 0 ? "" : ",") + std::string(R"({"host":"h)") + std::to_string(i) +
                 R"(.example","url":"https://a.example/"})";
        hosts += (i == 0 ? "\"h" : ",\"h") + std::to_string(i) + "\"";
    }
    refused(put(hooks + "]}"), 400, "at most 1000 entries");
    refused(remove(hosts + "]}"), 400, "at most 1000 entries");
}

TEST_F(HooksApiTest, NeverChangesConfiguredHosts) {
    open({hook("b.example", "t"), hook("a.example", "t")}, {});
    const std::string text =
        "Host(s) a.example, b.example are hardcoded in the application config and cannot be changed.";
    const auto posted = put(
        R"({"hooks":[{"host":"B.example","url":"http://x"},{"host":"a.example","url":"http://x"},{"host":"b.example","url":"http://x"},{"host":"c","url":""}]})");
    refused(posted, 405, text);
    ASSERT_EQ(posted.headers.size(), 1U);
    EXPECT_EQ(posted.headers[0], (std::pair<std::string, std::string>("Allow", "GET, HEAD, POST, DELETE")));
    refused(remove(R"({"hosts":["free.example"," B.EXAMPLE","a.example"]})"), 405, text);
}

TEST_F(HooksApiTest, RemovesHostsAndIgnoresUnknownOnes) {
    open({}, {hook("a.example", "t"), hook("b.example", "t")});
    const auto answer = remove(R"({"hosts":[" A.EXAMPLE","nobody.example"]})");
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, R"({"hooks":[{"host":"b.example","url":"https://old.example/","auth_id":"t"}]})");
}

TEST_F(HooksApiTest, RefusesToRemoveNothing) {
    open({}, {});
    for (const char* body : {"{}", R"({"hosts":[]})"}) refused(remove(body), 400, "No hosts provided to delete.");
    refused(remove(R"({"hosts":[1]})"), 422, "hosts[0]: expected a string");
    refused(remove(R"({"hosts":"a.example"})"), 422, "hosts: expected a list");
}

TEST_F(HooksApiTest, SaysThatAWriteFailedAndLeavesEverythingAsItWas) {
    open({}, {hook("a.example", "t")});
    store_.fault = Status(Code::full, "I/O error: no space left on device");
    const auto posted = put(R"({"hooks":[{"host":"b.example","url":"https://b.example/"}]})");
    EXPECT_EQ(posted.status, 500);
    EXPECT_EQ(posted.body,
              R"({"error":"Failed to write hooks cache: I/O error: no space left on device","code":"STORE_FAILED"})");
    EXPECT_EQ(remove(R"({"hosts":["a.example"]})").status, 500);
    EXPECT_EQ(list().body, R"({"hooks":[{"host":"a.example","url":"https://old.example/","auth_id":"t"}]})");
}

TEST_F(HooksApiTest, AsksForATokenBeforeItLooksAtAnything) {
    open({}, {}, true);
    EXPECT_EQ(list().status, 401);
    EXPECT_EQ(put("{").status, 401);
    EXPECT_EQ(remove("{").status, 401);
    EXPECT_EQ(put("{", "wrong").status, 401);
    EXPECT_EQ(put("{", kA).status, 400);
}

TEST_F(HooksApiTest, ShowsATenantItsOwnHooksOnly) {
    open({hook("c.example", "tenant-a")},
         {hook("a.example", "tenant-a"), hook("b.example", "tenant-b"), hook("d.example", "")}, true);
    const std::string own =
        R"({"hooks":[{"host":"a.example","url":"https://old.example/","auth_id":"tenant-a"},{"host":"c.example","url":"https://old.example/","auth_id":"tenant-a"}]})";
    EXPECT_EQ(list(kA).body, own);
    EXPECT_EQ(put("{}", kA).body, own);
    EXPECT_NE(list(kOperator).body.find("d.example"), std::string::npos);
}

TEST_F(HooksApiTest, GivesATenantTheSameAnswerWhoeverOwnsWhatItAskedFor) {
    open({hook("configured.example", "tenant-b")},
         {hook("stored.example", "tenant-b"), hook("nobodys.example", ""), hook("*.wild.example", "tenant-b")}, true);
    const auto answer_for = [&](const std::string& host, const std::string& auth_id) {
        auto answer = put(
            R"({"hooks":[{"host":")" + host + R"(","url":"https://a.example/","auth_id":")" + auth_id + R"("}]})", kA);
        EXPECT_EQ(answer.status, 403) << host << " " << answer.body;
        const auto at = answer.body.find(host);
        EXPECT_NE(at, std::string::npos);
        return at == std::string::npos ? answer.body : answer.body.erase(at, host.size());
    };
    const auto text = answer_for("stored.example", "tenant-a");
    EXPECT_EQ(answer_for("configured.example", "tenant-a"), text);
    EXPECT_EQ(answer_for("nobodys.example", "tenant-a"), text);
    EXPECT_EQ(answer_for("x.wild.example", "tenant-a"), text);
    EXPECT_EQ(answer_for("x.y.wild.example", "tenant-a"), text);
    EXPECT_EQ(answer_for("free.example", "tenant-b"), text);
    EXPECT_EQ(answer_for("free.example", "ops"), text);
    EXPECT_EQ(answer_for("*.free.example", "tenant-a"), text);
    EXPECT_EQ(answer_for("*", "tenant-a"), text);
    EXPECT_EQ(text.find("tenant-b"), std::string::npos);
    for (const char* host : {"stored.example", "configured.example", "nobodys.example", "*.wild.example"})
        refused(remove(R"({"hosts":[")" + std::string(host) + R"("]})", kA), 403, "cannot be changed by this caller");
}

TEST_F(HooksApiTest, LetsATenantChangeWhatIsItsOwnOrFree) {
    open({hook("own.example", "tenant-a")},
         {hook("*", "tenant-b"), hook("*.example", "tenant-b"), hook("*.a.example", "tenant-a"),
          hook("mine.example", "tenant-a")},
         true);
    const auto status = [&](const std::string& host) {
        return put(R"({"hooks":[{"host":")" + host + R"(","url":"https://a.example/","auth_id":"tenant-a"}]})", kA)
            .status;
    };
    EXPECT_EQ(status("mine.example"), 200);  // its own row, though under another's wildcard
    EXPECT_EQ(status("x.a.example"), 200);   // its own wildcard is longer
    EXPECT_EQ(status("free.net"), 200);      // the default route claims nothing
    EXPECT_EQ(status("a.example"), 403);     // "*.a.example" does not cover it, "*.example" does
    EXPECT_EQ(status("own.example"), 405);   // its own, but configured
    EXPECT_EQ(remove(R"({"hosts":["mine.example","unknown.example","deep.other.example"]})", kA).status, 200);
}

TEST_F(HooksApiTest, LetsTheOperatorSetWildcardsAndGiveHostsAway) {
    open({}, {hook("a.example", "tenant-a")}, true);
    EXPECT_EQ(
        put(R"({"hooks":[{"host":"*","url":"https://a.example/","auth_id":"tenant-a"},{"host":"*.b.example","url":"https://a.example/","auth_id":"tenant-b"},{"host":"a.example","url":"https://b.example/","auth_id":"tenant-b"}]})",
            kOperator)
            .status,
        200);
    EXPECT_NE(list(kB).body.find("a.example"), std::string::npos);
}

TEST_F(HooksApiTest, GivesAFreeHostToOneOfTwoTenantsThatAskAtOnce) {
    for (int round = 0; round < 50; ++round) {
        open({}, {}, true);
        http::Response of_a, of_b;
        const std::string begin = R"({"hooks":[{"host":"free.example","url":"https://x.example/","auth_id":")";
        std::thread other([&] { of_b = api_->put(request("POST", begin + R"(tenant-b"}]})", kB)); });
        of_a = api_->put(request("POST", begin + R"(tenant-a"}]})", kA));
        other.join();
        EXPECT_EQ(of_a.status + of_b.status, 603) << of_a.body << of_b.body;
    }
}

TEST_F(HooksApiTest, LogsWhoChangedAndNoToken) {
    open({}, {}, true);
    auto post = request("POST", R"({"hooks":[{"host":"a.example","url":"https://a.example/","auth_id":"tenant-a"}]})");
    post.query = "api_key=secret+of+tenant+a";
    EXPECT_EQ(api_->put(post).status, 200);
    EXPECT_TRUE(host_.recorded().contains("by=tenant-a"));
    EXPECT_FALSE(host_.recorded().contains("secret"));
}

}  // namespace
}  // namespace switchhook::api
