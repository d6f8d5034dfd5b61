// `switchhook secret`: what the operator hands to a tenant, from the very code that signs.
#include <set>
#include <string>

#include "core/app/answer.hpp"
#include "core/app/commands.hpp"
#include "core/app/exit_codes.hpp"
#include "core/app/loading.hpp"
#include "core/config/reading.hpp"
#include "core/delivery/secrets.hpp"

namespace switchhook::app {
namespace {

int refused(int code, const std::string& why) {
    complain(why);
    return code;
}

std::string quoted(const std::string& text) {
    return "'" + text + "'";
}

// The dialects of the tenant's hooks that are signed with a derived secret; without such hooks, the default one.
std::set<std::string> dialects_of(const std::string& tenant, const config::Config& config) {
    std::set<std::string> dialects;
    for (const Hook& hook : config.sip->hooks) {
        if (delivery::signing_name(hook) != tenant) continue;
        if (hook.secrets.empty())
            dialects.insert(hook.dialect.empty() ? config.delivery.dialect : hook.dialect);
        else
            refused(0, "note: the hook of " + quoted(hook.host) + " has a secret of its own, which signs its events");
    }
    if (dialects.empty()) dialects.insert(config.delivery.dialect);
    return dialects;
}

int print_secrets(const CommandLine& line, const std::string& tenant, const plugin::Catalog& catalog,
                  const config::Config& config) {
    const std::string asked_dialect = line.text("dialect");
    if (!config.sip) return refused(kExitConfiguration, "there is no sip block: nothing is signed");
    if (!config.sip->derived_secrets)
        return refused(
            kExitConfiguration,
            "sip.hook_secrets is shared: sip.hook_secret itself signs the events of every tenant, and whoever "
            "has it can forge those of the others. Set sip.hook_secrets: derived, or give the tenant's hooks "
            "a secret of their own.");
    if (!asked_dialect.empty() && catalog.find(Contract::dialect, asked_dialect) == nullptr)
        return refused(kExitUsage, "--dialect: no dialect is called " + quoted(asked_dialect));
    const auto dialects = asked_dialect.empty() ? dialects_of(tenant, config) : std::set{asked_dialect};
    std::set<delivery::SecretForm> forms;
    for (const auto& dialect : dialects) forms.insert(delivery::form_for(dialect));
    if (forms.size() > 1)
        return refused(kExitUsage, "the hooks of " + quoted(tenant) +
                                       " have dialects that write a secret differently; say which with --dialect NAME");

    delivery::Secrets secrets(config.sip->hook_secrets, true);
    Hook hook;
    hook.auth_id = tenant;
    for (const auto secret : secrets.of(hook, *dialects.begin())) {
        print(std::string(secret) + "\n");
    }
    return kExitWell;
}

}  // namespace

int run_secret(const CommandLine& line) {
    const std::string tenant = config::trimmed(line.text("tenant"));
    if (tenant.empty()) return wrong_usage("secret needs --tenant ID, the tenant's auth_id", "secret");
    plugin::Catalog catalog;
    std::vector<Problem> problems;
    open_own_plugins(catalog, problems);
    const base::SystemClock clock;
    InstanceHost host(std::make_unique<HeldLog>(), clock);
    const auto configuration = read_configuration(catalog, line.sources, host, problems);
    if (configuration.readable) open_configured_plugins(catalog, configuration.config, problems);
    if (!problems.empty()) return refused(problems);
    return print_secrets(line, tenant, catalog, configuration.config);
}

}  // namespace switchhook::app
