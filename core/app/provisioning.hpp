// Provisioning: brings LiveKit's trunk and dispatch rule to the wanted state beside the running server, and looks again
// from time to time.
//
// The front does not wait for it: a restart during LiveKit's hiccup must not lose calls. Until the first success the
// server is not ready; a refusal, or a LiveKit that was never reached since the store exists, ends the start.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <switchhook/host.hpp>
#include <switchhook/provisioner.hpp>

#include "core/metrics/metrics.hpp"

namespace switchhook::app {

struct ProvisioningSettings {
    std::string room_prefix;
    std::vector<std::string> allowed_addresses;
    std::chrono::milliseconds wait{30'000};        // livekit.wait
    std::chrono::milliseconds reconcile{300'000};  // livekit.reconcile; 0: never
    bool known = false;                            // it succeeded before, in the life of the store
};

class Provisioning {
public:
    // `first_success`: once per run of the program. `failed_start`: at most once, and nothing is tried after it. Both
    // on the thread of this object. The others outlive it.
    Provisioning(ProvisioningSettings settings, std::shared_ptr<Provisioner> provisioner,
                 std::function<void()> first_success, std::function<void(const Status&)> failed_start,
                 metrics::Metrics& metrics, Log& log, const Clock& clock);
    ~Provisioning();
    Provisioning(const Provisioning&) = delete;
    Provisioning& operator=(const Provisioning&) = delete;

    void start();
    // Stop the provisioner first, so that a call under way ends soon. Safe twice, and without start.
    void stop();
    // Looks again now, with these; the other provisioner is given back when its call under way has ended. `wait` and
    // `known` stay.
    void reconfigure(ProvisioningSettings settings, std::shared_ptr<Provisioner> provisioner);

    // Until the next look; nothing: only reconfigure() brings one.
    using Pause = std::optional<std::chrono::milliseconds>;
    // One look, and what the thread does with it. For tests without a thread, after begin().
    Pause look();
    void begin() { began_ = clock_.steady(); }

    // Any thread. Not ok: LiveKit was not brought to the wanted state yet.
    Status done() const;
    // Any thread. Not ok: the latest look after a success failed.
    Status in_order() const;

private:
    Pause succeeded(const Plan& plan);
    Pause failed(const Status& why);
    void end_start(const Status& why);
    void run();

    const std::chrono::milliseconds wait_;
    const bool known_;
    const std::function<void()> first_success_;
    const std::function<void(const Status&)> failed_start_;
    metrics::Metrics& metrics_;
    Log& log_;
    const Clock& clock_;

    // Of the thread alone.
    std::chrono::steady_clock::time_point began_;
    std::chrono::milliseconds pause_{0};
    std::string said_;  // the latest failure that stands in the log
    bool succeeded_once_ = false;

    mutable std::mutex mutex_;  // guards what follows
    std::condition_variable changed_;
    Status status_{Code::unavailable, "LiveKit's trunk and dispatch rule are not provisioned yet"};
    bool done_ = false;
    ProvisioningSettings settings_;
    std::shared_ptr<Provisioner> provisioner_;
    bool again_ = false;
    bool stopping_ = false;

    std::thread thread_;
};

}  // namespace switchhook::app
