#include <cstdio>
#include <string>

#include "core/app/commands.hpp"
#include "core/app/exit_codes.hpp"
#include "core/app/loading.hpp"

namespace switchhook::app {
namespace {

void print(std::FILE* out, const std::string& text) {
    static_cast<void>(std::fwrite(text.data(), 1, text.size(), out));
}

int nothing_to_provision(const config::Config& config) {
    if (config.sip && config.livekit.keys.empty()) {
        print(stderr,
              "no LiveKit key is configured, so nothing can be provisioned: set livekit.api_key and livekit.api_secret "
              "(LIVEKIT_API_KEY, LIVEKIT_API_SECRET)\n");
        return kExitConfiguration;
    }
    print(stdout, config.sip ? "provisioner is none: trunk and dispatch rule are managed elsewhere\n"
                             : "there is no sip block: nothing is provisioned\n");
    return kExitWell;
}

}  // namespace

int run_provision(const CommandLine& line) {
    const auto loaded = load(line);
    if (!loaded->problems.empty()) {
        print(stderr, as_lines(loaded->problems));
        return kExitConfiguration;
    }
    const auto& config = loaded->configuration.config;
    Provisioner* const provisioner = loaded->assembly->provisioner.get();
    if (provisioner == nullptr) return nothing_to_provision(config);

    const Wanted wanted{.room_prefix = config.sip->room_prefix, .allowed_addresses = config.sip->allowed_addresses};
    Result<Plan> result = Plan{};
    if (const Status started = provisioner->start(); !started)
        result = started;
    else
        result = line.plan ? provisioner->plan(wanted) : provisioner->apply(wanted);
    provisioner->stop();
    if (!result) {
        print(stderr, result.status().message() + "\n");
        return kExitUnavailable;
    }
    for (const auto& change : result->changes) print(stdout, change + "\n");
    if (result->changes.empty()) print(stdout, "trunk and dispatch rule are as wanted; there is nothing to do\n");
    return line.plan && !result->changes.empty() ? kExitPending : kExitWell;
}

}  // namespace switchhook::app
