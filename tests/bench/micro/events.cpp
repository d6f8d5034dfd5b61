#include "events.hpp"

namespace switchhook::bench {

std::string joined_body() {
    return R"({"event":"participant_joined", "room":{"sid":"RM_QtA7n7hfK6Tu", "name":"sip-_+15557654321_maV8trZ57rtx", )"
           R"("emptyTimeout":300, "departureTimeout":20, "creationTime":"1795329482", "creationTimeMs":"1795329482257", )"
           R"("turnPassword":"lhdhqWJ56EcL7gkDhsTqMeSJJnhA9VcXtNsDOaFwRRL", "enabledCodecs":[{"mime":"audio/PCMU"}, )"
           R"({"mime":"audio/opus"}]}, "participant":{"sid":"PA_n5TsQbwdBSjp", "identity":"sip_+15557654321", "state":"ACTIVE", )"
           R"("joinedAt":"1795329482", "name":"Phone +15557654321", "version":4, "permission":{"canSubscribe":true, )"
           R"("canPublish":true, "canPublishData":true}, "region":"", "kind":"SIP", "attributes":{"sip.callID":"SCL_GPb8nTwVy2yF", )"
           R"("sip.callIDFull":"1-2242@127.0.0.1", "sip.callStatus":"ringing", "sip.callTag":"2242SIPpTag001", )"
           R"("sip.h.from":"<sip:+15557654321@127.0.0.1:15060>;tag=2242SIPpTag001", "sip.h.to":)"
           R"("\"Front Desk\" <sip:+15551230001@customer-a.com;user=phone>;tag=SCL_GPb8nTwVy2yF", "sip.hostname":"127.0.0.1", )"
           R"("sip.phoneNumber":"+15557654321", "sip.ruleID":"SDR_3xQfqYkgVNQg", "sip.trunkID":"ST_uHqZ8n4Ws2Bd", )"
           R"("sip.trunkPhoneNumber":"+15551230001"}}, "id":"EV_w8RXFAVVeqpB", "createdAt":"1795329482"})";
}

}  // namespace switchhook::bench
