#include "json_list.hpp"

#include <simdjson.h>

#include <algorithm>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace switchhook::config_env {
namespace {

using simdjson::dom::element;
using simdjson::dom::element_type;

Node node_at(const std::string& place, NodeKind kind) {
    Node node;
    node.kind = kind;
    node.place = place;
    return node;
}

Node text_node(const std::string& place, std::string_view text, const std::string& path) {
    if (text.find('\0') != std::string_view::npos) throw std::runtime_error(path + " holds a NUL character");
    Node node = node_at(place, NodeKind::scalar);
    node.text = text;
    node.quoted = true;
    return node;
}

Node value_node(const std::string& place, element value, const std::string& path) {
    switch (value.type()) {
        case element_type::STRING:
            return text_node(place, value.get_string().value(), path);
        case element_type::NULL_VALUE:
            return node_at(place, NodeKind::null);
        case element_type::ARRAY: {
            Node list = node_at(place, NodeKind::list);
            const simdjson::dom::array items =
                value.get_array().value();  // named: the result is gone after the full expression
            for (const element item : items) {
                if (!item.is_string()) throw std::runtime_error(path + " must hold strings only");
                list.items.push_back(text_node(place, item.get_string().value(), path));
            }
            return list;
        }
        default:
            throw std::runtime_error(path + " must be a string");
    }
}

Node number_node(const std::string& place, element value) {
    Node node = node_at(place, NodeKind::scalar);
    node.text = std::to_string(value.get_int64().value());
    return node;
}

bool has(std::span<const std::string_view> keys, std::string_view key) {
    return std::ranges::find(keys, key) != keys.end();
}

void add_once(Node& map, std::string_view key, Node value, const std::string& path) {
    if (map.find(key) != nullptr)
        throw std::runtime_error(std::string(path).append(" has the key '").append(key).append("' twice"));
    map.entries.emplace_back(key, std::move(value));
}

Node map_node(const std::string& place, element value, const std::string& path) {
    if (!value.is_object()) throw std::runtime_error(path + " must be an object");
    Node map = node_at(place, NodeKind::map);
    const simdjson::dom::object fields = value.get_object().value();
    for (const auto field : fields) {
        const std::string at = std::string(path).append(".").append(field.key);
        add_once(map, field.key,
                 field.value.is_int64() ? number_node(place, field.value) : value_node(place, field.value, at), path);
    }
    return map;
}

Node field_node(const std::string& place, std::string_view key, element value, const ObjectKeys& keys,
                const std::string& path) {
    if (has(keys.maps, key) && !value.is_null()) return map_node(place, value, path);
    if (has(keys.numbers, key) && value.is_int64()) return number_node(place, value);
    return value_node(place, value, path);
}

Node object_node(const std::string& place, element value, const ObjectKeys& keys, const std::string& path) {
    if (!value.is_object()) throw std::runtime_error(path + " must be an object");
    Node map = node_at(place, NodeKind::map);
    const simdjson::dom::object fields = value.get_object().value();
    for (const auto field : fields) {
        const std::string at = std::string(path).append(".").append(field.key);
        add_once(map, field.key, field_node(place, field.key, field.value, keys, at), path);
    }
    for (const std::string_view key : keys.required)
        if (const Node* const node = map.find(key); node == nullptr || node->kind != NodeKind::scalar)
            throw std::runtime_error(path + " needs a string `" + std::string(key) + "`");
    return map;
}

}  // namespace

Node json_list(const std::string& variable, const std::string& text, const ObjectKeys& keys,
               std::vector<Problem>& problems) {
    const std::string place = "$" + variable;
    Node list = node_at(place, NodeKind::list);
    try {
        simdjson::dom::parser parser;
        const simdjson::padded_string padded(text);
        const element root = parser.parse(padded).value();
        if (!root.is_array()) throw std::runtime_error("must be an array of objects");
        std::size_t index = 0;
        const simdjson::dom::array items = root.get_array().value();
        for (const element item : items)
            list.items.push_back(object_node(place, item, keys, "[" + std::to_string(index++) + "]"));
    } catch (const std::exception& fault) {  // simdjson_error too
        problems.push_back({place, "Invalid " + variable + " format: " + fault.what()});
        list.items.clear();
    }
    return list;
}

}  // namespace switchhook::config_env
