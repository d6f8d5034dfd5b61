// The running server takes another configuration.
#include <utility>

#include "core/app/hook_rules.hpp"
#include "core/app/server.hpp"

namespace switchhook::app {

// What can fail comes first: after the hooks are in force nothing does.
Status Server::take(std::shared_ptr<const config::Config> next, std::unique_ptr<Assembly> made) {
    const std::shared_ptr<Assembly> assembly = std::move(made);
    auto chain = std::exchange(assembly->matchers, {});
    Status started = start_chain(chain);
    if (started) started = start_livekit_callers(*assembly);
    if (!started) {
        for (const auto& matcher : chain) matcher->stop();
        Replaced{.assembly = assembly, .chain = nullptr}.stop();
        return started;
    }
    auto old = hooks_.reconfigure(configured_hooks(*next), std::move(chain));
    if (!old) {
        Replaced{.assembly = assembly, .chain = nullptr}.stop();
        return old.status();
    }

    verifier_.replace(next->livekit.keys);
    authentication_.replace(next->auth);
    auto rules = hook_rules(*next, assembly_);
    rules.owner = next;
    hooks_api_.replace(std::move(rules));
    logging_.set_level(next->log.level);
    if (next->sip && engine_)
        engine_->reconfigure(engine_settings(next->delivery),
                             delivery::Secrets(next->sip->hook_secrets, next->sip->derived_secrets));
    ask_livekit_through(assembly, *next);
    taken_.with([&](auto& held) { held = next; });
    // What a running server keeps as it was opened was made to be checked only.
    assembly->outbox.reset();
    assembly->hook_store.reset();
    assembly->forwarder.reset();
    assembly->dialects.clear();
    replaced_.push_back({.assembly = std::exchange(reloaded_, assembly), .chain = std::move(old).value()});
    std::erase_if(replaced_, [](const Replaced& each) {
        if (each.in_use()) return false;
        each.stop();
        return true;
    });
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
        if (Status opened = assembly.call_control->start(); !opened) return opened;
    if (provisioning_ && assembly.provisioner)
        if (Status opened = assembly.provisioner->start(); !opened) return opened;
    return {};
}

void Server::ask_livekit_through(const std::shared_ptr<Assembly>& assembly, const config::Config& config) {
    if (room_tenants_ && assembly->call_control) {
        call_control_ = {assembly, assembly->call_control.get()};
        room_tenants_->use(call_control_);
    }
    if (config.sip && provisioning_ && assembly->provisioner) {
        provisioner_ = {assembly, assembly->provisioner.get()};
        provisioning_->reconfigure({.room_prefix = config_.sip->room_prefix,
                                    .allowed_addresses = config.sip->allowed_addresses,
                                    .reconcile = config.livekit.reconcile},
                                   provisioner_);
    }
}

void Server::Replaced::stop() const {
    if (chain)
        for (const auto& matcher : *chain) matcher->stop();
    if (assembly && assembly->call_control) assembly->call_control->stop();
    if (assembly && assembly->provisioner) assembly->provisioner->stop();
}

void Server::say(std::vector<std::string> warnings) {
    health_->say(std::move(warnings));
}

void Server::count_reload(std::string_view result) {
    metrics_.reloads(result).Increment();
    metrics_.reload_well.Set(result == "applied" ? 1 : 0);
}

}  // namespace switchhook::app
