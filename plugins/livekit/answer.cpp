#include "answer.hpp"

#include <charconv>
#include <utility>

namespace switchhook::livekit_api {
namespace {

constexpr std::size_t kMaxDepth = 64;          // writing and copying recurse
constexpr std::size_t kMaxValues = 1'000'000;  // a value costs up to 100 bytes of memory, its text as little as two

// Counts brackets and commas outside of strings, before anything is built. Whether it is JSON is the parser's matter.
const char* shape_fault(std::string_view text) {
    std::size_t depth = 0;
    std::size_t values = 1;
    bool quoted = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (quoted) {
            if (c == '\\')
                ++i;
            else if (c == '"')
                quoted = false;
            continue;
        }
        if (c == '"') quoted = true;
        if (c == '{' || c == '[') {
            ++values;
            if (++depth > kMaxDepth) return "is nested too deep";
        }
        if ((c == '}' || c == ']') && depth > 0) --depth;
        if (c == ',' && ++values > kMaxValues) return "holds too many values";
    }
    return values > kMaxValues ? "holds too many values" : nullptr;
}

std::string camel_case(std::string_view snake) {
    std::string camel;
    bool up = false;
    for (const char c : snake) {
        if (c == '_') {
            up = true;
            continue;
        }
        camel.push_back(up && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c);
        up = false;
    }
    return camel;
}

}  // namespace

Result<Json> read_json(std::string_view text) {
    if (text.size() > kMaxAnswerBytes) return Status(Code::invalid, "is larger than 8 MiB");
    if (const char* const fault = shape_fault(text)) return Status(Code::invalid, fault);
    try {
        return Json::parse(text);
    } catch (const Json::parse_error& error) {
        return Status(Code::invalid, "is not JSON (at byte " + std::to_string(error.byte) + ")");
    } catch (const Json::exception&) {  // a number that no double holds
        return Status(Code::invalid, "is not JSON");
    }
}

Result<Json> read_object(std::string_view text) {
    auto value = read_json(text);
    if (value && !value->is_object()) return Status(Code::invalid, "is not a JSON object");
    return value;
}

Result<std::string> write_json(const Json& value) {
    try {
        return value.dump();
    } catch (const Json::exception&) {
        return Status(Code::invalid, "text that is not UTF-8 cannot be sent to LiveKit");
    }
}

const Json* field(const Json& object, std::string_view snake) {
    if (!object.is_object()) return nullptr;
    auto found = object.find(snake);
    if (found == object.end() || found->is_null()) found = object.find(camel_case(snake));
    return found == object.end() || found->is_null() ? nullptr : &*found;
}

void remove_field(Json& object, std::string_view snake) {
    object.erase(std::string(snake));
    object.erase(camel_case(snake));
}

void set_field(Json& object, std::string_view snake, Json value) {
    remove_field(object, snake);
    object[std::string(snake)] = std::move(value);
}

std::string text_of(const Json& object, std::string_view snake) {
    const Json* const found = field(object, snake);
    return found != nullptr && found->is_string() ? found->get<std::string>() : std::string();
}

std::vector<std::string> texts_of(const Json& object, std::string_view snake) {
    std::vector<std::string> texts;
    const Json* const found = field(object, snake);
    if (found == nullptr || !found->is_array()) return texts;
    for (const auto& item : *found)
        if (item.is_string()) texts.push_back(item.get<std::string>());
    return texts;
}

std::int64_t number_of(const Json& object, std::string_view snake) {
    const Json* const found = field(object, snake);
    if (found == nullptr) return 0;
    if (found->is_number_integer()) return found->get<std::int64_t>();
    if (!found->is_string()) return 0;
    const auto& text = found->get_ref<const std::string&>();
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc{} && end == text.data() + text.size() ? number : 0;
}

const Json* object_of(const Json& object, std::string_view snake) {
    const Json* const found = field(object, snake);
    return found != nullptr && found->is_object() ? found : nullptr;
}

std::optional<std::vector<Json>> objects_of(const Json& object, std::string_view snake) {
    std::vector<Json> objects;
    const Json* const found = field(object, snake);
    if (found == nullptr) return objects;
    if (!found->is_array()) return std::nullopt;
    for (const auto& item : *found) {
        if (!item.is_object()) return std::nullopt;
        objects.push_back(item);
    }
    return objects;
}

}  // namespace switchhook::livekit_api
