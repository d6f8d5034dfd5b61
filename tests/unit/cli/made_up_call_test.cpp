// A call that nobody made is read, verified and routed like a real one.
#include "core/cli/made_up_call.hpp"

#include <gtest/gtest.h>

#include <set>

#include <switchhook/testkit/fake_host.hpp>

#include "core/cli/webhook_signature.hpp"
#include "core/livekit/reader.hpp"
#include "core/livekit/verifier.hpp"

namespace switchhook::cli {
namespace {

std::shared_ptr<const livekit::ReadEvent> read(const std::string& body) {
    auto event = livekit::Reader().read(body);
    EXPECT_TRUE(event) << event.status().message() << body;
    return event ? *event : nullptr;
}

MadeUpCall call(std::vector<SipHeader> headers, std::string mark = "abc123") {
    return {
        .room_prefix = "sip-", .mark = std::move(mark), .headers = std::move(headers), .unix_seconds = 1'795'329'482};
}

TEST(MadeUpCall, IsTheSequenceOfASimpleCallInOneRoom) {
    std::vector<std::string> names;
    std::set<std::string> rooms;
    std::set<std::string> ids;
    for (const auto& body : webhooks_of(call({{"To", "sip:1@a.com"}}))) {
        const auto event = read(body);
        ASSERT_NE(event, nullptr);
        names.emplace_back(event->event().name);
        rooms.emplace(std::string(event->event().room_name) + " " + std::string(event->event().room_sid));
        ids.emplace(event->event().id);
        EXPECT_TRUE(event->event().room_name.starts_with("sip-"));
        EXPECT_EQ(event->event().created_at, 1'795'329'482);
    }
    EXPECT_EQ(names, (std::vector<std::string>{"room_started", "participant_joined", "track_published",
                                               "track_unpublished", "participant_left", "room_finished"}));
    EXPECT_EQ(rooms.size(), 1U);
    EXPECT_EQ(ids.size(), names.size());
}

TEST(MadeUpCall, CarriesTheHeadersAsLiveKitNamesThem) {
    const auto event = read(
        joined_webhook_of(call({{"To", "<sip:+1@a.com>"}, {"X-To-IP", "b.com"}, {"to", "second"}, {"X-Tenant", ""}})));
    ASSERT_NE(event, nullptr);
    EXPECT_EQ(event->event().name, "participant_joined");
    EXPECT_EQ(event->event().call_id(), "SCL_abc123");
    EXPECT_EQ(event->event().attribute("sip.h.to"), "<sip:+1@a.com>") << "the first of a name counts";
    EXPECT_EQ(event->event().attribute("sip.h.x-to-ip"), "b.com");
    EXPECT_EQ(event->event().participant_kind, "SIP");
}

TEST(MadeUpCall, TakesAnyBytesInAHeader) {
    for (const std::string& value :
         {std::string("\"\\\r\n"), std::string("\xff\xfe"), std::string(1, '\0'), std::string(100'000, '<')})
        EXPECT_NE(read(joined_webhook_of(call({{"To", value}}))), nullptr);
}

TEST(MadeUpCall, OfAnotherMarkSharesNoId) {
    const auto one = webhooks_of(call({}, "aaa"));
    const auto other = webhooks_of(call({}, "bbb"));
    for (std::size_t i = 0; i < one.size(); ++i) {
        EXPECT_NE(read(one[i])->event().id, read(other[i])->event().id);
        EXPECT_NE(read(one[i])->event().room_name, read(other[i])->event().room_name);
        EXPECT_NE(read(one[i])->event().room_sid, read(other[i])->event().room_sid);
    }
}

TEST(SipHeaders, AreNameAndValue) {
    EXPECT_EQ(*sip_header("X-To-IP: 203.0.113.1"), (SipHeader{"X-To-IP", "203.0.113.1"}));
    EXPECT_EQ(*sip_header("To:<sip:1@a.com>"), (SipHeader{"To", "<sip:1@a.com>"}));
    EXPECT_EQ(*sip_header(" X : \t"), (SipHeader{"X", ""}));
    for (const char* text :
         {"", "To", ": x", " : x", "T o: x", "T\xc3\xb6: x", "To\r\nX: y", "(To): x", "sip.h.to@: x"})
        EXPECT_FALSE(sip_header(text).ok()) << text;
}

TEST(WebhookSignature, IsTakenByTheVerifierForThisBodyAndKeyOnly) {
    testkit::ManualClock clock;
    const livekit::Verifier verifier({{"devkey", "secret"}}, clock);
    const auto now = clock.unix_ms() / 1000;
    const std::string body = R"({"event":"room_started"})";
    const std::string signature = sign_webhook(body, "devkey", "secret", now);
    EXPECT_EQ(verifier.verify(signature, body), livekit::Verdict::ok);
    EXPECT_EQ(verifier.verify(signature, body + " "), livekit::Verdict::bad_digest);
    EXPECT_EQ(verifier.verify(sign_webhook(body, "devkey", "Secret", now), body), livekit::Verdict::bad_signature);
    EXPECT_EQ(verifier.verify(sign_webhook(body, "other", "secret", now), body), livekit::Verdict::unknown_key);
    clock.advance(std::chrono::minutes(7));
    EXPECT_EQ(verifier.verify(signature, body), livekit::Verdict::expired);
}

}  // namespace
}  // namespace switchhook::cli
