#include "core/plugin/settings_check.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <utility>

#include "core/config/values.hpp"
#include "core/plugin/door.hpp"

namespace switchhook::plugin {
namespace {

using Value = Settings::Value;

constexpr std::int64_t kNoMaximum = std::numeric_limits<std::int64_t>::max();

bool is_text(SettingType type) {
    return type == SettingType::text || type == SettingType::secret || type == SettingType::path;
}

std::string_view kind_name(NodeKind kind) {
    switch (kind) {
        case NodeKind::null:
            return "nothing";
        case NodeKind::scalar:
            return "a single value";
        case NodeKind::list:
            return "a list";
        case NodeKind::map:
            return "a map";
    }
    return "something unknown";
}

// Each number in the largest unit that divides it.
std::string with_unit(std::int64_t number, std::span<const std::pair<std::int64_t, std::string_view>> units) {
    for (const auto& [factor, name] : units)
        if (number >= factor && number % factor == 0) return std::to_string(number / factor) + std::string(name);
    return std::to_string(number) + std::string(units.back().second);
}

std::string limit_text(SettingType type, std::int64_t number) {
    static constexpr std::array<std::pair<std::int64_t, std::string_view>, 5> kDurations{
        {{86'400'000, "d"}, {3'600'000, "h"}, {60'000, "min"}, {1'000, "s"}, {1, "ms"}}};
    static constexpr std::array<std::pair<std::int64_t, std::string_view>, 5> kBytes{{{std::int64_t{1} << 40, "TiB"},
                                                                                      {std::int64_t{1} << 30, "GiB"},
                                                                                      {std::int64_t{1} << 20, "MiB"},
                                                                                      {std::int64_t{1} << 10, "KiB"},
                                                                                      {1, ""}}};
    if (type == SettingType::duration) return with_unit(number, kDurations);
    if (type == SettingType::bytes) return with_unit(number, kBytes);
    return std::to_string(number);
}

Status invalid(std::string text) {
    return {Code::invalid, std::move(text)};
}

Result<Value> within(const Setting& setting, std::int64_t measure, Value value) {
    if (measure >= setting.min && measure <= setting.max) return value;
    if (is_text(setting.type) && measure == 0) return invalid("must not be empty");
    const std::string limits = range_text(setting);
    if (is_text(setting.type))
        return invalid("has a length of " + std::to_string(measure) + " bytes; allowed is " + limits);
    if (setting.type == SettingType::text_list)
        return invalid("has " + std::to_string(measure) + " entries; allowed is " + limits);
    return invalid("is " + limit_text(setting.type, measure) + "; allowed is " + limits);
}

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view kBlanks = " \t";
    const auto begin = text.find_first_not_of(kBlanks);
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

Result<std::vector<std::string>> comma_list(std::string_view text) {
    std::vector<std::string> items;
    if (trimmed(text).empty()) return items;
    for (;;) {
        const auto comma = text.find(',');
        const std::string_view item = trimmed(text.substr(0, comma));
        if (item.empty()) return invalid("has an empty entry; write a comma list without empty entries");
        items.emplace_back(item);
        if (comma == std::string_view::npos) return items;
        text.remove_prefix(comma + 1);
    }
}

// A place of the environment is "$NAME": there a list can only be written with commas.
Result<std::vector<std::string>> list_of(const Node& node) {
    if (node.kind == NodeKind::scalar) {
        if (node.place.starts_with('$')) return comma_list(node.text);
        return invalid("must be a list; write it as [a, b]");
    }
    if (node.kind != NodeKind::list) return invalid("must be a list, not " + std::string(kind_name(node.kind)));
    std::vector<std::string> items;
    for (const Node& each : node.items) {
        if (each.kind != NodeKind::scalar)
            return invalid("must be a list of text; entry " + std::to_string(items.size() + 1) + " is " +
                           std::string(kind_name(each.kind)));
        items.push_back(each.text);
    }
    return items;
}

// Whatever holds a NUL would be cut short by the first system call that gets it.
Result<Value> text_value(const Setting& setting, std::string text) {
    if (setting.type == SettingType::path && text.find('\0') != std::string::npos)
        return invalid("must not hold a NUL byte");
    const auto length = static_cast<std::int64_t>(text.size());
    return within(setting, length, std::move(text));
}

Result<Value> scalar_value(const Setting& setting, const Node& node) {
    const bool number_like = setting.type == SettingType::integer || setting.type == SettingType::boolean;
    if (number_like && node.quoted)
        return invalid("must be " + std::string(type_name(setting.type)) +
                       "; text in quotes is none, leave the quotes out");
    switch (setting.type) {
        case SettingType::boolean: {
            const auto value = config::parse_boolean(node.text);
            return value ? Result<Value>(*value) : value.status();
        }
        case SettingType::integer: {
            const auto value = config::parse_integer(node.text);
            return value ? within(setting, *value, *value) : value.status();
        }
        case SettingType::duration: {
            const auto value = config::parse_duration(node.text);
            return value ? within(setting, value->count(), *value) : value.status();
        }
        case SettingType::bytes: {
            const auto value = config::parse_bytes(node.text);
            return value ? within(setting, *value, *value) : value.status();
        }
        default:
            return text_value(setting, node.text);
    }
}

Result<Value> value_of(const Setting& setting, const Node& node, bool look_up_secrets, std::vector<Problem>& warnings) {
    if (setting.type == SettingType::text_list) {
        auto items = list_of(node);
        if (!items) return items.status();
        const auto count = static_cast<std::int64_t>(items->size());
        return within(setting, count, std::move(*items));
    }
    if (node.kind != NodeKind::scalar)
        return invalid("must be " + std::string(type_name(setting.type)) + ", not " +
                       std::string(kind_name(node.kind)) +
                       (node.kind == NodeKind::null ? "; give it a value or leave the key out" : ""));
    if (setting.type == SettingType::secret && look_up_secrets) {
        auto secret = config::resolve_secret(node, warnings);
        if (!secret) return secret.status();
        return text_value(setting, std::move(*secret));
    }
    return scalar_value(setting, node);
}

// The default as if it stood in the configuration; its place makes a comma list readable.
Node default_node(const Setting& setting) {
    Node node;
    node.kind = NodeKind::scalar;
    node.place = "$default";
    node.text = setting.fallback;
    return node;
}

std::string joined(std::span<const std::string_view> words) {
    std::string text;
    for (const std::string_view word : words) text.append(text.empty() ? "" : ", ").append(word);
    return text;
}

std::string unknown_key(const std::string& key, std::span<const std::string_view> known) {
    std::string text = "unknown key '" + key + "'; ";
    if (known.empty()) return text + "it has no settings, remove it";
    const std::string near = config::nearest(key, known);
    if (!near.empty()) return text + "did you mean '" + near + "'?";
    return text + "it has " + joined(known);
}

std::string single_fault(const Setting& setting) {
    if (setting.type < SettingType::text || setting.type > SettingType::text_list)
        return " with the unknown type " + std::to_string(static_cast<unsigned>(setting.type)) + "; use a SettingType";
    if (setting.help == nullptr || *setting.help == '\0') return " without help; say in one sentence what it is for";
    if (setting.min > setting.max) return " whose min is above its max; exchange them";
    if (setting.min < 0 && setting.type != SettingType::integer)
        return " whose min is negative; only an integer's may be";
    if (setting.fallback == nullptr) return {};
    std::vector<Problem> ignored;
    const auto value = value_of(setting, default_node(setting), false, ignored);
    if (!value)
        return " whose default does not fit: " + value.status().message() + "; correct the default or the limits";
    return {};
}

}  // namespace

std::string_view type_name(SettingType type) {
    switch (type) {
        case SettingType::text:
            return "text";
        case SettingType::secret:
            return "secret";
        case SettingType::path:
            return "path";
        case SettingType::boolean:
            return "boolean";
        case SettingType::integer:
            return "integer";
        case SettingType::duration:
            return "duration";
        case SettingType::bytes:
            return "bytes";
        case SettingType::text_list:
            return "text list";
    }
    return "unknown type";
}

std::string range_text(const Setting& setting) {
    const bool from_zero = setting.min == 0;
    if (setting.max == kNoMaximum) {
        // An integer's lower limit of 0 says something: no negative numbers. For the rest it goes without saying.
        if (from_zero && setting.type != SettingType::integer) return {};
        return "at least " + limit_text(setting.type, setting.min);
    }
    return limit_text(setting.type, setting.min) + ".." + limit_text(setting.type, setting.max);
}

std::optional<Settings> check_settings(const Node& given, const std::string& place, std::span<const Setting> declared,
                                       std::string_view owner, std::vector<Problem>& problems,
                                       std::vector<Problem>& warnings) {
    const std::size_t before = problems.size();
    const auto complain = [&](const Node& node, const std::string& text) {
        problems.push_back({node.place.empty() ? place : node.place, std::string(owner) + ": " + text});
    };
    if (given.kind != NodeKind::map && given.kind != NodeKind::null) {
        complain(given, "its settings must be a map of keys and values, not " + std::string(kind_name(given.kind)));
        return std::nullopt;
    }

    std::vector<std::string_view> known;
    for (const Setting& setting : declared) known.emplace_back(setting.key);
    for (const auto& [key, node] : given.entries)
        if (std::find(known.begin(), known.end(), key) == known.end()) complain(node, unknown_key(key, known));

    std::map<std::string, Value, std::less<>> values;
    for (const Setting& setting : declared) {
        const std::string key = setting.key;
        const Node* const written = given.find(key);
        if (written == nullptr && setting.fallback == nullptr) {
            complain({}, "the required key '" + key + "' is missing (" + std::string(type_name(setting.type)) + ": " +
                             setting.help + ")");
            continue;
        }
        const Node& node = written != nullptr ? *written : default_node(setting);
        auto value = value_of(setting, node, true, warnings);
        if (value)
            values.emplace(key, std::move(*value));
        else
            complain(node, key + ": " + value.status().message());
    }
    if (problems.size() != before) return std::nullopt;
    return Settings(std::move(values));
}

std::string declaration_fault(std::span<const Setting> declared) {
    std::vector<std::string_view> seen;
    for (const Setting& setting : declared) {
        if (setting.key == nullptr) return "a setting without a key; name it in lower_snake_case";
        const std::string_view key = setting.key;
        const std::string name = "setting '" + std::string(key) + "'";
        if (!is_lower_snake_case(key)) return name + " whose key is not lower_snake_case; rename it";
        if (key == "use") return name + ", a key that names the component itself; rename it";
        if (std::find(seen.begin(), seen.end(), key) != seen.end()) return name + " twice; remove one";
        seen.push_back(key);
        if (std::string fault = single_fault(setting); !fault.empty()) return name + fault;
    }
    return {};
}

}  // namespace switchhook::plugin
