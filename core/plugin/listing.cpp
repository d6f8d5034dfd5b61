#include "core/plugin/listing.hpp"

#include "core/plugin/settings_check.hpp"

namespace switchhook::plugin {
namespace {

std::string setting_lines(const Setting& setting) {
    std::string text = "      " + std::string(setting.key) + ": " + std::string(type_name(setting.type));
    if (setting.fallback == nullptr) text += ", required";
    // What a secret falls back to is nobody's business, except that there is one.
    else if (setting.type == SettingType::secret)
        text += *setting.fallback == '\0' ? ", default empty" : ", has a default";
    else
        text += *setting.fallback == '\0' ? ", default empty" : ", default " + std::string(setting.fallback);
    if (const std::string range = range_text(setting); !range.empty()) {
        text += ", ";
        if (setting.type == SettingType::text_list) text += "entries: ";
        if (setting.type == SettingType::text || setting.type == SettingType::path ||
            setting.type == SettingType::secret)
            text += "length in bytes: ";
        text += range;
    }
    return text + "\n          " + setting.help + "\n";
}

}  // namespace

std::string listing(std::span<const Opened> opened) {
    std::string text;
    for (const Opened& plugin : opened) {
        if (!text.empty()) text += "\n";
        text +=
            std::string(plugin.manifest->name) + " " + plugin.manifest->version + "  " + plugin.file.string() + "\n";
        for (const ComponentEntry& entry : plugin.components) {
            text += "  " + std::string(contract_name(entry.contract)) + " " + entry.name + ": " + entry.summary + "\n";
            for (const Setting& setting : std::span(entry.settings, entry.settings_count))
                text += setting_lines(setting);
        }
    }
    return text;
}

}  // namespace switchhook::plugin
