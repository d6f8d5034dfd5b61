#include "core/app/long_start.hpp"

#include <pthread.h>

namespace switchhook::app {

LongStart::LongStart(const ServiceManager& service_manager, std::chrono::milliseconds every)
    : service_manager_(service_manager) {
    if (!service_manager_.is_there()) return;
    thread_ = std::thread([this, every] {
        ::pthread_setname_np(::pthread_self(), "long-start");
        std::unique_lock lock(mutex_);
        // A minute from now, whatever was asked for before: sd_notify(3).
        while (!changed_.wait_for(lock, every, [this] { return ended_; }))
            static_cast<void>(
                service_manager_.notify("EXTEND_TIMEOUT_USEC=60000000\nSTATUS=starting: reading the store"));
    });
}

LongStart::~LongStart() {
    if (!thread_.joinable()) return;
    {
        const std::lock_guard lock(mutex_);
        ended_ = true;
    }
    changed_.notify_one();
    thread_.join();
}

}  // namespace switchhook::app
