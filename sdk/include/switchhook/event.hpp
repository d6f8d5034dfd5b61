// Event: one verified LiveKit webhook, as matchers, stores and dialects see it.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace switchhook {
inline namespace abi1 {

struct Attribute {
    std::string_view key;  // "sip.callID", "sip.h.to": exact case, as LiveKit sends it
    std::string_view value;
};

// Views into memory that the caller keeps alive for the duration of the call. Absent fields are empty.
// Every text is valid UTF-8, at most 2 MiB together; it was chosen by strangers (SIP headers!) and is to be treated so.
struct Event {
    std::string_view id;           // LiveKit's "EV_..."; when the sender left it out, the hex SHA-256 of the body
    std::string_view name;         // "participant_joined", ...; unknown names are events like any other
    std::int64_t created_at = 0;   // Unix seconds; LiveKit has no finer clock
    std::string_view room_name;    // for egress and ingress events: the name of the room that they belong to
    std::string_view room_sid;     // "RM_..."; may be empty
    std::string_view room_tenant;  // auth_id of the room's metadata, when that is a JSON object that names one
    std::string_view participant_sid;
    std::string_view participant_identity;
    std::string_view participant_name;
    std::string_view participant_kind;      // "SIP", "AGENT", ...; empty for STANDARD
    std::span<const Attribute> attributes;  // of the participant, in the order received
    std::string_view body;                  // the bytes that LiveKit sent, except that room.turnPassword is emptied

    // The value of that attribute, or empty. An empty attribute and an absent one mean the same (recordings, surprise
    // 5).
    std::string_view attribute(std::string_view key) const {
        for (const auto& each : attributes)
            if (each.key == key) return each.value;
        return {};
    }
    // "SCL_...": the SIP call, or empty for events that carry no SIP attributes.
    std::string_view call_id() const { return attribute("sip.callID"); }
};

}  // namespace abi1
}  // namespace switchhook
