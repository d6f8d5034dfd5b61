#include "core/metrics/metrics.hpp"

#include <prometheus/text_serializer.h>

namespace switchhook::metrics {

Metrics::Metrics()
    : webhooks_refused_(counters("switchhook_webhooks_refused_total", "Webhooks that were not accepted, by reason.")),
      attempts_(counters("switchhook_attempts_total", "Delivery attempts, by outcome.")),
      provision_runs_(counters("switchhook_provision_runs_total",
                               "Comparisons of LiveKit's trunk and rule with the wanted state, by result.")),
      room_tenants_(counters("switchhook_room_tenants_total", "Rooms whose tenant LiveKit was told, by result.")),
      reloads_(counters("switchhook_reloads_total", "Times that the configuration was read anew, by result.")),
      attempt_codes_(counters("switchhook_attempt_codes_total", "Delivery attempts, by outcome code.")),
      breakers_(counters("switchhook_breaker_transitions_total", "Changes of lanes' breakers, by the new state.")),
      webhooks_received(counter("switchhook_webhooks_received_total", "Requests to the webhook endpoint.")),
      webhooks_verified(
          counter("switchhook_webhooks_verified_total", "Webhooks whose signature and digest are LiveKit's.")),
      events_unmatched(counter("switchhook_events_unmatched_total", "Events that belong to no hook.")),
      events_not_sip(counter("switchhook_events_not_sip_total", "Events of rooms without the room prefix.")),
      events_duplicate(counter("switchhook_events_duplicate_total", "Events whose id was seen before.")),
      events_parked(counter("switchhook_events_parked_total", "Events that waited for their call to become known.")),
      events_appended(counter("switchhook_events_appended_total", "Events made durable with their deliveries.")),
      events_full(counter("switchhook_events_rejected_full_total",
                          "Events answered 503 because the outbox could not take them.")),
      tenant_conflicts(counter("switchhook_tenant_conflicts_total", "Calls of another tenant in a room that has one.")),
      accept_seconds(histogram("switchhook_accept_seconds", "From a complete request to its answer.", 0.0001, 2, 16)),
      commit_groups(counter("switchhook_commit_groups_total", "Durable groups.")),
      commit_failures(counter("switchhook_commit_failures_total", "Groups that the outbox refused.")),
      commit_seconds(histogram("switchhook_commit_seconds", "Time of one durable group.", 0.0001, 2, 16)),
      commit_group_size(
          histogram("switchhook_commit_group_size", "Appends and settles in one durable group.", 1, 2, 12)),
      deliveries_delivered(counter("switchhook_deliveries_delivered_total", "Deliveries answered 2xx.")),
      deliveries_dead(counter("switchhook_deliveries_dead_total", "Deliveries that became dead letters.")),
      dead_letters_dropped(counter("switchhook_dead_letters_dropped_total",
                                   "Dead letters dropped over delivery.dead_letters or delivery.dead_keep.")),
      end_to_end_seconds(histogram("switchhook_end_to_end_seconds", "From the append to the delivery.", 0.0005, 2, 20)),
      retry_late_seconds(
          histogram("switchhook_retry_late_seconds", "From the time a retry was due to its leaving.", 0.0001, 2, 16)),
      lanes(gauge("switchhook_lanes", "Hooks with a lane.")),
      lanes_open(gauge("switchhook_lanes_open", "Lanes whose breaker is open.")),
      lanes_half_open(gauge("switchhook_lanes_half_open", "Lanes whose breaker waits for its probe.")),
      hooks_paused(gauge("switchhook_hooks_paused", "Hooks that are paused.")),
      reload_well(gauge("switchhook_reload_well", "0 when the latest reload of the configuration was refused.")),
      provision_changes(
          counter("switchhook_provision_changes_total", "Changes made to LiveKit's trunk and dispatch rule.")),
      provisioned(gauge("switchhook_provisioned", "1 when LiveKit's trunk and rule are known to be as wanted.")),
      room_tenants_waiting(gauge("switchhook_room_tenants_waiting", "Rooms whose tenant LiveKit is still to be told.")),
      ready(gauge("switchhook_ready", "1 when webhooks can be taken and LiveKit is provisioned, as /readyz says.")),
      queue_depth(gauge("switchhook_queue_depth", "Deliveries that wait.")),
      queue_oldest_seconds(gauge("switchhook_queue_oldest_seconds", "Age of the oldest delivery that waits.")),
      dead_letters(gauge("switchhook_dead_letters", "Dead letters that are kept.")),
      parked(gauge("switchhook_parked_events", "Events that wait for their call to become known.")),
      outbox_bytes(gauge("switchhook_outbox_bytes", "Size of the outbox on disk.")),
      hooks(gauge("switchhook_hooks", "Hooks in force.")),
      connections_open(gauge("switchhook_http_connections_open", "Open connections of the server listener.")),
      http_requests(gauge("switchhook_http_requests", "Complete requests since the start.")),
      http_refused(gauge("switchhook_http_refused", "Malformed, too large or too slow requests since the start.")),
      log_lines_dropped(gauge("switchhook_log_lines_dropped", "Log lines lost to a full queue since the start.")) {}

std::string Metrics::text() const {
    return prometheus::TextSerializer().Serialize(registry_->Collect());
}

prometheus::Counter& Metrics::webhooks_refused(std::string_view reason) {
    return webhooks_refused_.Add({{"reason", std::string(reason)}});
}

prometheus::Counter& Metrics::attempts(std::string_view outcome) {
    return attempts_.Add({{"outcome", std::string(outcome)}});
}

prometheus::Counter& Metrics::provision_runs(std::string_view result) {
    return provision_runs_.Add({{"result", std::string(result)}});
}

prometheus::Counter& Metrics::room_tenants(std::string_view result) {
    return room_tenants_.Add({{"result", std::string(result)}});
}

prometheus::Counter& Metrics::reloads(std::string_view result) {
    return reloads_.Add({{"result", std::string(result)}});
}

prometheus::Counter& Metrics::attempt_codes(std::string_view code) {
    return attempt_codes_.Add({{"code", std::string(code)}});
}

prometheus::Counter& Metrics::breakers(std::string_view to) {
    return breakers_.Add({{"to", std::string(to)}});
}

prometheus::Family<prometheus::Counter>& Metrics::counters(const char* name, const char* help) {
    return prometheus::BuildCounter().Name(name).Help(help).Register(*registry_);
}

prometheus::Counter& Metrics::counter(const char* name, const char* help) {
    return counters(name, help).Add({});
}

prometheus::Gauge& Metrics::gauge(const char* name, const char* help) {
    return prometheus::BuildGauge().Name(name).Help(help).Register(*registry_).Add({});
}

prometheus::Histogram& Metrics::histogram(const char* name, const char* help, double first, double factor,
                                          int buckets) {
    prometheus::Histogram::BucketBoundaries bounds;
    for (double bound = first; buckets > 0; --buckets, bound *= factor) bounds.push_back(bound);
    return prometheus::BuildHistogram().Name(name).Help(help).Register(*registry_).Add({}, bounds);
}

}  // namespace switchhook::metrics
