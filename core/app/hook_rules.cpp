#include "core/app/hook_rules.hpp"

namespace switchhook::app {

api::HookRules hook_rules(const config::Config& config, const Assembly& assembly) {
    api::HookRules rules;
    rules.sip = config.sip.has_value();
    rules.secret_usable = config.sip && !config.sip->hook_secrets.empty();
    for (const auto& [name, dialect] : assembly.dialects) rules.dialects.push_back(name);
    rules.retries = config::retry_names(config.delivery);
    return rules;
}

std::vector<Hook> configured_hooks(const config::Config& config) {
    return config.sip ? config.sip->hooks : std::vector<Hook>{};
}

}  // namespace switchhook::app
