#include "core/config/check.hpp"

#include <algorithm>

#include "core/config/values.hpp"

namespace switchhook::config {
namespace {

Status out_of_range(const Key& key) {
    const auto written = [&](std::int64_t number) {
        std::string text = std::to_string(number);
        if (key.type == SettingType::duration) text += "ms";
        return text;
    };
    if (key.max == INT64_MAX) return {Code::invalid, "must be at least " + written(key.min)};
    return {Code::invalid, "must be between " + written(key.min) + " and " + written(key.max)};
}

Status one_of(const Key& key, const std::string& text) {
    return key.choices.empty() ? Status{} : known_name(text, key.choices);
}

Status quoted_text(std::string_view what) {
    return {Code::invalid, "must be " + std::string(what) + ", not quoted text; remove the quotes"};
}

Status check_scalar(const Key& key, const Node& node) {
    switch (key.type) {
        case SettingType::boolean:
            return node.quoted ? quoted_text("true or false") : parse_boolean(node.text).status();
        case SettingType::integer: {
            if (node.quoted) return quoted_text("a whole number");
            const auto number = parse_integer(node.text);
            return number ? in_range(key, *number) : number.status();
        }
        case SettingType::duration: {
            const auto time = parse_duration(node.text);
            return time ? in_range(key, time->count()) : time.status();
        }
        case SettingType::bytes: {
            const auto size = parse_bytes(node.text);
            return size ? in_range(key, *size) : size.status();
        }
        case SettingType::text:
        case SettingType::secret:
        case SettingType::path:
        case SettingType::text_list:
            return one_of(key, node.text);
    }
    return {};
}

class ShapeCheck {
public:
    ShapeCheck(std::vector<Problem>& problems, std::vector<std::string>& foreign, bool environment_alone)
        : problems_(problems), foreign_(foreign), environment_alone_(environment_alone) {}

    void section(std::string_view pattern, const std::string& path, const Node& node) {
        if (node.kind != NodeKind::map) return wrong_kind(path, node, "a map of keys");
        const auto known = keys_inside(pattern);
        for (const auto& [name, child] : node.entries) {
            const std::string child_path = joined(path, name);
            if (const Key* key = find(known, name)) {
                entry(*key, child_path, child);
            } else {
                unknown(known, name, path, child_path, child);
            }
        }
    }

private:
    static const Key* find(const std::vector<const Key*>& known, std::string_view name) {
        for (const Key* key : known)
            if (const auto word = last_word(key->path); word == name || word == "*") return key;
        return nullptr;
    }

    void entry(const Key& key, const std::string& path, const Node& node) {
        if (key.shape == Shape::foreign) {
            foreign_.push_back(path);
            return;
        }
        if (node.kind == NodeKind::null) return;  // "key:" without a value is a key that is not given
        switch (key.shape) {
            case Shape::section:
                return section(key.path, path, node);
            case Shape::instance:
                return instance(key, path, node);
            case Shape::list:
                return list(key, path, node);
            case Shape::value:
                return value(key, path, node);
            case Shape::foreign:
                return;
        }
    }

    void instance(const Key& key, const std::string& path, const Node& node) {
        if (node.kind != NodeKind::map) return wrong_kind(path, node, "a map with `use` and settings");
        const Key* const use = find_key(std::string(key.path) + ".use");
        if (const Node* given = node.find("use"); given != nullptr && use != nullptr)
            entry(*use, path + ".use", *given);
    }

    void list(const Key& key, const std::string& path, const Node& node) {
        if (node.kind != NodeKind::list) return wrong_kind(path, node, "a list");
        const Key* const inside = find_key(std::string(key.path) + "[]");
        for (std::size_t i = 0; i < node.items.size() && inside != nullptr; ++i) {
            const std::string item_path = path + "[" + std::to_string(i) + "]";
            if (node.items[i].kind == NodeKind::null)
                wrong_kind(item_path, node.items[i], "a map of keys");
            else
                entry(*inside, item_path, node.items[i]);
        }
    }

    void value(const Key& key, const std::string& path, const Node& node) {
        const Status status = check_value(key, node);
        if (status) return;
        if (from_environment(node) && node.kind == NodeKind::scalar && node.place == "$" + std::string(key.variable)) {
            // The reference has two texts for a bad PORT: one with a file, another with the environment alone.
            const bool alone = key.variable == "PORT" && environment_alone_;
            problems_.push_back(
                {node.place, (alone ? "Invalid port number: "
                                    : "Invalid " + std::string(key.variable) + " environment variable: ") +
                                 status.message()});
            return;
        }
        problems_.push_back({node.place, path + ": " + status.message()});
    }

    void wrong_kind(const std::string& path, const Node& node, std::string_view expected) {
        problems_.push_back(
            {node.place, (path.empty() ? "the configuration" : path) + " must be " + std::string(expected)});
    }

    void unknown(const std::vector<const Key*>& known, const std::string& name, const std::string& path,
                 const std::string& child_path, const Node& node) {
        std::vector<std::string_view> words;
        words.reserve(known.size());
        for (const Key* key : known)
            if (key->shape != Shape::foreign) words.push_back(last_word(key->path));
        std::string meant;
        for (const Key& key : keys())  // a key of another block, written with the wrong indentation
            if (meant.empty() && key.shape != Shape::foreign && last_word(key.path) == name) meant = key.path;
        if (meant.empty()) {
            meant = nearest(name, words);
            if (!meant.empty() && !path.empty()) meant = path + "." + meant;
        }
        std::string text = child_path + ": unknown key";
        if (!meant.empty()) text += "; did you mean '" + meant + "'?";
        problems_.push_back({node.place, text});
    }

    std::vector<Problem>& problems_;
    std::vector<std::string>& foreign_;
    bool environment_alone_;
};

}  // namespace

Status in_range(const Key& key, std::int64_t number) {
    return number < key.min || number > key.max ? out_of_range(key) : Status{};
}

Status check_value(const Key& key, const Node& node) {
    if (key.several && node.kind == NodeKind::list) {
        if (node.items.empty()) return {Code::invalid, "must hold at least one secret"};
        if (node.items.size() > kMostSecrets)
            return {Code::invalid, "must hold at most " + std::to_string(kMostSecrets) + " secrets"};
        for (const Node& item : node.items)
            if (item.kind != NodeKind::scalar) return {Code::invalid, "must be a secret or a list of secrets"};
        return {};
    }
    if (key.several && node.kind != NodeKind::scalar) return {Code::invalid, "must be a secret or a list of secrets"};
    if (key.type == SettingType::text_list) {
        if (node.kind != NodeKind::list) return {Code::invalid, "must be a list of texts"};
        for (const Node& item : node.items)
            if (item.kind != NodeKind::scalar) return {Code::invalid, "must be a list of texts"};
        return {};
    }
    if (node.kind != NodeKind::scalar) return {Code::invalid, "must be a single value"};
    return check_scalar(key, node);
}

void check_shape(const Node& root, std::vector<Problem>& problems, std::vector<std::string>& foreign) {
    if (root.kind == NodeKind::null) return;
    ShapeCheck(problems, foreign, from_environment(root)).section("", "", root);
}

}  // namespace switchhook::config
