// CallControl: what the server asks of LiveKit about calls and rooms that exist.
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

#include <switchhook/component.hpp>

namespace switchhook {
inline namespace abi1 {

// A room that a call is in, and whose it is.
struct RoomOwner {
    std::string_view room_name;
    std::string_view room_sid;  // "RM_..."; empty: whichever room has that name now
    std::string_view tenant;    // Hook::auth_id; never empty
};

enum class RoomTenancy : std::uint8_t {
    set = 1,    // the room's metadata names the tenant now; its other keys were kept
    was_set,    // it named the tenant before
    other,      // it names another tenant; nothing was changed
    no_object,  // the metadata is no JSON object; nothing was changed
    gone,       // there is no such room any more
};

// Any thread, several at once; each call blocks at most until its deadline. stop() may come while calls are under way:
// they return soon, with Code::unavailable.
class CallControl : public Component {
public:
    // Writes `auth_id` into the room's metadata, once: a room keeps the tenant that it has. Not atomic: LiveKit has no
    // compare-and-set, the last writer of a room's metadata wins. Code::unavailable or Code::full: worth a retry.
    virtual Result<RoomTenancy> set_room_tenant(const RoomOwner& owner, std::chrono::milliseconds deadline) = 0;
};

}  // namespace abi1
}  // namespace switchhook
