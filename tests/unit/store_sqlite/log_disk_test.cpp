// Requeues, jobs, bounds and attempts on disks that are full or broken: no letter is lost, none is sent twice.
#include <set>

#include "faulty_vfs.hpp"
#include "place.hpp"

namespace switchhook::store_sqlite {
namespace {

using testkit::delivered;
using testkit::OutboxDriver;
using testkit::TemporaryFolder;

class LogDisk : public testing::Test {
protected:
    std::vector<DeliveryId> letters(OutboxDriver& driver, int count) {
        std::vector<DeliveryId> ids;
        std::vector<Settled> settled;
        for (int i = 0; i < count; ++i) ids.push_back(driver.commit({event_of(i)}).ready.at(0).id);
        for (const DeliveryId id : ids)
            settled.push_back({.id = id, .state = DeliveryState::dead, .attempts = 1, .code = "status_400"});
        driver.commit({}, settled);
        return ids;
    }
    // Runs the job to its end over a disk that fails in between; what became ready, in the order in which it did.
    std::vector<DeliveryId> run_job(OutboxDriver& driver, FaultyDisk& disk, void (FaultyDisk::*fault)()) {
        const auto job = driver.outbox().begin_requeue({}, driver.now_ms);
        EXPECT_TRUE(job);
        std::vector<DeliveryId> ready;
        const auto take = [&](const std::vector<WaitingDelivery>& some) {
            for (const auto& each : some) ready.push_back(each.id);
        };
        for (int i = 0; i < 100; ++i) {
            if (i % 3 == 1) (disk.*fault)();
            if (auto done = driver.outbox().maintain(driver.now_ms)) take(done->ready);
            disk.heal();
            driver.now_ms += 1000;
            const auto now = driver.outbox().requeue_job(job.value().id, {});
            if (now && now.value().state == RequeueJob::State::done) break;
        }
        take(driver.commit({}, {}).ready);
        return ready;
    }

    TemporaryFolder folder_;
    std::string file_ = folder_.file("store.db");
    FaultyDisk disk_;
};

TEST_F(LogDisk, AFullDiskRefusesRequeuesAndKeepsTheLetters) {
    OutboxDriver driver(maker_at(file_));
    const auto ids = letters(driver, 3);
    disk_.fill();
    EXPECT_EQ(driver.send(event_of(50, 400'000)), Disposition::full);
    EXPECT_EQ(driver.outbox().requeue(ids[0], {}, driver.now_ms).status().code(), Code::full);
    EXPECT_EQ(driver.outbox().begin_requeue({}, driver.now_ms).status().code(), Code::full);
    EXPECT_EQ(driver.outbox().figures().dead, 3u);
    EXPECT_EQ(driver.outbox().list({}).value().deliveries.size(), 3u) << "reading needs no room";
    disk_.heal();
    driver.now_ms += 1000;
    driver.maintain();
    EXPECT_TRUE(driver.outbox().requeue(ids[0], {}, driver.now_ms));
    EXPECT_EQ(driver.outbox().figures().dead, 2u);
}

TEST_F(LogDisk, WhileTheDiskIsFullOutcomesAreKeptAndAttemptsAreNot) {
    OutboxDriver driver(maker_at(file_));
    const auto done = driver.commit({event_of(1), event_of(2)});
    disk_.fill();
    EXPECT_EQ(driver.send(event_of(50, 400'000)), Disposition::full);
    disk_.heal();
    const Attempt attempt{.at_ms = 1, .code = "status_400"};
    driver.commit({}, {{.id = done.ready[0].id,
                        .state = DeliveryState::dead,
                        .attempts = 1,
                        .code = "status_400",
                        .attempt = &attempt}});
    auto detail = driver.outbox().look_up(done.ready[0].id, {});
    ASSERT_TRUE(detail);
    EXPECT_EQ(detail->delivery.state, DeliveryState::dead);
    EXPECT_TRUE(detail->attempts.empty());
    driver.now_ms += 1000;
    driver.maintain();
    driver.commit({}, {{.id = done.ready[1].id, .attempts = 1, .due_ms = 1, .code = "x", .attempt = &attempt}});
    EXPECT_EQ(driver.outbox().look_up(done.ready[1].id, {}).value().attempts.size(), 1u);
}

TEST_F(LogDisk, AJobOverABrokenDiskRequeuesEachLetterOnceAndHandsEachOutOnce) {
    for (const auto fault : {&FaultyDisk::break_writes, &FaultyDisk::break_syncs, &FaultyDisk::fill}) {
        const TemporaryFolder folder;
        OutboxDriver driver(maker_at(folder.file("store.db")));
        letters(driver, 400);
        const auto ready = run_job(driver, disk_, fault);
        EXPECT_EQ(ready.size(), 400u);
        EXPECT_TRUE(std::ranges::is_sorted(ready));
        EXPECT_EQ(std::set<DeliveryId>(ready.begin(), ready.end()).size(), ready.size());
        EXPECT_EQ(driver.outbox().figures().dead, 0u);
        const auto waiting = driver.waiting(11);
        ASSERT_EQ(waiting.size(), 400u);
        for (std::size_t i = 0; i < waiting.size(); ++i) EXPECT_EQ(waiting[i], "EV_" + std::to_string(i));
    }
}

TEST_F(LogDisk, ARequeueWhoseSyncFailedIsHandedOutWhenItIsFoundDurable) {
    OutboxDriver driver(maker_at(file_));
    const auto ids = letters(driver, 2);
    disk_.break_syncs();
    EXPECT_FALSE(driver.outbox().requeue(ids[0], {}, driver.now_ms));
    disk_.heal();
    driver.now_ms += 1000;
    auto ready = driver.maintain().ready;
    for (auto& each : driver.commit({}, {}).ready) ready.push_back(std::move(each));
    const auto waiting = driver.all_of(11);
    ASSERT_EQ(ready.size(), waiting.size());
    for (std::size_t i = 0; i < ready.size(); ++i) EXPECT_EQ(ready[i].id, waiting[i].id);
    EXPECT_EQ(driver.outbox().figures().dead + waiting.size(), 2u);
}

TEST_F(LogDisk, DeadLettersThatCannotBeDroppedAreDroppedLaterAndCountedOnce) {
    OutboxDriver driver(maker_at(file_), {.dead_letters = 10});
    letters(driver, 30);
    std::uint64_t dropped = 0;
    for (int i = 0; i < 10; ++i) {
        if (i % 2 == 0) disk_.break_writes();
        if (auto done = driver.outbox().maintain(driver.now_ms)) dropped += done->dead_dropped;
        disk_.heal();
        driver.now_ms += 1000;
    }
    EXPECT_EQ(dropped, 20u);
    EXPECT_EQ(driver.outbox().figures().dead, 10u);
    LogFilter dead;
    dead.state = DeliveryState::dead;
    EXPECT_EQ(driver.outbox().list({.filter = dead, .before = 0, .limit = 100}).value().deliveries.size(), 10u);
}

}  // namespace
}  // namespace switchhook::store_sqlite
