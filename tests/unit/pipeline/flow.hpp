// Intake, committer and engine together, each on its own threads and with the real clock.
#pragma once

#include <atomic>
#include <thread>

#include "core/base/system_clock.hpp"
#include "core/delivery/engine.hpp"
#include "core/pipeline/intake.hpp"
#include "tests/unit/pipeline/fixture.hpp"

namespace switchhook::pipeline {

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

// All that outlives one run of the server.
class FlowTest : public ::testing::Test {
protected:
    struct Run {
        Run(FlowTest& test, Outbox& outbox)
            : committer({}, outbox, test.hooks, test.dialects, test.metrics, test.host.recorded(), test.clock),
              engine({.concurrency = 8, .window = 16}, test.hooks,
                     delivery::RequestWriter(test.dialects, test.forwarder, delivery::Secrets({"s"}, false), "sip-",
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

    // Every event is answered before the next of its room is sent, as LiveKit does. Returns how many were not taken.
    int play(Run& run, const std::string& call, const std::string& host_name, int events) {
        int not_taken = 0;
        for (int i = 0; i < events; ++i) {
            const std::string id = "EV_" + call + "_" + std::to_string(i);
            const std::string room = "sip-" + call;
            const auto answer = post(run, i == 3 ? join_of(id, host_name, "SCL_" + call, room) : body_of(id, room));
            if (!soon([&] { return answer->status() != 0; }) || answer->status() != 200) ++not_taken;
        }
        return not_taken;
    }
    double delivered() { return metrics.deliveries_delivered.Value(); }
    // Each call's events arrived in the order of their numbers, each once, at the hook whose letter is the call's
    // first.
    void expect_order(int events) {
        std::map<std::string, int> next;
        for (const auto& [url, id] : forwarder.arrived()) {
            const auto cut = id.rfind('_');
            EXPECT_EQ(id.substr(cut + 1), std::to_string(next[id.substr(0, cut)]++)) << id;
            EXPECT_EQ(url, "https://" + id.substr(3, 1) + "/events");
        }
        for (const auto& [call, count] : next) EXPECT_EQ(count, events) << call;
    }

    testkit::FakeHost host;
    base::SystemClock clock;
    metrics::Metrics metrics;
    delivery::FakeDialect dialect;
    delivery::Dialects dialects{"livekit"};
    AnsweringForwarder forwarder;
    livekit::Verifier verifier{{{"devkey", "secret"}}, clock};
    routing::Hooks hooks{{routing::hook_of("a", "tenant-a"), routing::hook_of("b", "tenant-b")}, nullptr, host_chain()};
};

}  // namespace switchhook::pipeline
