// One instance and a LiveKit that does as it is told.
#include "provisioning.hpp"

#include <gtest/gtest.h>

#include "instance.hpp"

namespace switchhook::tests {
namespace {

class ProvisioningTest : public ::testing::Test {
protected:
    const Json trunk() { return livekit_.trunks().begin()->second; }
    const Json rule() { return livekit_.rules().begin()->second; }
    int changes() {
        return livekit_.count("CreateSIPInboundTrunk") + livekit_.count("UpdateSIPInboundTrunk") +
               livekit_.count("DeleteSIPTrunk") + livekit_.count("CreateSIPDispatchRule") +
               livekit_.count("UpdateSIPDispatchRule") + livekit_.count("DeleteSIPDispatchRule");
    }
    // Applies, and expects success.
    std::vector<std::string> applied() {
        const auto plan = instance_.apply();
        EXPECT_TRUE(plan.ok()) << plan.status().message();
        return plan.ok() ? plan->changes : std::vector<std::string>{};
    }
    std::string refusal(Code code) {
        const auto plan = instance_.apply();
        EXPECT_EQ(plan.status().code(), code) << plan.status().message();
        for (const std::string& part : {livekit_.url(), std::string(kTrunkName), std::string(kRuleName)})
            EXPECT_TRUE(has(plan.status().message(), part)) << plan.status().message();
        return plan.status().message();
    }

    FakeLiveKit livekit_;
    Instance instance_{livekit_.url()};
};

TEST_F(ProvisioningTest, AnEmptyLiveKitGetsTrunkAndRule) {
    const auto changes = applied();
    ASSERT_EQ(changes.size(), 2U);
    EXPECT_TRUE(has(changes[0], "create trunk 'sayna-sip--trunk'")) << changes[0];
    EXPECT_TRUE(has(changes[1], "create rule 'sayna-sip--dispatch'")) << changes[1];
    ASSERT_EQ(livekit_.trunks().size(), 1U);
    ASSERT_EQ(livekit_.rules().size(), 1U);
    EXPECT_EQ(trunk()["name"], kTrunkName);
    EXPECT_EQ(trunk()["allowed_addresses"], Json({"192.0.2.7", "2001:db8::/32"}));
    EXPECT_EQ(trunk()["include_headers"], "SIP_ALL_HEADERS");
    EXPECT_EQ(trunk()["numbers"], Json::array());
    EXPECT_EQ(trunk()["metadata"], kMark);
    EXPECT_EQ(rule()["name"], kRuleName);
    EXPECT_EQ(rule()["trunk_ids"], Json::array({trunk()["sip_trunk_id"]}));
    EXPECT_EQ(rule()["rule"]["dispatch_rule_individual"]["room_prefix"], "sip-");
    EXPECT_EQ(rule()["room_config"]["max_participants"], 3);
    EXPECT_EQ(rule()["metadata"], kMark);
}

TEST_F(ProvisioningTest, APlanSaysWhatIsMissingAndChangesNothing) {
    const auto plan = instance_.plan();
    ASSERT_TRUE(plan.ok()) << plan.status().message();
    ASSERT_EQ(plan->changes.size(), 2U);
    EXPECT_EQ(changes(), 0);
}

TEST_F(ProvisioningTest, TenStartsMakeOneTrunkAndOneRule) {
    applied();
    livekit_.forget_calls();
    for (int start = 0; start < 10; ++start) EXPECT_TRUE(applied().empty());
    EXPECT_EQ(changes(), 0);
    EXPECT_EQ(livekit_.trunks().size(), 1U);
    EXPECT_EQ(livekit_.rules().size(), 1U);
}

TEST_F(ProvisioningTest, AChangedAddressListIsApplied) {
    applied();
    const auto id = trunk()["sip_trunk_id"];
    instance_.addresses = {"198.51.100.0/24"};
    const auto changes = applied();
    ASSERT_EQ(changes.size(), 1U);
    EXPECT_TRUE(has(changes[0], "allowed_addresses [192.0.2.7, 2001:db8::/32] -> [198.51.100.0/24]")) << changes[0];
    EXPECT_EQ(trunk()["sip_trunk_id"], id);
    EXPECT_EQ(trunk()["allowed_addresses"], Json::array({"198.51.100.0/24"}));
}

TEST_F(ProvisioningTest, TheOrderAndRepetitionOfAddressesMeansNothing) {
    applied();
    instance_.addresses = {"2001:db8::/32", "192.0.2.7", "192.0.2.7"};
    EXPECT_TRUE(applied().empty());
}

TEST_F(ProvisioningTest, WhatTheReferenceMadeIsAdopted) {
    const auto trunk_id = livekit_.put_trunk(
        {{"name", kTrunkName}, {"allowed_addresses", {"203.0.113.1"}}, {"include_headers", "SIP_ALL_HEADERS"}});
    const auto rule_id = livekit_.put_rule(
        {{"name", kRuleName}, {"rule", {{"dispatch_rule_individual", {{"room_prefix", "sip-"}, {"pin", ""}}}}}});
    EXPECT_EQ(applied().size(), 2U);
    EXPECT_EQ(trunk()["sip_trunk_id"], trunk_id);
    EXPECT_EQ(trunk()["metadata"], kMark);
    EXPECT_EQ(trunk()["allowed_addresses"], Json({"192.0.2.7", "2001:db8::/32"}));
    EXPECT_EQ(rule()["sip_dispatch_rule_id"], rule_id);
    EXPECT_EQ(rule()["trunk_ids"], Json::array({trunk_id})) << "no longer for calls of any trunk";
    EXPECT_EQ(rule()["room_config"]["max_participants"], 3);
    EXPECT_TRUE(applied().empty());
}

TEST_F(ProvisioningTest, WhatAnOperatorSetOnOursSurvivesAnUpdate) {
    Json trunk_object = our_trunk();
    trunk_object.update(Json{{"auth_username", "carrier"},
                             {"auth_password", "carrier-password"},
                             {"krisp_enabled", true},
                             {"ringing_timeout", "30s"},
                             {"allowed_numbers", {"+15550001"}},
                             {"headers_to_attributes", {{"X-Tenant", "tenant"}}},
                             {"media", {{"encryption", "SIP_MEDIA_ENCRYPT_ALLOW"}}},
                             {"metadata", R"({"team":"voice","managed_by":"switchhook","room_prefix":"sip-"})"}});
    trunk_object["include_headers"] = "SIP_X_HEADERS";
    const auto id = livekit_.put_trunk(trunk_object);
    Json rule_object = our_rule(id);
    rule_object["attributes"] = {{"line", "1"}};
    rule_object["hide_phone_number"] = true;
    rule_object["rule"]["dispatch_rule_individual"]["pin"] = "42";
    rule_object["room_config"] = {
        {"max_participants", 9}, {"empty_timeout", 77}, {"agents", Json::array({{{"agent_name", "desk"}}})}};
    livekit_.put_rule(rule_object);
    const auto before_trunk = trunk();
    const auto before_rule = rule();
    const auto changes = applied();
    ASSERT_EQ(changes.size(), 2U);
    EXPECT_TRUE(has(changes[0], "include_headers SIP_X_HEADERS -> SIP_ALL_HEADERS")) << changes[0];
    EXPECT_TRUE(has(changes[1], "max_participants 9 -> 3")) << changes[1];
    for (const auto& change : changes) EXPECT_FALSE(has(change, "carrier-password"));
    auto wanted_trunk = before_trunk;
    wanted_trunk["include_headers"] = "SIP_ALL_HEADERS";
    EXPECT_EQ(trunk(), wanted_trunk);
    auto wanted_rule = before_rule;
    wanted_rule["room_config"]["max_participants"] = 3;
    EXPECT_EQ(rule(), wanted_rule);
}

TEST_F(ProvisioningTest, ARenamedTrunkIsKnownByItsMark) {
    applied();
    auto renamed = trunk();
    renamed["name"] = "someone's idea";
    livekit_.put_trunk(renamed);
    const auto changes = applied();
    ASSERT_EQ(changes.size(), 1U);
    EXPECT_TRUE(has(changes[0], "name 'someone's idea' -> 'sayna-sip--trunk'")) << changes[0];
    EXPECT_EQ(livekit_.trunks().size(), 1U);
}

TEST_F(ProvisioningTest, ADriftedRuleIsMended) {
    applied();
    auto drifted = rule();
    drifted["trunk_ids"] = Json::array();
    drifted["rule"] = {{"dispatch_rule_direct", {{"room_name", "everyone"}, {"pin", ""}}}};
    livekit_.put_rule(drifted);
    const auto changes = applied();
    ASSERT_EQ(changes.size(), 1U);
    EXPECT_TRUE(has(changes[0], "rule dispatch_rule_direct -> dispatch_rule_individual")) << changes[0];
    EXPECT_EQ(rule()["trunk_ids"], Json::array({trunk()["sip_trunk_id"]}));
    EXPECT_FALSE(rule()["rule"].contains("dispatch_rule_direct"));
}

TEST_F(ProvisioningTest, ARuleWhoseTrunkWasDeletedIsPointedAtTheNewOne) {
    livekit_.put_rule(our_rule("ST_gone"));
    EXPECT_EQ(applied().size(), 2U);
    EXPECT_EQ(rule()["trunk_ids"], Json::array({trunk()["sip_trunk_id"]}));
}

TEST_F(ProvisioningTest, TheMarkJoinsTheKeysThatAreThere) {
    livekit_.put_trunk({{"name", kTrunkName}, {"metadata", R"({"team":"voice","roomPrefix":1})"}});
    applied();
    EXPECT_EQ(Json::parse(trunk()["metadata"].get<std::string>()),
              Json::parse(R"({"team":"voice","roomPrefix":1,"managed_by":"switchhook","room_prefix":"sip-"})"));
}

TEST_F(ProvisioningTest, MetadataThatIsNoObjectIsKeptAndTheNameCounts) {
    auto object = our_trunk();
    object["metadata"] = "do not touch, says Bob";
    object["allowed_addresses"] = Json::array({"203.0.113.1"});
    livekit_.put_trunk(object);
    EXPECT_EQ(applied().size(), 2U);
    EXPECT_EQ(trunk()["metadata"], "do not touch, says Bob");
    EXPECT_TRUE(applied().empty());
}

TEST_F(ProvisioningTest, ForeignTrunksAndRulesAreNotTouched) {
    livekit_.put_trunk({{"name", "other"}, {"numbers", {"+15550001"}}});
    livekit_.put_rule(
        {{"name", "other"}, {"trunk_ids", {"ST_other"}}, {"rule", {{"dispatch_rule_callee", {{"pin", ""}}}}}});
    livekit_.put_rule({{"name", "catch-all"}, {"rule", {{"dispatch_rule_callee", {{"pin", ""}}}}}});
    const auto trunks = livekit_.trunks();
    const auto rules = livekit_.rules();
    applied();
    EXPECT_EQ(livekit_.trunks().size(), 2U);
    EXPECT_EQ(livekit_.rules().size(), 3U);
    for (const auto& [id, object] : trunks) EXPECT_EQ(livekit_.trunks()[id], object);
    for (const auto& [id, object] : rules) EXPECT_EQ(livekit_.rules()[id], object);
}

TEST_F(ProvisioningTest, AForeignTrunkForEveryNumberIsARefusalThatNamesIt) {
    const auto id = livekit_.put_trunk({{"name", "carrier"}, {"allowed_addresses", {"203.0.113.1"}}});
    const auto text = refusal(Code::conflict);
    EXPECT_TRUE(has(text, "'carrier' (" + id + ")")) << text;
    EXPECT_TRUE(has(text, "lk sip inbound delete " + id)) << text;
    EXPECT_EQ(instance_.plan().status().code(), Code::conflict);
    EXPECT_EQ(changes(), 0);
}

TEST_F(ProvisioningTest, TheTrunkOfAnotherRoomPrefixIsNotTakenOver) {
    auto other = our_trunk();
    other["name"] = "sayna-call--trunk";
    other["metadata"] = R"({"managed_by":"switchhook","room_prefix":"call-"})";
    livekit_.put_trunk(other);
    const auto text = refusal(Code::conflict);
    EXPECT_TRUE(has(text, "made it for the room prefix 'call-'")) << text;
    EXPECT_EQ(changes(), 0);
}

TEST_F(ProvisioningTest, AForeignRuleForOurTrunkIsARefusalThatNamesIt) {
    const auto trunk_id = livekit_.put_trunk(our_trunk());
    auto foreign = our_rule(trunk_id);
    foreign["name"] = "desk";
    foreign["metadata"] = "";
    const auto id = livekit_.put_rule(foreign);
    const auto text = refusal(Code::conflict);
    EXPECT_TRUE(has(text, "'desk' (" + id + ")")) << text;
    EXPECT_EQ(changes(), 0);
}

TEST_F(ProvisioningTest, AConflictThatOnlyLiveKitSeesIsTriedOnceMoreAndThenReported) {
    livekit_.instead = [](const FakeLiveKit::Seen& seen) -> std::optional<PlainAnswer> {
        if (seen.method != "CreateSIPInboundTrunk") return std::nullopt;
        return twirp_error(400, "invalid_argument",
                           "Conflicting inbound SIP Trunks: \"<new>\" and \"ST_x\", using ...");
    };
    const auto text = refusal(Code::conflict);
    EXPECT_TRUE(has(text, "\"ST_x\"")) << text;
    EXPECT_EQ(livekit_.count("CreateSIPInboundTrunk"), 2);
    EXPECT_EQ(livekit_.count("ListSIPInboundTrunk"), 2);
}

TEST_F(ProvisioningTest, AnAnswerThatDiffersFromWhatWasAskedIsRefused) {
    livekit_.alter = [](const std::string&, Json& object) {
        if (object.contains("include_headers")) object["include_headers"] = "SIP_NO_HEADERS";
    };
    const auto text = refusal(Code::invalid);
    EXPECT_TRUE(has(text, "include_headers SIP_NO_HEADERS -> SIP_ALL_HEADERS")) << text;
    EXPECT_TRUE(livekit_.rules().empty()) << "no calls are let in before the trunk is right";
}

TEST_F(ProvisioningTest, ARoomConfigThatIsIgnoredIsRefused) {
    livekit_.alter = [](const std::string& method, Json& object) {
        if (method == "CreateSIPDispatchRule") object["room_config"] = nullptr;
    };
    EXPECT_TRUE(has(refusal(Code::invalid), "max_participants 0 -> 3"));
}

TEST_F(ProvisioningTest, CamelCaseAnswersAreReadAndSentBackWhole) {
    livekit_.camel_case = true;
    auto object = our_trunk();
    object["auth_username"] = "carrier";
    object["allowed_addresses"] = Json::array({"203.0.113.1"});
    livekit_.put_trunk(object);
    EXPECT_EQ(applied().size(), 2U);
    const auto requests = livekit_.seen();
    for (const auto& seen : requests) {
        if (seen.method != "UpdateSIPInboundTrunk") continue;
        EXPECT_EQ(seen.request["replace"]["authUsername"], "carrier");
        EXPECT_FALSE(seen.request["replace"].contains("allowedAddresses"))
            << "protojson refuses a field that comes twice";
        EXPECT_EQ(seen.request["replace"]["allowed_addresses"], Json({"192.0.2.7", "2001:db8::/32"}));
        EXPECT_FALSE(seen.request["replace"].contains("sipTrunkId"));
    }
    EXPECT_EQ(livekit_.count("UpdateSIPInboundTrunk"), 1);
}

TEST_F(ProvisioningTest, AListInPagesIsReadToItsEnd) {
    livekit_.page_cap = 500;
    for (int i = 0; i < 1201; ++i) livekit_.put_trunk({{"name", "other"}, {"numbers", {"+1555" + std::to_string(i)}}});
    const auto id = livekit_.put_trunk(our_trunk("ST_zzz"));
    livekit_.put_rule(our_rule(id));
    EXPECT_TRUE(applied().empty());
    EXPECT_EQ(livekit_.count("ListSIPInboundTrunk"), 3);
}

TEST_F(ProvisioningTest, AServerThatIgnoresPagesIsNotAskedForEver) {
    std::string items;
    for (int i = 0; i < 600; ++i)
        items += (i == 0 ? "" : ",") + (R"({"sip_trunk_id":"ST_)" + std::to_string(i) + R"(","numbers":["1"]})");
    livekit_.instead = [&](const FakeLiveKit::Seen& seen) -> std::optional<PlainAnswer> {
        if (seen.method != "ListSIPInboundTrunk") return std::nullopt;
        return answer_of(200, "{\"items\":[" + items + "]}");
    };
    EXPECT_TRUE(instance_.plan().ok());
    EXPECT_EQ(livekit_.count("ListSIPInboundTrunk"), 2);
}

class StrangeList : public ProvisioningTest, public ::testing::WithParamInterface<const char*> {};

TEST_P(StrangeList, IsRefusedAndNothingIsChanged) {
    livekit_.instead = [](const FakeLiveKit::Seen&) { return answer_of(200, GetParam()); };
    EXPECT_EQ(instance_.apply().status().code(), Code::invalid);
    EXPECT_EQ(changes(), 0);
}

INSTANTIATE_TEST_SUITE_P(Answers, StrangeList,
                         ::testing::Values("", "OK", "null", "[]", "{\"items\":7}", "{\"items\":[7]}",
                                           "{\"items\":[{}]}", "{\"items\":[{\"sip_trunk_id\":7}]}", "{\"items\":[",
                                           "<html></html>"));

TEST_F(ProvisioningTest, FieldsOfWrongTypesCountAsDifferent) {
    const auto id = livekit_.put_trunk(our_trunk("ST_1"));
    livekit_.put_rule(our_rule(id));
    livekit_.afterwards = [](const FakeLiveKit::Seen& seen) -> std::optional<PlainAnswer> {
        if (seen.method != "ListSIPInboundTrunk") return std::nullopt;
        return answer_of(200, R"({"items":[{"sip_trunk_id":"ST_1","name":"sayna-sip--trunk","metadata":{},"numbers":7,)"
                              R"("allowed_addresses":"all","include_headers":{}}]})");
    };
    const auto plan = instance_.plan();
    ASSERT_TRUE(plan.ok()) << plan.status().message();
    ASSERT_EQ(plan->changes.size(), 1U);
    EXPECT_TRUE(has(plan->changes[0], "allowed_addresses [] ->")) << plan->changes[0];
}

class BadAddress : public ProvisioningTest, public ::testing::WithParamInterface<const char*> {};

TEST_P(BadAddress, IsRefusedWithItsTextAndNothingIsSent) {
    instance_.addresses.emplace_back(GetParam());
    const auto text = refusal(Code::invalid);
    EXPECT_TRUE(has(text, "'" + std::string(GetParam()) + "'")) << text;
    EXPECT_TRUE(livekit_.calls().empty());
}

INSTANTIATE_TEST_SUITE_P(Entries, BadAddress,
                         ::testing::Values("", "carrier.example.com", "localhost", "192.0.2.7:5060", "[2001:db8::1]",
                                           "192.0.2.0/33", "192.0.2.0/", "192.0.2.0/024", "192.0.2.0/-1",
                                           "2001:db8::/129", "::ffff:192.0.2.7", "fe80::1%eth0", "192.0.2.7 ",
                                           " 192.0.2.7", "192.0.2.7,192.0.2.8", "sip://192.0.2.7", "192.0.02.7",
                                           "192.0.2", "0x7f.0.0.1", "*", "all", "192.0.2.7;", "192.0.2.0/24/24"));

TEST_F(ProvisioningTest, AnEmptyAddressListIsRefused) {
    instance_.addresses.clear();
    EXPECT_EQ(instance_.apply().status().code(), Code::invalid);
    EXPECT_TRUE(livekit_.calls().empty());
}

TEST_F(ProvisioningTest, NamesThatAreNotUtf8AreRefused) {
    instance_.prefix = "sip-\xff";
    EXPECT_EQ(instance_.apply().status().code(), Code::invalid);
    EXPECT_EQ(livekit_.count("CreateSIPInboundTrunk"), 0);
}

TEST_F(ProvisioningTest, EveryCallAsksForSipAdminAndNothingElse) {
    applied();
    for (const auto& seen : livekit_.seen()) {
        EXPECT_EQ(seen.claims["sip"], Json({{"admin", true}}));
        EXPECT_FALSE(seen.claims.contains("video"));
        EXPECT_EQ(seen.claims["exp"].get<int>() - seen.claims["nbf"].get<int>(), 120);
        EXPECT_EQ(seen.claims["iss"], "devkey");
    }
}

TEST_F(ProvisioningTest, AllCallsOfARunShareOneConnection) {
    applied();
    EXPECT_GT(livekit_.calls().size(), 6U);
    EXPECT_EQ(livekit_.connections(), 1);
}

}  // namespace
}  // namespace switchhook::tests
