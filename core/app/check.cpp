#include <cstdio>

#include "core/app/answer.hpp"
#include "core/app/command_table.hpp"
#include "core/app/commands.hpp"
#include "core/app/exit_codes.hpp"
#include "core/app/loading.hpp"
#include "core/config/schema.hpp"
#include "core/config/show.hpp"
#include "core/plugin/listing.hpp"

namespace switchhook::app {
namespace {

void warn(const Problem& problem) {
    const std::string text = "warning: " + as_lines(std::span(&problem, 1));
    static_cast<void>(std::fputs(text.c_str(), stderr));
}

std::vector<config::Declared> declared(const plugin::Catalog& catalog) {
    std::vector<config::Declared> components;
    for (const auto& opened : catalog.opened())
        for (const auto& entry : std::span(opened.manifest->components, opened.manifest->components_count))
            components.push_back({.contract = contract_name(entry.contract),
                                  .name = entry.name,
                                  .summary = entry.summary,
                                  .settings = {entry.settings, entry.settings_count}});
    return components;
}

// The schema of the program as it is installed: it needs no configuration.
int print_schema() {
    plugin::Catalog catalog;
    std::vector<Problem> problems;
    open_own_plugins(catalog, problems);
    if (!problems.empty()) return refused(problems);
    print(config::schema_json(declared(catalog)));
    return kExitWell;
}

}  // namespace

int run_check(const CommandLine& line) {
    if (line.has("show") && line.has("schema"))
        return wrong_usage("--show and --schema are two questions; ask one", line.command->words);
    if (line.has("schema")) return print_schema();
    const auto loaded = load(line);
    if (line.has("show") && loaded->configuration.readable)
        print(config::show(loaded->configuration.merged, loaded->configuration.config, declared(loaded->catalog)));
    if (loaded->problems.empty()) loaded->assembly->check_instances(loaded->problems);
    const auto& config = loaded->configuration.config;
    for (const auto* said : {&config.notices, &config.warnings})
        for (const auto& problem : *said) warn(problem);
    if (!loaded->problems.empty()) return refused(loaded->problems);
    if (!line.has("show")) print("configuration, plugins and stores are in order\n");
    return kExitWell;
}

int run_plugins(const CommandLine& line) {
    plugin::Catalog catalog;
    std::vector<Problem> problems;
    open_own_plugins(catalog, problems);
    if (!line.sources.empty()) {
        const base::SystemClock clock;
        InstanceHost host(std::make_unique<HeldLog>(), clock);
        const auto configuration = read_configuration(catalog, line.sources, host, problems);
        if (configuration.readable) open_configured_plugins(catalog, configuration.config, problems);
    }
    print(plugin::listing(catalog.opened()));
    return problems.empty() ? kExitWell : refused(problems);
}

}  // namespace switchhook::app
