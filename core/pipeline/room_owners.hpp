// What the committer tells of rooms that have an owner.
#pragma once

#include <switchhook/event.hpp>
#include <switchhook/hook.hpp>

namespace switchhook::pipeline {

class RoomOwners {
public:
    virtual ~RoomOwners() = default;
    // An event of a room that belongs to `room_hook`'s tenant is durable, handed over and answered. The committer's
    // thread; must not block.
    virtual void seen(const Event& event, HookId room_hook) = 0;
};

}  // namespace switchhook::pipeline
