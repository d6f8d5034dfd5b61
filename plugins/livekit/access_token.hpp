// LiveKit's access token: who asks, and the one thing that this call may do.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "hmac_sha256.hpp"

namespace switchhook::livekit_api {

// The smallest grants that LiveKit checks for the calls that we make (livekit-server pkg/service/auth.go).
enum class Grant : std::uint8_t {
    sip_admin = 1,  // trunks and dispatch rules
    room_list,      // ListRooms
    room_admin,     // of the one room that is named
};

// A JWT, HS256, for one call: it lives 60 s. LiveKit allows 60 s of clock difference on `exp` and `nbf`; `nbf` lies 60
// s back, so that clocks may differ by two minutes either way. Throws std::exception: no memory, or text that is no
// UTF-8.
std::string make_access_token(const signing::HmacSha256& hmac, std::string_view api_key, std::string_view api_secret,
                              std::int64_t unix_seconds, Grant grant, std::string_view room = {});

}  // namespace switchhook::livekit_api
