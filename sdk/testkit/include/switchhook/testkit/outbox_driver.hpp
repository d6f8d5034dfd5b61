// What the outbox suites share: a place where a store keeps its things, and a driver that commits and restarts.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <switchhook/outbox.hpp>
#include <switchhook/testkit/fake_host.hpp>
#include <switchhook/testkit/sample_event.hpp>

namespace switchhook::testkit {

struct OutboxLimits {
    std::int64_t park_ms = 30'000;
    std::size_t park_events = 100'000;
    std::int64_t keep_ms = 24 * 3'600'000;
    std::int64_t keep_bytes = std::int64_t{1} << 30;
    std::int64_t dead_letters = 100'000;
    std::int64_t dead_keep_ms = std::int64_t{30} * 24 * 3'600'000;
};

// Empty at first; what an instance stored is found by the next one. One instance at a time.
class OutboxPlace {
public:
    virtual ~OutboxPlace() = default;
    virtual std::unique_ptr<Outbox> make(Host& host, const OutboxLimits& limits) = 0;
};

// The parameter of the suites: INSTANTIATE_TEST_SUITE_P(Sqlite, OutboxSuite, testing::Values(OutboxMaker{"sqlite",
// ...})).
struct OutboxMaker {
    std::string name;
    std::function<std::unique_ptr<OutboxPlace>()> place;
};
inline void PrintTo(const OutboxMaker& maker, std::ostream* out) {
    *out << maker.name;
}

class TestFilter final : public HookFilter {
public:
    bool wants(HookId hook, std::string_view name) const override {
        return !unwanted.contains({hook, std::string(name)}) && !unwanted.contains({0, std::string(name)});
    }
    std::set<std::pair<HookId, std::string>> unwanted;  // hook 0: none wants it
};

inline constexpr Match kTenantA{11, "tenant-a"};
inline constexpr Match kTenantB{22, "tenant-b"};
inline constexpr Match kTenantA2{12, "tenant-a"};

struct Sent {
    SampleEvent event;
    std::vector<Match> matches{};
    bool may_park = true;
};

class OutboxDriver {
public:
    explicit OutboxDriver(const OutboxMaker& maker, OutboxLimits limits = {}) : place_(maker.place()), limits_(limits) {
        start();
    }
    OutboxDriver(const OutboxDriver&) = delete;
    OutboxDriver& operator=(const OutboxDriver&) = delete;
    ~OutboxDriver() { outbox_->stop(); }

    Outbox& outbox() { return *outbox_; }
    FakeHost& host() { return host_; }
    std::int64_t now_ms = 1'795'329'482'000;
    TestFilter filter;

    void start() {
        outbox_ = place_->make(host_, limits_);
        const Status status = outbox_->start();
        ASSERT_TRUE(status) << status.message();
    }
    void restart() {
        outbox_->stop();
        outbox_.reset();
        start();
    }

    Committed commit(const std::vector<Sent>& sent, const std::vector<Settled>& settled = {}) {
        std::deque<Event> events;
        std::vector<Append> appends;
        for (const auto& each : sent) {
            events.push_back(each.event.event());
            appends.push_back({&events.back(), each.matches, each.may_park});
        }
        auto done = outbox_->commit(appends, settled, filter, now_ms);
        EXPECT_TRUE(done) << done.status().message();
        if (!done) return {};
        EXPECT_EQ(done.value().appended.size(), appends.size());
        return std::move(done.value());
    }
    Appended one(const Sent& sent, std::vector<WaitingDelivery>* ready = nullptr) {
        auto done = commit({sent});
        if (ready != nullptr) *ready = std::move(done.ready);
        return done.appended.empty() ? Appended{} : done.appended.front();
    }
    Disposition send(const Sent& sent) { return one(sent).disposition; }

    std::vector<WaitingDelivery> all_of(HookId hook) {
        std::vector<WaitingDelivery> all;
        while (true) {
            auto claimed =
                outbox_->claim({.hook = hook, .after = all.empty() ? 0 : all.back().id, .limit = 100, .lease = {}});
            EXPECT_TRUE(claimed) << claimed.status().message();
            if (!claimed) return all;
            for (auto& each : claimed.value().deliveries) all.push_back(std::move(each));
            if (!claimed.value().more) return all;
        }
    }
    // The ids of the events that wait for that hook, in their order.
    std::vector<std::string> waiting(HookId hook) {
        std::vector<std::string> ids;
        for (auto& each : all_of(hook)) ids.push_back(each.event_id);
        return ids;
    }
    Maintained maintain() {
        auto done = outbox_->maintain(now_ms);
        EXPECT_TRUE(done) << done.status().message();
        return done ? std::move(done.value()) : Maintained{};
    }
    // Until it has nothing more to do at this time.
    Maintained maintain_all() {
        Maintained sum;
        for (int i = 0; i < 10'000; ++i) {
            const Maintained done = maintain();
            sum.parked_dropped += done.parked_dropped;
            sum.pruned += done.pruned;
            sum.dead_dropped += done.dead_dropped;
            sum.next_ms = done.next_ms;
            if (done.next_ms == 0 || done.next_ms > now_ms) return sum;
        }
        ADD_FAILURE() << "maintain never ends";
        return sum;
    }

private:
    FakeHost host_;
    std::unique_ptr<OutboxPlace> place_;
    OutboxLimits limits_;
    std::unique_ptr<Outbox> outbox_;
};

inline Settled delivered(DeliveryId id) {
    return {.id = id, .state = DeliveryState::delivered, .attempts = 1, .code = "status_200"};
}

class OutboxSuite : public testing::TestWithParam<OutboxMaker> {};

}  // namespace switchhook::testkit
