#include "core/delivery/request_writer.hpp"

#include <gtest/gtest.h>

#include <switchhook/testkit/fake_host.hpp>

#include "core/routing/hooks.hpp"
#include "tests/unit/delivery/fakes.hpp"
#include "tests/unit/routing/fake_matcher.hpp"

namespace switchhook::delivery {
namespace {

// Python: prk = hmac(b"\0"*32, secret); hmac(prk, info + b"\x01"), RFC 5869 2.2 and 2.3
constexpr std::string_view kHookSecret = "a-global-hook-secret-of-some-length";
constexpr std::string_view kDerivedHex = "a6fbd8df0d216b6006a5b6d7210c41f491f066677c0cc720d83e18aed9b2875d";
constexpr std::string_view kDerivedStandard = "whsec_pvvY3w0ha2AGpbbXIQxB9JHwZmd8DMcg2D4Yrtmyh10=";

TEST(DerivedSecrets, AreHkdfSha256OfTheGlobalSecretAndTheTenant) {
    EXPECT_EQ(derived_secret(kHookSecret, "tenant-a", SecretForm::hex), kDerivedHex);
    EXPECT_EQ(derived_secret(kHookSecret, "tenant-a", SecretForm::standard), kDerivedStandard);
    EXPECT_NE(derived_secret(kHookSecret, "tenant-b", SecretForm::hex), kDerivedHex);
}

using Texts = std::vector<std::string>;

Texts texts(std::span<const std::string_view> secrets) {
    return {secrets.begin(), secrets.end()};
}

TEST(Secrets, TheHooksOwnComesFirst) {
    Secrets secrets({std::string(kHookSecret)}, true);
    Hook hook = routing::hook_of("a", "tenant-a");
    EXPECT_EQ(texts(secrets.of(hook, "livekit")), Texts{std::string(kDerivedHex)});
    EXPECT_EQ(texts(secrets.of(hook, "standard")), Texts{std::string(kDerivedStandard)});
    EXPECT_EQ(texts(secrets.of(hook, "livekit")), Texts{std::string(kDerivedHex)});
    hook.secrets = {"its own", "its older one"};
    EXPECT_EQ(texts(secrets.of(hook, "standard")), (Texts{"its own", "its older one"}));
}

TEST(Secrets, TheSharedOnesAreUsedAsTheyAreWhenNothingIsDerived) {
    Secrets secrets({"shared", "older"}, false);
    EXPECT_EQ(texts(secrets.of(routing::hook_of("a"), "livekit")), (Texts{"shared", "older"}));
    EXPECT_EQ(texts(secrets.of(routing::hook_of("a"), "standard")), (Texts{"shared", "older"}));
}

TEST(Secrets, EachOfSeveralIsDerivedInItsOrder) {
    Secrets secrets({"a-newer-hook-secret-of-some-length", std::string(kHookSecret)}, true);
    const Hook hook = routing::hook_of("a", "tenant-a");
    const auto derived = texts(secrets.of(hook, "livekit"));
    EXPECT_EQ(derived, (Texts{derived_secret("a-newer-hook-secret-of-some-length", "tenant-a", SecretForm::hex),
                              std::string(kDerivedHex)}));
    EXPECT_EQ(texts(secrets.of(hook, "livekit")), derived);
}

TEST(Secrets, WithoutAnyThereIsNone) {
    Secrets derived({}, true);
    EXPECT_TRUE(derived.of(routing::hook_of("a"), "livekit").empty());
    Secrets blank({""}, true);
    EXPECT_TRUE(blank.of(routing::hook_of("a"), "livekit").empty()) << "nothing is derived from nothing";
}

TEST(Secrets, AnOwnOneThatIsEmptyIsNotReplacedByTheSharedOne) {
    Secrets secrets({"shared"}, false);
    Hook hook = routing::hook_of("a");
    hook.secrets = {""};
    EXPECT_TRUE(secrets.of(hook, "livekit").empty());
}

TEST(Secrets, AFloodOfTenantsKeepsTheirKeysApart) {
    Secrets secrets({std::string(kHookSecret)}, true);
    for (int i = 0; i < 6'000; ++i) {
        const std::string tenant = "tenant-" + std::to_string(i);
        const auto keys = texts(secrets.of(routing::hook_of("a", tenant), "livekit"));
        if (i % 1'000 != 0) continue;
        EXPECT_EQ(keys, Texts{derived_secret(kHookSecret, tenant, SecretForm::hex)});
    }
}

class RequestWriterTest : public ::testing::Test {
protected:
    RequestWriterTest() {
        dialects.add("livekit", plain);
        rewriting.rewrite = true;
        dialects.add("sayna", rewriting);
    }
    RequestWriter writer(std::vector<std::string> secrets = {"shared"}) {
        return {dialects, forwarder, Secrets(std::move(secrets), false), "sip-", clock};
    }
    std::string code_of(const std::variant<Request, AttemptResult>& written) {
        const auto* failed = std::get_if<AttemptResult>(&written);
        return failed ? failed->code : "written";
    }

    testkit::ManualClock clock;
    FakeDialect plain;
    FakeDialect rewriting{{"participant_joined"}};
    Dialects dialects{"livekit"};
    FakeForwarder forwarder;
    std::string checked;
    std::shared_ptr<const livekit::ReadEvent> event = read_event(body_of("EV_1"));
    Hook hook = routing::hook_of("a", "tenant-a");
};

TEST_F(RequestWriterTest, WritesUrlHeadersIdAndTheEventsOwnBytesWithoutACopy) {
    const auto written = writer().write(event, hook, checked);
    const auto* request = std::get_if<Request>(&written);
    ASSERT_NE(request, nullptr);
    EXPECT_EQ(request->url, "https://a/events");
    EXPECT_EQ(header_of(*request, "webhook-id"), "EV_1");
    EXPECT_EQ(header_of(*request, "x-secret"), "shared");
    EXPECT_EQ(header_of(*request, "x-auth-id"), "tenant-a");
    EXPECT_EQ(header_of(*request, "x-time"), "1795329482");
    EXPECT_EQ(header_of(*request, "x-prefix"), "sip-");
    EXPECT_EQ(request->body, livekit::ReadEvent::body(event));
}

TEST_F(RequestWriterTest, TheFirstSecretSignsAndTheOthersGoWithIt) {
    const auto written = writer({"new", "old", "older"}).write(event, hook, checked);
    const auto* request = std::get_if<Request>(&written);
    EXPECT_EQ(header_of(*request, "x-secret"), "new");
    EXPECT_EQ(header_of(*request, "x-others"), "old older ");
}

TEST_F(RequestWriterTest, TheHooksDialectWritesAndItsBodyIsTaken) {
    hook.dialect = "sayna";
    const auto written = writer().write(event, hook, checked);
    EXPECT_EQ(*std::get_if<Request>(&written)->body, "rewritten EV_1");
}

TEST_F(RequestWriterTest, AHookWithoutATenantSignsAsDefault) {
    hook.auth_id.clear();
    const auto written = writer().write(event, hook, checked);
    EXPECT_EQ(header_of(*std::get_if<Request>(&written), "x-auth-id"), "default");
}

TEST_F(RequestWriterTest, AUrlIsJudgedOnceUntilItChanges) {
    auto one = writer();
    EXPECT_EQ(code_of(one.write(event, hook, checked)), "written");
    EXPECT_EQ(code_of(one.write(event, hook, checked)), "written");
    EXPECT_EQ(forwarder.checks, 1);
    hook.url = "http://plain/";
    forwarder.bad_urls.insert(hook.url);
    EXPECT_EQ(code_of(one.write(event, hook, checked)), "invalid_url");
    EXPECT_EQ(code_of(one.write(event, hook, checked)), "invalid_url");
    EXPECT_EQ(forwarder.checks, 3);
}

TEST_F(RequestWriterTest, WhatIsMissingHasACodeOfItsOwn) {
    hook.dialect = "twilio";
    EXPECT_EQ(code_of(writer().write(event, hook, checked)), "no_dialect");
    hook.dialect.clear();
    EXPECT_EQ(code_of(writer({}).write(event, hook, checked)), "no_secret");
    plain.fail = Status(Code::invalid, "no room");
    EXPECT_EQ(code_of(writer().write(event, hook, checked)), "not_written");
}

class EventFilterTest : public RequestWriterTest {};

TEST_F(EventFilterTest, AHookGetsItsOwnEventsElseItsDialectsElseAll) {
    Hook named = routing::hook_of("named");
    named.events = {"room_started", "room_finished"};
    named.dialect = "sayna";
    Hook sayna = routing::hook_of("sayna");
    sayna.dialect = "sayna";
    Hook unknown = routing::hook_of("unknown");
    unknown.dialect = "twilio";
    routing::Hooks hooks({named, sayna, unknown, routing::hook_of("plain")}, nullptr, {});
    ASSERT_TRUE(hooks.load().ok());
    const EventFilter filter(hooks.routes(), dialects);
    const auto id = [](const char* host) { return routing::hook_id(host, "tenant-a"); };
    EXPECT_TRUE(filter.wants(id("named"), "room_finished"));
    EXPECT_FALSE(filter.wants(id("named"), "participant_joined"));
    EXPECT_TRUE(filter.wants(id("sayna"), "participant_joined"));
    EXPECT_FALSE(filter.wants(id("sayna"), "room_finished"));
    EXPECT_TRUE(filter.wants(id("plain"), "anything_new"));
    EXPECT_TRUE(filter.wants(id("unknown"), "room_finished"));
    EXPECT_TRUE(filter.wants(4'711, "room_finished"));  // gone: seen as a dead letter
}

}  // namespace
}  // namespace switchhook::delivery
