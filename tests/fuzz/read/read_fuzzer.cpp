// Bodies of any bytes. What is read stays valid JSON, says the same but for turnPassword, and no password is left in
// it.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include <simdjson.h>

#include "core/livekit/reader.hpp"

namespace {

namespace json = simdjson::dom;

void require(bool holds) {
    if (!holds) std::abort();
}

bool is_password(std::string_view name) {
    return name == "turnPassword" || name == "turn_password";
}

void require_no_password(const json::element& room) {
    json::object members;
    if (room.get(members) != simdjson::SUCCESS) return;
    for (const auto& [name, value] : members) {
        std::string_view text;
        if (is_password(name)) require(value.get(text) == simdjson::SUCCESS && text.empty());
    }
}

// Equal but for the passwords of `before`'s room: same members in the same order, same text of every other value.
void require_same(const json::object& before, const json::object& after, bool in_room, int depth) {
    require(before.size() == after.size());
    auto there = after.begin();
    for (const auto& [name, value] : before) {
        const auto other = *there;
        ++there;
        require(name == other.key);
        json::object inner;
        json::object inner_after;
        const bool walks = depth < 2 && (name == "room" || name == "job") && value.get(inner) == simdjson::SUCCESS;
        if (in_room && is_password(name)) continue;
        if (walks) {
            require(other.value.get(inner_after) == simdjson::SUCCESS);
            require_same(inner, inner_after, name == "room", depth + 1);
        } else {
            require(simdjson::minify(value) == simdjson::minify(other.value));
        }
    }
}

void require_inside(std::string_view text) {
    // Reads every byte: the sanitizer sees a view that points elsewhere.
    require(simdjson::validate_utf8(text));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static switchhook::livekit::Reader reader;
    const std::string body(reinterpret_cast<const char*>(data), size);
    auto result = reader.read(body);
    json::parser before_parser;
    json::object before;
    const bool is_object = before_parser.parse(body).get(before) == simdjson::SUCCESS;
    if (!result.ok()) return 0;

    const auto& event = (*result)->event();
    require(is_object);
    require(!event.name.empty() && !event.id.empty());
    for (const auto text : {event.id, event.name, event.room_name, event.room_sid, event.participant_sid,
                            event.participant_identity, event.participant_name, event.participant_kind, event.body})
        require_inside(text);
    for (const auto& [key, value] : event.attributes) {
        require_inside(key);
        require_inside(value);
    }

    json::parser after_parser;
    json::object after;
    require(after_parser.parse(std::string(event.body)).get(after) == simdjson::SUCCESS);
    for (const auto& [name, value] : after) {
        if (name == "room") require_no_password(value);
        json::object job;
        if (name == "job" && value.get(job) == simdjson::SUCCESS)
            for (const auto& [inner, room] : job)
                if (inner == "room") require_no_password(room);
    }
    require_same(before, after, false, 0);

    // What is stored is read again after a restart, with the id of the first time.
    auto again = reader.read(std::string(event.body), event.id);
    require(again.ok() && (*again)->event().body == event.body && (*again)->event().id == event.id);
    return 0;
}
