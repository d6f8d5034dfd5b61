#include <string>

#include "core/app/answer.hpp"
#include "core/app/commands.hpp"
#include "core/app/exit_codes.hpp"
#include "core/app/loading.hpp"

namespace switchhook::app {
namespace {

int nothing_to_provision(const config::Config& config) {
    if (config.sip && config.livekit.keys.empty()) {
        complain(
            "no LiveKit key is configured, so nothing can be provisioned: set livekit.api_key and livekit.api_secret "
            "(LIVEKIT_API_KEY, LIVEKIT_API_SECRET)");
        return kExitConfiguration;
    }
    print(config.sip ? "provisioner is none: trunk and dispatch rule are managed elsewhere\n"
                     : "there is no sip block: nothing is provisioned\n");
    return kExitWell;
}

}  // namespace

int run_provision(const CommandLine& line) {
    const auto loaded = load(line);
    if (!loaded->problems.empty()) return refused(loaded->problems);
    const auto& config = loaded->configuration.config;
    Provisioner* const provisioner = loaded->assembly->provisioner.get();
    if (provisioner == nullptr) return nothing_to_provision(config);

    const Wanted wanted{.room_prefix = config.sip->room_prefix, .allowed_addresses = config.sip->allowed_addresses};
    Result<Plan> result = Plan{};
    if (const Status started = provisioner->start(); !started)
        result = started;
    else
        result = line.has("plan") ? provisioner->plan(wanted) : provisioner->apply(wanted);
    provisioner->stop();
    if (!result) {
        complain(result.status().message());
        return kExitUnavailable;
    }
    for (const auto& change : result->changes) print(change + "\n");
    if (result->changes.empty()) print("trunk and dispatch rule are as wanted; there is nothing to do\n");
    return line.has("plan") && !result->changes.empty() ? kExitPending : kExitWell;
}

}  // namespace switchhook::app
