#include "core/livekit/reader.hpp"

#include <string>

#include <gtest/gtest.h>
#include <simdjson.h>

namespace switchhook::livekit {
namespace {

class ReaderTest : public testing::Test {
protected:
    std::shared_ptr<const ReadEvent> read(std::string body, std::string_view id_if_missing = {}) {
        auto result = reader_.read(std::move(body), id_if_missing);
        EXPECT_TRUE(result.ok()) << result.status().message();
        return result.ok() ? *result : nullptr;
    }
    void expect_invalid(const std::string& body) {
        const auto result = reader_.read(body);
        ASSERT_FALSE(result.ok()) << body.substr(0, 200);
        EXPECT_EQ(result.status().code(), Code::invalid);
        EXPECT_NE(result.status().message(), "");
    }
    std::string body_after(const std::string& body) {
        const auto event = read(body);
        return event ? std::string(event->event().body) : std::string();
    }

    Reader reader_;
};

TEST_F(ReaderTest, ReadsEveryFieldOfAJoin) {
    const auto read_event =
        read(R"({"event":"participant_joined", "room":{"sid":"RM_1", "name":"sip-1", "emptyTimeout":300},
        "participant":{"sid":"PA_1", "identity":"sip_+1555", "state":"ACTIVE", "name":"Phone +1555", "kind":"SIP",
        "attributes":{"sip.callID":"SCL_1", "sip.h.to":"\"A\" <sip:1@a.com>"}}, "id":"EV_1", "createdAt":"1795329482"})");
    const auto& event = read_event->event();
    EXPECT_EQ(event.name, "participant_joined");
    EXPECT_EQ(event.id, "EV_1");
    EXPECT_EQ(event.created_at, 1795329482);
    EXPECT_EQ(event.room_sid, "RM_1");
    EXPECT_EQ(event.room_name, "sip-1");
    EXPECT_EQ(event.participant_sid, "PA_1");
    EXPECT_EQ(event.participant_identity, "sip_+1555");
    EXPECT_EQ(event.participant_name, "Phone +1555");
    EXPECT_EQ(event.participant_kind, "SIP");
    ASSERT_EQ(event.attributes.size(), 2U);
    EXPECT_EQ(event.attributes[0].key, "sip.callID");
    EXPECT_EQ(event.call_id(), "SCL_1");
    EXPECT_EQ(event.attribute("sip.h.to"), R"("A" <sip:1@a.com>)");
}

TEST_F(ReaderTest, OneFieldIsEnough) {
    const auto read_event = read(R"({"event":"some_event_of_tomorrow"})");
    EXPECT_EQ(read_event->event().name, "some_event_of_tomorrow");
    EXPECT_EQ(read_event->event().room_name, "");
    EXPECT_TRUE(read_event->event().attributes.empty());
    EXPECT_EQ(read_event->event().created_at, 0);
}

TEST_F(ReaderTest, AnyOrderUnknownFieldsAndUnknownEnumNamesAreFine) {
    const auto read_event = read(
        R"( {"participant":{"kind":"CONNECTOR","capabilities":["x"],"sid":"PA_1"},"x":[{"y":[1.5e3,null,true]}],"id":"EV_1",
        "room":{"name":"sip-1","version":{"unixMicro":"1"}},"event":"e"} )");
    EXPECT_EQ(read_event->event().participant_kind, "CONNECTOR");
    EXPECT_EQ(read_event->event().participant_sid, "PA_1");
    EXPECT_EQ(read_event->event().room_name, "sip-1");
}

TEST_F(ReaderTest, StandardIsTheEmptyKindAndAnUnknownKindMayBeANumber) {
    EXPECT_EQ(read(R"({"event":"e","participant":{"kind":"STANDARD"}})")->event().participant_kind, "");
    EXPECT_EQ(read(R"({"event":"e","participant":{"kind":17}})")->event().participant_kind, "17");
}

TEST_F(ReaderTest, SnakeCaseNamesAreReadToo) {
    const auto read_event =
        read(R"({"event":"egress_ended","created_at":7,"egress_info":{"room_name":"sip-1","room_id":"RM_1"}})");
    EXPECT_EQ(read_event->event().created_at, 7);
    EXPECT_EQ(read_event->event().room_name, "sip-1");
    EXPECT_EQ(read_event->event().room_sid, "RM_1");
}

TEST_F(ReaderTest, EgressAndIngressEventsBelongToTheRoomTheyName) {
    EXPECT_EQ(read(R"({"event":"egress_started","egressInfo":{"roomName":"sip-1","roomId":"RM_1"}})")->event().room_sid,
              "RM_1");
    EXPECT_EQ(read(R"({"event":"ingress_started","ingressInfo":{"roomName":"sip-2"}})")->event().room_name, "sip-2");
    const auto both =
        read(R"({"event":"e","egressInfo":{"roomName":"other","roomId":"RM_9"},"room":{"name":"sip-1"}})");
    EXPECT_EQ(both->event().room_name, "sip-1");
    EXPECT_EQ(both->event().room_sid, "");
}

TEST_F(ReaderTest, NumbersMayBeTextAndNullIsAbsent) {
    EXPECT_EQ(read(R"({"event":"e","createdAt":"12"})")->event().created_at, 12);
    EXPECT_EQ(read(R"({"event":"e","createdAt":12})")->event().created_at, 12);
    EXPECT_EQ(read(R"({"event":"e","createdAt":null,"room":null,"participant":null,"id":null,"egressInfo":null})")
                  ->event()
                  .created_at,
              0);
    EXPECT_EQ(
        read(R"({"event":"e","participant":{"sid":null,"kind":null,"attributes":null}})")->event().participant_sid, "");
}

TEST_F(ReaderTest, AMissingIdIsTheHashOfTheBodyOrWhatTheCallerSays) {
    const std::string body = R"({"event":"e","room":{"turnPassword":"x"}})";
    const auto made = read(body);
    EXPECT_EQ(made->event().id.size(), 64U);
    EXPECT_EQ(made->event().id, read(body)->event().id);
    EXPECT_NE(made->event().id, read(body + " ")->event().id);
    EXPECT_EQ(read(R"({"event":"e"})")->event().id, "1bc25d939ddaffb9b6352301cf37b36d7036d013ac6d0aa98bcfe8dfc68852c5");
    EXPECT_EQ(read(R"({"event":"e","id":""})", "EV_kept")->event().id, "EV_kept");
    EXPECT_EQ(read(R"({"event":"e","id":"EV_own"})", "EV_kept")->event().id, "EV_own");
}

TEST_F(ReaderTest, EscapesAreReadAndTheBodyKeepsThem) {
    const std::string body = R"({"\u0065vent":"a\u0062c","room":{"name":"\ud83d\ude00\/\n"}})";
    const auto read_event = read(body);
    EXPECT_EQ(read_event->event().name, "abc");
    EXPECT_EQ(read_event->event().room_name, "\xf0\x9f\x98\x80/\n");
    EXPECT_EQ(read_event->event().body, body);
}

TEST_F(ReaderTest, WithoutAnEventNameItIsInvalid) {
    for (const auto* body : {"{}", R"({"event":""})", R"({"event":null})", R"({"event":1})", R"({"event":["e"]})",
                             R"({"Event":"e"})", R"({"room":{"event":"e"}})"})
        expect_invalid(body);
}

TEST_F(ReaderTest, BrokenJsonIsInvalid) {
    for (const auto* body :
         {"", " ", "null", "[]", "\"event\"", "{", R"({"event":"e")", R"({"event":"e"}})", R"({"event":"e"}{})",
          R"({"event":"e",})", R"({"event":"e","x":tru})", R"({"event":"e","x":01})", R"({"event":"e","x":[1,,2]})",
          R"({'event':'e'})", R"({"event":"e","x":"\x"})", R"({"event":"e","x":NaN})", R"({"event":"e"} x)",
          R"({event:"e"})", "\xef\xbb\xbf{\"event\":\"e\"}"})
        expect_invalid(body);
    expect_invalid(std::string("{\"event\":\"e\"}\0", 14));
    expect_invalid("{\"event\":\"e\",\"x\":\"a\nb\"}");
}

TEST_F(ReaderTest, InvalidUtf8IsInvalidWhereverItStands) {
    for (const auto* bytes : {"\xff", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82"}) {
        expect_invalid(std::string("{\"event\":\"") + bytes + "\"}");
        expect_invalid(std::string("{\"event\":\"e\",\"unknown\":\"") + bytes + "\"}");
        expect_invalid(std::string("{\"event\":\"e\",\"") + bytes + "\":1}");
    }
}

TEST_F(ReaderTest, HalfASurrogatePairInAFieldIsInvalid) {
    for (const auto* half : {"\\ud800", "\\udc00", "\\udc00\\ud800", "\\ud800x"})
        expect_invalid(std::string(R"({"event":"e","room":{"name":")") + half + "\"}}");
}

TEST_F(ReaderTest, DepthIsLimitedAndADeepBodyIsRefusedWithoutHarm) {
    const auto nested = [](std::size_t depth) {
        return R"({"event":"e","x":)" + std::string(depth, '[') + std::string(depth, ']') + "}";
    };
    EXPECT_NE(read(nested(100)), nullptr);
    expect_invalid(nested(128));
    expect_invalid(nested(500'000));
    expect_invalid(R"({"event":"e","x":)" + std::string(500'000, '['));
    EXPECT_NE(read(nested(100)), nullptr);  // the parser is as before
}

TEST_F(ReaderTest, AFieldOfAnotherTypeIsInvalid) {
    for (const auto* rest : {R"("id":1)",
                             R"("id":{})",
                             R"("createdAt":"x")",
                             R"("createdAt":"1x")",
                             R"("createdAt":"")",
                             R"("createdAt":1.5)",
                             R"("createdAt":true)",
                             R"("createdAt":18446744073709551615)",
                             R"("room":"sip-1")",
                             R"("room":[])",
                             R"("room":{"name":1})",
                             R"("room":{"sid":{}})",
                             R"("participant":1)",
                             R"("participant":{"sid":1})",
                             R"("participant":{"kind":{}})",
                             R"("participant":{"kind":1.5})",
                             R"("participant":{"identity":[]})",
                             R"("participant":{"attributes":[]})",
                             R"("participant":{"attributes":{"sip.callID":1}})",
                             R"("participant":{"attributes":{"sip.callID":null}})",
                             R"("egressInfo":1)",
                             R"("egressInfo":{"roomName":1})",
                             R"("ingressInfo":[])",
                             R"("job":1)",
                             R"("job":{"room":1})"})
        expect_invalid(std::string(R"({"event":"e",)") + rest + "}");
}

// Some readers take the first, some the last: nobody shall be routed by one and told the other.
TEST_F(ReaderTest, AFieldThatComesTwiceIsInvalidHoweverItIsSpelled) {
    for (const auto* rest :
         {R"("event":"e")", R"("\u0065vent":"x")", R"("id":"1","id":"1")", R"("room":{},"room":{})",
          R"("room":{},"room":null)", R"("room":null,"room":{})", R"("createdAt":1,"created_at":1)",
          R"("participant":{},"participant":{})", R"("room":{"name":"a","name":"b"})",
          R"("room":{"sid":"a","s\u0069d":"b"})", R"("participant":{"sid":"a","sid":"b"})",
          R"("participant":{"attributes":{},"attributes":{}})", R"("participant":{"kind":"SIP","kind":1})",
          R"("participant":{"attributes":{"sip.h.to":"a.com","sip.h.to":"b.com"}})",
          R"("participant":{"attributes":{"sip.h.to":"a.com","x":"","sip.h.t\u006f":"b.com"}})",
          R"("egressInfo":{"roomName":"a","room_name":"b"})", R"("egressInfo":{},"egress_info":{})",
          R"("job":{"room":{},"room":{}})"})
        expect_invalid(std::string(R"({"event":"e",)") + rest + "}");
    EXPECT_NE(read(R"({"event":"e","unknown":1,"unknown":2,"room":{"version":1,"version":2}})"), nullptr);
}

TEST_F(ReaderTest, AnIdThatCouldNotStandInAHeaderIsInvalid) {
    for (const auto* id : {"a b", "a\\r\\nX-Evil: 1", "a\\u0000", "\\u00fc", " ", "a\\t", "\\u007f"})
        expect_invalid(std::string(R"({"event":"e","id":")") + id + "\"}");
    expect_invalid(R"({"event":"e","id":")" + std::string(256, 'x') + "\"}");
    EXPECT_EQ(read(R"({"event":"e","id":")" + std::string(255, 'x') + "\"}")->event().id.size(), 255U);
}

TEST_F(ReaderTest, TheTurnPasswordIsEmptiedAndNoOtherByteIsTouched) {
    EXPECT_EQ(
        body_after(R"({"event":"e", "room" : {"sid":"RM_1",  "turnPassword" : "s3cret" , "name":"n"}, "id":"1"})"),
        R"({"event":"e", "room" : {"sid":"RM_1",  "turnPassword" : "" , "name":"n"}, "id":"1"})");
}

TEST_F(ReaderTest, ABodyWithoutATurnPasswordStaysAsItIs) {
    for (const std::string body :
         {R"({"event":"e","room":{"turnPassword":""}})", R"({"event":"e", "room":{"name":"turnPassword"}})",
          "{\"event\":\"e\"\t,\r\n\"room\": {} }", R"({"event":"e","participant":{"attributes":{"turnPassword":"x"}}})",
          R"({"event":"e","x":{"room":{"turnPassword":"x"}}})", R"({"event":"e","turnPassword":"x"})",
          R"({"event":"e","room":{"turnpassword":"x","x":{"turnPassword":"y"}}})"})
        EXPECT_EQ(body_after(body), body);
}

TEST_F(ReaderTest, ATurnPasswordIsFoundHoweverItIsWritten) {
    const auto of = [](const std::string& room) { return R"({"event":"e","room":{)" + room + "}}"; };
    EXPECT_EQ(body_after(of(R"("turnPassword":"a","turnPassword":"b")")), of(R"("turnPassword":"","turnPassword":"")"));
    EXPECT_EQ(body_after(of(R"("turn_password":"a")")), of(R"("turn_password":"")"));
    EXPECT_EQ(body_after(of(R"("t\u0075rnPassword":"a")")), of(R"("t\u0075rnPassword":"")"));
    EXPECT_EQ(body_after(of(R"("turnPassword":"\"}],{\\")")), of(R"("turnPassword":"")"));
    EXPECT_EQ(body_after(of(R"("x":"}\"turnPassword\":1","y":[{"z":"]}"}],"turnPassword":"a")")),
              of(R"("x":"}\"turnPassword\":1","y":[{"z":"]}"}],"turnPassword":"")"));
    EXPECT_EQ(body_after(of(R"("\\":{},"":[],"a":-1e5,"turnPassword":"a")")),
              of(R"("\\":{},"":[],"a":-1e5,"turnPassword":"")"));
}

TEST_F(ReaderTest, ATurnPasswordThatIsNoTextIsEmptiedToo) {
    const auto of = [](const std::string& value) {
        return R"({"x":"\\","event":"e","room":{"turnPassword":)" + value + R"(,"name":"n"}})";
    };
    for (const auto* value :
         {"1", "-1.5e3", "null", "true", "false ", "[\"a\",{\"b\":\"]\"}]", "{\"a\":{\"b\":\"}\"}}", "{}", "[]"}) {
        const auto after = body_after(of(value));
        EXPECT_TRUE(after == of("\"\"") || after == of("\"\" ")) << after;
    }
}

TEST_F(ReaderTest, TheRoomOfAJobHasItsTurnPasswordEmptiedInEitherOrder) {
    EXPECT_EQ(body_after(R"({"job":{"id":"AJ","room":{"turnPassword":"a"}},"event":"e","room":{"turnPassword":"b"}})"),
              R"({"job":{"id":"AJ","room":{"turnPassword":""}},"event":"e","room":{"turnPassword":""}})");
    EXPECT_EQ(body_after(R"({"room":{"turnPassword":"b"},"job":{"room":{"turnPassword":"a"}},"event":"e"})"),
              R"({"room":{"turnPassword":""},"job":{"room":{"turnPassword":""}},"event":"e"})");
}

TEST_F(ReaderTest, ThousandsOfTurnPasswordsAreEmptiedInLinearTime) {
    std::string before = R"({"event":"e","room":{"name":"n")";
    std::string after = before;
    for (int i = 0; i < 50'000; ++i) {
        before += R"(,"turnPassword":"secret")";
        after += R"(,"turnPassword":"")";
    }
    EXPECT_EQ(body_after(before + "}}"), after + "}}");
}

TEST_F(ReaderTest, ThousandsOfAttributesAreReadInOrder) {
    std::string body = R"({"event":"e","participant":{"attributes":{)";
    for (int i = 0; i < 50'000; ++i) body += (i ? ",\"k" : "\"k") + std::to_string(i) + "\":\"v\"";
    const auto read_event = read(body + "}}}");
    ASSERT_EQ(read_event->event().attributes.size(), 50'000U);
    EXPECT_EQ(read_event->event().attributes[49'999].key, "k49999");
}

TEST_F(ReaderTest, AnEventOutlivesItsReaderAndLaterReads) {
    std::shared_ptr<const ReadEvent> first;
    {
        Reader reader;
        first = *reader.read(R"({"event":"first","id":"EV_1","room":{"name":"sip-1"}})");
        const auto second = reader.read(R"({"event":"second","id":"EV_2","room":{"name":"sip-2"}})");
        EXPECT_TRUE(second.ok());
    }
    EXPECT_EQ(first->event().name, "first");
    EXPECT_EQ(first->event().room_name, "sip-1");
}

TEST_F(ReaderTest, TheBodySharesItsOwnerWithTheEvent) {
    auto event = read(R"({"event":"e","room":{"turnPassword":"x"}})");
    const auto* bytes = event->event().body.data();
    const auto body = ReadEvent::body(std::move(event));
    EXPECT_EQ(body->data(), bytes);
    EXPECT_EQ(*body, R"({"event":"e","room":{"turnPassword":""}})");
}

TEST_F(ReaderTest, ABodyWithRoomForThePaddingIsNotCopied) {
    std::string body = R"({"event":"e","room":{"name":"a room whose name is long enough"}})";
    body.reserve(body.size() + simdjson::SIMDJSON_PADDING);
    const auto* bytes = body.data();
    EXPECT_EQ(read(std::move(body))->event().body.data(), bytes);
}

TEST_F(ReaderTest, TheRoomsTenantIsReadFromItsMetadata) {
    const auto tenant = [this](const std::string& metadata) {
        return std::string(read(R"({"event":"e","room":{"metadata":)" + metadata + "}}")->event().room_tenant);
    };
    EXPECT_EQ(tenant(R"("{\"a\":1,\"auth_id\":\"tenant-a\",\"b\":{\"auth_id\":\"other\"}}")"), "tenant-a");
    EXPECT_EQ(tenant(R"("{\"auth_id\":\"first\",\"auth_id\":\"last\"}")"), "last");
    EXPECT_EQ(tenant("\"" + std::string(100'000, ' ') + R"({\"auth_id\":\"far\"}")"), "far");
    for (const char* none : {R"("")", "null", R"("{}")", R"("[\"auth_id\"]")", R"("\"auth_id\"")", R"("free text")",
                             R"("{\"auth_id\":7}")", R"("{\"auth_id\":null}")", R"("{\"auth_id\":\"x\"")"})
        EXPECT_EQ(tenant(none), "") << none;
    EXPECT_EQ(tenant("\"" + std::string(5'000, '[') + "\""), "");
}

TEST_F(ReaderTest, AFaultIsNamedWithoutQuotingTheBody) {
    const auto result = reader_.read(R"({"event":"e","room":{"name":["+15550001"]}})");
    EXPECT_EQ(result.status().message(), "the webhook's body cannot be read: 'room.name' has an unexpected type");
}

}  // namespace
}  // namespace switchhook::livekit
