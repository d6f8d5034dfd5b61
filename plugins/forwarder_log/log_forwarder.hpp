// LogForwarder: writes what would be sent to the log. For trying things out without a receiver.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <string_view>
#include <thread>

#include <switchhook/forwarder.hpp>
#include <switchhook/host.hpp>
#include <switchhook/settings.hpp>

namespace switchhook::logging {

// A line names the URL without its query, the headers without their values (a signature is a secret to whoever reads
// logs), the size of the body and the event's id. Every attempt is "delivered" with status 200.
class LogForwarder final : public Forwarder {
public:
    LogForwarder(const Settings& settings, Host& host);
    ~LogForwarder() override;

    Status start() override;
    void stop() override;
    Status check() const override { return {}; }
    // Any text that begins with https:// and goes on; nothing is connected to.
    Status check(std::string_view url) const override;
    void send(Request request, std::chrono::milliseconds deadline, Completion done) override;

private:
    struct Line {
        Request request;
        Completion done;
        std::chrono::steady_clock::time_point sent;
    };
    void run();
    void write(const Request& request);

    Host& host_;
    std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<Line> lines_;  // under mutex_; as many as lanes have in flight
    bool running_ = false;    // under mutex_
    std::thread thread_;
};

}  // namespace switchhook::logging
