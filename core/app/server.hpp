// The running server: every part of the way of an event, started from the sinks to the source and stopped in reverse.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <switchhook/component.hpp>
#include <switchhook/host.hpp>

#include "core/api/authentication.hpp"
#include "core/api/deliveries_api.hpp"
#include "core/api/health.hpp"
#include "core/api/hook_control_api.hpp"
#include "core/api/hooks_api.hpp"
#include "core/app/assembly.hpp"
#include "core/app/logging.hpp"
#include "core/app/provisioning.hpp"
#include "core/app/service_manager.hpp"
#include "core/app/watchdog.hpp"
#include "core/base/guarded.hpp"
#include "core/config/config.hpp"
#include "core/delivery/dialects.hpp"
#include "core/delivery/engine.hpp"
#include "core/http/endpoints.hpp"
#include "core/http/front.hpp"
#include "core/livekit/verifier.hpp"
#include "core/metrics/metrics.hpp"
#include "core/pipeline/committer.hpp"
#include "core/pipeline/intake.hpp"
#include "core/rooms/room_tenants.hpp"
#include "core/routing/hooks.hpp"

namespace switchhook::app {

// One thread. Without a sip block the outbox, the dialects and the forwarder stay closed: webhooks are verified and
// answered.
class Server {
public:
    // All outlive the server. The assembly's matchers move into the server.
    Server(const config::Config& config, Assembly& assembly, Logging& logging, const ServiceManager& service_manager,
           const Clock& clock);
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    // Ready to answer on return, and said so. Not ok: what was started is stopped again; the text says what is missing.
    Status start();
    // Ends everything within server.stop_timeout; what that cuts off is recovered at the next start. Safe twice.
    void stop();
    // Another configuration, and the instances that were made and checked for it; what only a start can change (see
    // config/changes.hpp) stays as it is. In effect on return, or not ok and nothing has changed.
    Status take(std::shared_ptr<const config::Config> next, std::unique_ptr<Assembly> made);
    // What readiness says of the configuration, and what came of reading it anew: applied, refused.
    void say(std::vector<std::string> warnings);
    void count_reload(std::string_view result);
    // What the service manager is to know, READY=1 and the like first; each assignment ends a line. STATUS= follows:
    // where the server listens, what is missing, what waits. Without `first` only what it was not told yet. Any thread.
    void tell_service_manager(std::string_view first);
    // From now on systemd's watchdog hears that all goes well. Once, after start().
    void answer_watchdog(std::chrono::microseconds time);
    // Not ok: LiveKit could not be provisioned. The server has then sent the program SIGTERM. Any thread.
    Status failure() const;

private:
    // As many changes of hooks come together to the hook table, which makes one write of those that wait.
    static constexpr std::size_t kApiThreads = 8;
    static constexpr std::size_t kNamedHosts = 3;    // in a warning
    static constexpr std::size_t kApiRequests = 64;  // that wait; each can hold a body of server.body_bytes

    // The configuration in force. Any thread.
    std::shared_ptr<const config::Config> in_force() const;
    Status start_stores();
    Status start_component(Component* component);
    Status start_chain(const routing::Chain& chain);
    // What a reload replaced, until nobody works with it: the chain, and what was made together with it.
    struct Replaced {
        std::shared_ptr<Assembly> assembly;  // null: what the start was given
        std::shared_ptr<const routing::Chain> chain;

        bool in_use() const { return assembly.use_count() > 1 || chain.use_count() > 1; }
        void stop() const;
    };
    Status start_livekit_callers(const Assembly& assembly);
    void ask_livekit_through(const std::shared_ptr<Assembly>& assembly, const config::Config& config);
    delivery::EngineSettings engine_settings(const config::Delivery& delivery) const;
    Status start_delivery(const config::Sip& sip);
    Status start_livekit_callers(const config::Sip& sip, bool known);
    Status start_fronts();
    std::size_t connections();
    void add_endpoints();
    void add_delivery_endpoints();
    void add_hook_control_endpoints();
    void say_who_may_what();
    void say_listening();
    std::string status_text();
    void stop_fronts(std::chrono::steady_clock::time_point deadline);
    std::vector<api::Probe> requirements();
    std::vector<api::Probe> warnings();
    enum class Odd : std::uint8_t { paused = 1, silent };
    Status hooks_that(Odd odd);  // are so: how many and which, or ok
    http::Response readiness();
    http::Response scrape();

    const config::Config& config_;                                // of the start: what only a start can change
    base::Guarded<std::shared_ptr<const config::Config>> taken_;  // by the latest reload; null: there was none
    Assembly& assembly_;
    Logging& logging_;
    Log& log_;
    const ServiceManager& service_manager_;
    const Clock& clock_;

    bool stopped_ = false;
    std::vector<Component*> started_;  // in that order
    metrics::Metrics metrics_;
    // Before what uses them.
    std::shared_ptr<Assembly> reloaded_;  // made by the latest reload; null: there was none
    std::vector<Replaced> replaced_;
    std::shared_ptr<CallControl> call_control_;  // that is asked at present, and keeps what it was made with
    std::shared_ptr<Provisioner> provisioner_;   // the same
    routing::Hooks hooks_;
    api::Authentication authentication_;
    api::HooksApi hooks_api_;
    livekit::Verifier verifier_;
    delivery::Dialects dialects_;
    std::unique_ptr<pipeline::Committer> committer_;  // null without a sip block, and the engine too
    std::unique_ptr<delivery::Engine> engine_;
    std::unique_ptr<pipeline::Intake> intake_;
    std::unique_ptr<api::DeliveriesApi> deliveries_api_;  // the same
    std::unique_ptr<api::HookControlApi> hook_control_;   // the same
    std::unique_ptr<api::Health> health_;
    std::unique_ptr<rooms::RoomTenants> room_tenants_;  // null: call_control is `none`
    std::unique_ptr<Provisioning> provisioning_;        // null: provisioner is `none`
    base::Guarded<Status> failure_;
    base::Guarded<std::string> told_;  // the STATUS= that the service manager heard last
    http::Endpoints endpoints_;
    http::Endpoints admin_endpoints_;
    std::unique_ptr<http::Front> admin_;
    std::unique_ptr<http::Front> front_;
    std::unique_ptr<Watchdog> watchdog_;  // null: nobody expects to hear from us
};

}  // namespace switchhook::app
