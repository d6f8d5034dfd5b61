#include <store_sqlite/waiting.hpp>

#include <random>
#include <set>

#include <gtest/gtest.h>

namespace switchhook::store_sqlite {
namespace {

TEST(Waiting, AnUnknownIdIsNotThere) {
    Waiting waiting;
    waiting.remove(5);
    EXPECT_FALSE(waiting.contains(5));
    EXPECT_TRUE(waiting.newest(100, 10).empty());
    EXPECT_EQ(waiting.oldest(), 0u);
}

TEST(Waiting, TheOldestIsTheSmallestIdThatStillWaits) {
    Waiting waiting;
    waiting.add(1);
    waiting.add(2);
    waiting.add(3);
    waiting.remove(2);
    waiting.remove(1);
    waiting.remove(1);
    EXPECT_EQ(waiting.oldest(), 3u);
    EXPECT_EQ(waiting.size(), 1u);
    EXPECT_FALSE(waiting.contains(2));
    EXPECT_TRUE(waiting.contains(3));
}

TEST(Waiting, ALimitOfNothingAnswersNothing) {
    Waiting waiting;
    waiting.add(1);
    EXPECT_TRUE(waiting.newest(9, 0).empty());
}

TEST(Waiting, ItAgreesWithASetOverManyRandomSteps) {
    std::mt19937 random(11);
    Waiting waiting;
    std::set<DeliveryId> all;
    DeliveryId next = 1;
    for (int step = 0; step < 60'000; ++step) {
        if (random() % 100 < (step < 30'000 ? 60U : 40U)) {
            waiting.add(next);
            all.insert(next++);
        } else if (!all.empty()) {
            auto id = all.lower_bound(random() % next);
            if (id == all.end()) id = all.begin();
            waiting.remove(*id);
            ASSERT_FALSE(waiting.contains(*id));
            all.erase(id);
        }
        if (step % 1000 == 0) {
            ASSERT_EQ(waiting.size(), all.size());
            ASSERT_TRUE(all.empty() || waiting.oldest() == *all.begin());
            const DeliveryId before = random() % next;
            std::vector<DeliveryId> expected;
            for (auto id = all.lower_bound(before); id != all.begin() && expected.size() < 20;)
                expected.push_back(*--id);
            ASSERT_EQ(waiting.newest(before, 20), expected);
            std::vector<DeliveryId> behind;
            waiting.each_after(before, [&](DeliveryId id) { behind.push_back(id); });
            ASSERT_EQ(behind, std::vector<DeliveryId>(all.upper_bound(before), all.end()));
        }
    }
}

}  // namespace
}  // namespace switchhook::store_sqlite
