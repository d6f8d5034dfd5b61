#include <store_sqlite/id_window.hpp>

#include <algorithm>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace switchhook::store_sqlite {
namespace {

constexpr std::int64_t kNow = 1'795'329'482'000;

TEST(IdWindow, AnEmptyWindowContainsNothing) {
    IdWindow window;
    EXPECT_FALSE(window.contains(hash_id("EV_1")));
    window.expire(kNow);
    window.take_back(3);
    EXPECT_EQ(window.size(), 0u);
}

TEST(IdWindow, HashesOfNearIdsDifferInBothHalves) {
    std::set<std::uint64_t> high;
    std::set<std::uint64_t> low;
    for (int i = 0; i < 100'000; ++i) {
        const IdHash hash = hash_id("EV_" + std::to_string(i));
        high.insert(hash.high);
        low.insert(hash.low);
    }
    EXPECT_EQ(high.size(), 100'000u);
    EXPECT_EQ(low.size(), 100'000u);
    EXPECT_NE(hash_id(""), hash_id(std::string(1, '\0')));
    EXPECT_NE(hash_id(std::string(8, '\0')), hash_id(std::string(9, '\0')));
    EXPECT_NE(hash_id("abcdefghABCDEFGH"), hash_id("ABCDEFGHabcdefgh"));
}

// Stored on disk: another value would forget every id at an upgrade.
TEST(IdWindow, TheHashOfAnIdNeverChanges) {
    const IdHash hash = hash_id("EV_w8RXFAVVeqpB");
    EXPECT_EQ(hash.high, 0x7f7151975fc6a24bU);
    EXPECT_EQ(hash.low, 0x4e677f80c6b45c57U);
}

TEST(IdWindow, AnIdIsForgottenAfterTenMinutes) {
    IdWindow window;
    window.add(hash_id("EV_1"), kNow);
    window.add(hash_id("EV_2"), kNow + 1);
    window.expire(kNow + IdWindow::kRememberMs - 1);
    EXPECT_TRUE(window.contains(hash_id("EV_1")));
    window.expire(kNow + IdWindow::kRememberMs);
    EXPECT_FALSE(window.contains(hash_id("EV_1")));
    EXPECT_TRUE(window.contains(hash_id("EV_2")));
}

TEST(IdWindow, WhatWasTakenBackWasNeverThere) {
    IdWindow window;
    window.add(hash_id("EV_1"), kNow);
    window.add(hash_id("EV_2"), kNow);
    window.add(hash_id("EV_3"), kNow);
    window.take_back(2);
    EXPECT_TRUE(window.contains(hash_id("EV_1")));
    EXPECT_FALSE(window.contains(hash_id("EV_2")));
    EXPECT_FALSE(window.contains(hash_id("EV_3")));
}

TEST(IdWindow, TheOldestGoWhenThereAreTooMany) {
    IdWindow window(100);
    for (int i = 0; i < 1000; ++i) window.add(hash_id(std::to_string(i)), kNow);
    EXPECT_EQ(window.size(), 100u);
    EXPECT_FALSE(window.contains(hash_id("899")));
    EXPECT_TRUE(window.contains(hash_id("900")));
    EXPECT_TRUE(window.contains(hash_id("999")));
}

TEST(IdWindow, ItAgreesWithASetOverManyRandomSteps) {
    std::mt19937 random(7);
    IdWindow window;
    std::vector<std::pair<int, std::int64_t>> model;
    std::int64_t now = kNow;
    for (int step = 0; step < 50'000; ++step) {
        const int id = static_cast<int>(random() % 3000);
        const auto known = std::find_if(model.begin(), model.end(), [&](const auto& each) { return each.first == id; });
        ASSERT_EQ(window.contains(hash_id(std::to_string(id))), known != model.end());
        if (known == model.end()) {
            window.add(hash_id(std::to_string(id)), now);
            model.emplace_back(id, now);
        }
        if (random() % 50 == 0) {
            now += 20'000;
            window.expire(now);
            std::erase_if(model, [&](const auto& each) { return each.second <= now - IdWindow::kRememberMs; });
        }
        if (random() % 200 == 0 && model.size() > 5) {
            window.take_back(5);
            model.resize(model.size() - 5);
        }
    }
    EXPECT_EQ(window.size(), model.size());
}

}  // namespace
}  // namespace switchhook::store_sqlite
