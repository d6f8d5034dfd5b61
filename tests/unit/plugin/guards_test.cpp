// The guards: what a plugin throws never leaves a call, and a forwarder completes once whatever it does.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "core/plugin/catalog.hpp"
#include "switchhook/testkit/fake_host.hpp"
#include "tests/unit/plugin/folders.hpp"

namespace switchhook::plugin {
namespace {

using namespace std::chrono_literals;
using test::faulty;
using test::shown;

class Guards : public testing::Test {
protected:
    void SetUp() override {
        for (const char* library : {"throws_everywhere", "one_at_a_time"})
            catalog_.open(faulty(library), "f:1", problems_);
        ASSERT_TRUE(problems_.empty()) << shown(problems_);
    }
    static config::Instance use(const std::string& name) { return {name, {}, "f:2"}; }

    static void expect_fault(const Status& status, const std::string& component, const std::string& call,
                             const std::string& what = "thrown on purpose") {
        EXPECT_EQ(status.code(), Code::internal);
        EXPECT_EQ(status.message(), "plugin throws_everywhere (" + component + "): " + call + ": " + what);
    }
    static void expect_component_faults(Component& component, const std::string& name) {
        expect_fault(component.start(), name, "start");
        expect_fault(component.health(), name, "health");
        expect_fault(component.check(), name, "check");
        component.stop();
    }
    std::size_t lines_with(const std::string& part) {
        std::size_t count = 0;
        for (const auto& line : host_.recorded().lines())
            if (line.text.find(part) != std::string::npos) ++count;
        return count;
    }

    testkit::FakeHost host_;
    Catalog catalog_;
    std::vector<Problem> problems_;
};

TEST_F(Guards, turn_what_a_config_source_throws_into_a_status) {
    const auto source = catalog_.config_source(use("throws"), host_, problems_);
    ASSERT_NE(source, nullptr) << shown(problems_);
    expect_component_faults(*source, "config source throws");
    expect_fault(source->load().status(), "config source throws", "load");
    expect_fault(source->watch([] {}), "config source throws", "watch");
}

TEST_F(Guards, turn_what_a_hook_store_throws_into_a_status) {
    const auto store = catalog_.hook_store(use("throws"), host_, problems_);
    ASSERT_NE(store, nullptr) << shown(problems_);
    expect_component_faults(*store, "hook store throws");
    expect_fault(store->load().status(), "hook store throws", "load");
    expect_fault(store->apply({}).status(), "hook store throws", "apply");
    expect_fault(store->look().status(), "hook store throws", "look");
}

TEST_F(Guards, turn_what_an_outbox_throws_into_a_status) {
    class Everything final : public HookFilter {
    public:
        bool wants(HookId, std::string_view) const override { return true; }
    };
    const auto outbox = catalog_.outbox(use("throws"), host_, problems_);
    ASSERT_NE(outbox, nullptr) << shown(problems_);
    expect_component_faults(*outbox, "outbox throws");
    expect_fault(outbox->commit({}, {}, Everything(), 0).status(), "outbox throws", "commit");
    expect_fault(outbox->claim({}).status(), "outbox throws", "claim");
    expect_fault(outbox->backlog().status(), "outbox throws", "backlog");
    expect_fault(outbox->maintain(0).status(), "outbox throws", "maintain");
    expect_fault(outbox->mark(Mark::provisioned).status(), "outbox throws", "mark");
    expect_fault(outbox->set_mark(Mark::provisioned, 1), "outbox throws", "set_mark");
    expect_fault(outbox->paused().status(), "outbox throws", "paused");
    expect_fault(outbox->pause({}), "outbox throws", "pause");
    expect_fault(outbox->resume(1), "outbox throws", "resume");
    expect_fault(outbox->requeue(1, {}, 0).status(), "outbox throws", "requeue");
    expect_fault(outbox->begin_requeue({}, 0).status(), "outbox throws", "begin_requeue");
    expect_fault(outbox->cancel_requeue(1, {}, 0).status(), "outbox throws", "cancel_requeue");
    expect_fault(outbox->list({}).status(), "outbox throws", "list");
    expect_fault(outbox->look_up(1, {}).status(), "outbox throws", "look_up");
    expect_fault(outbox->requeue_job(1, {}).status(), "outbox throws", "requeue_job");
    expect_fault(outbox->back_up("copy"), "outbox throws", "back_up");
    EXPECT_EQ(outbox->figures().waiting, 0U);
}

TEST_F(Guards, turn_what_a_provisioner_throws_into_a_status) {
    const auto provisioner = catalog_.provisioner(use("throws"), host_, problems_);
    ASSERT_NE(provisioner, nullptr) << shown(problems_);
    expect_component_faults(*provisioner, "provisioner throws");
    expect_fault(provisioner->plan({}).status(), "provisioner throws", "plan");
    expect_fault(provisioner->apply({}).status(), "provisioner throws", "apply");
}

TEST_F(Guards, turn_what_a_call_control_throws_into_a_status) {
    const auto control = catalog_.call_control(use("throws"), host_, problems_);
    ASSERT_NE(control, nullptr) << shown(problems_);
    expect_component_faults(*control, "call control throws");
    expect_fault(control->set_room_tenant({}, 1s).status(), "call control throws", "set_room_tenant");
}

TEST_F(Guards, turn_what_a_dialect_throws_into_a_status) {
    const auto dialect = catalog_.dialect(use("throws"), host_, problems_);
    ASSERT_NE(dialect, nullptr) << shown(problems_);
    expect_component_faults(*dialect, "dialect throws");
    const Event event;
    const Hook hook;
    const auto written = dialect->write({event, hook, ""}, {});
    expect_fault(written.status(), "dialect throws", "write", "an exception of unknown type");
    EXPECT_TRUE(dialect->default_events().empty());
}

TEST_F(Guards, take_a_matcher_that_throws_for_no_match) {
    const auto matcher = catalog_.matcher(use("throws"), host_, problems_);
    ASSERT_NE(matcher, nullptr) << shown(problems_);
    expect_component_faults(*matcher, "matcher throws");
    EXPECT_FALSE(matcher->accepts("example.com"));

    const Hook hook;
    const auto index = matcher->index(std::span(&hook, 1));
    ASSERT_NE(index, nullptr);
    Matches matches;
    matches.hooks = {42};
    index->find(Event{}, matches);
    EXPECT_EQ(matches.hooks, std::vector<HookId>{42}) << "what was added before the exception must not count";
    EXPECT_EQ(matches.host, "");
    EXPECT_EQ(index->explain(Event{}), "cannot explain itself: see the log");
}

TEST_F(Guards, keep_an_index_usable_when_the_matcher_made_none) {
    const auto matcher = catalog_.matcher(use("throws"), host_, problems_);
    Hook null_maker;
    null_maker.host = "null";
    for (const std::span<const Hook> hooks : {std::span<const Hook>{}, std::span<const Hook>(&null_maker, 1)}) {
        const auto index = matcher->index(hooks);
        ASSERT_NE(index, nullptr);
        Matches matches;
        index->find(Event{}, matches);
        EXPECT_TRUE(matches.hooks.empty());
        EXPECT_NE(matcher->health().message().find("no event is matched by it"), std::string::npos);
    }
    const Hook hook;
    const auto index = matcher->index(std::span(&hook, 1));
    EXPECT_EQ(matcher->health().message().find("no event is matched by it"), std::string::npos);
}

TEST_F(Guards, log_a_fault_without_a_status_once_a_minute) {
    const auto matcher = catalog_.matcher(use("throws"), host_, problems_);
    const Hook hook;
    const auto index = matcher->index(std::span(&hook, 1));
    Matches matches;
    for (int i = 0; i < 100; ++i) index->find(Event{}, matches);
    EXPECT_EQ(lines_with("find: thrown on purpose"), 1U);

    host_.manual_clock().advance(59'999ms);
    index->find(Event{}, matches);
    EXPECT_EQ(lines_with("find: thrown on purpose"), 1U);
    host_.manual_clock().advance(1ms);
    index->find(Event{}, matches);
    EXPECT_EQ(lines_with("find: thrown on purpose"), 2U);
    EXPECT_TRUE(
        host_.recorded().contains("plugin throws_everywhere (matcher throws): find: thrown on purpose left_out=100"));
}

TEST_F(Guards, let_an_index_outlive_its_matcher) {
    auto matcher = catalog_.matcher(use("crowd"), host_, problems_);
    ASSERT_NE(matcher, nullptr) << shown(problems_);
    const auto index = matcher->index({});
    matcher.reset();
    Matches matches;
    index->find(Event{}, matches);
    EXPECT_EQ(matches.hooks.size(), 1U);
}

TEST_F(Guards, survive_a_plugin_that_throws_when_it_takes_its_object_back) {
    auto matcher = catalog_.matcher(use("throws"), host_, problems_);
    matcher.reset();
    EXPECT_EQ(lines_with("destroy: thrown on purpose"), 1U);
}

struct Outcome {
    int calls = 0;
    AttemptResult result;
};

Outcome send(Forwarder& forwarder, const std::string& url) {
    Outcome outcome;
    forwarder.send({url, {}, nullptr}, 1s, [&](AttemptResult result) {
        ++outcome.calls;
        outcome.result = std::move(result);
    });
    return outcome;
}

TEST_F(Guards, complete_an_attempt_as_own_fault_when_send_throws) {
    const auto forwarder = catalog_.forwarder(use("throws"), host_, problems_);
    ASSERT_NE(forwarder, nullptr) << shown(problems_);
    expect_component_faults(*forwarder, "forwarder throws");
    expect_fault(forwarder->check("https://example.com"), "forwarder throws", "check");
    const auto outcome = send(*forwarder, "https://example.com");
    EXPECT_EQ(outcome.calls, 1);
    EXPECT_EQ(outcome.result.code, "own_fault");
    EXPECT_EQ(outcome.result.detail, "plugin throws_everywhere (forwarder throws): send: thrown on purpose");
}

TEST_F(Guards, complete_an_attempt_exactly_once_whatever_the_forwarder_does) {
    const auto forwarder = catalog_.forwarder(use("breaks_its_word"), host_, problems_);
    ASSERT_NE(forwarder, nullptr) << shown(problems_);

    const auto once = send(*forwarder, "once");
    EXPECT_EQ(once.calls, 1);
    EXPECT_EQ(once.result.code, "delivered");

    const auto never = send(*forwarder, "never");
    EXPECT_EQ(never.calls, 1);
    EXPECT_EQ(never.result.code, "own_fault");
    EXPECT_NE(never.result.detail.find("dropped the completion"), std::string::npos);

    const auto twice = send(*forwarder, "twice");
    EXPECT_EQ(twice.calls, 1);
    EXPECT_EQ(twice.result.code, "delivered");
    EXPECT_EQ(lines_with("completed the same attempt twice"), 1U);

    const auto then_throw = send(*forwarder, "then throw");
    EXPECT_EQ(then_throw.calls, 1);
    EXPECT_EQ(then_throw.result.code, "delivered");
}

// How many threads were ever inside at once, as the component itself saw it.
bool crowded(Matcher& matcher) {
    const auto index = matcher.index({});
    std::atomic<bool> stop{false};
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([&] {
            for (int i = 0; i < 300 && !stop; ++i) {
                Matches matches;
                index->find(Event{}, matches);
                if (matcher.accepts("")) stop = true;
            }
        });
    threads.clear();
    return matcher.accepts("");
}

TEST_F(Guards, let_one_thread_at_a_time_into_an_object_that_is_not_concurrent) {
    const auto matcher = catalog_.matcher(use("alone"), host_, problems_);
    ASSERT_NE(matcher, nullptr) << shown(problems_);
    EXPECT_FALSE(crowded(*matcher));
}

TEST_F(Guards, do_not_hold_back_threads_from_a_concurrent_object) {
    const auto matcher = catalog_.matcher(use("crowd"), host_, problems_);
    ASSERT_NE(matcher, nullptr) << shown(problems_);
    EXPECT_TRUE(crowded(*matcher));
}

TEST_F(Guards, let_a_completion_send_again_into_an_object_that_is_not_concurrent) {
    const auto forwarder = catalog_.forwarder(use("inline"), host_, problems_);
    ASSERT_NE(forwarder, nullptr) << shown(problems_);
    int completed = 0;
    forwarder->send({}, 1s, [&](AttemptResult) {
        ++completed;
        forwarder->send({}, 1s, [&](AttemptResult) { ++completed; });
    });
    EXPECT_EQ(completed, 2);
}

}  // namespace
}  // namespace switchhook::plugin
