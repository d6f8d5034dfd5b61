// A committer on a fake outbox, exchanges that remember their answers, and signed webhooks.
#pragma once

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include <algorithm>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <switchhook/testkit/fake_host.hpp>

#include "core/http/connection.hpp"
#include "core/pipeline/committer.hpp"
#include "tests/unit/delivery/fakes.hpp"
#include "tests/unit/pipeline/fake_outbox.hpp"
#include "tests/unit/routing/fake_matcher.hpp"

namespace switchhook::pipeline {

using delivery::body_of;
using delivery::join_of;
using delivery::Ready;
using delivery::Settlement;
using std::chrono::milliseconds;
using std::chrono::seconds;

// Where an answer goes in a test. 0: not answered yet.
class Answer final : public http::Connection {
public:
    void answer(const http::Response& response) noexcept override {
        const std::lock_guard lock(mutex_);
        ++times_;
        response_ = response;
    }
    int status() const {
        const std::lock_guard lock(mutex_);
        return times_ == 0 ? 0 : response_.status;
    }
    http::Response response() const {
        const std::lock_guard lock(mutex_);
        return response_;
    }
    int times() const {
        const std::lock_guard lock(mutex_);
        return times_;
    }

private:
    mutable std::mutex mutex_;
    int times_ = 0;
    http::Response response_;
};

class RecordingSink final : public delivery::Sink {
public:
    void paused(std::vector<Paused> hooks) override { pauses.push_back(std::move(hooks)); }
    void resumed(HookId hook) override { resumes.push_back(hook); }
    void backlog(std::vector<Backlog> hooks) override { backlogs.push_back(std::move(hooks)); }
    void ready(std::vector<Ready> deliveries) override {
        for (auto& each : deliveries) handed_over.push_back(std::move(each));
    }
    void settled(std::vector<Settlement> settlements) override {
        for (auto& each : settlements) durable.push_back(std::move(each));
    }
    void claimed(HookId hook, Result<Claimed> answer) override { claims.emplace_back(hook, std::move(answer)); }

    std::vector<std::vector<Paused>> pauses;
    std::vector<HookId> resumes;
    std::vector<std::vector<Backlog>> backlogs;
    std::vector<Ready> handed_over;
    std::vector<Settlement> durable;
    std::vector<std::pair<HookId, Result<Claimed>>> claims;
};

inline std::vector<std::unique_ptr<Matcher>> host_chain() {
    std::vector<std::unique_ptr<Matcher>> chain;
    chain.push_back(std::make_unique<routing::FakeMatcher>("host"));
    return chain;
}

class CommitterTest : public ::testing::Test {
protected:
    CommitterTest() {
        dialects.add("livekit", dialect);
        EXPECT_TRUE(hooks.load().ok());
        make();
    }
    void make(CommitterSettings settings = {}) {
        committer.emplace(settings, outbox, hooks, dialects, metrics, host.recorded(), clock());
    }
    void recover() { ASSERT_TRUE(committer->recover(sink).ok()); }
    testkit::ManualClock& clock() { return host.manual_clock(); }
    std::optional<TimePoint> round() { return committer->run_once(); }
    std::optional<milliseconds> wait() {
        const auto next = round();
        if (!next) return std::nullopt;
        return std::chrono::duration_cast<milliseconds>(*next - clock().steady());
    }

    Arrival arrival(const std::string& body, const std::shared_ptr<Answer>& answer) {
        Arrival made{.event = delivery::read_event(body),
                     .routes = hooks.routes(),
                     .matches = {},
                     .host = {},
                     .may_park = true,
                     .received = clock().steady(),
                     .exchange = http::Exchange(answer)};
        Matches found = made.routes->match(made.event->event());
        made.host = found.host;
        for (const HookId id : found.hooks) made.matches.push_back({id, made.routes->find(id)->auth_id});
        return made;
    }
    std::shared_ptr<Answer> offer(const std::string& body) {
        auto answer = std::make_shared<Answer>();
        auto made = arrival(body, answer);
        EXPECT_TRUE(committer->offer(made));
        return answer;
    }
    // A call that is known: later events of sip-room go to hook a.
    void known_call() {
        offer(join_of("EV_join", "a", "SCL_1"));
        round();
    }
    std::size_t lines_with(std::string_view part) {
        const auto all = host.recorded().lines();
        return static_cast<std::size_t>(std::count_if(
            all.begin(), all.end(), [&](const auto& line) { return line.text.find(part) != std::string::npos; }));
    }

    testkit::FakeHost host;
    metrics::Metrics metrics;
    delivery::FakeDialect dialect;
    delivery::Dialects dialects{"livekit"};
    FakeOutbox outbox;
    RecordingSink sink;
    routing::Hooks hooks{{routing::hook_of("a", "tenant-a"), routing::hook_of("b", "tenant-b")}, nullptr, host_chain()};
    const HookId a = routing::hook_id("a", "tenant-a");
    const HookId b = routing::hook_id("b", "tenant-b");
    std::optional<Committer> committer;
};

inline std::string base64(std::string_view bytes, bool url) {
    std::string text(bytes.size() * 2 + 4, '\0');
    const int length =
        EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                        reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
    text.resize(static_cast<std::size_t>(length));
    if (!url) return text;
    while (text.ends_with('=')) text.pop_back();
    std::replace(text.begin(), text.end(), '+', '-');
    std::replace(text.begin(), text.end(), '/', '_');
    return text;
}

// The Authorization of a webhook as LiveKit makes it.
inline std::string token_for(std::string_view body, std::int64_t unix_seconds, std::string_view key = "devkey",
                             std::string_view secret = "secret") {
    unsigned char digest[32];
    SHA256(reinterpret_cast<const unsigned char*>(body.data()), body.size(), digest);
    const std::string claims = R"({"iss":")" + std::string(key) + R"(","nbf":)" + std::to_string(unix_seconds) +
                               R"(,"exp":)" + std::to_string(unix_seconds + 300) + R"(,"sha256":")" +
                               base64({reinterpret_cast<const char*>(digest), sizeof digest}, false) + R"("})";
    const std::string signed_part = base64(R"({"alg":"HS256","typ":"JWT"})", true) + "." + base64(claims, true);
    unsigned char mac[32];
    unsigned int length = sizeof mac;
    HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
         reinterpret_cast<const unsigned char*>(signed_part.data()), signed_part.size(), mac, &length);
    return signed_part + "." + base64({reinterpret_cast<const char*>(mac), length}, true);
}

}  // namespace switchhook::pipeline
