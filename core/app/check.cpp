#include <cstdio>

#include "core/app/commands.hpp"
#include "core/app/exit_codes.hpp"
#include "core/app/loading.hpp"
#include "core/config/schema.hpp"
#include "core/config/show.hpp"
#include "core/plugin/listing.hpp"

namespace switchhook::app {
namespace {

void print(std::FILE* out, const std::string& text) {
    static_cast<void>(std::fwrite(text.data(), 1, text.size(), out));
}

int refused(std::span<const Problem> problems) {
    print(stderr, as_lines(problems));
    return kExitConfiguration;
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
    print(stdout, config::schema_json(declared(catalog)));
    return kExitWell;
}

}  // namespace

int run_check(const CommandLine& line) {
    if (line.schema) return print_schema();
    const auto loaded = load(line);
    if (line.show && loaded->configuration.readable)
        print(stdout,
              config::show(loaded->configuration.merged, loaded->configuration.config, declared(loaded->catalog)));
    if (loaded->problems.empty()) loaded->assembly->check_instances(loaded->problems);
    const auto& config = loaded->configuration.config;
    for (const auto* said : {&config.notices, &config.warnings})
        for (const auto& problem : *said) print(stderr, "warning: " + as_lines(std::span(&problem, 1)));
    if (!loaded->problems.empty()) return refused(loaded->problems);
    if (!line.show) print(stdout, "configuration, plugins and stores are in order\n");
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
    print(stdout, plugin::listing(catalog.opened()));
    return problems.empty() ? kExitWell : refused(problems);
}

}  // namespace switchhook::app
