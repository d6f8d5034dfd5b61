#include "core/config/show.hpp"

#include <algorithm>
#include <string_view>

#include "core/config/keys.hpp"
#include "core/config/reading.hpp"

namespace switchhook::config {
namespace {

constexpr std::size_t kOriginColumn = 56;
constexpr std::string_view kMask = "'***'";
constexpr std::string_view kDefault = "default";

// Plain YAML where nobody could read it as something else, else double-quoted (YAML 1.2, 7.3.1).
std::string written(std::string_view text, bool quoted) {
    const auto plain = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               std::string_view("._-/:+@").find(c) != std::string_view::npos;
    };
    const bool special_start = !text.empty() && std::string_view("-:@/").find(text.front()) != std::string_view::npos;
    if (!quoted && !text.empty() && !text.ends_with(':') && (!special_start || text.front() == '/') &&
        std::ranges::all_of(text, plain))
        return std::string(text);
    constexpr char kHex[] = "0123456789abcdef";
    std::string result = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') result += '\\';
        if (byte < 0x20 || byte == 0x7F) {
            result += "\\x";
            result += kHex[byte >> 4U];
            result += kHex[byte & 0xFU];
        } else {
            result += c;
        }
    }
    return result + "\"";
}

bool is_reference(std::string_view text) {
    return text.starts_with("env:") || text.starts_with("file:") || text.starts_with("credential:");
}

// One value on one line.
std::string value_text(const Node& node, bool is_secret) {
    switch (node.kind) {
        case NodeKind::null:
            return "null";
        case NodeKind::scalar:
            if (is_secret && !is_reference(node.text)) return std::string(kMask);
            return written(node.text, node.quoted);
        case NodeKind::list: {
            std::string text;
            for (const Node& item : node.items)
                text.append(text.empty() ? "" : ", ").append(value_text(item, is_secret));
            return "[" + text + "]";
        }
        case NodeKind::map:
            break;
    }
    return std::string(kMask);
}

class Printer {
public:
    Printer(const Config& config, std::span<const Declared> components) : config_(config), components_(components) {}

    std::string section(std::string_view path, const Node* node, std::size_t indent) const {
        std::string text;
        for (const Key* key : keys_inside(path)) text += entry(*key, node, indent);
        return text;
    }

private:
    static std::string line(std::size_t indent, std::string_view key, std::string_view value, std::string_view origin) {
        std::string text = std::string(indent, ' ').append(key).append(": ").append(value);
        text.append(text.size() < kOriginColumn ? kOriginColumn - text.size() : 1, ' ');
        return text.append("# ").append(origin).append("\n");
    }

    static std::string heading(std::size_t indent, std::string_view key, const std::string& body) {
        return body.empty() ? std::string() : std::string(indent, ' ').append(key).append(":\n") + body;
    }

    std::string entry(const Key& key, const Node* parent, std::size_t indent) const {
        const std::string_view word = last_word(key.path);
        const Node* const node = word == "*" ? nullptr : given(parent, word);
        switch (key.shape) {
            case Shape::section:
                if (key.path == "sip" && node == nullptr) return {};  // SIP is off: no line that mentions it
                if (word == "*") return chosen_sections(key, parent, indent);
                return heading(indent, word, section(key.path, node, indent + 2));
            case Shape::value:
                return word == "*" ? chosen_keys(key, parent, indent) : value(key, node, indent);
            case Shape::list:
                return key.path == "matchers" ? matchers(indent) : list(key, node, indent);
            case Shape::instance:
                return instance_block(key.path, indent);
            case Shape::foreign:
                break;
        }
        return {};
    }

    static std::string value(const Key& key, const Node* node, std::size_t indent) {
        const std::string_view word = last_word(key.path);
        if (node != nullptr) return line(indent, word, value_text(*node, key.type == SettingType::secret), node->place);
        return key.fallback != nullptr ? line(indent, word, written(key.fallback, false), kDefault) : std::string();
    }

    static std::string chosen_keys(const Key& key, const Node* parent, std::size_t indent) {
        std::string text;
        if (parent != nullptr)
            for (const auto& [name, node] : parent->entries)
                text +=
                    line(indent, written(name, false), value_text(node, key.type == SettingType::secret), node.place);
        return text;
    }

    std::string chosen_sections(const Key& key, const Node* parent, std::size_t indent) const {
        std::string text;
        if (parent != nullptr)
            for (const auto& [name, node] : parent->entries)
                text += heading(indent, written(name, false), section(key.path, &node, indent + 2));
        return text;
    }

    std::string list(const Key& key, const Node* node, std::size_t indent) const {
        if (node == nullptr) return {};
        if (node->items.empty()) return line(indent, last_word(key.path), "[]", node->place);
        std::string text;
        for (const Node& item : node->items)
            text += dashed(section(std::string(key.path) + "[]", &item, indent + 4), indent + 2);
        return heading(indent, last_word(key.path), text);
    }

    // The first line of an entry of a list carries its dash.
    static std::string dashed(std::string body, std::size_t indent) {
        if (body.size() > indent) body[indent] = '-';
        return body;
    }

    std::string matchers(std::size_t indent) const {
        std::string text;
        for (const Instance& matcher : config_.matchers)
            text += dashed(instance(matcher, "matchers[]", indent + 4), indent + 2);
        return heading(indent, "matchers", text);
    }

    std::string instance_block(std::string_view path, std::size_t indent) const {
        if (path == "hook_store" && config_.hook_store_is_storage) return {};
        const Instance& which = path == "storage"        ? config_.storage
                                : path == "hook_store"   ? config_.hook_store
                                : path == "provisioner"  ? config_.provisioner
                                : path == "call_control" ? config_.call_control
                                                         : config_.forwarder;
        // Nothing is said of LiveKit's SIP side when SIP is off.
        if (which.use == "none" && !config_.sip) return {};
        return heading(indent, path, instance(which, path, indent + 2));
    }

    std::string instance(const Instance& which, std::string_view path, std::size_t indent) const {
        const auto declared = std::ranges::find_if(components_, [&](const Declared& each) {
            return each.contract == contract_of_block(path) && each.name == which.use;
        });
        const bool known = declared != components_.end();
        const auto settings = known ? declared->settings : std::span<const Setting>{};
        const auto find = [&](std::string_view name) {
            return std::ranges::find_if(settings, [&](const Setting& each) { return name == each.key; });
        };
        std::string text = line(indent, "use", written(which.use, false), which.place);
        for (const auto& [name, node] : which.settings.entries) {
            const auto setting = find(name);
            const bool masked = setting == settings.end() || setting->type == SettingType::secret;
            text += line(indent, written(name, false), value_text(node, masked), node.place);
        }
        for (const Setting& setting : settings)
            if (setting.fallback != nullptr && which.settings.find(setting.key) == nullptr)
                text += line(indent, setting.key, default_text(setting), kDefault);
        return text;
    }

    static std::string default_text(const Setting& setting) {
        if (setting.type == SettingType::secret) return std::string(kMask);
        if (setting.type == SettingType::text_list) return "[" + std::string(setting.fallback) + "]";
        return written(setting.fallback, false);
    }

    const Config& config_;
    std::span<const Declared> components_;
};

}  // namespace

std::string show(const Node& merged, const Config& config, std::span<const Declared> components) {
    return Printer(config, components).section("", &merged, 0);
}

}  // namespace switchhook::config
