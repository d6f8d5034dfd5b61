#include "core/app/provisioning.hpp"

#include <pthread.h>

#include <algorithm>
#include <utility>

namespace switchhook::app {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kFirstPause{250};
constexpr milliseconds kLongestPause{5'000};
constexpr milliseconds kLongestPauseLater{
    60'000};  // once it was in order, a LiveKit that is away is no emergency of ours

}  // namespace

Provisioning::Provisioning(ProvisioningSettings settings, std::shared_ptr<Provisioner> provisioner,
                           std::function<void()> first_success, std::function<void(const Status&)> failed_start,
                           metrics::Metrics& metrics, Log& log, const Clock& clock)
    : wait_(settings.wait),
      known_(settings.known),
      first_success_(std::move(first_success)),
      failed_start_(std::move(failed_start)),
      metrics_(metrics),
      log_(log),
      clock_(clock),
      settings_(std::move(settings)),
      provisioner_(std::move(provisioner)) {}

Provisioning::~Provisioning() {
    stop();
}

void Provisioning::start() {
    begin();
    thread_ = std::thread([this] { run(); });
}

void Provisioning::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
}

void Provisioning::reconfigure(ProvisioningSettings settings, std::shared_ptr<Provisioner> provisioner) {
    {
        const std::lock_guard lock(mutex_);
        settings_ = std::move(settings);
        provisioner_.swap(provisioner);
        again_ = true;
    }
    changed_.notify_all();
}

Status Provisioning::done() const {
    const std::lock_guard lock(mutex_);
    return done_ ? Status{} : status_;
}

Status Provisioning::in_order() const {
    const std::lock_guard lock(mutex_);
    return done_ ? status_ : Status{};
}

Provisioning::Pause Provisioning::look() {
    std::unique_lock lock(mutex_);
    const ProvisioningSettings wanted = settings_;
    const auto provisioner = provisioner_;
    lock.unlock();
    const auto plan =
        provisioner->apply({.room_prefix = wanted.room_prefix, .allowed_addresses = wanted.allowed_addresses});
    return plan ? succeeded(*plan) : failed(plan.status());
}

Provisioning::Pause Provisioning::succeeded(const Plan& plan) {
    metrics_.provision_runs(plan.changes.empty() ? "unchanged" : "changed").Increment();
    metrics_.provision_changes.Increment(static_cast<double>(plan.changes.size()));
    metrics_.provisioned.Set(1);
    for (const auto& change : plan.changes)
        if (succeeded_once_)
            log_.warning("LiveKit differed from the wanted state and was mended", {{"change", change}});
        else
            log_.info("LiveKit was provisioned", {{"change", change}});
    if (!said_.empty()) log_.info("LiveKit's trunk and dispatch rule can be looked at again");
    if (!succeeded_once_ && plan.changes.empty())
        log_.info("LiveKit's trunk and dispatch rule are as wanted; nothing was changed");
    said_.clear();
    pause_ = milliseconds(0);
    milliseconds reconcile{0};
    {
        const std::lock_guard lock(mutex_);
        done_ = true;
        status_ = {};
        reconcile = settings_.reconcile;
    }
    if (!std::exchange(succeeded_once_, true)) first_success_();
    if (reconcile.count() == 0) return std::nullopt;
    return reconcile;
}

Provisioning::Pause Provisioning::failed(const Status& why) {
    {
        const std::lock_guard lock(mutex_);
        if (stopping_) return std::nullopt;  // it was cut off, and nobody wants to know any more
        status_ = Status(why.code(), "LiveKit is not provisioned: " + why.message());
    }
    metrics_.provision_runs("failed").Increment();
    metrics_.provisioned.Set(0);
    const bool may_pass = why.worth_retry();
    const bool waited = !known_ && clock_.steady() - began_ >= wait_;
    if (!succeeded_once_ && (!may_pass || waited)) {
        end_start(why);
        return std::nullopt;
    }
    if (said_ != why.message())
        log_.warning(succeeded_once_ ? "LiveKit's trunk and dispatch rule could not be looked at; trying again"
                                     : "LiveKit is not provisioned yet; trying again",
                     {{"why", why.message()}});
    said_ = why.message();
    const milliseconds longest = succeeded_once_ ? kLongestPauseLater : kLongestPause;
    pause_ = std::clamp(pause_ * 2, kFirstPause, longest);
    if (succeeded_once_ || known_) return pause_;
    const auto left = std::chrono::ceil<milliseconds>(began_ + wait_ - clock_.steady());
    return std::clamp(left, milliseconds(1), pause_);
}

void Provisioning::end_start(const Status& why) {
    log_.error("LiveKit could not be provisioned; the server ends", {{"why", why.message()}});
    failed_start_(why);
}

void Provisioning::run() {
    pthread_setname_np(pthread_self(), "provisioning");
    std::unique_lock lock(mutex_);
    while (!stopping_) {
        again_ = false;
        lock.unlock();
        const Pause pause = look();
        lock.lock();
        const auto something = [this] { return stopping_ || again_; };
        if (pause)
            changed_.wait_for(lock, *pause, something);
        else
            changed_.wait(lock, something);
    }
}

}  // namespace switchhook::app
