#include "core/config/keys.hpp"

#include <chrono>
#include <cstdint>
#include <string_view>

#include "core/config/values.hpp"
#include "core/plugin/settings_check.hpp"
#include "packaging/manual/parts.hpp"
#include "packaging/manual/roff.hpp"

namespace switchhook::manual {
namespace {

using config::Key;
using config::Shape;

// "integer, 0..65535, default 3001": what may stand there.
std::string what_fits(const Key& key) {
    std::string text;
    if (!key.choices.empty()) {
        for (const auto choice : key.choices) text.append(text.empty() ? "" : " or ").append(choice);
    } else {
        text = plugin::type_name(key.type);
        if (key.several) text += ", or a list of them";
        const Setting range{.key = "",
                            .type = key.type == SettingType::text_list ? key.item : key.type,
                            .fallback = nullptr,
                            .help = "",
                            .min = key.min,
                            .max = key.max};
        const bool of_length =
            range.type == SettingType::text || range.type == SettingType::path || range.type == SettingType::secret;
        if (const std::string limits = of_length ? "" : plugin::range_text(range); !limits.empty())
            text.append(", ").append(key.type == SettingType::text_list ? "each " : "").append(limits);
    }
    if (key.required) text += ", required";
    if (key.fallback != nullptr) text.append(", default ").append(key.fallback);
    return text;
}

std::string section_name(std::string_view path) {
    return std::string(path.substr(0, path.find_first_of(".[")));
}

}  // namespace

std::string keys() {
    std::string roff;
    std::string section;
    for (const Key& key : config::keys()) {
        if (key.shape == Shape::foreign || key.path.ends_with("[]")) continue;
        if (const std::string own = section_name(key.path); own != section) {
            section = own;
            roff += ".SS " + plain(section) + "\n";
            if (key.path == section && key.shape != Shape::value) {
                roff += plain(key.help) + "\n";
                continue;
            }
        }
        roff += entry(bold(key.path), key.help);
        if (key.shape == Shape::value) roff += "(" + plain(what_fits(key)) + ")\n";
        if (!key.variable.empty()) roff += bold("$" + std::string(key.variable)) + "\n";
    }
    return roff;
}

std::string variables() {
    std::string roff;
    for (const Key& key : config::keys())
        if (!key.variable.empty()) roff += ".TP\n" + bold(key.variable) + "\n" + bold(key.path) + "\n";
    return roff;
}

}  // namespace switchhook::manual
