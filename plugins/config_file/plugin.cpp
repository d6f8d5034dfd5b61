#include <switchhook/plugin.hpp>

#include "file_source.hpp"

namespace {
constexpr switchhook::Setting kSettings[] = {
    {"argument", switchhook::SettingType::path, nullptr, "The YAML file to read.", 1},
};
}  // namespace

SWITCHHOOK_PLUGIN("config_file", SWITCHHOOK_VERSION,
                  switchhook::component<switchhook::config_file::FileSource>(
                      "file", "Reads the configuration from a YAML file.", kSettings))
