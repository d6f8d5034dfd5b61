// Reads the JSON of LiveKit's answers: bounded before it is built, tolerant of what LiveKit's versions write
// differently.
//
// JSON and not generated protobuf: Twirp takes both, and an update that replaces a trunk must send back what it does
// not know. A JSON tree keeps the fields of a LiveKit that is newer than we are; protobuf classes would need its
// descriptors, protoc in the build and 2 MB of library for the ten fields that we look at.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include <switchhook/result.hpp>

namespace switchhook::livekit_api {

using Json = nlohmann::json;

inline constexpr std::size_t kMaxAnswerBytes = 8 * 1024 * 1024;

// Any JSON value. Code::invalid: it is none, or too large, nested too deep, or of too many values.
Result<Json> read_json(std::string_view text);
// The same, but only an object is well.
Result<Json> read_object(std::string_view text);
// For request bodies. Code::invalid: text in it is not UTF-8.
Result<std::string> write_json(const Json& value);

// A field by its protobuf name (snake_case), which may be written in camelCase too. Null counts as missing.
const Json* field(const Json& object, std::string_view snake);
// Sets it and removes the other spelling: protojson refuses a field that comes twice.
void set_field(Json& object, std::string_view snake, Json value);
void remove_field(Json& object, std::string_view snake);

// The zero value of protobuf where it is missing or of another type.
std::string text_of(const Json& object, std::string_view snake);
std::vector<std::string> texts_of(const Json& object, std::string_view snake);
std::int64_t number_of(const Json& object, std::string_view snake);  // int64 comes as text
// The object in that field; nullptr when there is none.
const Json* object_of(const Json& object, std::string_view snake);
// The list in that field: missing and null are an empty one; nullopt when it is something else or holds anything but
// objects.
std::optional<std::vector<Json>> objects_of(const Json& object, std::string_view snake);

}  // namespace switchhook::livekit_api
