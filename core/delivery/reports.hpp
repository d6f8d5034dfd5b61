// What the engine says: counters, and the log lines of failed attempts and dead letters, limited per hook.
#pragma once

#include <string_view>
#include <unordered_map>

#include <switchhook/forwarder.hpp>
#include <switchhook/host.hpp>

#include "core/base/log_limit.hpp"
#include "core/delivery/lane.hpp"
#include "core/delivery/outcomes.hpp"
#include "core/metrics/metrics.hpp"

namespace switchhook::delivery {

// One thread.
class Reports {
public:
    Reports(metrics::Metrics& metrics, Log& log, const Clock& clock);

    // `host`: of the hook.
    void attempt(Outcome outcome, const Entry& entry, std::string_view host, const AttemptResult& result);
    void delivered(const Entry& entry);
    // `event` and `call` may be empty: an event that cannot be read.
    void dead(HookId hook, const Entry& entry, std::string_view host, std::string_view code,
              std::string_view last_code);
    void unreadable(HookId hook, DeliveryId id, std::string_view event_id, const Status& why);
    void claim_failed(HookId hook, const Status& why);
    void lanes(std::size_t count);
    void retry_fires(TimePoint::duration late);
    // An empty `host`: the hook is gone, and nobody wants to read of it.
    void breaker(Breaker::State from, Breaker::State to, std::string_view host, std::string_view code);
    void paused(std::size_t all);
    void hook_paused(std::string_view host, std::string_view reason);
    void hook_resumed(std::string_view host);

private:
    static constexpr std::chrono::seconds kInterval{10};
    static constexpr std::size_t kHooks = 1'024;

    metrics::Metrics& metrics_;
    prometheus::Counter& delivered_;
    prometheus::Counter& retry_;
    prometheus::Counter& refused_;
    std::unordered_map<std::string_view, prometheus::Counter*> codes_;  // made when first seen
    std::size_t open_ = 0;
    std::size_t half_open_ = 0;
    Log& log_;
    const Clock& clock_;
    base::LogLimit<std::string> attempts_{kInterval, kHooks};
    base::LogLimit<HookId> dead_{kInterval, kHooks};
    base::LogLimit<HookId> claims_{kInterval, kHooks};
    base::LogLimit<std::string> openings_{kInterval, kHooks};
    base::LogLimit<std::string> closings_{kInterval, kHooks};
};

}  // namespace switchhook::delivery
