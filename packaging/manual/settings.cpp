#include <switchhook/settings.hpp>

#include "core/plugin/settings_check.hpp"
#include "packaging/manual/parts.hpp"
#include "packaging/manual/roff.hpp"

namespace switchhook::manual {
namespace {

std::string what_fits(const Setting& setting) {
    std::string text(plugin::type_name(setting.type));
    if (const std::string range = plugin::range_text(setting); !range.empty()) {
        if (setting.type == SettingType::text_list) text += ", entries:";
        if (setting.type == SettingType::text || setting.type == SettingType::path ||
            setting.type == SettingType::secret)
            text += ", bytes:";
        text.append(" ").append(range);
    }
    if (setting.fallback == nullptr) return text + ", required";
    return text + (*setting.fallback == '\0' ? ", default empty" : ", default " + std::string(setting.fallback));
}

}  // namespace

std::string settings(std::span<const plugin::Opened> opened) {
    std::string roff;
    for (const auto& library : opened) {
        roff += ".SS " + plain(std::string(library.manifest->name) + ".so") + "\n";
        for (const auto& component : library.components) {
            roff += ".TP\n" + plain(contract_name(component.contract)) + " " + bold(component.name) + "\n" +
                    plain(component.summary) + "\n";
            if (component.settings_count == 0) continue;
            roff += ".RS\n";
            for (const Setting& setting : std::span(component.settings, component.settings_count))
                roff += entry(bold(setting.key), setting.help) + "(" + plain(what_fits(setting)) + ")\n";
            roff += ".RE\n";
        }
    }
    return roff;
}

}  // namespace switchhook::manual
