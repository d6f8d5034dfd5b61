// The engine on its own thread, with the real clock: no test here depends on how long anything takes.
#include <gtest/gtest.h>

#include <mutex>

#include <switchhook/testkit/fake_host.hpp>

#include "core/base/system_clock.hpp"
#include "core/delivery/engine.hpp"
#include "tests/unit/delivery/fakes.hpp"
#include "tests/unit/routing/fake_matcher.hpp"

namespace switchhook::delivery {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Makes everything durable at once.
class InstantLedger final : public Ledger {
public:
    void settle(std::vector<Settlement> settlements) override {
        Sink* sink = nullptr;
        std::vector<Settlement> ended;
        {
            const std::lock_guard lock(mutex_);
            for (const auto& each : settlements) {
                if (each.state != DeliveryState::waiting) ended.push_back(each);
                settled_.push_back(each);
            }
            sink = sink_;
        }
        changed_.notify_all();
        sink->settled(std::move(ended));
    }
    void claim(HookId hook, DeliveryId, std::size_t) override { sink_->claimed(hook, Claimed{}); }
    void set_sink(Sink& sink) { sink_ = &sink; }
    std::vector<Settlement> wait_for(std::size_t count) {
        std::unique_lock lock(mutex_);
        changed_.wait_for(lock, seconds(20), [&] { return settled_.size() >= count; });
        return settled_;
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<Settlement> settled_;
    Sink* sink_ = nullptr;
};

class EngineThreadTest : public ::testing::Test {
protected:
    EngineThreadTest() {
        dialects.add("livekit", dialect);
        EXPECT_TRUE(hooks.load().ok());
        ledger.set_sink(engine);
    }
    void hand_over(DeliveryId id, StreamId stream) {
        Ready made;
        made.delivery = {
            .id = id, .hook = hook, .stream = stream, .appended_ms = clock.unix_ms(), .event_id = {}, .body = {}};
        made.event = read_event(body_of("EV_" + std::to_string(id)));
        made.appended = clock.steady();
        std::vector<Ready> deliveries;
        deliveries.push_back(std::move(made));
        engine.ready(std::move(deliveries));
    }

    testkit::FakeHost host;
    base::SystemClock clock;
    metrics::Metrics metrics;
    FakeDialect dialect;
    Dialects dialects{"livekit"};
    FakeForwarder forwarder;
    InstantLedger ledger;
    routing::Hooks hooks{{routing::hook_of("a")}, nullptr, {}};
    const HookId hook = routing::hook_id("a", "tenant-a");
    Engine engine{{.concurrency = 4, .window = 64},
                  hooks,
                  RequestWriter(dialects, forwarder, Secrets({"s"}, false), "sip-", clock),
                  forwarder,
                  ledger,
                  metrics,
                  host.recorded(),
                  clock};
};

TEST_F(EngineThreadTest, DeliversManyStreamsEachInOrder) {
    engine.start();
    constexpr int kDeliveries = 400;
    for (DeliveryId id = 1; id <= kDeliveries; ++id) {
        hand_over(id, id % 10);
        if (id % 4 == 0)
            for (int i = 0; i < 4; ++i) forwarder.take_soon().done(status_result(200));
    }
    const auto settled = ledger.wait_for(kDeliveries);
    ASSERT_EQ(settled.size(), static_cast<std::size_t>(kDeliveries));
    std::vector<DeliveryId> last(10, 0);
    for (const auto& each : settled) {
        EXPECT_EQ(each.state, DeliveryState::delivered);
        EXPECT_LT(last[each.id % 10], each.id);
        last[each.id % 10] = each.id;
    }
    engine.stop(seconds(5));
}

TEST_F(EngineThreadTest, ARetryComesByItself) {
    engine.start();
    hand_over(1, 1);
    forwarder.take_soon().done(status_result(503));
    forwarder.take_soon().done(status_result(200));
    const auto settled = ledger.wait_for(2);
    ASSERT_EQ(settled.size(), 2U);
    EXPECT_EQ(settled[1].state, DeliveryState::delivered);
}

TEST_F(EngineThreadTest, AStopWaitsForWhatIsUnderWayAndBeginsNothingMore) {
    engine.start();
    hand_over(1, 1);
    auto sent = forwarder.take_soon();
    std::thread stopper([&] { engine.stop(seconds(20)); });
    sent.done(status_result(200));
    stopper.join();
    EXPECT_EQ(ledger.wait_for(1).at(0).state, DeliveryState::delivered);
    hand_over(2, 1);
    engine.run_once();
    EXPECT_EQ(forwarder.order(), std::vector<std::string>{"EV_1"});
}

TEST_F(EngineThreadTest, AStopGivesUpAtItsDeadlineAndLateCompletionsAreHarmless) {
    engine.start();
    hand_over(1, 1);
    auto sent = forwarder.take_soon();
    engine.stop(milliseconds(1));
    sent.done(code_result("stopped"));
    engine.stop(milliseconds(1));
    EXPECT_TRUE(ledger.wait_for(0).empty());
}

TEST_F(EngineThreadTest, WithoutAStartAStopReturns) {
    engine.stop(seconds(5));
}

}  // namespace
}  // namespace switchhook::delivery
