// RoomTenant: writes into a room's metadata whose it is.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include <switchhook/call_control.hpp>

#include "api_client.hpp"

namespace switchhook::livekit_api {

struct TenantChange {
    RoomTenancy tenancy{};
    std::string metadata;  // to be written; only for RoomTenancy::set
};

// What becomes of metadata when a tenant is set. Blank metadata counts as an empty object. Every byte of the other keys
// stays: order, spelling, numbers. `auth_id` that is no text or empty names nobody (so reads the reference a number).
// Code::invalid: the tenant is not UTF-8.
Result<TenantChange> change_tenant(std::string_view metadata, std::string_view tenant);

// As CallControl::set_room_tenant.
Result<RoomTenancy> set_room_tenant(ApiClient& api, const RoomOwner& owner, std::chrono::milliseconds deadline);

}  // namespace switchhook::livekit_api
