// Every metric of the server, in one place. No label's value is ever chosen by a tenant or a caller.
// Members are references into the registry: cheap to bump from any thread.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <memory>
#include <string>
#include <string_view>

namespace switchhook::metrics {

class Metrics {
public:
    Metrics();

    // Prometheus text format 0.0.4.
    std::string text() const;

private:
    std::shared_ptr<prometheus::Registry> registry_ = std::make_shared<prometheus::Registry>();
    prometheus::Family<prometheus::Counter>& counters(const char* name, const char* help);
    prometheus::Counter& counter(const char* name, const char* help);
    prometheus::Gauge& gauge(const char* name, const char* help);
    prometheus::Histogram& histogram(const char* name, const char* help, double first, double factor, int buckets);
    prometheus::Family<prometheus::Counter>& webhooks_refused_;
    prometheus::Family<prometheus::Counter>& attempts_;
    prometheus::Family<prometheus::Counter>& provision_runs_;
    prometheus::Family<prometheus::Counter>& room_tenants_;
    prometheus::Family<prometheus::Counter>& reloads_;
    prometheus::Family<prometheus::Counter>& attempt_codes_;
    prometheus::Family<prometheus::Counter>& breakers_;

public:
    // Intake
    prometheus::Counter& webhooks_received;
    prometheus::Counter& webhooks_verified;
    prometheus::Counter& webhooks_refused(std::string_view reason);  // a verdict's or the reader's name
    prometheus::Counter& events_unmatched;
    prometheus::Counter& events_not_sip;  // the room lacks the prefix
    prometheus::Counter& events_duplicate;
    prometheus::Counter& events_parked;
    prometheus::Counter& events_appended;
    prometheus::Counter& events_full;  // answered 503
    prometheus::Counter& tenant_conflicts;
    prometheus::Histogram& accept_seconds;  // request complete -> answer
    // Committer
    prometheus::Counter& commit_groups;
    prometheus::Counter& commit_failures;
    prometheus::Histogram& commit_seconds;
    prometheus::Histogram& commit_group_size;
    // Delivery
    prometheus::Counter& attempts(std::string_view outcome);    // delivered, retry, refused
    prometheus::Counter& attempt_codes(std::string_view code);  // docs/outcomes.md, as delivery::counted_code()
    prometheus::Counter& breakers(std::string_view to);         // open, half_open, closed
    prometheus::Counter& deliveries_delivered;
    prometheus::Counter& deliveries_dead;
    prometheus::Counter& dead_letters_dropped;  // over the bounds of their number or age
    prometheus::Histogram& end_to_end_seconds;  // append -> delivered
    prometheus::Histogram& retry_late_seconds;  // due -> ready to leave
    prometheus::Gauge& lanes;
    prometheus::Gauge& lanes_open;       // breakers that let nothing through
    prometheus::Gauge& lanes_half_open;  // breakers that wait for their probe
    prometheus::Gauge& hooks_paused;
    // The configuration
    prometheus::Counter& reloads(std::string_view result);  // applied, refused
    prometheus::Gauge& reload_well;                         // 0: the latest reload was refused
    // LiveKit
    prometheus::Counter& provision_runs(std::string_view result);  // unchanged, changed, failed
    prometheus::Counter& provision_changes;
    prometheus::Gauge& provisioned;  // 1: trunk and rule were seen in the wanted state
    prometheus::Counter& room_tenants(
        std::string_view result);  // set, was_set, other, no_object, gone, failed, given_up
    prometheus::Gauge& room_tenants_waiting;
    // Filled at each scrape
    prometheus::Gauge& ready;  // 1: /readyz answers 200
    prometheus::Gauge& queue_depth;
    prometheus::Gauge& queue_oldest_seconds;
    prometheus::Gauge& dead_letters;
    prometheus::Gauge& parked;
    prometheus::Gauge& outbox_bytes;
    prometheus::Gauge& hooks;
    prometheus::Gauge& connections_open;
    prometheus::Gauge& http_requests;
    prometheus::Gauge& http_refused;
    prometheus::Gauge& log_lines_dropped;
};

}  // namespace switchhook::metrics
