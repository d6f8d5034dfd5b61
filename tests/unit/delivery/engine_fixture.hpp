// An engine without a thread: the test moves the clock, completes attempts and acknowledges settlements.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include <switchhook/testkit/fake_host.hpp>

#include "core/delivery/engine.hpp"
#include "tests/unit/delivery/fakes.hpp"
#include "tests/unit/routing/fake_matcher.hpp"

namespace switchhook::delivery {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Ids = std::vector<std::string>;

class EngineTest : public ::testing::Test {
protected:
    EngineTest() {
        dialects.add("livekit", dialect);
        store.rows["b"] = routing::hook_of("b");
        EXPECT_TRUE(hooks.load().ok());
        make();
    }
    void make() {
        engine.emplace(settings, hooks,
                       RequestWriter(dialects, forwarder, Secrets({"shared-secret"}, false), "sip-", clock()),
                       forwarder, ledger, metrics, host.recorded(), clock());
    }
    testkit::ManualClock& clock() { return host.manual_clock(); }
    std::optional<TimePoint> round() { return engine->run_once(); }
    std::optional<milliseconds> wait() {
        const auto next = round();
        if (!next) return std::nullopt;
        return std::chrono::duration_cast<milliseconds>(*next - clock().steady());
    }

    Ready ready(DeliveryId id, StreamId stream, HookId hook) {
        Ready made;
        made.delivery = {
            .id = id, .hook = hook, .stream = stream, .appended_ms = clock().unix_ms(), .event_id = {}, .body = {}};
        made.delivery.source = 0;
        made.event = read_event(body_of("EV_" + std::to_string(id)));
        made.appended = clock().steady();
        return made;
    }
    void hand_over(DeliveryId id, StreamId stream) { hand_over(id, stream, a); }
    void hand_over(DeliveryId id, StreamId stream, HookId hook) {
        std::vector<Ready> made;
        made.push_back(ready(id, stream, hook));
        engine->ready(std::move(made));
    }
    WaitingDelivery stored(DeliveryId id, StreamId stream) {
        return {.id = id,
                .hook = a,
                .stream = stream,
                .appended_ms = clock().unix_ms(),
                .event_id = "EV_" + std::to_string(id),
                .body = body_of("EV_" + std::to_string(id))};
    }
    // Every settlement since the last call is durable now.
    void acknowledge() {
        std::vector<Settlement> ended;
        for (; acknowledged < ledger.settled.size(); ++acknowledged)
            if (ledger.settled[acknowledged].state != DeliveryState::waiting)
                ended.push_back(ledger.settled[acknowledged]);
        engine->settled(std::move(ended));
        round();
    }
    void complete(AttemptResult result) {
        forwarder.complete(std::move(result));
        round();
    }

    testkit::FakeHost host;
    metrics::Metrics metrics;
    FakeDialect dialect;
    Dialects dialects{"livekit"};
    FakeForwarder forwarder;
    FakeLedger ledger;
    routing::FakeHookStore store;
    routing::Hooks hooks{{routing::hook_of("a")}, &store, {}};
    const HookId a = routing::hook_id("a", "tenant-a");
    const HookId b = routing::hook_id("b", "tenant-a");
    EngineSettings settings{.concurrency = 2, .window = 8, .timeout = seconds(10), .max_age = seconds(60), .seed = 7};
    std::optional<Engine> engine;
    std::size_t acknowledged = 0;
};

}  // namespace switchhook::delivery
