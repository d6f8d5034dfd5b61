// What the committer says of its groups: counters, and the log lines of what strangers can cause, limited.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <switchhook/host.hpp>
#include <switchhook/outbox.hpp>

#include "core/base/log_limit.hpp"
#include "core/metrics/metrics.hpp"

namespace switchhook::pipeline {

// One thread.
class GroupReports {
public:
    GroupReports(metrics::Metrics& metrics, Log& log, const Clock& clock)
        : metrics_(metrics), log_(log), clock_(clock) {}

    void group(std::size_t members, std::chrono::steady_clock::duration took);
    // `host`: what the matchers looked for, chosen by a stranger.
    void appended(const Event& event, const Appended& what, const std::string& host);
    void answered(std::chrono::steady_clock::duration since_received);
    void not_taken(std::size_t events);
    void commit_failed(const Status& why, std::size_t events, std::size_t settlements);
    void full();
    void maintained(const Maintained& what);
    void maintenance_failed(const Status& why);
    void mark_failed(const Status& why);
    void pause_failed(const Status& why);

private:
    enum class Line : std::uint8_t {
        commit_failed = 1,
        full,
        maintenance_failed,
        mark_failed,
        pause_failed,
        parked_dropped,
        dead_dropped,
    };
    static constexpr std::chrono::seconds kInterval{10};
    static constexpr std::chrono::seconds kHostInterval{60};
    static constexpr std::size_t kHosts = 4'096;
    static constexpr std::size_t kRooms = 1'024;

    void dead_dropped(std::uint64_t letters);
    void unmatched(const Event& event, const std::string& host, std::uint32_t dropped);
    void conflict(const Event& event);

    metrics::Metrics& metrics_;
    Log& log_;
    const Clock& clock_;
    base::LogLimit<Line> lines_{kInterval, 8};
    base::LogLimit<std::string> hosts_{kHostInterval, kHosts};
    base::LogLimit<std::string> conflicts_{kHostInterval, kRooms};
    std::uint64_t parked_dropped_ = 0;  // not yet in a line
    std::uint64_t dead_dropped_ = 0;    // the same
};

}  // namespace switchhook::pipeline
