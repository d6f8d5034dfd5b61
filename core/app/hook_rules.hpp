// What the API asks about a hook, as the configuration and the installed plugins have it.
#pragma once

#include <vector>

#include <switchhook/hook.hpp>

#include "core/api/hooks_api.hpp"
#include "core/app/assembly.hpp"
#include "core/config/config.hpp"

namespace switchhook::app {

// Holds views into the configuration and into the assembly's names of dialects.
api::HookRules hook_rules(const config::Config& config, const Assembly& assembly);

std::vector<Hook> configured_hooks(const config::Config& config);

}  // namespace switchhook::app
