// Beside the log: bounds of dead letters, pauses of hooks, backup, and readers and copies while it commits.
#pragma once

#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include <switchhook/testkit/outbox_log.hpp>
#include <switchhook/testkit/temporary_folder.hpp>

namespace switchhook::testkit {

TEST_P(OutboxSuite, DeadLettersAreBoundedByNumberForEachTenantOldestFirst) {
    OutboxLog driver(GetParam(), {.keep_ms = 0, .dead_letters = 10});
    driver.settle(driver.append(0, 25), true);
    driver.settle(driver.append(25, 33, {kTenantB}), true);
    std::uint64_t dropped = 0;
    std::uint64_t pruned = 0;
    for (int i = 0; i < 20; ++i) {
        driver.now_ms += 1000;
        driver.commit({}, {});
        const auto done = driver.maintain();
        dropped += done.dead_dropped;
        pruned += done.pruned;
    }
    EXPECT_EQ(dropped, 15u);
    EXPECT_EQ(driver.outbox().figures().dead, 18u);
    std::vector<std::string> expected;
    for (int i = 32; i >= 15; --i) expected.push_back("EV_" + std::to_string(i));
    EXPECT_EQ(driver.events(with_state(DeliveryState::dead)), expected);
    EXPECT_EQ(driver.events(), expected);
    driver.restart();
    driver.maintain_all();
    EXPECT_EQ(driver.outbox().figures().dead, 18u);
}

TEST_P(OutboxSuite, DeadLettersAreBoundedByAge) {
    OutboxLog driver(GetParam(), {.keep_ms = 0, .dead_keep_ms = 7'200'000});
    const auto ids = driver.append(0, 4);
    driver.settle({ids[0], ids[1]}, true);
    driver.now_ms += 3'600'000;
    driver.settle({ids[2], ids[3]}, true);
    const auto first = driver.maintain_all();
    EXPECT_EQ(first.dead_dropped, 0u);
    EXPECT_GT(first.next_ms, driver.now_ms);
    EXPECT_LE(first.next_ms, driver.now_ms + 3'600'000);
    driver.now_ms += 3'599'999;
    EXPECT_EQ(driver.maintain().dead_dropped, 0u);
    driver.now_ms += 1;
    EXPECT_EQ(driver.maintain().dead_dropped, 2u);
    driver.restart();
    EXPECT_EQ(driver.maintain().dead_dropped, 0u);
    EXPECT_EQ(driver.events(with_state(DeliveryState::dead)), (std::vector<std::string>{"EV_3", "EV_2"}));
    EXPECT_EQ(driver.outbox().look_up(ids[0], {}).status().code(), Code::not_found);
    driver.now_ms += 7'200'000;
    EXPECT_EQ(driver.maintain().dead_dropped, 2u);
    EXPECT_EQ(driver.outbox().figures().dead, 0u);
    driver.commit({});
    driver.maintain_all();
    EXPECT_TRUE(driver.events().empty());
}

TEST_P(OutboxSuite, ADroppedDeadLetterLeavesTheDeliveriesOfOtherHooks) {
    OutboxLog driver(GetParam(), {.dead_letters = 0});
    const auto ids = driver.append(1, 2, {kTenantA, kTenantB});
    ASSERT_EQ(ids.size(), 2u);
    driver.settle({ids[0]}, true);
    EXPECT_EQ(driver.maintain_all().dead_dropped, 1u);
    driver.restart();
    EXPECT_EQ(driver.waiting(22), (std::vector<std::string>{"EV_1"}));
    const auto detail = driver.outbox().look_up(ids[1], {});
    ASSERT_TRUE(detail);
    EXPECT_EQ(detail.value().body, "body 1");
    EXPECT_EQ(driver.send(call_event(1)), Disposition::duplicate);
}

TEST_P(OutboxSuite, AttemptsGoWithTheirDelivery) {
    OutboxLog driver(GetParam(), {.keep_ms = 0});
    const auto id = driver.append(1, 2).at(0);
    const Attempt attempt{.at_ms = 1, .code = "status_200"};
    auto settled = delivered(id);
    settled.attempt = &attempt;
    driver.commit({}, {settled});
    driver.now_ms += 1000;
    EXPECT_EQ(driver.maintain_all().pruned, 1u);
    EXPECT_EQ(driver.outbox().look_up(id, {}).status().code(), Code::not_found);
    EXPECT_TRUE(driver.events().empty());
}

TEST_P(OutboxSuite, PausesAreKeptAcrossRestarts) {
    OutboxLog driver(GetParam());
    ASSERT_TRUE(driver.outbox().paused());
    EXPECT_TRUE(driver.outbox().paused().value().empty());
    EXPECT_TRUE(driver.outbox().pause({.hook = 11, .since_ms = 5, .reason = std::string("gone\0\xff", 6)}));
    EXPECT_TRUE(driver.outbox().pause({.hook = UINT64_MAX, .since_ms = -1, .reason = ""}));
    EXPECT_TRUE(driver.outbox().pause({.hook = 22, .since_ms = 6, .reason = "status_410"}));
    EXPECT_TRUE(driver.outbox().pause({.hook = 22, .since_ms = 7, .reason = "operator"}));
    EXPECT_TRUE(driver.outbox().resume(UINT64_MAX));
    EXPECT_TRUE(driver.outbox().resume(33)) << "not paused";
    for (int round = 0; round < 2; ++round) {
        auto paused = driver.outbox().paused();
        ASSERT_TRUE(paused);
        std::ranges::sort(paused.value(), {}, &Paused::hook);
        ASSERT_EQ(paused.value().size(), 2u);
        EXPECT_EQ(paused.value()[0].hook, 11u);
        EXPECT_EQ(paused.value()[0].reason, std::string("gone\0\xff", 6));
        EXPECT_EQ(paused.value()[1].since_ms, 7);
        EXPECT_EQ(paused.value()[1].reason, "operator");
        driver.restart();
    }
}

TEST_P(OutboxSuite, ABackupHoldsWhatWasCommittedAndOverwritesNothing) {
    const TemporaryFolder folder;
    OutboxLog driver(GetParam());
    driver.settle(driver.append(0, 50), true);
    const std::string copy = folder.file("copy of it");
    const Status status = driver.outbox().back_up(copy);
    ASSERT_TRUE(status) << status.message();
    struct stat info {};
    ASSERT_EQ(::stat(copy.c_str(), &info), 0);
    EXPECT_GT(info.st_size, 0);
    EXPECT_EQ(info.st_mode & 0007U, 0u) << "others can read it";
    EXPECT_EQ(driver.outbox().back_up(copy).code(), Code::conflict);
    EXPECT_FALSE(driver.outbox().back_up(folder.file("no/such/folder")));
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1) << "something was left behind";
}

TEST_P(OutboxSuite, CommitsGoOnWhileTheLogIsReadAndCopied) {
    const TemporaryFolder folder;
    OutboxLog driver(GetParam());
    driver.append(0, 50);
    std::atomic<bool> ends{false};
    std::atomic<int> reads{0};
    std::atomic<int> copies{0};
    const auto wrong = [](const Result<LogPage>& page) {
        if (!page) return true;
        return !std::ranges::is_sorted(page.value().deliveries, std::greater<>(), &LoggedDelivery::id);
    };
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 3; ++thread)
        threads.emplace_back([&, thread] {
            while (!ends) {
                LogQuery query{.limit = 100};
                if (thread == 1) query.filter.state = DeliveryState::waiting;
                if (wrong(driver.outbox().list(query))) break;
                if (!driver.outbox().look_up(1 + static_cast<DeliveryId>(reads % 50), {})) break;
                ++reads;
            }
        });
    threads.emplace_back([&] {
        while (!ends) {
            const std::string copy = folder.file(std::to_string(copies));
            if (!driver.outbox().back_up(copy)) break;
            ++copies;
        }
    });
    for (int i = 50; i < 250 || reads < 10 || copies < 1; ++i) {
        ASSERT_LT(i, 1'000'000);
        driver.commit({call_event(i)});
    }
    ends = true;
    for (auto& thread : threads) thread.join();
    EXPECT_GE(reads, 10);
}

}  // namespace switchhook::testkit
