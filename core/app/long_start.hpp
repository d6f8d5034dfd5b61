// Keeps systemd from ending a start that takes long: while this object lives it asks for more time, over and over.
//
// A store with a cold disk, or one that is brought to a new schema, may take minutes; ended half-way it would begin
// anew without end. What hangs for good is seen by whoever watches the unit: it is "starting", and says what it does.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "core/app/service_manager.hpp"

namespace switchhook::app {

class LongStart {
public:
    // Does nothing when nobody is to be told. `service_manager` lives longer. The first word goes out after `every`: a
    // start that is short asks for nothing.
    explicit LongStart(const ServiceManager& service_manager,
                       std::chrono::milliseconds every = std::chrono::seconds(20));
    ~LongStart();
    LongStart(const LongStart&) = delete;
    LongStart& operator=(const LongStart&) = delete;

private:
    const ServiceManager& service_manager_;
    std::mutex mutex_;  // guards ended_
    std::condition_variable changed_;
    bool ended_ = false;
    std::thread thread_;
};

}  // namespace switchhook::app
