#include "room_tenant.hpp"

#include <utility>

namespace switchhook::livekit_api {
namespace {

constexpr std::string_view kService = "livekit.RoomService";
constexpr const char* kAuthId = "auth_id";

Status named(const RoomOwner& owner, const Status& status) {
    // The room's name holds the caller's number: it is left to whoever logs this.
    return {status.code(), "setting the tenant of room " +
                               clean(owner.room_sid.empty() ? "(by name)" : owner.room_sid) + ": " + status.message()};
}

// The room of that name, and of that sid when one is asked for.
const Json* find_room(const std::vector<Json>& rooms, const RoomOwner& owner) {
    for (const auto& room : rooms)
        if (text_of(room, "name") == owner.room_name &&
            (owner.room_sid.empty() || text_of(room, "sid") == owner.room_sid))
            return &room;
    return nullptr;
}

}  // namespace

Result<TenantChange> change_tenant(std::string_view metadata, std::string_view tenant) {
    const auto value = write_json(Json(std::string(tenant)));
    if (!value) return Status(Code::invalid, "the tenant's auth_id is not UTF-8");
    const auto end = metadata.find_last_not_of(" \t\r\n");
    if (end == std::string_view::npos)
        return TenantChange{RoomTenancy::set, std::string("{\"") + kAuthId + "\":" + *value + "}"};
    auto object = read_object(metadata);
    if (!object) return TenantChange{RoomTenancy::no_object, {}};
    const auto found = object->find(kAuthId);
    if (found == object->end()) {
        // Put in front of the last brace, so that everything else stays as it was written.
        std::string text(metadata.substr(0, end));
        if (!object->empty()) text.append(",");
        text.append("\"").append(kAuthId).append("\":").append(*value).append("}");
        return TenantChange{RoomTenancy::set, std::move(text)};
    }
    if (found->is_string() && !found->get_ref<const std::string&>().empty())
        return TenantChange{*found == tenant ? RoomTenancy::was_set : RoomTenancy::other, {}};
    *found = tenant;
    auto text = write_json(*object);
    if (!text) return text.status();
    return TenantChange{RoomTenancy::set, std::move(*text)};
}

Result<RoomTenancy> set_room_tenant(ApiClient& api, const RoomOwner& owner, std::chrono::milliseconds deadline) {
    if (owner.room_name.empty() || owner.tenant.empty())
        return Status(Code::invalid, "setting the tenant of a room needs the room's name and the tenant");
    const auto end = std::chrono::steady_clock::now() + deadline;
    const auto time_left = [end] {
        return std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    };
    const auto listed = api.call({.service = kService, .method = "ListRooms", .grant = Grant::room_list},
                                 Json::object({{"names", Json::array({owner.room_name})}}), time_left());
    if (!listed) return named(owner, listed.failure().status);
    const auto rooms = objects_of(listed.object(), "rooms");
    if (!rooms)
        return named(owner, strange_answer({.server = api.url(), .method = "ListRooms", .token = {}, .secret = {}},
                                           "has no list of rooms")
                                .status);
    const Json* const room = find_room(*rooms, owner);
    if (room == nullptr) return RoomTenancy::gone;

    const auto change = change_tenant(text_of(*room, "metadata"), owner.tenant);
    if (!change) return named(owner, change.status());
    if (change->tenancy != RoomTenancy::set) return change->tenancy;
    const auto updated = api.call(
        {.service = kService, .method = "UpdateRoomMetadata", .grant = Grant::room_admin, .room = owner.room_name},
        Json::object({{"room", owner.room_name}, {"metadata", change->metadata}}), time_left());
    if (!updated) {
        if (updated.failure().kind == FailureKind::not_found) return RoomTenancy::gone;
        return named(owner, updated.failure().status);
    }
    // A room of the same name may have taken its place in between; nobody can be asked to undo that.
    if (text_of(updated.object(), "sid") != text_of(*room, "sid")) return RoomTenancy::gone;
    if (text_of(updated.object(), "metadata") != change->metadata)
        return named(owner, Status(Code::unavailable, "someone else wrote the room's metadata at the same time"));
    return RoomTenancy::set;
}

}  // namespace switchhook::livekit_api
