// JSON as the commands read and show it. Only for the .cpp files of this folder: the JSON library stays behind them.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace switchhook::cli {

using Json = nlohmann::ordered_json;

// None: it is no JSON.
std::optional<Json> read_json(std::string_view text);
// For programs: indented by two, with a line end. Bytes that are not UTF-8 become U+FFFD.
std::string json_text(const Json& value);
// In one line.
std::string compact(const Json& value);

// One value in a table: texts as they are, null and what is missing as "", a list's items with ", " between them, an
// object as "key value, key value".
std::string cell(const Json& value);
// Of the first of these keys that the object has.
std::string cell(const Json& object, std::initializer_list<const char*> keys);

// "key  value" lines, in the order of the object.
std::string fields_text(const Json& object);

}  // namespace switchhook::cli
