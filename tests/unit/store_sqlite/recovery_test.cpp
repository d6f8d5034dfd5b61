// A start with a backlog: what waits is claimed and settled before rooms and ids are read, and nothing that needs them
// is decided without them.
#include <thread>

#include <sqlite3.h>

#include "faulty_vfs.hpp"
#include "place.hpp"

namespace switchhook::store_sqlite {
namespace {

using testkit::OutboxDriver;
using testkit::TemporaryFolder;

class Recovery : public testing::Test {
protected:
    // Many rooms: they take longer to read than anything here takes to run, and yet nothing relies on that.
    void fill(int events, int hooks) {
        OutboxDriver driver(maker_at(file_, 0));
        for (int from = 0; from < events; from += 500) {
            std::vector<testkit::Sent> group;
            for (int i = from; i < from + 500; ++i) {
                auto sent = event_of(i, 10);
                sent.matches = {{static_cast<HookId>(11 + i % hooks), "tenant-a"}};
                group.push_back(std::move(sent));
            }
            driver.commit(std::move(group));
        }
    }
    void sql(const std::string& text) {
        sqlite3* handle = nullptr;
        ASSERT_EQ(sqlite3_open(file_.c_str(), &handle), SQLITE_OK);
        ASSERT_EQ(sqlite3_exec(handle, text.c_str(), nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(handle);
        sqlite3_close(handle);
    }
    SqliteOutbox make() { return {OutboxSettings{.path = file_, .reserve_bytes = 0}, host_}; }
    static Status ask(SqliteOutbox& outbox) { return outbox.commit({}, {}, testkit::TestFilter(), kNow).status(); }
    static Result<Committed> settle(SqliteOutbox& outbox, DeliveryId id, DeliveryState state) {
        const Settled settled{.id = id, .state = state, .attempts = 1, .code = "status_200"};
        return outbox.commit({}, {&settled, 1}, testkit::TestFilter(), kNow);
    }

    static constexpr std::int64_t kNow = 1'795'329'482'000;
    TemporaryFolder folder_;
    std::string file_ = folder_.file("store.db");
    testkit::FakeHost host_;
};

TEST_F(Recovery, WhatWaitsIsClaimedAndSettledWhateverIsReadMeanwhile) {
    fill(20'000, 4);
    auto outbox = make();
    ASSERT_TRUE(outbox.start());
    const auto backlog = outbox.backlog();
    ASSERT_TRUE(backlog);
    ASSERT_EQ(backlog->size(), 4u);
    for (const auto& each : *backlog) EXPECT_EQ(each.waiting, 256u);
    EXPECT_EQ(outbox.figures().waiting, 10'000u) << "counted no further than that before all is read";
    EXPECT_EQ(outbox.figures().oldest_ms, kNow);
    DeliveryId after = 0;
    for (int round = 0; round < 50; ++round) {
        const auto claimed = outbox.claim({.hook = 12, .after = after, .limit = 10, .lease = {}});
        ASSERT_TRUE(claimed) << claimed.status().message();
        ASSERT_EQ(claimed->deliveries.size(), 10u);
        EXPECT_TRUE(claimed->more);
        for (const auto& each : claimed->deliveries) {
            EXPECT_GT(each.id, after);
            after = each.id;
            ASSERT_TRUE(settle(outbox, each.id, DeliveryState::delivered));
            ASSERT_TRUE(settle(outbox, each.id, DeliveryState::dead)) << "the second of the same changes nothing";
        }
    }
    Status answered = ask(outbox);
    while (answered.code() == Code::unavailable) {
        ASSERT_TRUE(outbox.health());
        std::this_thread::yield();
        answered = ask(outbox);
    }
    ASSERT_TRUE(answered) << answered.message();
    EXPECT_EQ(outbox.figures().waiting, 19'500u) << "what ended meanwhile is not among what waits";
    EXPECT_EQ(outbox.figures().dead, 0u);
    const auto rest = outbox.claim({.hook = 12, .after = 0, .limit = 1, .lease = {}});
    ASSERT_TRUE(rest);
    EXPECT_GT(rest->deliveries.at(0).id, after);
    outbox.stop();
}

TEST_F(Recovery, TheFirstEventWaitsForWhatDecidesIt) {
    fill(20'000, 1);
    OutboxDriver driver(maker_at(file_, 0));
    EXPECT_EQ(driver.send(event_of(19'999, 10)), Disposition::duplicate);
    driver.restart();
    // Of a call that is known: no matches of its own are needed.
    const auto done =
        driver.commit({{{.id = "EV_more", .room = "sip-19998", .sid = "RM_19998", .call = "SCL_19998"}, {}}});
    ASSERT_EQ(done.ready.size(), 1u);
    EXPECT_EQ(done.ready[0].hook, 11u);
    EXPECT_EQ(done.ready[0].id, 20'001u);
}

TEST_F(Recovery, AStopWhileItReadsIsNoFault) {
    fill(20'000, 1);
    for (int i = 0; i < 10; ++i) {
        auto outbox = make();
        ASSERT_TRUE(outbox.start());
        const auto claimed = outbox.claim({.hook = 11, .after = 0, .limit = 1, .lease = {}});
        ASSERT_TRUE(claimed);
        ASSERT_TRUE(settle(outbox, claimed->deliveries.at(0).id, DeliveryState::delivered));
        outbox.stop();
    }
    OutboxDriver driver(maker_at(file_, 0));
    EXPECT_EQ(driver.all_of(11).size(), 19'990u);
}

TEST_F(Recovery, WhatWaitsIsListedBeforeAndAfterAllIsRead) {
    fill(1'000, 2);
    auto outbox = make();
    ASSERT_TRUE(outbox.start());
    const auto newest = [&](HookId hook) {
        const LogFilter filter{.hook = hook, .state = DeliveryState::waiting};
        std::vector<DeliveryId> found;
        const auto page = outbox.list({.filter = filter, .before = 0, .limit = 3});
        EXPECT_TRUE(page);
        for (const auto& each : page->deliveries) found.push_back(each.id);
        return found;
    };
    using Ids = std::vector<DeliveryId>;
    const auto expect_lists = [&] {
        EXPECT_EQ(newest(0), (Ids{1000, 999, 998}));
        EXPECT_EQ(newest(11), (Ids{999, 997, 995}));
        EXPECT_EQ(newest(99), Ids{});
    };
    expect_lists();
    ASSERT_TRUE(outbox.maintain(kNow));
    EXPECT_TRUE(ask(outbox)) << "whatever else is called has waited for it";
    expect_lists();
    outbox.stop();
}

TEST_F(Recovery, ADamagedRoomIsToldByTheFirstAnswerAndNothingIsTaken) {
    fill(500, 1);
    sql("UPDATE room SET state=9 WHERE id=(SELECT max(id) FROM room)");
    auto outbox = make();
    ASSERT_TRUE(outbox.start()) << "what waits can be read";
    EXPECT_TRUE(outbox.claim({.hook = 11, .after = 0, .limit = 1, .lease = {}}));
    Status answered = ask(outbox);
    while (answered.code() == Code::unavailable && outbox.health()) answered = ask(outbox);
    EXPECT_EQ(answered.code(), Code::corrupt) << answered.message();
    EXPECT_EQ(outbox.health().code(), Code::corrupt);
    testkit::SampleEvent sample = event_of(9'999, 10).event;
    const Event event = sample.event();
    const Append append{&event, {}, true};
    EXPECT_FALSE(outbox.commit({&append, 1}, {}, testkit::TestFilter(), kNow + 5'000));
    outbox.stop();
    sql("UPDATE room SET state=3 WHERE state=9");
    OutboxDriver driver(maker_at(file_, 0));
    EXPECT_EQ(driver.send(event_of(9'999, 10)), Disposition::stored);
}

TEST_F(Recovery, WhateverEndsTheReadingNothingIsTakenBeforeItIsRead) {
    fill(500, 1);
    for (const bool full : {true, false}) {
        FaultyDisk disk;
        disk.refuse_other_readers(full);
        auto outbox = make();
        ASSERT_TRUE(outbox.start());
        Status answered = ask(outbox);
        while (answered.code() == Code::unavailable && outbox.health()) answered = ask(outbox);
        EXPECT_FALSE(answered);
        EXPECT_FALSE(outbox.health());
        testkit::SampleEvent known = event_of(7, 10).event;
        testkit::SampleEvent unknown = event_of(9'999, 10).event;
        const Event events[] = {known.event(), unknown.event()};
        const Append appends[] = {{events, {}, true}, {events + 1, {}, true}};
        EXPECT_FALSE(outbox.commit(appends, {}, testkit::TestFilter(), kNow)) << "nobody knows what was seen";
        EXPECT_TRUE(outbox.maintain(kNow));
        disk.heal();
        const auto later = outbox.commit({appends, 1}, {}, testkit::TestFilter(), kNow + 5'000);
        ASSERT_TRUE(later) << later.status().message();
        EXPECT_EQ(later->appended.at(0).disposition, Disposition::duplicate);
        EXPECT_TRUE(outbox.health());
        EXPECT_EQ(outbox.figures().waiting, 500u);
        outbox.stop();
    }
}

// As a kill leaves it, while groups of the time that was wrong are not forgotten yet.
TEST_F(Recovery, IdsOfAfterTheClockWentBackAreKnownBesideThoseOfBefore) {
    fill(1'000, 1);  // two groups
    sql("UPDATE ids SET at=at+3600000 WHERE first=(SELECT min(first) FROM ids)");
    OutboxDriver driver(maker_at(file_, 0));
    EXPECT_EQ(driver.send(event_of(999, 10)), Disposition::duplicate);
    EXPECT_EQ(driver.send(event_of(1, 10)), Disposition::duplicate);
}

TEST_F(Recovery, AStopWritesDownWhereWhatWaitsBegins) {
    fill(500, 1);
    const auto settled_below = [&] {
        sqlite3* handle = nullptr;
        sqlite3_stmt* row = nullptr;
        EXPECT_EQ(sqlite3_open(file_.c_str(), &handle), SQLITE_OK);
        EXPECT_EQ(sqlite3_prepare_v2(handle, "SELECT value FROM meta WHERE key=3", -1, &row, nullptr), SQLITE_OK);
        const auto value = sqlite3_step(row) == SQLITE_ROW ? sqlite3_column_int64(row, 0) : 0;
        sqlite3_finalize(row);
        sqlite3_close(handle);
        return value;
    };
    const auto settle_from_to = [&](DeliveryId from, DeliveryId to) {
        auto outbox = make();
        ASSERT_TRUE(outbox.start());
        ASSERT_TRUE(outbox.maintain(kNow)) << "has waited for what is read";
        for (DeliveryId id = from; id <= to; ++id) ASSERT_TRUE(settle(outbox, id, DeliveryState::delivered));
        outbox.stop();
    };
    settle_from_to(1, 10);
    EXPECT_EQ(settled_below(), 11);
    settle_from_to(11, 500);
    EXPECT_EQ(settled_below(), 501) << "nothing waits";
}

TEST_F(Recovery, AGroupOfIdsThatIsNotWholeIsDamage) {
    fill(500, 1);
    sql("UPDATE ids SET hashes=x'0102'");
    auto outbox = make();
    ASSERT_TRUE(outbox.start());
    Status answered = ask(outbox);
    while (answered.code() == Code::unavailable && outbox.health()) answered = ask(outbox);
    EXPECT_EQ(answered.code(), Code::corrupt) << answered.message();
    outbox.stop();
}

TEST_F(Recovery, WithoutABacklogADamagedRoomRefusesTheStart) {
    {
        OutboxDriver driver(maker_at(file_, 0));
        driver.filter.unwanted.insert({0, "participant_joined"});
        driver.send(event_of(1, 10));
    }
    sql("UPDATE room SET state=9");
    auto outbox = make();
    EXPECT_EQ(outbox.start().code(), Code::corrupt);
}

TEST_F(Recovery, CheckFindsAnIndexThatDoesNotHoldWhatWaits) {
    fill(500, 1);
    EXPECT_TRUE(check_store(file_));
    sql("PRAGMA writable_schema=ON; UPDATE sqlite_master SET sql=replace(sql,'state=1','state=2') WHERE "
        "name='waiting';");
    EXPECT_EQ(check_store(file_).code(), Code::corrupt);
}

TEST_F(Recovery, AFullDiskWhileItReadsLeavesTheReserveForWhatIsSettled) {
    fill(2'000, 1);
    FaultyDisk disk;
    SqliteOutbox outbox(OutboxSettings{.path = file_, .reserve_bytes = 1 << 20}, host_);
    ASSERT_TRUE(outbox.start());
    const auto claimed = outbox.claim({.hook = 11, .after = 0, .limit = 1, .lease = {}});
    ASSERT_TRUE(claimed);
    disk.fill();
    const auto settled = settle(outbox, claimed->deliveries.at(0).id, DeliveryState::delivered);
    disk.heal();
    const auto again = settle(outbox, claimed->deliveries.at(0).id, DeliveryState::delivered);
    EXPECT_TRUE(again) << again.status().message();
    const auto next = outbox.claim({.hook = 11, .after = 0, .limit = 1, .lease = {}});
    ASSERT_TRUE(next);
    EXPECT_GT(next->deliveries.at(0).id, claimed->deliveries.at(0).id);
    outbox.stop();
}

}  // namespace
}  // namespace switchhook::store_sqlite
