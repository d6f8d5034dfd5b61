#include "log_forwarder.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace switchhook::logging {
namespace {

constexpr std::string_view kScheme = "https://";

bool printable(char c) {
    return c > 0x20 && c < 0x7f;
}

// Without user name, password, query and fragment: each may hold a secret.
std::string shown(std::string_view url) {
    url = url.substr(0, url.find_first_of("?#"));
    std::string text(url);
    if (url.starts_with(kScheme)) {
        const auto end = std::min(url.find('/', kScheme.size()), url.size());
        const auto at = url.substr(0, end).rfind('@');
        if (at != std::string_view::npos) text.erase(kScheme.size(), at + 1 - kScheme.size());
    }
    return text;
}

bool is_webhook_id(std::string_view name) {
    constexpr std::string_view wanted = "webhook-id";
    return std::equal(name.begin(), name.end(), wanted.begin(), wanted.end(), [](char a, char b) {
        return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
    });
}

}  // namespace

LogForwarder::LogForwarder(const Settings&, Host& host) : host_(host) {}

LogForwarder::~LogForwarder() {
    stop();
}

Status LogForwarder::start() {
    const std::lock_guard lock(mutex_);
    if (running_) return {Code::conflict, "the forwarder has been started already"};
    running_ = true;
    thread_ = std::thread([this] { run(); });
    return {};
}

void LogForwarder::stop() {
    {
        const std::lock_guard lock(mutex_);
        running_ = false;
    }
    wake_.notify_all();
    if (thread_.joinable()) thread_.join();
}

Status LogForwarder::check(std::string_view url) const {
    if (!url.starts_with(kScheme)) return {Code::invalid, "SIP hook URL must be HTTPS"};
    if (url.size() == kScheme.size() || url[kScheme.size()] == '/') return {Code::invalid, "SIP hook URL has no host"};
    if (!std::all_of(url.begin(), url.end(), printable))
        return {Code::invalid, "SIP hook URL contains a space, a control character or one beyond ASCII"};
    return {};
}

void LogForwarder::send(Request request, std::chrono::milliseconds, Completion done) {
    {
        const std::lock_guard lock(mutex_);
        if (running_) {
            lines_.push_back({std::move(request), std::move(done), std::chrono::steady_clock::now()});
            wake_.notify_one();
            return;
        }
    }
    AttemptResult result;
    result.code = "stopped";
    result.detail = "the forwarder does not run";
    done(std::move(result));
}

void LogForwarder::run() {
    std::unique_lock lock(mutex_);
    while (true) {
        wake_.wait(lock, [this] { return !running_ || !lines_.empty(); });
        if (lines_.empty()) return;  // what was accepted is written before it stops
        const Line line = std::move(lines_.front());
        lines_.pop_front();
        lock.unlock();

        AttemptResult result;
        if (auto fault = check(line.request.url); fault) {
            write(line.request);
            result.code = "delivered";
            result.status = 200;
        } else {
            result.code = "invalid_url";
            result.detail = fault.message();
        }
        result.took =
            std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - line.sent);
        line.done(std::move(result));
        lock.lock();
    }
}

void LogForwarder::write(const Request& request) {
    std::string names;
    std::string_view id;
    for (const auto& [name, value] : request.headers) {
        names.append(names.empty() ? "" : ", ").append(name);
        if (is_webhook_id(name)) id = value;
    }
    const auto bytes = std::to_string(request.body ? request.body->size() : 0);
    const auto url = shown(request.url);
    host_.log().info("would send",
                     {{"method", "POST"}, {"url", url}, {"headers", names}, {"body_bytes", bytes}, {"event", id}});
}

}  // namespace switchhook::logging
