// Reload: the configuration is read anew while the server runs. It is checked whole first; a bad one leaves everything
// as it was. What only a start can change is named, and nothing of it is applied.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/app/command_line.hpp"
#include "core/app/loading.hpp"
#include "core/app/reload_answer.hpp"
#include "core/app/server.hpp"
#include "core/app/service_manager.hpp"

namespace switchhook::app {

// One thread, the one that started the server.
class Reload {
public:
    // All outlive this object. `loaded` is what the server was started with.
    Reload(Loaded& loaded, std::span<const SourceName> sources, Server& server, const ServiceManager& service_manager,
           const ReloadAnswer& answer);

    // Says in log, metrics and readiness what came of it.
    void run();

private:
    void refused(std::span<const Problem> problems);
    void applied(const config::Config& config, const std::vector<std::string>& in_effect,
                 const std::vector<std::string>& after_restart);

    Loaded& loaded_;
    std::span<const SourceName> sources_;
    Server& server_;
    const ServiceManager& service_manager_;
    const ReloadAnswer& answer_;
    Log& log_;
    InstanceHost host_;                  // of the sources
    Node in_force_;                      // as written
    std::vector<std::string> warnings_;  // of what is in force
};

}  // namespace switchhook::app
