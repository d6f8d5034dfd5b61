// What is explained is what a server does with the same hooks.
#include "core/cli/explain.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <switchhook/testkit/fake_host.hpp>

#include "core/cli/made_up_call.hpp"
#include "core/cli/recording.hpp"
#include "core/livekit/reader.hpp"
#include "plugins/matcher_sip_host/sip_host_matcher.hpp"
#include "plugins/matcher_wildcard/wildcard_matcher.hpp"

namespace switchhook::cli {
namespace {

Hook hook(std::string host, std::string tenant, bool configured) {
    Hook made;
    made.url = "https://" + host + "/";
    made.host = std::move(host);
    made.auth_id = std::move(tenant);
    made.id = routing::hook_id(made.host, made.auth_id);
    made.configured = configured;
    return made;
}

class Explain : public testing::Test {
protected:
    Explain() {
        const Settings headers({{"headers", std::vector<std::string>{"x-to-ip", "to"}}});
        chain_->push_back(std::make_unique<matcher::SipHostMatcher>(headers, host_));
        chain_->push_back(std::make_unique<matcher::WildcardMatcher>(headers, host_));
        Hook choosy = hook("customer-b.com", "tenant-b", false);
        choosy.dialect = "sayna";
        choosy.events = {"participant_left"};
        routes_ = std::make_unique<routing::Routes>(
            std::vector<Hook>{hook("customer-a.com", "tenant-a", true), choosy,
                              hook("*.customer-a.com", "tenant-sub", true), hook("[2001:db8::1]", "tenant-v6", false)},
            chain_);
    }
    Ground ground() const {
        return {.routes = *routes_,
                .matchers = names_,
                .dialects = dialects_,
                .room_prefix = "sip-",
                .stored_in = "the hook store 'x'"};
    }
    std::string explained(const std::string& body, Form form) const {
        const auto event = livekit::Reader().read(body);
        EXPECT_TRUE(event) << event.status().message();
        return event ? explain((*event)->event(), ground(), form) : "";
    }
    std::string call(std::vector<SipHeader> headers, Form form = Form::people) const {
        return explained(
            joined_webhook_of({.room_prefix = "sip-", .mark = "m", .headers = std::move(headers), .unix_seconds = 1}),
            form);
    }

    testkit::FakeHost host_;
    std::shared_ptr<routing::Chain> chain_ = std::make_shared<routing::Chain>();
    std::vector<std::string> names_{"sip_host", "wildcard"};
    delivery::Dialects dialects_{"livekit"};
    std::unique_ptr<routing::Routes> routes_;
};

TEST_F(Explain, SaysStepByStepWhoseACallIs) {
    const auto text = call({{"To", "<sip:+15551230001@x.customer-a.com>"}});
    for (const char* part : {"event participant_joined", "matcher sip_host\n  header x-to-ip: not in the event\n",
                             "no hook has exactly the host x.customer-a.com\n", "matcher wildcard\n",
                             "looked for *.customer-a.com: found this one\n  this matcher decides\n",
                             "the hook of *.customer-a.com, from the configuration\n", "tenant   tenant-sub\n",
                             "dialect  livekit (", "gets     participant_joined\n"})
        EXPECT_NE(text.find(part), std::string::npos) << part << "in\n" << text;
}

TEST_F(Explain, SaysWhereAStoredHookIsFromAndThatItDoesNotGetTheEvent) {
    const auto text = call({{"To", "sip:1@customer-b.com"}});
    for (const char* part : {"from the hook store 'x'\n", "dialect  sayna (offered by no plugin",
                             "events   participant_left\n", "does not get participant_joined\n"})
        EXPECT_NE(text.find(part), std::string::npos) << part << "in\n" << text;
}

TEST_F(Explain, SaysWhyNobodyGetsACall) {
    EXPECT_NE(call({{"To", "tel:+15551230001"}}).find("its scheme 'tel' is neither sip nor sips"), std::string::npos);
    EXPECT_NE(call({{"To", "sip:1@nobody.example"}}).find("no matcher found a hook"), std::string::npos);
    EXPECT_NE(call({}).find("no header names a host"), std::string::npos);
}

TEST_F(Explain, MasksNumbersForPeopleOnly) {
    EXPECT_EQ(call({{"To", "<sip:+15551230001@customer-a.com>"}}).find("15551230001"), std::string::npos);
    EXPECT_NE(call({{"To", "<sip:+15551230001@customer-a.com>"}}, Form::json).find("15551230001"), std::string::npos);
}

TEST_F(Explain, LetsNoHeaderForgeALine) {
    const auto text = call({{"To", "sip:x\nthe hook of evil.example\x1b[2J"}});
    EXPECT_EQ(text.find("\nthe hook of evil"), std::string::npos) << text;
    EXPECT_EQ(text.find('\x1b'), std::string::npos);
}

TEST_F(Explain, SaysWhyTheMatchersAreNotAsked) {
    for (
        const auto& [body, why] : std::vector<std::pair<std::string, std::string>>{
            {R"({"event":"x"})", "names no room"},
            {R"({"event":"x","room":{"name":"web"}})", "does not begin with sip.room_prefix"},
            {R"({"event":"room_started","room":{"name":"sip-1"}})", "carries no sip.callID"},
            {R"({"event":"x","room":{"name":"sip-1"},"participant":{"attributes":{"sip.h.to":"sip:1@customer-a.com"}}})",
             "carries no sip.callID"}}) {
        EXPECT_NE(explained(body, Form::people).find(why), std::string::npos) << body;
        const auto json = nlohmann::json::parse(explained(body, Form::json));
        EXPECT_EQ(json["matchers_are_asked"], false);
        EXPECT_TRUE(json["hooks"].empty());
    }
}

TEST_F(Explain, FindsForEveryRecordedEventTheHooksThatTheRoutesMatch) {
    std::size_t found = 0;
    livekit::Reader reader;
    for (const auto& file : std::filesystem::directory_iterator(SWITCHHOOK_SOURCE_DIR "/tests/data/recordings")) {
        if (file.path().extension() != ".jsonl" || file.file_size() == 0) continue;  // some calls make no webhook
        const auto bodies = read_recording(file.path());
        ASSERT_TRUE(bodies) << bodies.status().message();
        for (const auto& body : *bodies) {
            const auto event = reader.read(body);
            ASSERT_TRUE(event) << event.status().message();
            const Event& read = (*event)->event();
            const auto json = nlohmann::json::parse(explain(read, ground(), Form::json));
            const bool asked = read.room_name.starts_with("sip-") && !read.call_id().empty();
            EXPECT_EQ(json["matchers_are_asked"], asked);
            if (!asked) continue;
            std::vector<HookId> ids;
            for (const auto& each : json["hooks"])
                ids.push_back(routing::hook_id(std::string(each["host"]), std::string(each["auth_id"])));
            EXPECT_EQ(ids, routes_->match(read).hooks) << body;
            found += ids.size();
        }
    }
    EXPECT_GT(found, 50U);
}

}  // namespace
}  // namespace switchhook::cli
