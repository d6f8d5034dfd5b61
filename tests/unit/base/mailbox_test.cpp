#include "core/base/mailbox.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace switchhook::base {
namespace {

TEST(Mailbox, GivesAllMessagesAtOnceInTheOrderInWhichTheyCame) {
    Mailbox<int> mailbox;
    for (int i = 0; i < 5; ++i) mailbox.push(i);
    std::vector<int> taken{99};
    mailbox.take(taken);
    EXPECT_EQ(taken, (std::vector<int>{0, 1, 2, 3, 4}));
    mailbox.take(taken);
    EXPECT_TRUE(taken.empty());
}

TEST(Mailbox, AWakeBeforeTheWaitIsNotLost) {
    Mailbox<int> mailbox;
    mailbox.wake();
    mailbox.wait(std::nullopt);  // would hang
    std::vector<int> taken;
    mailbox.take(taken);
    EXPECT_TRUE(taken.empty());
}

TEST(Mailbox, AMessageBeforeTheWaitEndsIt) {
    Mailbox<int> mailbox;
    mailbox.push(1);
    mailbox.wait(std::nullopt);  // would hang
}

TEST(Mailbox, ATimeThatHasPassedEndsTheWaitWithoutAMessage) {
    Mailbox<int> mailbox;
    mailbox.wait(std::chrono::steady_clock::now() - std::chrono::seconds(1));
    std::vector<int> taken;
    mailbox.take(taken);
    EXPECT_TRUE(taken.empty());
}

TEST(Mailbox, ManySendersLoseNothingAndKeepTheirOwnOrder) {
    constexpr int kSenders = 4;
    constexpr int kEach = 5'000;
    Mailbox<std::pair<int, int>> mailbox;
    std::vector<std::thread> senders;
    for (int s = 0; s < kSenders; ++s)
        senders.emplace_back([&mailbox, s] {
            for (int i = 0; i < kEach; ++i) mailbox.push({s, i});
        });
    std::vector<int> next(kSenders, 0);
    std::vector<std::pair<int, int>> taken;
    int total = 0;
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (total < kSenders * kEach && std::chrono::steady_clock::now() < deadline) {
        mailbox.wait(deadline);
        mailbox.take(taken);
        for (const auto& [sender, number] : taken) {
            ASSERT_EQ(number, next[static_cast<std::size_t>(sender)]++);
            ++total;
        }
    }
    for (auto& sender : senders) sender.join();
    EXPECT_EQ(total, kSenders * kEach);
}

}  // namespace
}  // namespace switchhook::base
