// An event that owns its texts, for tests of stores.
#pragma once

#include <array>
#include <string>

#include <switchhook/event.hpp>

namespace switchhook::testkit {

struct SampleEvent {
    std::string id;
    std::string name = "participant_joined";
    std::string room = "sip-room";
    std::string sid = "RM_1";
    std::string participant{};
    std::string call{};
    std::string body = "{}";
    std::string room_tenant{};

    // Views into this sample; it must outlive them and stay where it is.
    Event event() const {
        attribute_ = {Attribute{"sip.callID", call}};
        return {.id = id,
                .name = name,
                .created_at = 1'795'329'482,
                .room_name = room,
                .room_sid = sid,
                .room_tenant = room_tenant,
                .participant_sid = participant,
                .participant_identity = {},
                .participant_name = {},
                .participant_kind = {},
                .attributes = attribute_,
                .body = body};
    }

    mutable std::array<Attribute, 1> attribute_{};
};

}  // namespace switchhook::testkit
