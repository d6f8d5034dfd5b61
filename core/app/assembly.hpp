// Every instance that the configuration names, and every installed dialect: made and checked, not started.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <switchhook/call_control.hpp>
#include <switchhook/dialect.hpp>
#include <switchhook/forwarder.hpp>
#include <switchhook/hook_store.hpp>
#include <switchhook/host.hpp>
#include <switchhook/matcher.hpp>
#include <switchhook/outbox.hpp>
#include <switchhook/provisioner.hpp>

#include "core/app/logging.hpp"
#include "core/config/config.hpp"
#include "core/plugin/catalog.hpp"

namespace switchhook::app {

// What one instance is lent.
class InstanceHost final : public Host {
public:
    InstanceHost(std::unique_ptr<Log> log, const Clock& clock) : log_(std::move(log)), clock_(clock) {}
    Log& log() override { return *log_; }
    const Clock& clock() const override { return clock_; }

private:
    std::unique_ptr<Log> log_;
    const Clock& clock_;
};

// One thread. Members are destroyed last to first: instances before the hosts that they were lent.
class Assembly {
public:
    // `logging` and `clock` outlive the assembly.
    Assembly(Logging& logging, const Clock& clock) : logging_(logging), clock_(clock) {}

    // Makes all instances; whatever is wrong is added to `problems`, everything at once. `catalog` outlives the
    // assembly.
    void make(const plugin::Catalog& catalog, const config::Config& config, std::vector<Problem>& problems);
    // Asks matchers and forwarder about the hooks of the configuration. Only after make() without problems.
    void check_hooks(const config::Config& config, std::vector<Problem>& problems) const;
    // Asks every instance to look at what is stored or reachable, changing nothing.
    void check_instances(std::vector<Problem>& problems) const;

private:
    Host& host_for(std::string name);
    void make_stores(const plugin::Catalog& catalog, const config::Config& config, std::vector<Problem>& problems);
    void make_livekit_callers(const plugin::Catalog& catalog, const config::Config& config,
                              std::vector<Problem>& problems);
    void make_dialects(const plugin::Catalog& catalog, const config::Config& config, std::vector<Problem>& problems);
    void make_spare_dialect(const plugin::Catalog& catalog, const ComponentEntry& entry);

    Logging& logging_;
    const Clock& clock_;
    std::vector<std::unique_ptr<InstanceHost>> hosts_;

public:
    std::unique_ptr<HookStore> hook_store;
    std::unique_ptr<Outbox> outbox;
    std::vector<std::unique_ptr<Matcher>> matchers;
    std::map<std::string, std::unique_ptr<Dialect>, std::less<>> dialects;  // by name
    std::unique_ptr<Forwarder> forwarder;
    std::unique_ptr<Provisioner> provisioner;   // null: `none`
    std::unique_ptr<CallControl> call_control;  // null: `none`
};

// The settings of a component that calls LiveKit: what its block gives, and `url`, `api_key` and `api_secret` of the
// livekit block where it declares them and its own block does not.
config::Instance livekit_instance(const ComponentEntry& entry, const config::Instance& given,
                                  const config::Config& config);

// The outbox's settings: what `storage` gives, and those of the delivery block that the component declares and
// `storage` does not give itself.
config::Instance outbox_instance(const ComponentEntry& entry, const config::Config& config);

}  // namespace switchhook::app
