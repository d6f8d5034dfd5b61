// Intake, committer and engine together, each on its own threads and with the real clock.
#include <thread>

#include "core/base/system_clock.hpp"
#include "core/delivery/engine.hpp"
#include "core/pipeline/intake.hpp"
#include "tests/unit/pipeline/fixture.hpp"

namespace switchhook::pipeline {
namespace {

// Answers from a thread of its own, as a forwarder does; remembers who got what in which order.
class AnsweringForwarder final : public Forwarder {
public:
    using Forwarder::check;
    AnsweringForwarder() : thread_([this] { run(); }) {}
    ~AnsweringForwarder() override {
        stopping_ = true;
        mailbox_.wake();
        thread_.join();
    }
    Status check(std::string_view) const override { return {}; }
    void send(Request request, milliseconds, Completion done) override {
        mailbox_.push({std::move(request), std::move(done)});
    }
    std::vector<std::pair<std::string, std::string>> arrived() const {  // url, event id
        return arrived_.with([](const auto& held) { return held; });
    }
    std::atomic<int> status = 200;

private:
    void run() {
        std::vector<std::pair<Request, Completion>> taken;
        while (!stopping_) {
            mailbox_.wait(std::nullopt);
            mailbox_.take(taken);
            for (auto& [request, done] : taken) {
                if (status == 200)
                    arrived_.with([&](auto& held) {
                        held.emplace_back(request.url, delivery::header_of(request, "webhook-id"));
                    });
                done(status == 0 ? delivery::code_result("stopped") : delivery::status_result(status));
            }
        }
    }

    base::Mailbox<std::pair<Request, Completion>> mailbox_;
    base::Guarded<std::vector<std::pair<std::string, std::string>>> arrived_;
    std::atomic<bool> stopping_ = false;
    std::thread thread_;
};

class FlowTest : public ::testing::Test {
protected:
    // One run of the server.
    struct Run {
        explicit Run(FlowTest& test)
            : committer({}, test.outbox, test.hooks, test.dialects, test.metrics, test.host.recorded(), test.clock),
              engine({.concurrency = 8, .window = 16}, test.hooks,
                     delivery::RequestWriter(test.dialects, test.forwarder, delivery::Secrets("s", false), "sip-",
                                             test.clock),
                     test.forwarder, committer, test.metrics, test.host.recorded(), test.clock),
              intake("sip-", test.verifier, test.hooks, &committer, test.metrics, test.host.recorded(), test.clock) {
            engine.start();
            EXPECT_TRUE(committer.start(engine).ok());
        }
        void stop() {
            engine.stop(seconds(10));
            committer.stop(seconds(10));
        }
        Committer committer;
        delivery::Engine engine;
        Intake intake;
    };

    FlowTest() {
        dialects.add("livekit", dialect);
        EXPECT_TRUE(hooks.load().ok());
    }
    std::shared_ptr<Answer> post(Run& run, const std::string& body) {
        http::Request request;
        request.headers.emplace_back("Authorization", token_for(body, clock.unix_ms() / 1'000));
        request.body = body;
        auto answer = std::make_shared<Answer>();
        run.intake.receive(std::move(request), http::Exchange(answer));
        return answer;
    }
    template <typename Condition>
    static bool soon(Condition condition) {
        const auto deadline = std::chrono::steady_clock::now() + seconds(30);
        while (!condition()) {
            if (std::chrono::steady_clock::now() > deadline) return false;
            std::this_thread::yield();
        }
        return true;
    }

    testkit::FakeHost host;
    base::SystemClock clock;
    metrics::Metrics metrics;
    delivery::FakeDialect dialect;
    delivery::Dialects dialects{"livekit"};
    FakeOutbox outbox;
    AnsweringForwarder forwarder;
    livekit::Verifier verifier{{{"devkey", "secret"}}, clock};
    routing::Hooks hooks{{routing::hook_of("a", "tenant-a"), routing::hook_of("b", "tenant-b")}, nullptr, host_chain()};
};

// Each sender plays calls of its own; every event is answered before the next of its room is sent, as LiveKit does.
TEST_F(FlowTest, ParallelCallsArriveEachInOrderAndAtItsTenant) {
    constexpr int kSenders = 4;
    constexpr int kCalls = 8;
    constexpr int kEvents = 12;
    Run run(*this);
    std::atomic<int> not_taken = 0;
    std::vector<std::thread> senders;
    for (int s = 0; s < kSenders; ++s)
        senders.emplace_back([&, s] {
            for (int call = 0; call < kCalls; ++call) {
                const std::string name = std::to_string(s) + "-" + std::to_string(call);
                const std::string room = "sip-" + name;
                for (int i = 0; i < kEvents; ++i) {
                    const std::string id = "EV_" + name + "_" + std::to_string(i);
                    const auto answer = post(
                        run, i == 3 ? join_of(id, call % 2 == 0 ? "a" : "b", "SCL_" + name, room) : body_of(id, room));
                    if (!soon([&] { return answer->status() != 0; }) || answer->status() != 200) ++not_taken;
                }
            }
        });
    for (auto& sender : senders) sender.join();
    EXPECT_EQ(not_taken, 0);
    constexpr std::size_t kAll = kSenders * kCalls * kEvents;
    EXPECT_TRUE(soon([&] { return outbox.count(DeliveryState::delivered) == kAll; }));
    run.stop();

    std::map<std::string, int> next;
    for (const auto& [url, id] : forwarder.arrived()) {
        const auto cut = id.rfind('_');
        const std::string call = id.substr(0, cut);
        EXPECT_EQ(id.substr(cut + 1), std::to_string(next[call]++));
        EXPECT_EQ(url, (id[cut - 1] - '0') % 2 == 0 ? "https://a/events" : "https://b/events");
    }
    EXPECT_EQ(forwarder.arrived().size(), kAll);
    EXPECT_FALSE(outbox.other_thread);
    EXPECT_EQ(outbox.count(DeliveryState::waiting), 0U);
}

TEST_F(FlowTest, WhatWasNotDeliveredBeforeARestartIsDeliveredAfterIt) {
    forwarder.status = 0;  // cut off: neither counted nor settled
    {
        Run run(*this);
        for (int i = 0; i < 100; ++i) {
            const std::string room = "sip-" + std::to_string(i % 4);
            const std::string id = "EV_" + std::to_string(i);
            const auto answer =
                post(run, i < 4 ? join_of(id, "a", "SCL_" + std::to_string(i), room) : body_of(id, room));
            ASSERT_TRUE(soon([&] { return answer->status() == 200; }));
        }
        run.stop();
    }
    EXPECT_EQ(outbox.count(DeliveryState::waiting), 100U);
    forwarder.status = 200;
    Run run(*this);
    EXPECT_TRUE(soon([&] { return outbox.count(DeliveryState::delivered) == 100; }));
    run.stop();
    std::map<int, int> last;
    for (const auto& [url, id] : forwarder.arrived()) {
        const int number = std::stoi(id.substr(3));
        const auto [before, is_first] = last.try_emplace(number % 4, number);
        if (is_first) continue;
        EXPECT_LT(std::exchange(before->second, number), number);
    }
    EXPECT_EQ(forwarder.arrived().size(), 100U);
    EXPECT_GT(outbox.claims, 1);
}

TEST_F(FlowTest, AStopAnswersAndCommitsWhatWaits) {
    Run run(*this);
    std::vector<std::shared_ptr<Answer>> answers;
    for (int i = 0; i < 200; ++i) answers.push_back(post(run, body_of("EV_" + std::to_string(i), "sip-x")));
    run.stop();
    for (const auto& answer : answers) EXPECT_EQ(answer->status(), 200);
    EXPECT_EQ(post(run, body_of("EV_late"))->status(), 503);
}

TEST_F(FlowTest, AStopWithABrokenOutboxEndsAtItsDeadlineAndLeavesNobodyWithoutAnAnswer) {
    Run run(*this);
    post(run, join_of("EV_1", "a", "SCL_1"));
    ASSERT_TRUE(soon([&] { return outbox.count(DeliveryState::delivered) == 1; }));
    outbox.set_fail({Code::unavailable, "away"});
    const auto answer = post(run, body_of("EV_2"));
    run.committer.settle({{.hook = 1, .id = 1, .state = DeliveryState::delivered, .code = "delivered"}});
    run.engine.stop(seconds(1));
    run.committer.stop(milliseconds(50));
    EXPECT_EQ(answer->status(), 503);
}

}  // namespace
}  // namespace switchhook::pipeline
