// What the server answers beside webhooks, and what it says of itself.
#include <algorithm>
#include <set>
#include <utility>

#include "core/app/retry_profiles.hpp"
#include "core/app/server.hpp"

namespace switchhook::app {
namespace {

http::Response status_ok() {
    return {.status = 200, .body = R"({"status":"OK"})", .content_type = "application/json", .headers = {}};
}

std::string address(const std::string& host, std::uint16_t port) {
    const bool ipv6 = host.find(':') != std::string::npos && !host.starts_with('[');
    return (ipv6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

// Fits one line of the service manager's.
std::string one_line(std::string text) {
    std::ranges::replace_if(
        text, [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
    return text;
}

std::string counted(std::uint64_t count, const char* what) {
    return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

std::string first_of(const std::vector<std::string>& texts) {
    return texts.front() + (texts.size() > 1 ? " (and " + std::to_string(texts.size() - 1) + " more)" : "");
}

http::Handler answering(auto answer) {
    return [answer](http::Request request, http::Exchange exchange) { exchange.answer(answer(request)); };
}

}  // namespace

void Server::add_endpoints() {
    using http::Pace;
    using http::Request;
    endpoints_.add("POST", "/livekit/webhook", [this](Request request, http::Exchange exchange) {
        intake_->receive(std::move(request), std::move(exchange));
    });
    endpoints_.add("GET", "/", answering([](const Request&) { return status_ok(); }));
    // Slow, all three: a table of 100 000 hooks takes a while to write down.
    endpoints_.add("GET", "/sip/hooks", answering([this](const Request& request) { return hooks_api_.list(request); }),
                   Pace::slow);
    endpoints_.add("POST", "/sip/hooks", answering([this](const Request& request) { return hooks_api_.put(request); }),
                   Pace::slow);
    endpoints_.add("DELETE", "/sip/hooks",
                   answering([this](const Request& request) { return hooks_api_.remove(request); }), Pace::slow);
    if (committer_) {
        add_delivery_endpoints();
        add_hook_control_endpoints();
    }
    admin_endpoints_.add("GET", "/healthz", answering([this](const Request&) { return health_->alive(); }));
    admin_endpoints_.add("GET", "/readyz", answering([this](const Request&) { return readiness(); }));
    admin_endpoints_.add("GET", "/metrics", answering([this](const Request&) { return scrape(); }));
}

// All slow: they read the disk, or wait for it.
void Server::add_delivery_endpoints() {
    deliveries_api_ = std::make_unique<api::DeliveriesApi>(
        *assembly_.outbox,
        api::Requeueing{
            .one = [this](DeliveryId id, const TenantScope& scope) { return committer_->requeue(id, scope); },
            .begin = [this](const LogFilter& filter) { return committer_->begin_requeue(filter); },
            .cancel = [this](JobId id, const TenantScope& scope) { return committer_->cancel_requeue(id, scope); }},
        hooks_, authentication_, log_);
    const auto add = [this](const char* method, const char* path, auto call) {
        endpoints_.add(method, path, answering([this, call](const http::Request& request) {
                           return (deliveries_api_.get()->*call)(request);
                       }),
                       http::Pace::slow);
    };
    using Api = api::DeliveriesApi;
    add("GET", "/sip/deliveries", &Api::list);
    add("GET", "/sip/deliveries/{id}", &Api::show);
    add("POST", "/sip/deliveries/{id}/requeue", &Api::requeue);
    add("POST", "/sip/deliveries/requeue", &Api::begin_job);
    add("GET", "/sip/deliveries/requeue/{job}", &Api::show_job);
    add("DELETE", "/sip/deliveries/requeue/{job}", &Api::cancel_job);
}

// Slow as well: they wait for the disk, or for the hook's receiver.
void Server::add_hook_control_endpoints() {
    hook_control_ = std::make_unique<api::HookControlApi>(
        api::HookControl{.ledger = *committer_,
                         .lanes = engine_->lanes(),
                         .forwarder = *assembly_.forwarder,
                         .terms =
                             [this] {
                                 const auto now = in_force();
                                 const config::Sip& sip = *now->sip;
                                 const delivery::Secrets secrets(sip.hook_secrets, sip.derived_secrets);
                                 return api::TestTerms{.writer = {dialects_, *assembly_.forwarder, secrets,
                                                                  config_.sip->room_prefix, clock_},
                                                       .profiles = retry_profiles(now->delivery),
                                                       .room_prefix = config_.sip->room_prefix,
                                                       .timeout = now->delivery.timeout};
                             }},
        hooks_, authentication_, log_, clock_);
    const auto add = [this](const char* path, auto call) {
        endpoints_.add("POST", path, answering([this, call](const http::Request& request) {
                           return (hook_control_.get()->*call)(request);
                       }),
                       http::Pace::slow);
    };
    using Api = api::HookControlApi;
    add("/sip/hooks/{host}/pause", &Api::pause);
    add("/sip/hooks/{host}/resume", &Api::resume);
    add("/sip/hooks/{host}/test", &Api::test);
}

std::vector<api::Probe> Server::requirements() {
    std::vector<api::Probe> probes;
    probes.emplace_back([this]() -> Status {
        if (verifier_.has_keys()) return {};
        return {Code::invalid,
                std::string("no LiveKit key is configured, so no webhook can be verified") +
                    (config_.sip ? " and LiveKit's SIP trunk and dispatch rule are not provisioned" : "") +
                    ": set livekit.api_key and livekit.api_secret (LIVEKIT_API_KEY, LIVEKIT_API_SECRET)"};
    });
    if (config_.sip) {
        probes.emplace_back([this] { return assembly_.outbox->health(); });
        probes.emplace_back([this] { return committer_->health(); });
        if (provisioning_) probes.emplace_back([this] { return provisioning_->done(); });
    }
    return probes;
}

std::vector<api::Probe> Server::warnings() {
    std::vector<api::Probe> probes;
    probes.emplace_back([this]() -> Status {
        const auto chain = hooks_.chain();
        for (const auto& matcher : *chain)
            if (Status health = matcher->health(); !health) return health;
        return {};
    });
    if (provisioning_) probes.emplace_back([this] { return provisioning_->in_order(); });
    if (room_tenants_) probes.emplace_back([this] { return room_tenants_->health(); });
    if (engine_) {
        probes.emplace_back([this] { return hooks_that(Odd::paused); });
        probes.emplace_back([this] { return hooks_that(Odd::silent); });
    }
    for (const Component* component : started_)
        if (component != assembly_.outbox.get()) probes.emplace_back([component] { return component->health(); });
    return probes;
}

Status Server::hooks_that(Odd odd) {
    const auto routes = hooks_.routes();
    std::set<std::string_view> hosts;  // views into the routes
    for (const auto& lane : engine_->lanes().special()) {
        const bool fits =
            odd == Odd::paused ? lane.paused.has_value() : lane.breaker != delivery::Breaker::State::closed;
        const Hook* hook = fits ? routes->find(lane.hook) : nullptr;
        if (hook != nullptr) hosts.insert(hook->host);
    }
    if (hosts.empty()) return {};
    const bool one = hosts.size() == 1;
    std::string text = std::to_string(hosts.size()) + (one ? " hook " : " hooks ");
    if (odd == Odd::paused)
        text.append(one ? "is paused" : "are paused");
    else
        text.append(one ? "does not answer (breaker open)" : "do not answer (breaker open)");
    std::size_t named = 0;
    for (const auto host : hosts) {
        if (named == kNamedHosts) break;
        text.append(named++ == 0 ? ": " : ", ").append(host);
    }
    if (hosts.size() > named) text.append(" and others");
    return {Code::unavailable, std::move(text)};
}

http::Response Server::readiness() {
    tell_service_manager({});
    return health_->ready();
}

http::Response Server::scrape() {
    const auto set = [](prometheus::Gauge& gauge, auto value) { gauge.Set(static_cast<double>(value)); };
    if (config_.sip) {
        const OutboxFigures outbox = assembly_.outbox->figures();
        set(metrics_.queue_depth, outbox.waiting);
        set(metrics_.dead_letters, outbox.dead);
        set(metrics_.parked, outbox.parked);
        set(metrics_.outbox_bytes, outbox.bytes);
        const auto age_ms = outbox.oldest_ms == 0 ? 0 : std::max<std::int64_t>(0, clock_.unix_ms() - outbox.oldest_ms);
        metrics_.queue_oldest_seconds.Set(static_cast<double>(age_ms) / 1000);
    }
    set(metrics_.ready, health_->reasons().empty() ? 1 : 0);
    const auto front = front_->figures();
    set(metrics_.connections_open, front.connections_open);
    set(metrics_.http_requests, front.requests);
    set(metrics_.http_refused, front.refused);
    set(metrics_.hooks, hooks_.routes()->hooks().size());
    set(metrics_.log_lines_dropped, logging_.dropped());
    return {.status = 200,
            .body = metrics_.text(),
            .content_type = "text/plain; version=0.0.4; charset=utf-8",
            .headers = {}};
}

void Server::say_who_may_what() {
    for (const auto& notice : config_.notices) log_.info(notice.text, {{"place", notice.place}});
    for (const auto& warning : config_.warnings) log_.warning(warning.text, {{"place", warning.place}});
    if (!config_.auth.required) {
        log_.info("authentication is off: every caller of the API acts as the operator");
        return;
    }
    for (const auto& secret : config_.auth.api_secrets)
        log_.info("API secret", {{"id", secret.id},
                                 {"role", secret.role == config::Role::operator_ ? "operator" : "tenant"},
                                 {"because", secret.role_was_given                  ? "it is configured"
                                             : config_.auth.api_secrets.size() == 1 ? "it is the only one"
                                                                                    : "it is one of several"}});
}

void Server::say_listening() {
    const auto server = address(config_.server.host, front_->port());
    const auto admin = address(config_.admin.host, admin_->port());
    log_.info("listening", {{"server", server}, {"admin", admin}});
    for (const auto& reason : health_->reasons()) log_.warning("not ready", {{"why", reason}});
}

std::string Server::status_text() {
    std::string text = "ready";
    if (const auto reasons = health_->reasons(); !reasons.empty()) text = "not ready: " + first_of(reasons);
    text.append("; listening on ").append(address(config_.server.host, front_->port()));
    text.append(", admin on ").append(address(config_.admin.host, admin_->port()));
    text.append("; ").append(counted(hooks_.routes()->hooks().size(), "hook"));
    if (config_.sip) {
        const OutboxFigures outbox = assembly_.outbox->figures();
        text.append(", ").append(std::to_string(outbox.waiting)).append(" waiting, ");
        text.append(counted(outbox.dead, "dead letter"));
    }
    if (const auto odd = health_->warnings(); !odd.empty()) text.append("; warning: ").append(first_of(odd));
    return one_line(std::move(text));
}

void Server::tell_service_manager(std::string_view first) {
    const std::string status = status_text();
    const bool news = told_.with([&](std::string& told) { return std::exchange(told, status) != status; });
    if (first.empty() && !news) return;
    if (const Status sent = service_manager_.notify(std::string(first).append("STATUS=").append(status)); !sent)
        log_.warning("the service manager was not told", {{"why", sent.message()}});
}

void Server::answer_watchdog(std::chrono::microseconds time) {
    std::vector<WatchedPart> parts{{"front-loop", [this](auto answer) { front_->ping(std::move(answer)); }}};
    if (committer_) parts.push_back({"committer", [this](auto answer) { committer_->ping(std::move(answer)); }});
    if (engine_) parts.push_back({"delivery", [this](auto answer) { engine_->ping(std::move(answer)); }});
    watchdog_ = std::make_unique<Watchdog>(
        time, std::move(parts), [this] { tell_service_manager("WATCHDOG=1\n"); }, log_, clock_);
    watchdog_->start();
}

}  // namespace switchhook::app
