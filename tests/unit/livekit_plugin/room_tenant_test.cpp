// Whose a room is.
#include "room_tenant.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "instance.hpp"

namespace switchhook::tests {
namespace {

using livekit_api::change_tenant;
using livekit_api::set_room_tenant;
using std::chrono::milliseconds;

TEST(ChangeTenant, EveryByteOfTheOtherKeysStays) {
    const std::vector<std::pair<const char*, const char*>> cases{
        {"", R"({"auth_id":"a"})"},
        {" \n", R"({"auth_id":"a"})"},
        {"{}", R"({"auth_id":"a"})"},
        {"{ }", R"({ "auth_id":"a"})"},
        {R"({"z":1,"a":2})", R"({"z":1,"a":2,"auth_id":"a"})"},
        {"{\"n\":1.50e2, \"u\":\"\\u00e4}\"}\n", "{\"n\":1.50e2, \"u\":\"\\u00e4}\",\"auth_id\":\"a\"}"},
        {R"({"big":123456789012345678901234567890,"twice":1,"twice":2})",
         R"({"big":123456789012345678901234567890,"twice":1,"twice":2,"auth_id":"a"})"},
    };
    for (const auto& [before, after] : cases) {
        const auto change = change_tenant(before, "a");
        ASSERT_TRUE(change.ok()) << before;
        EXPECT_EQ(change->tenancy, RoomTenancy::set) << before;
        EXPECT_EQ(change->metadata, after);
    }
}

TEST(ChangeTenant, ATenantThatIsThereIsNotChanged) {
    EXPECT_EQ(change_tenant(R"({"auth_id":"a"})", "a")->tenancy, RoomTenancy::was_set);
    EXPECT_EQ(change_tenant(R"({"auth_id":"b"})", "a")->tenancy, RoomTenancy::other);
    EXPECT_EQ(change_tenant(R"({"auth_id":"A"})", "a")->tenancy, RoomTenancy::other);
}

TEST(ChangeTenant, AnAuthIdThatNamesNobodyIsReplaced) {
    for (const char* before : {R"({"auth_id":"","x":1})", R"({"auth_id":null,"x":1})", R"({"auth_id":7,"x":1})"}) {
        const auto change = change_tenant(before, "a");
        EXPECT_EQ(change->tenancy, RoomTenancy::set) << before;
        EXPECT_EQ(Json::parse(change->metadata), Json({{"auth_id", "a"}, {"x", 1}})) << before;
    }
}

TEST(ChangeTenant, WhatIsNoObjectIsLeftAlone) {
    for (const char* before : {"hello", "[]", "7", "null", "\"a\"", "{", "{\"a\":1}}", "{'a':1}", "{\"a\":1,}", "\xff"})
        EXPECT_EQ(change_tenant(before, "a")->tenancy, RoomTenancy::no_object) << before;
    EXPECT_EQ(change_tenant(std::string(100'000, '['), "a")->tenancy, RoomTenancy::no_object);
}

TEST(ChangeTenant, ATenantIsQuotedAsJson) {
    EXPECT_EQ(change_tenant("", "a\"},{\"x")->metadata, R"({"auth_id":"a\"},{\"x"})");
    EXPECT_EQ(change_tenant("", "\xff").status().code(), Code::invalid);
}

class RoomTenantTest : public ::testing::Test {
protected:
    Result<RoomTenancy> set(const std::string& tenant = "tenant-a", const std::string& sid = "RM_1") {
        return set_room_tenant(instance_.api(), {.room_name = "sip-_+1_x", .room_sid = sid, .tenant = tenant},
                               kPatience);
    }

    FakeLiveKit livekit_;
    Instance instance_{livekit_.url()};
};

TEST_F(RoomTenantTest, ARoomGetsItsTenantOnce) {
    livekit_.put_room("sip-_+1_x", "RM_1", R"({"topic":"x"})");
    EXPECT_EQ(*set(), RoomTenancy::set);
    EXPECT_EQ(livekit_.metadata("sip-_+1_x"), R"({"topic":"x","auth_id":"tenant-a"})");
    EXPECT_EQ(*set(), RoomTenancy::was_set);
    EXPECT_EQ(*set("tenant-b"), RoomTenancy::other);
    EXPECT_EQ(livekit_.metadata("sip-_+1_x"), R"({"topic":"x","auth_id":"tenant-a"})");
    EXPECT_EQ(livekit_.count("UpdateRoomMetadata"), 1);
}

TEST_F(RoomTenantTest, EachCallHasTheSmallestGrant) {
    livekit_.put_room("sip-_+1_x", "RM_1", "");
    EXPECT_TRUE(set().ok());
    const auto seen = livekit_.seen();
    ASSERT_EQ(seen.size(), 2U);
    EXPECT_EQ(seen[0].claims["video"], Json({{"roomList", true}}));
    EXPECT_EQ(seen[0].request, Json({{"names", Json::array({"sip-_+1_x"})}}));
    EXPECT_EQ(seen[1].claims["video"], Json({{"roomAdmin", true}, {"room", "sip-_+1_x"}}));
    for (const auto& each : seen) EXPECT_FALSE(each.claims.contains("sip"));
}

TEST_F(RoomTenantTest, ARoomThatIsGoneOrAnotherOfItsNameIsGone) {
    EXPECT_EQ(*set(), RoomTenancy::gone);
    livekit_.put_room("sip-_+1_x", "RM_2", "");
    EXPECT_EQ(*set(), RoomTenancy::gone);
    EXPECT_EQ(*set("tenant-a", ""), RoomTenancy::set) << "whichever room has that name now";
}

TEST_F(RoomTenantTest, ARoomThatEndsInBetweenIsGone) {
    livekit_.put_room("sip-_+1_x", "RM_1", "");
    livekit_.instead = [](const FakeLiveKit::Seen& seen) -> std::optional<PlainAnswer> {
        if (seen.method != "UpdateRoomMetadata") return std::nullopt;
        return twirp_error(404, "not_found", "twirp error unknown: requested room does not exist");
    };
    EXPECT_EQ(*set(), RoomTenancy::gone);
}

TEST_F(RoomTenantTest, MetadataThatIsNoObjectIsLeftAlone) {
    livekit_.put_room("sip-_+1_x", "RM_1", "Bob's room");
    EXPECT_EQ(*set(), RoomTenancy::no_object);
    EXPECT_EQ(livekit_.metadata("sip-_+1_x"), "Bob's room");
}

TEST_F(RoomTenantTest, AWriterThatCameInBetweenIsWorthARetry) {
    livekit_.put_room("sip-_+1_x", "RM_1", "");
    livekit_.afterwards = [&](const FakeLiveKit::Seen& seen) -> std::optional<PlainAnswer> {
        if (seen.method != "UpdateRoomMetadata") return std::nullopt;
        return answer_of(200, R"({"sid":"RM_1","name":"sip-_+1_x","metadata":"{}"})");
    };
    EXPECT_EQ(set().status().code(), Code::unavailable);
}

TEST_F(RoomTenantTest, FailuresSayWhetherARetryIsWorthIt) {
    livekit_.put_room("sip-_+1_x", "RM_1", "");
    const std::vector<std::pair<int, Code>> cases{{401, Code::invalid},     {404, Code::invalid},
                                                  {429, Code::unavailable}, {500, Code::unavailable},
                                                  {503, Code::unavailable}, {400, Code::invalid}};
    for (const auto& [status, code] : cases) {
        livekit_.instead = [status = status](const FakeLiveKit::Seen&) { return answer_of(status, "x", "text/plain"); };
        EXPECT_EQ(set().status().code(), code) << status;
    }
    livekit_.instead = [](const FakeLiveKit::Seen&) { return answer_of(200, R"({"rooms":7})"); };
    EXPECT_EQ(set().status().code(), Code::invalid);
}

TEST_F(RoomTenantTest, TheTextsDoNotHoldTheCallersNumber) {
    livekit_.instead = [](const FakeLiveKit::Seen&) { return answer_of(503, ""); };
    const auto status = set().status();
    EXPECT_TRUE(has(status.message(), "RM_1")) << status.message();
    EXPECT_FALSE(has(status.message(), "+1_x")) << status.message();
}

TEST_F(RoomTenantTest, OneDeadlineCoversBothCalls) {
    livekit_.put_room("sip-_+1_x", "RM_1", "");
    livekit_.at_point = [&](const FakeLiveKit::Seen& seen, FakeLiveKit::Point point) {
        if (seen.method == "UpdateRoomMetadata" && point == FakeLiveKit::Point::arrived) livekit_.wait_for_end();
    };
    const auto started = std::chrono::steady_clock::now();
    const auto result = set_room_tenant(instance_.api(), {.room_name = "sip-_+1_x", .room_sid = "RM_1", .tenant = "a"},
                                        milliseconds(200));
    EXPECT_EQ(result.status().code(), Code::unavailable);
    EXPECT_LT(std::chrono::steady_clock::now() - started, kPatience / 2);
}

TEST_F(RoomTenantTest, ARoomOrTenantWithoutANameIsRefused) {
    EXPECT_EQ(set("").status().code(), Code::invalid);
    EXPECT_EQ(set_room_tenant(instance_.api(), {.room_name = "", .room_sid = "RM_1", .tenant = "a"}, kPatience)
                  .status()
                  .code(),
              Code::invalid);
    EXPECT_TRUE(livekit_.calls().empty());
}

}  // namespace
}  // namespace switchhook::tests
