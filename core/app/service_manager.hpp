// Tells systemd how the server is doing: sd_notify(3), without its library.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include <switchhook/result.hpp>

namespace switchhook::app {

// Any thread. Without NOTIFY_SOCKET every call is ok and does nothing.
class ServiceManager {
public:
    // Reads $NOTIFY_SOCKET: the path of a datagram socket, or "@name" for an abstract one.
    ServiceManager();
    explicit ServiceManager(std::string socket) : socket_(std::move(socket)) {}

    // Whether there is one to be told.
    bool is_there() const { return !socket_.empty(); }

    // Newline-separated assignments: "READY=1\nSTATUS=...". Values must not hold line ends.
    Status notify(std::string_view assignments) const;

    // $WATCHDOG_USEC: in which time WATCHDOG=1 is expected each time; 0: nobody expects it of this process. Not ok: it
    // is not a positive number, or $WATCHDOG_PID is none (as sd_watchdog_enabled(3)). Called while there is one thread
    // only.
    static Result<std::chrono::microseconds> watchdog();

private:
    std::string socket_;
};

}  // namespace switchhook::app
