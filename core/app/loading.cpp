#include "core/app/loading.hpp"

#include <algorithm>
#include <utility>

namespace switchhook::app {
namespace {

LogFormat format_of(const config::LogSettings& settings) {
    return settings.format == "json" ? LogFormat::json : LogFormat::text;
}

// One block can name two instances, and what is wrong with it is then found twice.
void keep_each_once(std::vector<Problem>& problems) {
    std::vector<Problem> kept;
    for (auto& problem : problems)
        if (std::ranges::none_of(
                kept, [&](const Problem& other) { return other.place == problem.place && other.text == problem.text; }))
            kept.push_back(std::move(problem));
    problems = std::move(kept);
}

}  // namespace

void open_own_plugins(plugin::Catalog& catalog, std::vector<Problem>& problems) {
    catalog.open(plugin::own_plugin_folder(), {}, problems);
}

void open_configured_plugins(plugin::Catalog& catalog, const config::Config& config, std::vector<Problem>& problems) {
    for (std::size_t i = 0; i < config.plugins.size(); ++i)
        catalog.open(config.plugins[i], config.place_of("plugins[" + std::to_string(i) + "]"), problems);
}

std::unique_ptr<Loaded> load(const CommandLine& line) {
    auto loaded = std::make_unique<Loaded>();
    auto& problems = loaded->problems;
    open_own_plugins(loaded->catalog, problems);

    auto held = std::make_unique<HeldLog>();
    HeldLog& early = *held;
    InstanceHost sources_host(std::move(held), loaded->clock);
    loaded->configuration = read_configuration(loaded->catalog, line.sources, sources_host, problems);
    if (!loaded->configuration.readable) return loaded;

    const auto& config = loaded->configuration.config;
    loaded->logging = std::make_unique<Logging>(config.log.level, format_of(config.log), loaded->clock);
    early.release_to(loaded->logging->log());
    open_configured_plugins(loaded->catalog, config, problems);
    loaded->assembly = std::make_unique<Assembly>(*loaded->logging, loaded->clock);
    loaded->assembly->make(loaded->catalog, config, problems);
    if (problems.empty()) loaded->assembly->check_hooks(config, problems);
    keep_each_once(problems);
    return loaded;
}

}  // namespace switchhook::app
