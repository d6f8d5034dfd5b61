#include <switchhook/plugin.hpp>

#include "env_source.hpp"

namespace {
constexpr switchhook::Setting kSettings[] = {
    {"argument", switchhook::SettingType::text, "", "Nothing: `--config env` reads the variables of this process."},
};
}  // namespace

SWITCHHOOK_PLUGIN("config_env", SWITCHHOOK_VERSION,
                  switchhook::component<switchhook::config_env::EnvSource>(
                      "env", "Reads the configuration from environment variables.", kSettings))
