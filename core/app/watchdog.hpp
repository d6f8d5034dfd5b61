// Answers systemd's watchdog for as long as every watched part shows progress.
//
// At half of the watchdog's time each part is sent a ping through its own queue, and WATCHDOG=1 goes out when all pings
// of the turn before were answered. So a part may stall for the whole time at least, and for half of it more at most,
// before systemd ends the process; the log names it after half of the time. A part that goes on is believed at once.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <switchhook/host.hpp>

namespace switchhook::app {

struct WatchedPart {
    std::string name;
    // Any thread, never blocks. `answer` is to be called once, from the part's own thread; it may also be dropped.
    std::function<void(std::function<void()> answer)> ping;
};

class Watchdog {
public:
    using TimePoint = std::chrono::steady_clock::time_point;

    // `well` is called each half time when all is well: it sends WATCHDOG=1. On the thread of this object. Log, clock
    // and what parts refer to live until stop().
    Watchdog(std::chrono::microseconds time, std::vector<WatchedPart> parts, std::function<void()> well, Log& log,
             const Clock& clock);
    ~Watchdog();
    Watchdog(const Watchdog&) = delete;
    Watchdog& operator=(const Watchdog&) = delete;

    void start();
    // Safe twice, and without start.
    void stop();

    // What the thread does when it wakes, and when it is to wake next. For tests without a thread.
    TimePoint look();

private:
    // Shared with answers, which may come later than the end of this object.
    struct Answers {
        std::mutex mutex;
        std::condition_variable changed;
        std::uint64_t turn = 0;
        std::vector<bool> missing;  // by part, of this turn
        bool late = false;          // an answer is news at once
        bool stopping = false;
        bool complete() const;
    };

    void ping();
    void say_who_is_missing(const std::vector<bool>& missing);
    void run();

    const std::chrono::microseconds half_;
    const std::vector<WatchedPart> parts_;
    const std::function<void()> well_;
    Log& log_;
    const Clock& clock_;
    const std::shared_ptr<Answers> answers_ = std::make_shared<Answers>();
    TimePoint due_;

    std::thread thread_;
};

}  // namespace switchhook::app
