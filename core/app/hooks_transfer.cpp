// `switchhook hooks export | import`.
#include "core/cli/hooks_transfer.hpp"

#include <utility>

#include "core/app/answer.hpp"
#include "core/app/commands.hpp"
#include "core/app/exit_codes.hpp"
#include "core/app/hook_rules.hpp"
#include "core/app/loading.hpp"
#include "core/app/remote.hpp"
#include "core/cli/recording.hpp"

namespace switchhook::app {
namespace {

int failed(const Status& why) {
    complain(why.message());
    return exit_code(why);
}

// Opened for writing, and closed again.
class OpenStore {
public:
    explicit OpenStore(HookStore& store) : store_(store), status_(store.start()) {}
    ~OpenStore() { store_.stop(); }
    OpenStore(const OpenStore&) = delete;
    OpenStore& operator=(const OpenStore&) = delete;
    const Status& status() const { return status_; }

private:
    HookStore& store_;
    Status status_;
};

int import_into(HookStore& store, const CommandLine& line, Loaded& loaded, const std::string& json) {
    const OpenStore open(store);
    if (!open.status()) return failed(open.status());
    const auto stored = store.load();
    if (!stored) return failed(stored.status());

    const auto& config = loaded.configuration.config;
    Assembly& assembly = *loaded.assembly;
    const auto import = cli::read_import(json, *stored,
                                         {.configured = configured_hooks(config),
                                          .matchers = std::move(assembly.matchers),
                                          .forwarder = *assembly.forwarder,
                                          .rules = hook_rules(config, assembly),
                                          .auth_required = config.auth.required});
    if (!import) {
        complain(import.status().message() + "\nnothing was imported");
        return kExitSoftware;
    }
    if (!import->replaced.empty() && !line.has("replace")) {
        print(cli::import_text(*import, false, form(line)));
        complain("hooks of the store would be replaced, so nothing was imported; --replace allows it");
        return kExitSoftware;
    }
    if (const auto change = import->change(); !change.put.empty())
        if (const auto written = store.apply(change); !written) return failed(written.status());
    print(cli::import_text(*import, true, form(line)));
    return kExitWell;
}

}  // namespace

int run_hooks_export(const CommandLine& line) {
    const auto loaded = load(line);
    if (!loaded->problems.empty()) return refused(loaded->problems);
    const auto stored = loaded->assembly->hook_store->look();
    if (!stored) return failed(stored.status());
    print(cli::export_text(*stored));
    return kExitWell;
}

int run_hooks_import(const CommandLine& line) {
    const auto loaded = load(line);
    if (!loaded->problems.empty()) return refused(loaded->problems);
    const auto json = cli::read_text(line.arguments.empty() ? "-" : line.arguments[0]);
    if (!json) {
        complain(json.status().message());
        return kExitSoftware;
    }
    return import_into(*loaded->assembly->hook_store, line, *loaded, *json);
}

}  // namespace switchhook::app
