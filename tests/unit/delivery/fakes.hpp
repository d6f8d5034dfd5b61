// What the engine talks to, in memory: a forwarder whose attempts the test completes, a dialect, a ledger that
// remembers.
#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <switchhook/dialect.hpp>
#include <switchhook/forwarder.hpp>

#include "core/delivery/ledger.hpp"
#include "core/livekit/reader.hpp"

namespace switchhook::delivery {

inline std::string body_of(const std::string& event_id, const std::string& room = "sip-room",
                           const std::string& name = "track_published") {
    return R"({"event":")" + name + R"(","id":")" + event_id + R"(","room":{"name":")" + room + R"(","sid":"RM_)" +
           room + R"("},"createdAt":"1795329482"})";
}

// At least so long.
inline std::string body_of_bytes(const std::string& event_id, std::size_t bytes) {
    return R"({"padding":")" + std::string(bytes, 'x') + R"(",)" + body_of(event_id).substr(1);
}

inline std::string join_of(const std::string& event_id, const std::string& host, const std::string& call,
                           const std::string& room = "sip-room") {
    return R"({"event":"participant_joined","id":")" + event_id + R"(","room":{"name":")" + room + R"(","sid":"RM_)" +
           room + R"("},"participant":{"sid":"PA_)" + call +
           R"(","identity":"sip_+15551234567","attributes":{"host":")" + host + R"(","sip.callID":")" + call +
           R"("}},"createdAt":"1795329482"})";
}

inline std::shared_ptr<const livekit::ReadEvent> read_event(std::string body) {
    livekit::Reader reader;
    auto read = reader.read(std::move(body));
    if (!read) throw std::runtime_error(read.status().message());
    return *read;
}

class FakeDialect final : public Dialect {
public:
    explicit FakeDialect(std::vector<std::string> events = {}) : events_(std::move(events)) {}
    Result<Written> write(const Delivery& delivery, const Signing& signing) const override {
        if (!fail.ok()) return fail;
        Written written;
        written.headers.push_back({"x-secret", std::string(signing.secret)});
        std::string others;
        for (const auto other : signing.other_secrets) others.append(other).push_back(' ');
        written.headers.push_back({"x-others", others});
        written.headers.push_back({"x-auth-id", std::string(signing.auth_id)});
        written.headers.push_back({"x-time", std::to_string(signing.unix_seconds)});
        written.headers.push_back({"x-prefix", std::string(delivery.room_prefix)});
        if (rewrite) written.body = "rewritten " + std::string(delivery.event.id);
        return written;
    }
    std::vector<std::string> default_events() const override { return events_; }

    Status fail;
    bool rewrite = false;

private:
    std::vector<std::string> events_;
};

inline AttemptResult status_result(int status) {
    AttemptResult result;
    result.code = status / 100 == 2 ? "delivered" : "status_" + std::to_string(status);
    result.status = status;
    return result;
}

inline AttemptResult code_result(std::string code) {
    AttemptResult result;
    result.code = std::move(code);
    return result;
}

inline std::string header_of(const Request& request, std::string_view name) {
    for (const auto& header : request.headers)
        if (header.name == name) return header.value;
    return {};
}

// Holds what was sent until the test completes it. Any thread.
class FakeForwarder final : public Forwarder {
public:
    struct Sent {
        std::string event_id;
        Request request;
        std::chrono::milliseconds deadline;
        Completion done;
    };

    using Forwarder::check;
    Status check(std::string_view url) const override {
        ++checks;
        return bad_urls.contains(std::string(url)) ? Status(Code::invalid, "not https") : Status();
    }
    void send(Request request, std::chrono::milliseconds deadline, Completion done) override {
        const std::lock_guard lock(mutex_);
        order_.push_back(header_of(request, "webhook-id"));
        sent_.push_back({order_.back(), std::move(request), deadline, std::move(done)});
        arrived_.notify_all();
    }

    // The oldest attempt under way.
    Sent take() {
        const std::lock_guard lock(mutex_);
        if (sent_.empty()) throw std::runtime_error("nothing is under way");
        Sent sent = std::move(sent_.front());
        sent_.pop_front();
        return sent;
    }
    // Waits for one, with a deadline.
    Sent take_soon() {
        std::unique_lock lock(mutex_);
        if (!arrived_.wait_for(lock, std::chrono::seconds(10), [&] { return !sent_.empty(); }))
            throw std::runtime_error("nothing was sent in time");
        Sent sent = std::move(sent_.front());
        sent_.pop_front();
        return sent;
    }
    void complete(AttemptResult result) { take().done(std::move(result)); }
    // Drops them all without a word.
    void forget_all() {
        const std::lock_guard lock(mutex_);
        sent_.clear();
    }
    std::vector<std::string> under_way() const {
        const std::lock_guard lock(mutex_);
        std::vector<std::string> ids;
        for (const auto& sent : sent_) ids.push_back(sent.event_id);
        return ids;
    }
    // Event ids of all attempts, in order.
    std::vector<std::string> order() const {
        const std::lock_guard lock(mutex_);
        return order_;
    }

    std::set<std::string> bad_urls;
    mutable int checks = 0;

private:
    mutable std::mutex mutex_;
    std::condition_variable arrived_;
    std::deque<Sent> sent_;
    std::vector<std::string> order_;
};

class FakeLedger final : public Ledger {
public:
    struct Asked {
        HookId hook;
        DeliveryId after;
        std::size_t limit;
    };
    void settle(std::vector<Settlement> settlements) override {
        for (auto& each : settlements) settled.push_back(std::move(each));
    }
    void claim(HookId hook, DeliveryId after, std::size_t limit) override { claims.push_back({hook, after, limit}); }
    void pause(Paused paused, Done done) override { pauses.emplace_back(std::move(paused), std::move(done)); }
    void resume(HookId hook, Done done) override { resumes.emplace_back(hook, std::move(done)); }

    std::vector<Settlement> settled;
    std::vector<Asked> claims;
    std::vector<std::pair<Paused, Done>> pauses;
    std::vector<std::pair<HookId, Done>> resumes;
};

}  // namespace switchhook::delivery
