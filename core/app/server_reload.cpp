// The running server takes another configuration.
#include <utility>

#include "core/app/hook_rules.hpp"
#include "core/app/server.hpp"

namespace switchhook::app {

// What can fail comes first: after the hooks are in force nothing does.
Status Server::take(std::shared_ptr<const config::Config> next, std::unique_ptr<Assembly> made) {
    // From here on it lives until the end, also when it is refused: what was started of it is stopped then.
    assemblies_.push_back(std::move(made));
    Assembly* const assembly = assemblies_.back().get();
    auto chain = std::exchange(assembly->matchers, {});
    if (Status started = start_chain(chain); !started) {
        for (const auto& matcher : chain) matcher->stop();
        return started;
    }
    if (Status begun = start_livekit_callers(*assembly); !begun) {
        for (const auto& matcher : chain) matcher->stop();
        return begun;
    }
    auto old = hooks_.reconfigure(configured_hooks(*next), std::move(chain));
    if (!old) return old.status();

    verifier_.replace(next->livekit.keys);
    authentication_.replace(next->auth);
    auto rules = hook_rules(*next, assembly_);
    rules.owner = next;
    hooks_api_.replace(std::move(rules));
    logging_.set_level(next->log.level);
    if (next->sip && engine_)
        engine_->reconfigure(engine_settings(next->delivery),
                             delivery::Secrets(next->sip->hook_secrets, next->sip->derived_secrets));
    if (room_tenants_ && assembly->call_control) room_tenants_->use(*assembly->call_control);
    if (next->sip && provisioning_ && assembly->provisioner)
        provisioning_->reconfigure({.room_prefix = config_.sip->room_prefix,
                                    .allowed_addresses = next->sip->allowed_addresses,
                                    .reconcile = next->livekit.reconcile},
                                   *assembly->provisioner);
    taken_.with([&](auto& held) { held = next; });
    retire(*assembly, std::move(old).value());
    if (hook_control_) hook_control_->forget_removed();
    return {};
}

std::shared_ptr<const config::Config> Server::in_force() const {
    auto taken = taken_.with([](const auto& held) { return held; });
    if (taken) return taken;
    return {std::shared_ptr<void>(), &config_};  // lives as long as the program
}

// Only where the start had one: what begins with SIP begins with a start.
Status Server::start_livekit_callers(const Assembly& assembly) {
    if (room_tenants_ && assembly.call_control)
        if (Status opened = start_component(assembly.call_control.get()); !opened) return opened;
    if (provisioning_ && assembly.provisioner)
        if (Status opened = start_component(assembly.provisioner.get()); !opened) return opened;
    return {};
}

// The instances of the new configuration live from now on; the chain that was in force until its last routes are gone.
void Server::retire(Assembly& assembly, std::shared_ptr<const routing::Chain> chain) {
    // What a running server keeps as it was opened was made to be checked only.
    assembly.outbox.reset();
    assembly.hook_store.reset();
    assembly.forwarder.reset();
    assembly.dialects.clear();
    retired_.push_back(std::move(chain));
    std::erase_if(retired_, [](const auto& each) {
        if (each.use_count() > 1) return false;
        for (const auto& matcher : *each) matcher->stop();
        return true;
    });
}

void Server::say(std::vector<std::string> warnings) {
    health_->say(std::move(warnings));
}

void Server::count_reload(std::string_view result) {
    metrics_.reloads(result).Increment();
    metrics_.reload_well.Set(result == "applied" ? 1 : 0);
}

}  // namespace switchhook::app
