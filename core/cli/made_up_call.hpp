// A simple call that nobody made: its webhooks, as LiveKit would write them (tests/data/recordings/simple_call.jsonl).
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <switchhook/result.hpp>

namespace switchhook::cli {

// A SIP header of the call: name and value.
using SipHeader = std::pair<std::string, std::string>;

// From "X-To-IP: 203.0.113.1". Code::invalid: no colon, or a name that is no token of RFC 3261.
Result<SipHeader> sip_header(const std::string& text);

struct MadeUpCall {
    std::string room_prefix;         // sip.room_prefix
    std::string mark;                // makes room, call, participant and events unique; letters and digits
    std::vector<SipHeader> headers;  // To and whatever else the caller sent; the first of each name counts
    std::int64_t unix_seconds = 0;   // when it happened
};

// room_started, participant_joined with the SIP attributes, track_published, track_unpublished, participant_left,
// room_finished: in that order.
std::vector<std::string> webhooks_of(const MadeUpCall& call);
// participant_joined alone: the event that decides whose call it is.
std::string joined_webhook_of(const MadeUpCall& call);

}  // namespace switchhook::cli
