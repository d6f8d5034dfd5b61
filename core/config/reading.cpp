#include "core/config/reading.hpp"

#include "core/config/check.hpp"
#include "core/config/values.hpp"

namespace switchhook::config {

std::string trimmed(std::string_view text) {
    constexpr std::string_view kBlanks = " \t\r\n\v\f";
    const auto first = text.find_first_not_of(kBlanks);
    if (first == std::string_view::npos) return {};
    return std::string(text.substr(first, text.find_last_not_of(kBlanks) - first + 1));
}

std::string lower_case(std::string_view text) {
    std::string result(text);
    for (char& each : result)
        if (each >= 'A' && each <= 'Z') each = static_cast<char>(each - 'A' + 'a');
    return result;
}

const Node* given(const Node* map, std::string_view key) {
    if (map == nullptr || map->kind != NodeKind::map) return nullptr;
    const Node* node = map->find(key);
    return node != nullptr && node->kind != NodeKind::null ? node : nullptr;
}

const Node* Reading::valid(const Node* section, std::string_view path) const {
    const Node* const node = given(section, last_word(path));
    const Key* const key = find_key(path);
    return node != nullptr && key != nullptr && check_value(*key, *node) ? node : nullptr;
}

std::optional<std::string> Reading::text(const Node* section, std::string_view path) const {
    const Node* const node = valid(section, path);
    return node != nullptr ? std::optional(node->text) : std::nullopt;
}

std::vector<std::string> Reading::texts(const Node* section, std::string_view path) const {
    std::vector<std::string> texts;
    if (const Node* const node = valid(section, path))
        for (const Node& item : node->items) texts.push_back(item.text);
    return texts;
}

std::optional<bool> Reading::boolean(const Node* section, std::string_view path) const {
    const Node* const node = valid(section, path);
    if (node == nullptr) return std::nullopt;
    const auto value = parse_boolean(node->text);
    return value ? std::optional(*value) : std::nullopt;
}

std::optional<std::int64_t> Reading::number(const Node* section, std::string_view path) const {
    const Node* const node = valid(section, path);
    if (node == nullptr) return std::nullopt;
    switch (find_key(path)->type) {
        case SettingType::duration:
            return parse_duration(node->text).value().count();
        case SettingType::bytes:
            return parse_bytes(node->text).value();
        default:
            return parse_integer(node->text).value();
    }
}

std::optional<std::string> Reading::secret(const Node* node, std::string_view path, bool& failed) {
    if (node == nullptr) return std::nullopt;
    if (node->kind != NodeKind::scalar) {  // reported by check_shape
        failed = true;
        return std::nullopt;
    }
    auto secret = resolve_secret(*node, config_.warnings);
    if (!secret) {
        failed = true;
        problem(*node, std::string(path) + ": " + secret.status().message());
        return std::nullopt;
    }
    return std::move(*secret);
}

std::vector<GivenSecret> Reading::secrets(const Node* node, const std::string& path, bool& failed) {
    std::vector<GivenSecret> given;
    const auto add = [&](const Node& one, const std::string& at) {
        if (const auto text = secret(&one, at, failed)) given.push_back({.node = &one, .text = trimmed(*text)});
    };
    if (node == nullptr) return given;
    if (node->kind != NodeKind::list) {
        add(*node, path);
        return given;
    }
    failed = failed || node->items.empty();  // reported by check_shape
    for (std::size_t i = 0; i < node->items.size(); ++i) add(node->items[i], path + "[" + std::to_string(i) + "]");
    return given;
}

}  // namespace switchhook::config
