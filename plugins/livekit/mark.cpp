#include "mark.hpp"

#include <optional>

#include "answer.hpp"

namespace switchhook::livekit_api {
namespace {

constexpr std::string_view kManagedBy = "managed_by";
constexpr std::string_view kSwitchhook = "switchhook";
constexpr std::string_view kRoomPrefix = "room_prefix";

// A key of metadata as it stands there: these are not protobuf names, camelCase is another key.
std::string text_at(const Json& object, std::string_view key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

bool blank(std::string_view text) {
    return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

}  // namespace

Mark read_mark(std::string_view metadata, std::string_view room_prefix) {
    const auto object = read_object(metadata);
    if (!object || text_at(*object, kManagedBy) != kSwitchhook) return Mark::none;
    return text_at(*object, kRoomPrefix) == room_prefix ? Mark::ours : Mark::other;
}

std::string marked_prefix(std::string_view metadata) {
    const auto object = read_object(metadata);
    return object && text_at(*object, kManagedBy) == kSwitchhook ? text_at(*object, kRoomPrefix) : std::string();
}

std::string with_mark(std::string_view metadata, std::string_view room_prefix) {
    if (read_mark(metadata, room_prefix) == Mark::ours) return std::string(metadata);
    auto object = blank(metadata) ? Result<Json>(Json::object()) : read_object(metadata);
    if (!object) return std::string(metadata);
    (*object)[std::string(kManagedBy)] = kSwitchhook;
    (*object)[std::string(kRoomPrefix)] = room_prefix;
    const auto text = write_json(*object);
    return text ? *text : std::string(metadata);
}

}  // namespace switchhook::livekit_api
