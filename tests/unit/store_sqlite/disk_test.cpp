// Disks that are full, broken or read-only: nothing acknowledged is lost, and the store recovers by itself.
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "faulty_vfs.hpp"
#include "place.hpp"

namespace switchhook::store_sqlite {
namespace {

using testkit::delivered;
using testkit::OutboxDriver;
using testkit::TemporaryFolder;

Result<Committed> try_commit(OutboxDriver& driver, const testkit::Sent& sent, std::span<const Settled> settled = {}) {
    const Event event = sent.event.event();
    const Append append{&event, sent.matches, true};
    return driver.outbox().commit({&append, 1}, settled, driver.filter, driver.now_ms);
}

class Disk : public testing::Test {
protected:
    TemporaryFolder folder_;
    std::string file_ = folder_.file("store.db");
};

TEST_F(Disk, AFullDiskRefusesAppendsAndStillSettles) {
    FaultyDisk disk;
    OutboxDriver driver(maker_at(file_));
    const auto first = driver.commit({event_of(1)});
    disk.fill();
    const auto refused = driver.commit({event_of(2, 400'000), event_of(1)});
    EXPECT_EQ(refused.appended[0].disposition, Disposition::full);
    EXPECT_EQ(refused.appended[1].disposition, Disposition::duplicate);
    EXPECT_TRUE(refused.ready.empty());
    EXPECT_EQ(driver.outbox().health().code(), Code::full);
    EXPECT_EQ(driver.outbox().figures().waiting, 1u);
    disk.heal();
    // Within the same second it does not try again, but what was settled is durable.
    EXPECT_EQ(driver.commit({event_of(2)}, {delivered(first.ready[0].id)}).appended[0].disposition, Disposition::full);
    EXPECT_EQ(driver.outbox().figures().waiting, 0u);
    driver.now_ms += 1000;
    EXPECT_EQ(driver.commit({event_of(2)}).appended[0].disposition, Disposition::stored);
    EXPECT_TRUE(driver.outbox().health());
    driver.restart();
    EXPECT_EQ(driver.waiting(11), std::vector<std::string>{"EV_2"});
}

TEST_F(Disk, AFullDiskLeavesNoTraceOfWhatWasRefused) {
    FaultyDisk disk;
    OutboxDriver driver(maker_at(file_));
    driver.commit({{{.id = "EV_1", .name = "room_started"}}});
    disk.fill();
    const auto refused =
        driver.commit({{{.id = "EV_2", .call = "SCL_1", .body = std::string(400'000, 'x')}, {testkit::kTenantA}}});
    EXPECT_EQ(refused.appended[0].disposition, Disposition::full);
    EXPECT_EQ(driver.outbox().figures().parked, 1u);
    disk.heal();
    driver.now_ms += 1000;
    const auto done = driver.commit({{{.id = "EV_2", .call = "SCL_1"}, {testkit::kTenantB}}});
    EXPECT_EQ(done.appended[0].disposition, Disposition::stored);
    EXPECT_EQ(driver.waiting(22), (std::vector<std::string>{"EV_1", "EV_2"}));
    EXPECT_TRUE(driver.waiting(11).empty());
}

TEST_F(Disk, ABrokenDiskAnswersUnavailableAndIsOpenedAnewASecondLater) {
    FaultyDisk disk;
    OutboxDriver driver(maker_at(file_));
    driver.commit({event_of(1)});
    disk.break_writes();
    EXPECT_EQ(try_commit(driver, event_of(2)).status().code(), Code::unavailable);
    EXPECT_FALSE(driver.outbox().health());
    EXPECT_FALSE(driver.outbox().claim({.hook = 11, .after = 0, .limit = 5, .lease = {}}));
    disk.heal();
    EXPECT_EQ(try_commit(driver, event_of(2)).status().code(), Code::unavailable);
    driver.now_ms += 1000;
    EXPECT_EQ(driver.send(event_of(2)), Disposition::stored);
    EXPECT_TRUE(driver.outbox().health());
    EXPECT_EQ(driver.waiting(11), (std::vector<std::string>{"EV_1", "EV_2"}));
}

TEST_F(Disk, MaintainAloneFindsThatTheDiskIsWellAgain) {
    FaultyDisk disk;
    OutboxDriver driver(maker_at(file_));
    disk.break_writes();
    EXPECT_FALSE(try_commit(driver, event_of(1)));
    for (int i = 0; i < 3; ++i) {
        const auto done = driver.maintain();
        EXPECT_GT(done.next_ms, driver.now_ms);
        driver.now_ms = done.next_ms;
    }
    EXPECT_FALSE(driver.outbox().health());
    disk.heal();
    driver.now_ms = driver.maintain().next_ms + 1000;
    driver.maintain();
    EXPECT_TRUE(driver.outbox().health());
}

TEST_F(Disk, AReadOnlyDiskAnswersUnavailableUntilItCanBeWritten) {
    FaultyDisk disk;
    OutboxDriver driver(maker_at(file_));
    driver.commit({event_of(1)});
    disk.make_read_only();
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(try_commit(driver, event_of(2)).status().code(), Code::unavailable);
        EXPECT_FALSE(driver.outbox().health());
        driver.now_ms += 1000;
    }
    disk.heal();
    driver.now_ms += 1000;
    EXPECT_EQ(driver.send(event_of(2)), Disposition::stored);
}

// The commit was answered with an error, yet its bytes reached the disk: its sender repeats it and is told `duplicate`,
// and so its deliveries must come out with the next commit.
TEST_F(Disk, WhatBecameDurableInACommitThatFailedIsHandedOutLater) {
    FaultyDisk disk;
    OutboxDriver driver(maker_at(file_));
    driver.commit({event_of(1)});
    disk.break_syncs();
    EXPECT_FALSE(try_commit(driver, event_of(2)));
    disk.heal();
    driver.now_ms += 1000;
    const auto done = driver.commit({event_of(2), event_of(3)});
    std::vector<std::string> ids;
    for (const auto& each : done.ready) ids.push_back(each.source == WaitingDelivery::kStored ? each.event_id : "EV_3");
    if (done.appended[0].disposition == Disposition::duplicate) {
        EXPECT_EQ(ids, (std::vector<std::string>{"EV_2", "EV_3"}));
    } else {
        EXPECT_EQ(ids.size(), 2u);
    }
    EXPECT_EQ(driver.waiting(11), (std::vector<std::string>{"EV_1", "EV_2", "EV_3"}));
}

TEST_F(Disk, EveryCommitSyncsBeforeItReturns) {
    FaultyDisk disk;
    OutboxDriver driver(maker_at(file_));
    for (int i = 0; i < 20; ++i) {
        const long before = FaultyDisk::syncs();
        const auto done = driver.commit({event_of(i)});
        EXPECT_GT(FaultyDisk::syncs(), before);
        const long between = FaultyDisk::syncs();
        driver.commit({}, {delivered(done.ready[0].id)});
        EXPECT_GT(FaultyDisk::syncs(), between);
    }
}

TEST_F(Disk, ADuplicateAloneCostsNoSync) {
    FaultyDisk disk;
    OutboxDriver driver(maker_at(file_));
    driver.commit({event_of(1)});
    const long before = FaultyDisk::syncs();
    EXPECT_EQ(driver.send(event_of(1)), Disposition::duplicate);
    EXPECT_EQ(FaultyDisk::syncs(), before);
}

TEST_F(Disk, AFolderThatDoesNotExistIsSaidAtTheStart) {
    testkit::FakeHost host;
    SqliteOutbox outbox({.path = folder_.file("missing/store.db")}, host);
    const Status status = outbox.start();
    EXPECT_EQ(status.code(), Code::unavailable);
    EXPECT_NE(status.message().find("missing"), std::string::npos) << status.message();
}

TEST_F(Disk, AStartOnABrokenDiskIsUnavailableAndLaterWorks) {
    FaultyDisk disk;
    disk.break_writes();
    testkit::FakeHost host;
    SqliteOutbox outbox({.path = file_}, host);
    EXPECT_EQ(outbox.start().code(), Code::unavailable);
    disk.heal();
    EXPECT_TRUE(outbox.start());
}

// A real small file system, as the measurement that found the deadlock had it.
class SmallDisk : public Disk {
protected:
    void SetUp() override {
        std::filesystem::create_directory(folder_.path() / "disk");
        if (::mount("tmpfs", (folder_.path() / "disk").c_str(), "tmpfs", 0, "size=3m") != 0)
            GTEST_SKIP() << "NOT TESTED: a small tmpfs cannot be mounted here (" << std::strerror(errno)
                         << "); run as root";
        mounted_ = true;
        file_ = folder_.file("disk/store.db");
    }
    void TearDown() override {
        if (mounted_) ::umount2((folder_.path() / "disk").c_str(), MNT_DETACH);
    }
    bool mounted_ = false;
};

TEST_F(SmallDisk, ADiskFullOfWaitingEventsLosesNoneAndTakesNewOnesWhenTheyWereDelivered) {
    OutboxDriver driver(maker_at(file_, 64 << 20), {.keep_ms = 3'600'000});
    std::vector<Settled> settled;
    std::size_t stored = 0;
    int number = 0;
    for (; number < 5000; ++number) {
        const auto done = driver.commit({event_of(number)});
        if (done.appended.at(0).disposition == Disposition::full) break;
        ++stored;
        settled.push_back(delivered(done.ready.at(0).id));
    }
    ASSERT_LT(number, 5000) << "the disk never became full";
    ASSERT_GT(stored, 500u);
    EXPECT_EQ(driver.outbox().health().code(), Code::full);
    EXPECT_EQ(driver.outbox().figures().waiting, stored);
    driver.restart();
    EXPECT_EQ(driver.waiting(11).size(), stored);

    // Settles fit, one by one and many at once.
    for (std::size_t i = 0; i < 100; ++i) driver.commit({}, {settled[i]});
    driver.commit({}, {settled.begin() + 100, settled.end()});
    EXPECT_EQ(driver.outbox().figures().waiting, 0u);

    // Delivered rows go first: then the same full disk takes events again, for good.
    std::size_t again = 0;
    for (int i = 0; i < 3000; ++i) {
        driver.now_ms += 100;
        const auto done = driver.commit({event_of(10'000 + i)}, settled);
        settled.clear();
        if (done.appended.at(0).disposition != Disposition::stored) continue;
        ++again;
        settled = {delivered(done.ready.at(0).id)};
        if (i % 50 == 0) driver.maintain();
    }
    EXPECT_GT(again, 2000u);
    driver.restart();
    EXPECT_LE(driver.waiting(11).size(), 1u);
}

TEST_F(SmallDisk, WhenOthersFillTheDiskItRecoversAsSoonAsTheyGiveSpaceBack) {
    OutboxDriver driver(maker_at(file_, 64 << 20));
    const auto first = driver.commit({event_of(0)});
    driver.restart();  // copies the log into the file: else it is what gives space back
    const std::string other = folder_.file("disk/other");
    FILE* file = std::fopen(other.c_str(), "wb");
    ASSERT_NE(file, nullptr);
    const std::string block(4096, 'x');
    while (std::fwrite(block.data(), 1, block.size(), file) == block.size() && std::fflush(file) == 0) {
    }
    std::fclose(file);
    Disposition last = Disposition::stored;
    for (int i = 1; i < 100 && last != Disposition::full; ++i) last = driver.send(event_of(i));
    ASSERT_EQ(last, Disposition::full);
    driver.commit({}, {delivered(first.ready.at(0).id)});
    driver.now_ms += 1000;
    driver.maintain();
    EXPECT_EQ(driver.send(event_of(200)), Disposition::full);
    std::filesystem::remove(other);
    driver.now_ms += 1000;
    EXPECT_EQ(driver.send(event_of(200)), Disposition::stored);
    EXPECT_TRUE(driver.outbox().health());
}

TEST_F(SmallDisk, TheReserveIsAtMostAnEighthOfTheFileSystem) {
    OutboxDriver driver(maker_at(file_, 64 << 20));
    EXPECT_EQ(std::filesystem::file_size(file_ + ".reserve"), (3u << 20U) / 8);
}

TEST_F(SmallDisk, ARealReadOnlyDiskIsRefusedAndRecovers) {
    OutboxDriver driver(maker_at(file_));
    driver.commit({event_of(1)});
    driver.outbox().stop();
    ASSERT_EQ(::mount("tmpfs", (folder_.path() / "disk").c_str(), "tmpfs", MS_REMOUNT | MS_RDONLY, "size=3m"), 0)
        << std::strerror(errno);
    const Status status = driver.outbox().start();
    EXPECT_EQ(status.code(), Code::unavailable) << status.message();
    ASSERT_EQ(::mount("tmpfs", (folder_.path() / "disk").c_str(), "tmpfs", MS_REMOUNT, "size=3m"), 0);
    EXPECT_TRUE(driver.outbox().start());
    EXPECT_EQ(driver.waiting(11), std::vector<std::string>{"EV_1"});
}

// Works without root: the kernel refuses every byte beyond a size.
TEST_F(Disk, ALimitOnTheFileSizeIsAFullDiskToo) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        ::signal(SIGXFSZ, SIG_IGN);
        const rlimit limit{.rlim_cur = 2 << 20, .rlim_max = 2 << 20};
        ::setrlimit(RLIMIT_FSIZE, &limit);
        testkit::FakeHost host;
        SqliteOutbox outbox({.path = file_, .reserve_bytes = 0}, host);
        if (!outbox.start()) ::_exit(1);
        for (int i = 0; i < 5000; ++i) {
            const auto sent = event_of(i);
            const Event event = sent.event.event();
            const Append append{&event, sent.matches, true};
            const auto done = outbox.commit({&append, 1}, {}, testkit::TestFilter(), 1'795'329'482'000);
            if (!done) ::_exit(2);
            if (done.value().appended[0].disposition == Disposition::full)
                ::_exit(outbox.health().code() == Code::full ? 0 : 3);
        }
        ::_exit(4);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 0);
    OutboxDriver driver(maker_at(file_));
    EXPECT_GT(driver.waiting(11).size(), 50u);
}

}  // namespace
}  // namespace switchhook::store_sqlite
