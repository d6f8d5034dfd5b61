#include "core/app/server.hpp"

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <random>
#include <utility>

#include "core/app/configuration.hpp"
#include "core/app/hook_rules.hpp"
#include "core/app/long_start.hpp"
#include "core/app/open_files.hpp"
#include "core/app/retry_profiles.hpp"
#include "core/app/stop_signals.hpp"

namespace switchhook::app {
namespace {

using std::chrono::milliseconds;
using TimePoint = std::chrono::steady_clock::time_point;

milliseconds left_until(TimePoint deadline, const Clock& clock) {
    return std::max(milliseconds(0), std::chrono::duration_cast<milliseconds>(deadline - clock.steady()));
}

}  // namespace

Server::Server(const config::Config& config, Assembly& assembly, Logging& logging,
               const ServiceManager& service_manager, const Clock& clock)
    : config_(config),
      assembly_(assembly),
      logging_(logging),
      log_(logging.log()),
      service_manager_(service_manager),
      clock_(clock),
      hooks_(configured_hooks(config), assembly.hook_store.get(), std::move(assembly.matchers)),
      authentication_(config.auth),
      hooks_api_(hooks_, *assembly.forwarder, authentication_, hook_rules(config, assembly), log_,
                 {.of = [this](HookId hook) { return engine_ ? engine_->lanes().of(hook) : std::nullopt; },
                  .changed =
                      [this] {
                          if (hook_control_) hook_control_->forget_removed();
                      }}),
      verifier_(config.livekit.keys, clock),
      dialects_(config.delivery.dialect),
      endpoints_(log_, kApiRequests, kApiThreads),
      admin_endpoints_(log_) {}

Server::~Server() {
    stop();
}

Status Server::start() {
    say_who_may_what();
    if (Status read = start_stores(); !read) return read;
    intake_ = std::make_unique<pipeline::Intake>(config_.sip ? config_.sip->room_prefix : std::string(), verifier_,
                                                 hooks_, committer_.get(), metrics_, log_, clock_);
    health_ = std::make_unique<api::Health>(requirements(), warnings());
    say(as_texts(config_.warnings));
    metrics_.reload_well.Set(1);
    if (Status listening = start_fronts(); !listening) return listening;
    health_->started();
    say_listening();
    tell_service_manager("READY=1\n");
    if (provisioning_) provisioning_->start();
    return {};
}

// Whatever may take minutes.
Status Server::start_stores() {
    const LongStart asks_for_time(service_manager_);
    if (Status opened = start_component(assembly_.hook_store.get()); !opened) return opened;
    if (Status opened = start_chain(*hooks_.chain()); !opened) return opened;
    if (Status read = hooks_.load(); !read) return read;
    return config_.sip ? start_delivery(*config_.sip) : Status();
}

Status Server::start_component(Component* component) {
    Status opened = component->start();
    // Also after a failure: stop() releases what a start took before it failed.
    started_.push_back(component);
    return opened;
}

Status Server::start_chain(const routing::Chain& chain) {
    for (const auto& matcher : chain)
        if (Status opened = matcher->start(); !opened) return opened;
    return {};
}

delivery::EngineSettings Server::engine_settings(const config::Delivery& delivery) const {
    return {.concurrency = delivery.concurrency,
            .window = config_.delivery.window,
            .timeout = delivery.timeout,
            .profiles = retry_profiles(delivery),
            .seed = std::random_device()()};
}

Status Server::start_delivery(const config::Sip& sip) {
    if (Status opened = start_component(assembly_.outbox.get()); !opened) return opened;
    for (const auto& [name, dialect] : assembly_.dialects) {
        if (Status opened = start_component(dialect.get()); !opened) return opened;
        dialects_.add(name, *dialect);
    }
    if (Status opened = start_component(assembly_.forwarder.get()); !opened) return opened;
    const auto provisioned = assembly_.outbox->mark(Mark::provisioned);
    if (!provisioned) return provisioned.status();

    for (const auto& hook : hooks_.routes()->hooks())
        if (dialects_.find(dialects_.name_for(hook)) == nullptr)
            log_.warning("a stored hook names a dialect that nothing offers",
                         {{"hook", hook.host}, {"dialect", hook.dialect}});
    committer_ = std::make_unique<pipeline::Committer>(pipeline::CommitterSettings{}, *assembly_.outbox, hooks_,
                                                       dialects_, metrics_, log_, clock_);
    engine_ = std::make_unique<delivery::Engine>(
        engine_settings(config_.delivery), hooks_,
        delivery::RequestWriter(dialects_, *assembly_.forwarder,
                                delivery::Secrets(sip.hook_secrets, sip.derived_secrets), sip.room_prefix, clock_),
        *assembly_.forwarder, *committer_, metrics_, log_, clock_);
    if (Status begun = start_livekit_callers(sip, *provisioned != 0); !begun) return begun;
    if (Status recovered = committer_->start(*engine_); !recovered) return recovered;
    engine_->start();
    // What waits leaves already.
    return committer_->wait_until_open(stop_asked_for);
}

Status Server::start_livekit_callers(const config::Sip& sip, bool known) {
    if (auto* control = assembly_.call_control.get(); control != nullptr) {
        if (Status opened = start_component(control); !opened) return opened;
        call_control_ = {std::shared_ptr<void>(), control};  // the assembly outlives the server
        room_tenants_ = std::make_unique<rooms::RoomTenants>(call_control_, hooks_, metrics_, log_, clock_);
        committer_->tell(*room_tenants_);
        room_tenants_->start();
    }
    if (auto* provisioner = assembly_.provisioner.get(); provisioner != nullptr) {
        if (Status opened = start_component(provisioner); !opened) return opened;
        provisioner_ = {std::shared_ptr<void>(), provisioner};
        provisioning_ = std::make_unique<Provisioning>(
            ProvisioningSettings{.room_prefix = sip.room_prefix,
                                 .allowed_addresses = sip.allowed_addresses,
                                 .wait = config_.livekit.wait,
                                 .reconcile = config_.livekit.reconcile,
                                 .known = known},
            provisioner_,
            [this, known] {
                if (!known) committer_->set_mark(Mark::provisioned, clock_.unix_ms());
                tell_service_manager({});
            },
            [this](const Status& why) {
                failure_.with([&](Status& failure) { failure = why; });
                ::kill(::getpid(), SIGTERM);  // main waits for it and stops in order
            },
            metrics_, log_, clock_);
    }
    return {};
}

Status Server::failure() const {
    return failure_.with([](const Status& failure) { return failure; });
}

Status Server::start_fronts() {
    add_endpoints();
    endpoints_.start();
    admin_endpoints_.start();
    http::FrontSettings admin;
    admin.host = config_.admin.host;
    admin.port = config_.admin.port;
    admin.workers = 1;
    admin.max_connections = 256;  // probes and scrapers; a flood here must not take the files that webhooks need
    admin.body_bytes = std::size_t{64} * 1024;
    admin_ = std::make_unique<http::Front>(admin, admin_endpoints_.as_handler(), log_);

    const auto& server = config_.server;
    http::FrontSettings settings;
    settings.host = server.host;
    settings.port = server.port;
    settings.workers = server.workers;
    settings.max_connections = connections();
    settings.head_bytes = static_cast<std::size_t>(server.head_bytes);
    settings.body_bytes = static_cast<std::size_t>(server.body_bytes);
    settings.max_headers = server.max_headers;
    settings.head_deadline = server.head_deadline;
    settings.request_deadline = server.request_deadline;
    settings.idle_timeout = server.idle_timeout;
    settings.queued_requests = server.queued_requests;
    front_ = std::make_unique<http::Front>(settings, endpoints_.as_handler(), log_);
    // Both exist before either is open: the admin's answers look at the other one's figures.
    if (Status listening = admin_->start(); !listening) return listening;
    return front_->start();
}

std::size_t Server::connections() {
    const std::size_t open_files = raise_open_files();
    const std::size_t wanted = config_.server.max_connections;
    const std::size_t fit = connections_that_fit(wanted, open_files);
    if (fit < wanted)
        log_.warning("fewer connections than server.max_connections: the limit of open files is too low for them",
                     {{"max_connections", std::to_string(wanted)},
                      {"connections", std::to_string(fit)},
                      {"open_files", std::to_string(open_files)}});
    return fit;
}

void Server::stop() {
    if (std::exchange(stopped_, true)) return;
    if (watchdog_) watchdog_->stop();  // systemd has a time of its own for stops
    const TimePoint deadline = clock_.steady() + config_.server.stop_timeout;
    if (health_) health_->stopping();
    log_.info("stopping");
    static_cast<void>(service_manager_.notify("STOPPING=1\nSTATUS=stopping"));
    // Their calls under way end soon: what they would have done is done after the next start.
    if (provisioning_) provisioner_->stop();
    if (room_tenants_) call_control_->stop();
    if (provisioning_) provisioning_->stop();
    if (room_tenants_) room_tenants_->stop();
    stop_fronts(deadline);
    // The last quarter belongs to the committer: what has ended must become durable.
    if (engine_) engine_->stop(left_until(deadline - config_.server.stop_timeout / 4, clock_));
    if (committer_) committer_->stop(left_until(deadline, clock_));
    for (; !started_.empty(); started_.pop_back()) started_.back()->stop();
    for (const auto& replaced : replaced_) replaced.stop();
    Replaced{.assembly = reloaded_, .chain = hooks_.chain()}.stop();
    if (admin_) admin_->stop(left_until(deadline, clock_));
    admin_endpoints_.stop();
    engine_.reset();  // after the admin's answers, which look at its lanes
    log_.info("stopped");
}

// New connections are refused while requests in hand are answered: that takes one commit, seldom more.
void Server::stop_fronts(TimePoint deadline) {
    if (hook_control_) hook_control_->stop();
    if (front_) front_->stop(left_until(deadline - config_.server.stop_timeout / 2, clock_));
    endpoints_.stop();
}

}  // namespace switchhook::app
