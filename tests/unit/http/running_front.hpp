// A front on a free port, and requests that wait for the test.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include <switchhook/testkit/fake_host.hpp>

#include "core/http/front.hpp"
#include "tests/unit/http/peer.hpp"

namespace switchhook::http::test {

using namespace std::chrono_literals;

inline FrontSettings settings_for_tests() {
    FrontSettings settings;
    settings.host = "127.0.0.1";
    settings.port = 0;
    return settings;
}

inline Response reply_with(int status, std::string body = {}) {
    Response response;
    response.status = status;
    response.body = std::move(body);
    return response;
}

// Answers with the body that it got and the path in a header.
inline void echo(Request request, Exchange exchange) {
    Response response;
    response.headers.emplace_back("X-Path", request.path);
    response.body = std::move(request.body);
    exchange.answer(response);
}

struct RunningFront {
    explicit RunningFront(Handler handler = echo, FrontSettings settings = settings_for_tests())
        : front(std::move(settings), std::move(handler), log) {
        const Status started = front.start();
        EXPECT_TRUE(started.ok()) << started.message();
    }
    std::uint16_t port() const { return front.port(); }
    testkit::RecordingLog log;
    Front front;
};

// Waits up to 10 s.
template <typename Condition>
bool eventually(Condition condition) {
    const auto end = std::chrono::steady_clock::now() + 10s;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end) return false;
        std::this_thread::yield();
    }
    return true;
}

// A handler that keeps the exchanges until the test takes them.
class Kept {
public:
    Handler handler() {
        return [this](Request request, Exchange exchange) {
            const std::lock_guard lock(mutex_);
            waiting_.emplace_back(std::move(request), std::move(exchange));
            came_.notify_all();
        };
    }
    std::pair<Request, Exchange> take() {
        std::unique_lock lock(mutex_);
        if (!came_.wait_for(lock, 10s, [&] { return !waiting_.empty(); })) throw std::runtime_error("no request came");
        auto first = std::move(waiting_.front());
        waiting_.pop_front();
        return first;
    }
    std::size_t size() {
        const std::lock_guard lock(mutex_);
        return waiting_.size();
    }

private:
    std::mutex mutex_;
    std::condition_variable came_;
    std::deque<std::pair<Request, Exchange>> waiting_;
};

inline std::string post(const std::string& path, const std::string& body, const std::string& headers = "") {
    return "POST " + path + " HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
           headers + "\r\n" + body;
}

}  // namespace switchhook::http::test
