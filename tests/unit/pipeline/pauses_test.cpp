#include "tests/unit/pipeline/fixture.hpp"

namespace switchhook::pipeline {
namespace {

class PausesTest : public CommitterTest {
protected:
    // Whatever is told goes here, in order.
    delivery::Ledger::Done tell(const std::string& name) {
        return [this, name](const Status& status) { told.push_back(name + (status.ok() ? " ok" : " failed")); };
    }
    void pause(HookId hook, const std::string& reason = "r", delivery::Ledger::Done done = {}) {
        committer->pause({.hook = hook, .since_ms = 5, .reason = reason}, std::move(done));
    }
    std::vector<HookId> stored() {
        std::vector<HookId> ids;
        const auto all = outbox.paused();
        for (const auto& each : *all) ids.push_back(each.hook);
        return ids;
    }
    std::vector<std::string> told;
};

TEST_F(PausesTest, APauseIsDurableBeforeItIsInEffectAndTold) {
    recover();
    pause(a, "by its owner", tell("a"));
    EXPECT_TRUE(told.empty());
    round();
    EXPECT_EQ(stored(), std::vector<HookId>{a});
    ASSERT_EQ(sink.pauses.size(), 2U);  // the first: those of the start
    EXPECT_EQ(sink.pauses[1].at(0).reason, "by its owner");
    EXPECT_EQ(told, std::vector<std::string>{"a ok"});
    EXPECT_FALSE(outbox.other_thread);
}

TEST_F(PausesTest, ThoseOfAnEarlierRunAreToldBeforeTheBacklog) {
    recover();
    pause(a);
    round();
    make();
    sink = {};
    recover();
    ASSERT_EQ(sink.pauses.size(), 1U);
    EXPECT_EQ(sink.pauses[0].at(0).hook, a);
    EXPECT_EQ(sink.pauses[0].at(0).since_ms, 5);
    EXPECT_EQ(sink.backlogs.size(), 1U);
}

TEST_F(PausesTest, APauseThatNobodyWaitsForIsTriedUntilItIsDurable) {
    recover();
    round();
    outbox.set_fail({Code::full, "the disk is full"});
    pause(a);
    round();
    EXPECT_EQ(wait(), seconds(1));
    EXPECT_EQ(lines_with("pause cannot be written"), 1U);
    EXPECT_EQ(sink.pauses.size(), 1U);
    outbox.set_fail({});
    clock().advance(seconds(1));
    round();
    EXPECT_EQ(stored(), std::vector<HookId>{a});
    EXPECT_EQ(sink.pauses.size(), 2U);
}

TEST_F(PausesTest, WhoWaitsIsToldOfAFailureAndNothingIsTriedAgain) {
    recover();
    outbox.set_fail({Code::unavailable, "away"});
    pause(a, "r", tell("pause"));
    committer->resume(b, tell("resume"));
    round();
    EXPECT_EQ(told, (std::vector<std::string>{"pause failed", "resume failed"}));
    outbox.set_fail({});
    clock().advance(seconds(60));
    round();
    EXPECT_TRUE(stored().empty());
    EXPECT_TRUE(sink.resumes.empty());
    EXPECT_EQ(sink.pauses.size(), 1U);
}

TEST_F(PausesTest, AResumeTakesBackAPauseThatIsNotDurableYet) {
    recover();
    outbox.set_fail({Code::unavailable, "away"});
    pause(a);
    pause(b);
    round();
    outbox.set_fail({});
    committer->resume(a, tell("a"));
    clock().advance(seconds(1));
    round();
    clock().advance(seconds(60));
    round();
    EXPECT_EQ(stored(), std::vector<HookId>{b});
    EXPECT_EQ(sink.resumes, std::vector<HookId>{a});
}

TEST_F(PausesTest, TheOrderOfPauseAndResumeIsKept) {
    recover();
    pause(a, "1");
    committer->resume(a, {});
    pause(a, "2");
    round();
    ASSERT_EQ(outbox.paused()->size(), 1U);
    EXPECT_EQ(outbox.paused()->at(0).reason, "2");
}

TEST_F(PausesTest, WhoeverWaitsAtTheEndIsTold) {
    recover();
    pause(a, "r", tell("pause"));
    committer->resume(a, tell("resume"));
    committer->stop(seconds(0));
    EXPECT_EQ(told, (std::vector<std::string>{"pause failed", "resume failed"}));
}

class SettlingTest : public CommitterTest {
protected:
    static Settlement waiting(DeliveryId id, std::uint32_t attempts) {
        Settlement made{.id = id, .attempts = attempts, .due_ms = attempts, .code = "status_500"};
        made.attempt = delivery::AttemptRecord{.at_ms = 7,
                                               .resolved_us = 1,
                                               .connected_us = 2,
                                               .secured_us = 3,
                                               .answered_us = 4,
                                               .took_us = 5,
                                               .status = 500,
                                               .code = "status_500",
                                               .address = "192.0.2.1",
                                               .answer = std::string(1'024, 'x')};
        return made;
    }
};

TEST_F(SettlingTest, TheOutboxSeesTheAttemptOfEachSettlement) {
    recover();
    std::vector<Settlement> many;
    for (DeliveryId id = 1; id <= 100; ++id) many.push_back(waiting(id, 1));
    many.push_back({.id = 101, .state = DeliveryState::dead, .code = "hook_removed"});
    many[1].attempt->address = "192.0.2.2";
    committer->settle(std::move(many));
    round();
    const auto rows = outbox.rows();
    ASSERT_EQ(rows.size(), 101U);
    EXPECT_EQ(rows.at(1).log.size(), 1U);
    EXPECT_EQ(rows.at(1).log[0], "7 1 2 3 4 5 500 status_500 192.0.2.1 1024");
    EXPECT_EQ(rows.at(2).log[0], "7 1 2 3 4 5 500 status_500 192.0.2.2 1024");
    EXPECT_EQ(rows.at(100).log.size(), 1U);
    EXPECT_TRUE(rows.at(101).log.empty());
}

TEST_F(SettlingTest, AnOutboxThatRefusesForHoursCostsBoundedMemory) {
    make({.group_settlements = 16});
    recover();
    outbox.set_fail({Code::unavailable, "away"});
    for (std::uint32_t attempts = 1; attempts <= 500; ++attempts) {
        std::vector<Settlement> some;
        for (DeliveryId id = 1; id <= 20; ++id) some.push_back(waiting(id, attempts));
        committer->settle(std::move(some));
        clock().advance(seconds(5));
        round();
    }
    const auto before = outbox.groups().size();
    outbox.set_fail({});
    for (int i = 0; i < 100; ++i) {
        clock().advance(seconds(5));
        round();
    }
    const auto groups = outbox.groups();
    std::size_t written = 0;
    for (std::size_t i = before; i < groups.size(); ++i) written += groups[i].settled;
    EXPECT_LE(written, 60U);
    for (DeliveryId id = 1; id <= 20; ++id) {
        EXPECT_EQ(outbox.rows().at(id).attempts, 500U);
        EXPECT_EQ(outbox.rows().at(id).due_ms, 500);
    }
}

}  // namespace
}  // namespace switchhook::pipeline
