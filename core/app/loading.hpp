// From the command line to checked instances: what `check` and `serve` have in common.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include <switchhook/document.hpp>

#include "core/app/assembly.hpp"
#include "core/app/command_line.hpp"
#include "core/app/configuration.hpp"
#include "core/app/logging.hpp"
#include "core/base/system_clock.hpp"
#include "core/plugin/catalog.hpp"

namespace switchhook::app {

// Members are destroyed last to first: instances, then the log that they write to, then the libraries' catalog.
struct Loaded {
    base::SystemClock clock;
    plugin::Catalog catalog;
    Configuration configuration;
    std::unique_ptr<Logging> logging;    // as the configuration wants it; null when that could not be read
    std::unique_ptr<Assembly> assembly;  // null likewise
    std::vector<Problem> problems;       // each once; with any of them nothing may be started
};

std::unique_ptr<Loaded> load(const CommandLine& line);

// Opens the program's own plugins.
void open_own_plugins(plugin::Catalog& catalog, std::vector<Problem>& problems);
// Opens what `plugins:` of the configuration names.
void open_configured_plugins(plugin::Catalog& catalog, const config::Config& config, std::vector<Problem>& problems);

}  // namespace switchhook::app
