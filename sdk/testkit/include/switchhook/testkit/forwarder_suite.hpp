// What every forwarder promises, as functions to call from a test of your own, and the means to wait for completions.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <switchhook/forwarder.hpp>

namespace switchhook::testkit {

// Collects completions from any thread.
class Outcomes {
public:
    Completion next() {
        return [this](AttemptResult result) {
            const std::lock_guard lock(mutex_);
            results_.push_back(std::move(result));
            changed_.notify_all();
        };
    }
    // Whether so many have come within the patience of a test.
    bool wait_for(std::size_t count, std::chrono::seconds patience = std::chrono::seconds(120)) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, patience, [&] { return results_.size() >= count; });
    }
    std::vector<AttemptResult> all() const {
        const std::lock_guard lock(mutex_);
        return results_;
    }
    std::size_t count(std::string_view code) const {
        std::size_t found = 0;
        for (const auto& result : all())
            if (result.code == code) ++found;
        return found;
    }

private:
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<AttemptResult> results_;
};

inline Request request_to(std::string url, std::string body = R"({"event":"room_started"})") {
    return {std::move(url),
            {{"Content-Type", "application/json"}, {"webhook-id", "EV_1"}},
            std::make_shared<const std::string>(std::move(body))};
}

// `forwarder` is new: neither started nor stopped. `url` passes its check; where it leads does not matter.
inline void keeps_the_forwarder_contract(Forwarder& forwarder, const std::string& url) {
    Outcomes outcomes;
    forwarder.stop();  // without start
    forwarder.send(request_to(url), std::chrono::seconds(1), outcomes.next());
    ASSERT_TRUE(outcomes.wait_for(1));
    EXPECT_EQ(outcomes.all()[0].code, "stopped") << "before start nothing can be sent";
}

// The same for one that was made anew and started here.
inline void completes_exactly_once_when_stopped(Forwarder& forwarder, const std::string& url) {
    ASSERT_TRUE(forwarder.start().ok());
    EXPECT_TRUE(forwarder.check(url).ok());
    EXPECT_FALSE(forwarder.check("http://example.com/").ok());
    EXPECT_FALSE(forwarder.check("").ok());
    EXPECT_FALSE(forwarder.check("https://").ok());
    EXPECT_FALSE(forwarder.check("https:///p").ok());

    Outcomes outcomes;
    std::vector<std::thread> senders;
    for (int t = 0; t < 4; ++t)
        senders.emplace_back([&] {
            for (int i = 0; i < 50; ++i) forwarder.send(request_to(url), std::chrono::seconds(30), outcomes.next());
        });
    forwarder.stop();  // while they send
    for (auto& sender : senders) sender.join();
    forwarder.stop();  // twice
    forwarder.send(request_to(url), std::chrono::seconds(1), outcomes.next());
    ASSERT_TRUE(outcomes.wait_for(201));
    EXPECT_EQ(outcomes.all().size(), 201U) << "each completion exactly once";
    EXPECT_EQ(outcomes.all().back().code, "stopped");
}

}  // namespace switchhook::testkit
