#include "core/cli/json_text.hpp"

#include <algorithm>

#include "core/cli/text_table.hpp"

namespace switchhook::cli {

std::optional<Json> read_json(std::string_view text) {
    Json value = Json::parse(text, nullptr, false);
    if (value.is_discarded()) return std::nullopt;
    return value;
}

std::string json_text(const Json& value) {
    return value.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string compact(const Json& value) {
    return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string cell(const Json& value) {
    if (value.is_null()) return {};
    if (value.is_string()) return value.get<std::string>();
    if (!value.is_structured()) return compact(value);
    std::string text;
    for (const auto& [key, item] : value.items()) {
        if (!text.empty()) text.append(", ");
        if (value.is_object()) text.append(key).append(" ");
        text.append(cell(item));
    }
    return text;
}

std::string cell(const Json& object, std::initializer_list<const char*> keys) {
    for (const char* key : keys)
        if (const auto found = object.find(key); found != object.end() && !found->is_null()) return cell(*found);
    return {};
}

std::string fields_text(const Json& object) {
    std::size_t widest = 0;
    for (const auto& [key, value] : object.items()) widest = std::max(widest, key.size());
    std::string text;
    for (const auto& [key, value] : object.items()) {
        std::string line = plain(key) + std::string(widest - key.size() + 2, ' ') + plain(cell(value));
        line.erase(line.find_last_not_of(' ') + 1);
        text.append(line).append("\n");
    }
    return text;
}

}  // namespace switchhook::cli
